import type { Database } from '../../kernel/db/index.ts'
import { SqlError } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { Signal } from '../../kernel/signal.ts'
import { type Catalog, INBOX, OPEN } from '../catalog/index.ts'
import type { Action, Actor, Resource } from './model.ts'
import { hashSecret, newSecret } from './secrets.ts'

export type { Action, Actor, Resource } from './model.ts'

export const ANONYMOUS: Actor = Object.freeze({ kind: 'anonymous', name: 'anonymous' })
/** Whoever runs the command line on the machine. */
export const OWNER: Actor = Object.freeze({ kind: 'owner', name: 'owner' })

const LOGIN_CODE_HOURS = 24
const SESSION_DAYS = 7
const KEYS_REMEMBERED = 10_000
const KEY_SEEN_EVERY_MS = 60_000

interface KnownKey {
  id: number
  actor: Actor
  seen: number
}

/** The one place where rights are decided: `can` for acts, `visible` for the predicate of every query. */
export class Access {
  /** Names of actors whose credentials ended: open connections of theirs are to be closed. */
  readonly revoked = new Signal<string>()
  readonly #db: Database
  readonly #catalog: Catalog
  readonly #openWrite: boolean
  #keys = new Map<string, KnownKey>()
  #visible = new Map<string, number[]>()

  constructor(deps: { db: Database; catalog: Catalog; openWrite: boolean }) {
    this.#db = deps.db
    this.#catalog = deps.catalog
    this.#openWrite = deps.openWrite
    deps.catalog.changed.on(() => {
      this.#visible = new Map()
    })
  }

  get openWrite(): boolean {
    return this.#openWrite
  }

  /** May `actor` do `action`? Deny by default. */
  can(actor: Actor, action: Action, resource: Resource): boolean {
    if (actor.kind === 'owner' || actor.kind === 'staff' || actor.kind === 'key') return true
    if (resource === 'platform') return false
    const dataset = this.#catalog.byKey(resource.dataset)
    if (!dataset) return false
    if (this.#openWrite && dataset.id === OPEN) return action !== 'release' && action !== 'manage'
    return action === 'read' && dataset.state === 'released'
  }

  /**
   * Keys of the datasets `actor` may read, for `dataset = any($visible::int4[])` inside every query. The array is shared
   * and must not be changed.
   */
  visible(actor: Actor): number[] {
    let keys = this.#visible.get(actor.kind)
    if (!keys) {
      keys = this.#catalog
        .all()
        .filter((dataset) => this.can(actor, 'read', { dataset: dataset.key }))
        .map((dataset) => dataset.key)
      this.#visible.set(actor.kind, keys)
    }
    return keys
  }

  /** Throws 401 (nobody is signed in) or 403 (somebody is, but may not). */
  require(actor: Actor, action: Action, resource: Resource): void {
    if (this.can(actor, action, resource)) return
    if (actor.kind === 'anonymous') {
      throw new Problem(401, 'key-required', 'This needs a key: send the header "Authorization: Bearer zk_…".')
    }
    throw new Problem(403, 'forbidden', 'Your key does not allow this.')
  }

  /** The dataset what is posted to the general SensorThings service belongs to; 401 when the actor may not write. */
  async inbox(actor: Actor): Promise<number> {
    if (actor.kind !== 'anonymous')
      return (this.#catalog.byId(INBOX) ?? (await this.#catalog.ensure({ id: INBOX, title: 'Eingang' }))).key
    const open = this.#openWrite
      ? (this.#catalog.byId(OPEN) ?? (await this.#catalog.ensure({ id: OPEN, title: 'Offen' })))
      : undefined
    if (!open) {
      throw new Problem(
        401,
        'key-required',
        'Writing needs a key: send the header "Authorization: Bearer zk_…" (zahnrad key create).',
      )
    }
    return open.key
  }

  /** Who presents these credentials. None = anonymous; a wrong or revoked key, or an ended session, is a 401. */
  async authenticate({ bearer, session }: { bearer?: string; session?: string }): Promise<Actor> {
    if (bearer !== undefined) return this.#byKey(bearer)
    if (session !== undefined) return this.#bySession(session)
    return ANONYMOUS
  }

  async #byKey(key: string): Promise<Actor> {
    const hash = hashSecret(key)
    const text = hash.toString('base64')
    const now = Date.now()
    const known = this.#keys.get(text)
    if (known && now - known.seen < KEY_SEEN_EVERY_MS) return known.actor
    const [row] = await this.#db.query<{ id: number; name: string }>(
      'update api_key set last_used_at = now() where hash = $1 and revoked_at is null returning id, name',
      [hash],
    )
    if (!row) {
      this.#keys.delete(text)
      throw new Problem(401, 'key-unknown', 'This key is not known here or was revoked.')
    }
    if (this.#keys.size >= KEYS_REMEMBERED) this.#keys = new Map()
    const actor: Actor = Object.freeze({ kind: 'key', name: `key:${row.name}` })
    this.#keys.set(text, { id: row.id, actor, seen: now })
    return actor
  }

  async #bySession(token: string): Promise<Actor> {
    const [row] = await this.#db.query<{ actor: string }>(
      'select actor from session where hash = $1 and expires_at > now()',
      [hashSecret(token)],
    )
    return row ? Object.freeze({ kind: 'staff', name: row.actor }) : ANONYMOUS
  }

  /** Makes a key and returns it: shown this once, stored as a hash. 409 when the name is taken. */
  async createKey(name: string, by: Actor): Promise<string> {
    const key = newSecret('zk')
    try {
      await this.#db.query('insert into api_key (name, hash) values ($1, $2)', [name, hashSecret(key)])
    } catch (error) {
      if (error instanceof SqlError && error.code === '23505')
        throw new Problem(409, 'key-name-taken', `There is already a key named "${name}".`)
      throw error
    }
    await this.audit(by, 'key.create', `key:${name}`)
    return key
  }

  listKeys(): Promise<{ name: string; createdAt: string; lastUsedAt: string | null; revokedAt: string | null }[]> {
    return this.#db.query(
      'select name, created_at as "createdAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt" from api_key order by created_at, name',
    )
  }

  /** Ends a key at once; false when there is none of that name. */
  async revokeKey(name: string, by: Actor): Promise<boolean> {
    const rows = await this.#db.query(
      'update api_key set revoked_at = now() where name = $1 and revoked_at is null returning id',
      [name],
    )
    this.#keys = new Map()
    if (rows.length > 0) {
      this.revoked.emit(`key:${name}`)
      await this.audit(by, 'key.revoke', `key:${name}`)
    }
    return rows.length > 0
  }

  /** A one-time code for the admin link: 24 hours, single use. */
  async createLoginCode(by: Actor): Promise<string> {
    const code = newSecret('zl')
    await this.#db.query(`insert into login_code (hash, expires_at) values ($1, now() + make_interval(hours => $2))`, [
      hashSecret(code),
      LOGIN_CODE_HOURS,
    ])
    await this.audit(by, 'admin.link', 'platform')
    return code
  }

  /** Trades a one-time code for a staff session token; null when the code is unknown, used or too old. */
  async redeem(code: string): Promise<{ token: string; maxAgeSeconds: number } | null> {
    return this.#db.transaction(async (tx) => {
      const [row] = await tx.query(
        'update login_code set used_at = now() where hash = $1 and used_at is null and expires_at > now() returning 1',
        [hashSecret(code)],
      )
      if (!row) return null
      const token = newSecret('zs')
      await tx.query(
        `insert into session (hash, actor, expires_at) values ($1, 'staff', now() + make_interval(days => $2))`,
        [hashSecret(token), SESSION_DAYS],
      )
      await tx.query(`insert into audit (actor, act, object) values ('staff', 'session.open', 'platform')`)
      return { token, maxAgeSeconds: SESSION_DAYS * 86_400 }
    })
  }

  /** Ends a session at once. */
  async endSession(token: string): Promise<void> {
    await this.#db.query('delete from session where hash = $1', [hashSecret(token)])
  }

  /** Notes a privileged act. Never pass a secret in `detail`. */
  async audit(actor: Actor, act: string, object: string, detail: Record<string, unknown> = {}): Promise<void> {
    await this.#db.query('insert into audit (actor, act, object, detail) values ($1, $2, $3, $4::jsonb)', [
      actor.name,
      act,
      object,
      JSON.stringify(detail),
    ])
  }
}
