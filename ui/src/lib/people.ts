/** Shapes of `/api/v1/people`, `/rights`, `/requests`, `/terms` and `/audit`; `/api/v1/openapi.json` is the reference. */
import { send } from './api.ts'
import type { DatasetState } from './datasets.ts'

export const ROLES = ['consumer', 'steward', 'owner', 'controller', 'gatekeeper', 'architect', 'admin'] as const
export type Role = (typeof ROLES)[number]
export const ACTIONS = ['know', 'read', 'use', 'create', 'update', 'delete', 'task', 'release', 'manage'] as const
export type Action = (typeof ACTIONS)[number]

export interface Person {
  id: number
  email: string
  name: string
  state: 'invited' | 'active' | 'blocked'
  hasPassword: boolean
  issuer: string | null
  createdAt: string
  lastLoginAt: string | null
  /** Numbers of groups, and those of them the identity provider says. */
  groups: number[]
  claimed: number[]
  /** Open ones. */
  sessions: number
}

export interface Group {
  id: number
  slug: string
  title: string
  kind: 'department' | 'organisation' | 'project'
  claim: string | null
}

export interface Grant {
  id: number
  account: number | null
  group: number | null
  role: Role
  /** `platform`, `space:ID` or `dataset:ID`. */
  on: string
  until: string | null
  note: string
  grantedBy: string
  createdAt: string
}

export interface Space {
  id: string
  title: string
  description: string
}

export interface ListedDataset {
  id: string
  title: string
  state: DatasetState
  audience: 'public' | 'restricted'
  space: string | null
}

export interface People {
  accounts: Person[]
  groups: Group[]
  grants: Grant[]
  spaces: Space[]
  datasets: ListedDataset[]
}

/** What the answer to an invitation or a new link holds; shown this once. */
export interface PersonalLink {
  id: number
  kind: 'invitation' | 'reset'
  hours: number
  url: string
  mailed: boolean
}

type Reaching = Grant & { through: { id: number; title: string } | null }

/** What a person may do with a dataset, and why. */
export interface Rights {
  account: Pick<Person, 'id' | 'name' | 'email' | 'state'>
  dataset: ListedDataset & { held: boolean }
  reaching: (Reaching & { ended: boolean; actions: (Action | 'administer')[] })[]
  actions: { action: Action; allowed: boolean; everybody: boolean; grants: Reaching[] }[]
}

export interface AccessRequest {
  id: number
  dataset: string
  title: string
  account: { id: number; name: string; email: string }
  purpose: string
  until: string
  terms: number | null
  termsAt: string | null
  state: 'open' | 'granted' | 'refused' | 'withdrawn' | 'ended'
  reason: string | null
  decidedBy: string | null
  decidedAt: string | null
  createdAt: string
}

export interface Askable {
  id: string
  title: string
  description: string
  publisher: string | null
}

export interface RequestsAnswer {
  mine: AccessRequest[]
  toDecide: AccessRequest[]
  askable: Askable[]
  managed: Omit<ListedDataset, 'space'>[]
}

export interface Terms {
  id: number
  dataset: string | null
  body: string
  odrl: Record<string, unknown> | null
  createdAt: string
  createdBy?: string
}

export interface AuditEntry {
  id: number
  at: string
  actor: string
  act: string
  object: string
  origin: string | null
  detail: Record<string, unknown>
}

/** Gives a role, and answers how to take it back. */
export async function give(grant: {
  account?: number | null
  group?: number | null
  role: Role
  on: string
  until: string | null
  note: string
}): Promise<number> {
  const { account, group, role, on, until, note } = grant
  const to = group == null ? { account } : { group }
  return (await send<{ id: number }>('POST', '/api/v1/grants', { ...to, role, on, until, note })).id
}

/** A short name for addresses and definitions, from what people wrote. */
export const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/ä/g, 'ae')
    .replace(/ö/g, 'oe')
    .replace(/ü/g, 'ue')
    .replace(/ß/g, 'ss')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 63)
