/**
 * Who is asking. Decided once per request (or MQTT connection) by `Access`; everything else only hands it on.
 *  - anonymous: sees what is public; with open write on also `offen`, and may write there
 *  - key: an API key; with `key` set it may do what was granted to it, without (made on the machine) everything
 *  - user: a person with an account; may do what was granted to the account and its groups
 *  - staff: a session opened by the one-time admin link: whoever runs the machine, in the browser
 *  - owner: whoever runs the command line on the machine
 */
export interface Actor {
  readonly kind: 'anonymous' | 'key' | 'user' | 'staff' | 'owner'
  /** For the audit log: `anonymous`, `key:NAME`, `user:E-MAIL`, `staff`, `owner`. */
  readonly name: string
  /** The account: a user's own, or the one a key belongs to. */
  readonly account?: number
  /** Number of a key with limits. */
  readonly key?: number
  /** Number of the session, where there is one. */
  readonly session?: number
  /** Network address the request came from. */
  readonly from?: string
}

/**
 * `know` that it exists · `read` its values · `use` them by machine (keys, exports, subscriptions) · `create`, `update`,
 * `delete` what is in it · give a `task` to its
 * devices · `release` decide on its publication · `manage` its settings (on the platform: sources, boards,
 * the city) · `administer` people, rights and the audit log.
 */
export type Action =
  | 'know'
  | 'read'
  | 'use'
  | 'create'
  | 'update'
  | 'delete'
  | 'task'
  | 'release'
  | 'manage'
  | 'administer'

/** What an act is aimed at: a dataset or a data space by its internal key, or the platform as a whole. */
export type Resource = { dataset: number } | { space: number } | 'platform'

export const ROLES = ['admin', 'architect', 'steward', 'owner', 'gatekeeper', 'controller', 'consumer'] as const
export type Role = (typeof ROLES)[number]

/** Where a grant holds: a dataset, a data space with all in it, or (neither) the platform with all in it. */
export interface Scope {
  dataset: number | null
  space: number | null
}

/** A role on a scope for an account, a group or a key. */
export interface Grant extends Scope {
  id: number
  account: number | null
  group: number | null
  key: number | null
  role: Role
  /** Ends by itself then; null = no end. */
  until: string | null
  note: string
  grantedBy: string
  createdAt: string
}

export interface Group {
  id: number
  slug: string
  title: string
  kind: 'department' | 'organisation' | 'project'
  /** Its name in the claims of the identity provider. */
  claim: string | null
}

export interface Account {
  id: number
  email: string
  name: string
  state: 'invited' | 'active' | 'blocked'
  hasPassword: boolean
  /** Signs in through this identity provider; null = a local account. */
  issuer: string | null
  createdAt: string
  lastLoginAt: string | null
}
