import type { Database, Queryable } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { Signal } from '../../kernel/signal.ts'
import { type Catalog, type Dataset, INBOX, isPublic, OPEN } from '../catalog/index.ts'
import { Accounts } from './accounts.ts'
import { AuditLog } from './audit.ts'
import { Directory, type Effective } from './directory.ts'
import { Grants } from './grants.ts'
import type { Ground } from './ground.ts'
import { Keys } from './keys.ts'
import type { Action, Actor, Resource, Role } from './model.ts'
import { Passkeys } from './passkeys.ts'
import { ALLOWED, allows, reaches } from './rules.ts'
import { hashSecret, newSecret } from './secrets.ts'
import { type NewSession, Sessions, type Where } from './sessions.ts'

export type { Claims, LinkKind, PersonalLink, SendLink } from './accounts.ts'
export { readEmail } from './accounts.ts'
export type { AuditEntry, AuditFilter, AuditProof, AuditQuery, Use } from './audit.ts'
export type { Effective, Person } from './directory.ts'
export type { GrantSpec, GroupSpec } from './grants.ts'
export type { KeyInfo, KeySpec } from './keys.ts'
export * from './model.ts'
export type { AuthenticationResponseJSON, Party, PasskeyInfo, RegistrationResponseJSON } from './passkeys.ts'
export { ALLOWED } from './rules.ts'
export { hashSecret, newSecret } from './secrets.ts'
export type { NewSession, SessionInfo, SignInMethod, Where } from './sessions.ts'

export const ANONYMOUS: Actor = Object.freeze({ kind: 'anonymous', name: 'anonymous' })
/** Whoever runs the command line on the machine. */
export const OWNER: Actor = Object.freeze({ kind: 'owner', name: 'owner' })

const LOGIN_CODE_HOURS = 24
/** Roles that have nothing to do in the administration. */
const HANDS_OFF: readonly Role[] = ['consumer', 'controller']
/** Longest wait until rights that end by themselves are looked at again. */
const LOOK_AGAIN_MS = 3_600_000

/** The one place where rights are decided: `can` for acts, `visible` for the predicate of every query. */
export class Access {
  /** Names of actors whose credentials ended: open connections of theirs are to be closed. */
  readonly revoked = new Signal<string>()
  /** Rights changed: whoever holds a connection open looks again at what its actor may see. */
  readonly changed = new Signal<void>()
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly keys: Keys
  readonly passkeys: Passkeys
  readonly grants: Grants
  readonly directory: Directory
  readonly log: AuditLog
  readonly #db: Database
  readonly #catalog: Catalog
  readonly #openWrite: boolean
  #visible = new Map<string, number[]>()
  #shared = new Map<string, number[]>()
  #restricted = new WeakMap<readonly number[], number[]>()
  #measured = new Map<string, number[]>()
  #loaded: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #looked = new Date()
  #closed = false

  constructor(deps: { db: Database; catalog: Catalog; openWrite: boolean }) {
    this.#db = deps.db
    this.#catalog = deps.catalog
    this.#openWrite = deps.openWrite
    this.directory = new Directory(deps.db)
    this.log = new AuditLog(
      deps.db,
      (key) => deps.catalog.byKey(key)?.id,
      (error) => console.error(error),
    )
    const ground: Ground = {
      db: deps.db,
      directory: this.directory,
      can: (actor, action, resource) => this.can(actor, action, resource),
      require: (actor, action, resource) => this.require(actor, action, resource),
      audit: (actor, act, object, detail) => this.audit(actor, act, object, detail),
      refresh: () => this.refresh(),
      revoke: (name) => this.revoked.emit(name),
    }
    this.sessions = new Sessions(ground)
    this.keys = new Keys(ground)
    this.accounts = new Accounts(ground, this.sessions, this.keys)
    this.passkeys = new Passkeys(ground, this.accounts)
    this.grants = new Grants(ground)
    deps.catalog.changed.on(() => this.#forget())
  }

  get openWrite(): boolean {
    return this.#openWrite
  }

  #forget(): void {
    this.#visible = new Map()
    this.#shared = new Map()
    this.#restricted = new WeakMap()
    this.#measured = new Map()
  }

  /** Reads people and rights again and tells everyone who holds a connection open. */
  async refresh(): Promise<void> {
    await this.directory.reload()
    this.#loaded ??= Promise.resolve()
    this.#forget()
    this.changed.emit()
    await this.#watch()
  }

  /**
   * From now on what other processes change of rights holds here at once, too. Returns how to stop. Several changes in a
   * row are looked at together; a database that does not answer is asked again.
   */
  follow(): () => Promise<void> {
    let looking = false
    let again = false
    const look = async () => {
      again = true
      if (looking) return
      looking = true
      while (again && !this.#closed) {
        again = false
        try {
          await this.lookAgain()
        } catch (error) {
          console.error(error)
          again = true
          await new Promise((resolve) => setTimeout(resolve, 1_000).unref())
        }
      }
      looking = false
    }
    return this.#db.listen('zahnrad_rights', () => void look())
  }

  /** Reads again what another process may have changed, and ends what hung on it. */
  async lookAgain(): Promise<void> {
    await this.#catalog.follow()
    await this.refresh()
    await this.sessions.recheck()
    await this.keys.recheck()
  }

  /** Rights are read when somebody with an account or a limited key first comes. */
  #load(): Promise<void> {
    this.#loaded ??= this.directory
      .reload()
      .then(() => this.#watch())
      .catch((error) => {
        this.#loaded = undefined
        throw error
      })
    return this.#loaded
  }

  /** Waits for the next right or key that ends by itself, and then ends what hangs on it. */
  async #watch(): Promise<void> {
    if (this.#closed) return
    const since = this.#looked
    this.#looked = new Date()
    const nextKey = await this.keys.expire(since)
    const nextSession = await this.sessions.expire(since)
    const ends = [this.directory.nextEnd(), nextKey, nextSession].filter((end) => end !== null)
    const wait = Math.min(...ends.map((end) => Math.max(end - Date.now(), 0) + 20), LOOK_AGAIN_MS)
    clearTimeout(this.#timer)
    if (this.#closed) return
    this.#timer = setTimeout(() => {
      this.#forget()
      this.changed.emit()
      this.#watch().catch((error) => {
        console.error(error)
        this.#timer = setTimeout(() => void this.refresh().catch(() => {}), 5_000)
        this.#timer.unref()
      })
    }, wait)
    this.#timer.unref()
  }

  /** May `actor` do `action`? Deny by default. */
  can(actor: Actor, action: Action, resource: Resource): boolean {
    if (isUnlimited(actor)) return true
    const dataset = datasetOf(resource, this.#catalog)
    if (dataset === null) return false
    if (dataset && this.#open(actor, action, dataset)) return true
    if (
      !this.#granted(actor).some(
        ({ grant }) => reaches(grant, resource, dataset) && allows(grant.role, action, grant, dataset),
      )
    )
      return false
    // A key of an account can never do more than the account now may.
    return actor.key === undefined || actor.account === undefined || this.can(ownerOf(actor), action, resource)
  }

  /** What everybody may, and every person with an account. */
  #open(actor: Actor, action: Action, dataset: Dataset): boolean {
    if (dataset.held) return false
    if (this.#openWrite && dataset.id === OPEN)
      return ['read', 'know', 'use', 'create', 'update', 'delete', 'task'].includes(action)
    if (isPublic(dataset)) return action === 'read' || action === 'know' || action === 'use'
    return action === 'know' && dataset.state === 'released' && actor.kind === 'user'
  }

  #granted(actor: Actor): Effective[] {
    if (actor.kind === 'key' && actor.key !== undefined) return this.directory.ofKey(actor.key)
    return actor.kind === 'user' && actor.account !== undefined ? this.directory.ofAccount(actor.account) : []
  }

  /** Why an account may do something to a dataset: each grant that allows it, and whether everybody may. */
  explain(account: number, action: Action, dataset: number): { everybody: boolean; grants: Effective[] } {
    const found = this.#catalog.byKey(dataset)
    if (!found) return { everybody: false, grants: [] }
    return {
      everybody: this.#open(ANONYMOUS, action, found),
      grants: this.directory
        .ofAccount(account)
        .filter(({ grant }) => reaches(grant, { dataset }, found) && allows(grant.role, action, grant, found)),
    }
  }

  /**
   * Each grant of an account that reaches a dataset, also one that has ended, with what it allows there in the dataset's
   * present state: what somebody looks at who wonders why a person may not.
   */
  reaching(account: number, dataset: number): (Effective & { ended: boolean; actions: Action[] })[] {
    const found = this.#catalog.byKey(dataset)
    if (!found) return []
    return this.directory
      .everOfAccount(account)
      .filter(({ grant }) => reaches(grant, { dataset }, found))
      .map((one) => ({
        ...one,
        actions: ALLOWED[one.grant.role].filter((action) => allows(one.grant.role, action, one.grant, found)),
      }))
  }

  /** May `actor` act on anything at all but read? Such people see the administration; the server decides each act anew. */
  isStaff(actor: Actor): boolean {
    if (actor.kind === 'staff' || actor.kind === 'owner') return true
    return actor.kind === 'user' && this.#granted(actor).some(({ grant }) => !HANDS_OFF.includes(grant.role))
  }

  /**
   * Keys of the datasets `actor` may read, for `dataset = any($visible::int4[])` inside every query. The array is shared
   * by all who see the same, and must not be changed.
   */
  visible(actor: Actor): number[] {
    const name = cacheName(actor)
    let keys = this.#visible.get(name)
    if (!keys) {
      const own = this.#catalog
        .all()
        .filter((dataset) => this.can(actor, 'read', { dataset: dataset.key }))
        .map((dataset) => dataset.key)
      const text = own.join()
      keys = this.#shared.get(text) ?? own
      this.#shared.set(text, keys)
      this.#visible.set(name, keys)
    }
    return keys
  }

  /**
   * Keys of the datasets that protect small counts and show `actor` the measured ones all the same: whoever may change
   * their values. Never anonymous callers, whatever they may write.
   */
  measured(actor: Actor): readonly number[] {
    if (actor.kind === 'anonymous') return []
    const name = cacheName(actor)
    let keys = this.#measured.get(name)
    if (!keys) {
      keys = this.#catalog
        .all()
        .filter((dataset) => (dataset.k > 1 || dataset.held) && this.can(actor, 'update', { dataset: dataset.key }))
        .map((dataset) => dataset.key)
      this.#measured.set(name, keys)
    }
    return keys
  }

  /** Those of these datasets that are not public. */
  restricted(datasets: readonly number[]): readonly number[] {
    let restricted = this.#restricted.get(datasets)
    if (!restricted) {
      restricted = datasets.filter((key) => {
        const dataset = this.#catalog.byKey(key)
        return dataset !== undefined && !isPublic(dataset)
      })
      this.#restricted.set(datasets, restricted)
    }
    return restricted
  }

  /** Counts a use of what is not public among these datasets (default: all the actor may see). Costs no query. */
  used(actor: Actor, channel: string, datasets: readonly number[] = this.visible(actor)): void {
    if (actor.kind === 'anonymous') return
    const restricted = this.restricted(datasets)
    if (restricted.length > 0) this.log.used(actor, restricted, channel)
  }

  /** Throws 401 (nobody is signed in) or 403 (somebody is, but may not). */
  require(actor: Actor, action: Action, resource: Resource): void {
    if (this.can(actor, action, resource)) return
    if (actor.kind === 'anonymous') {
      throw new Problem(401, 'key-required', 'This needs a key: send the header "Authorization: Bearer zk_…".')
    }
    throw new Problem(
      403,
      'forbidden',
      actor.kind === 'key' ? 'Your key does not allow this.' : 'Your rights do not allow this.',
    )
  }

  /** The dataset what is posted to the general SensorThings service belongs to; 401 or 403 when the actor may not write. */
  async inbox(actor: Actor): Promise<number> {
    const inbox = this.#catalog.byId(INBOX)
    if (this.can(actor, 'create', inbox ? { dataset: inbox.key } : 'platform'))
      return (inbox ?? (await this.#catalog.ensure({ id: INBOX, title: 'Eingang' }))).key
    if (this.#openWrite)
      return (this.#catalog.byId(OPEN) ?? (await this.#catalog.ensure({ id: OPEN, title: 'Offen' }))).key
    if (actor.kind !== 'anonymous')
      throw new Problem(403, 'forbidden', 'You may not write here: write to a dataset of yours, /d/{dataset}/sta/v1.1.')
    throw new Problem(
      401,
      'key-required',
      'Writing needs a key: send the header "Authorization: Bearer zk_…" (zahnrad key create).',
    )
  }

  /** Who presents these credentials. None = anonymous; a wrong, revoked or expired key is a 401, an ended session nobody. */
  async authenticate({ bearer, session, from }: { bearer?: string; session?: string; from?: string }): Promise<Actor> {
    const actor =
      bearer !== undefined
        ? await this.keys.actorOf(bearer)
        : session !== undefined
          ? await this.sessions.actorOf(session)
          : null
    if (!actor) return ANONYMOUS
    if (!isUnlimited(actor)) await this.#load()
    return from === undefined ? actor : { ...actor, from }
  }

  /** Makes a key without limits for the machine's owner and returns it: shown this once, stored as a hash. */
  async createKey(name: string, by: Actor): Promise<string> {
    const { key } = await this.keys.create({ name }, by)
    await this.audit(by, 'key.create', `key:${name}`, { limited: false })
    return key
  }

  /** Ends a key made on the machine; false when there is none of that name. */
  async revokeKey(name: string, by: Actor): Promise<boolean> {
    const revoked = await this.keys.revokeByName(name)
    if (revoked) await this.audit(by, 'key.revoke', `key:${name}`)
    return revoked
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
  async redeem(code: string, where: Where): Promise<NewSession | null> {
    const session = await this.#db.transaction(async (tx) => {
      const [row] = await tx.query(
        'update login_code set used_at = now() where hash = $1 and used_at is null and expires_at > now() returning 1',
        [hashSecret(code)],
      )
      return row ? this.sessions.open(tx, null, 'link', where) : null
    })
    if (session)
      await this.audit({ kind: 'staff', name: 'staff', from: where.from }, 'session.open', 'platform', {
        method: 'link',
      })
    return session
  }

  /** Notes a privileged act, in the transaction `tx` if it is part of one. Never pass a secret in `detail`. */
  async audit(
    actor: Actor,
    act: string,
    object: string,
    detail: Record<string, unknown> = {},
    tx?: Queryable,
  ): Promise<void> {
    await this.log.write(actor, act, object, detail, tx)
  }

  /** Writes what was counted and stops waiting. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.log.close()
  }
}

/** Whoever runs the machine: at the command line, by the admin link, or by a key made there without limits. */
function isUnlimited(actor: Actor): boolean {
  return actor.kind === 'owner' || actor.kind === 'staff' || (actor.kind === 'key' && actor.key === undefined)
}

const ownerOf = (actor: Actor): Actor => ({ kind: 'user', name: actor.name, account: actor.account! })

const cacheName = (actor: Actor): string => {
  if (isUnlimited(actor)) return 'all'
  return actor.kind === 'anonymous' ? 'nobody' : `${actor.kind} ${actor.key ?? actor.account}`
}

/** The dataset a resource is; undefined when it is none, null when it is one that does not exist. */
function datasetOf(resource: Resource, catalog: Catalog): Dataset | undefined | null {
  if (resource === 'platform' || 'space' in resource) return undefined
  return catalog.byKey(resource.dataset) ?? null
}
