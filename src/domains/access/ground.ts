import type { Database } from '../../kernel/db/index.ts'
import type { Directory } from './directory.ts'
import type { Action, Actor, Resource } from './model.ts'

/** What the parts of this domain share. */
export interface Ground {
  db: Database
  directory: Directory
  can(actor: Actor, action: Action, resource: Resource): boolean
  require(actor: Actor, action: Action, resource: Resource): void
  /** Notes a privileged act. Never pass a secret in `detail`. */
  audit(actor: Actor, act: string, object: string, detail?: Record<string, unknown>): Promise<void>
  /** Reads people and rights again and tells everyone who holds a connection open. */
  refresh(): Promise<void>
  /** Credentials of actors of this name ended: their open connections are closed. */
  revoke(name: string): void
}

/** How an account's actor is named in the log and to its open connections. */
export const nameOf = (email: string): string => `user:${email}`
