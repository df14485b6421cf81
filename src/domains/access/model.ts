/**
 * Who is asking. Decided once per request (or MQTT connection) by `Access`; everything else only hands it on.
 *  - anonymous: sees released datasets; with open write on also `offen`, and may write there
 *  - key: an API key; until accounts come a key may do everything
 *  - staff: a session opened by the one-time admin link
 *  - owner: whoever runs the command line on the machine
 */
export interface Actor {
  readonly kind: 'anonymous' | 'key' | 'staff' | 'owner'
  /** For the audit log: `anonymous`, `key:NAME`, `staff`, `owner`. */
  readonly name: string
}

export type Action = 'read' | 'create' | 'update' | 'delete' | 'release' | 'manage'

/** What an act is aimed at: a dataset by its internal key, or the platform as a whole. */
export type Resource = { dataset: number } | 'platform'
