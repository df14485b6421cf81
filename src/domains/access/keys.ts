import { SqlError } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Ground } from './ground.ts'
import type { Actor, Resource, Role, Scope } from './model.ts'
import { ALLOWED } from './rules.ts'
import { hashSecret, newSecret } from './secrets.ts'

const REMEMBERED = 10_000
/** How long a look-up is remembered, and how exact "last use" is. A revoked key is forgotten at once. */
const TRUSTED_MS = 60_000
const MOST_PER_ACCOUNT = 100

export interface KeyInfo {
  id: number
  name: string
  /** E-mail of whose it is; null = made on the machine. */
  owner: string | null
  /** Without limits it may do everything. */
  limited: boolean
  createdAt: string
  createdBy: string | null
  expiresAt: string | null
  lastUsedAt: string | null
  revokedAt: string | null
}

export interface KeySpec {
  name: string
  /** ISO 8601; absent = no end. */
  expiresAt?: string | null
  /** What it may do; absent = everything, for the machine's owner alone. */
  grants?: readonly (Scope & { role: Role })[]
}

interface Known {
  actor: Actor
  checked: number
  expires: number
}

/** API keys for HTTP and MQTT: shown once, stored as a hash, limited to what was granted and to what their owner may do. */
export class Keys {
  readonly #ground: Ground
  #known = new Map<string, Known>()

  constructor(ground: Ground) {
    this.#ground = ground
  }

  /** Whose key it is; a wrong, revoked or expired one is a 401. */
  async actorOf(key: string): Promise<Actor> {
    const hash = hashSecret(key)
    const text = hash.toString('base64')
    const now = Date.now()
    const known = this.#known.get(text)
    if (known && now - known.checked < TRUSTED_MS && now < known.expires) return known.actor
    this.#known.delete(text)
    const [row] = await this.#ground.db.query<{
      id: number
      name: string
      account: number | null
      email: string | null
      limited: boolean
      expires: string | null
    }>(
      `update api_key k set last_used_at = now()
       from (select k.id, a.email from api_key k left join account a on a.id = k.account
              where k.hash = $1 and (k.account is null or a.state = 'active')) as found
       where k.id = found.id and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
       returning k.id, k.name, k.account, found.email, k.limited, k.expires_at as expires`,
      [hash],
    )
    if (!row && known) this.#ground.revoke(known.actor.name)
    if (!row) throw new Problem(401, 'key-unknown', 'This key is not known here, was revoked, or has expired.')
    const actor: Actor = Object.freeze({
      kind: 'key',
      name: keyName(row.name, row.email),
      ...(row.limited && { key: row.id }),
      ...(row.account !== null && { account: row.account }),
    })
    if (this.#known.size >= REMEMBERED) this.#known = new Map()
    const expires = row.expires === null ? Number.POSITIVE_INFINITY : Date.parse(row.expires)
    this.#known.set(text, { actor, checked: now, expires })
    return actor
  }

  /** Makes a key and returns it: shown this once. 409 when the name is taken, 403 when it could do more than `by`. */
  async create(spec: KeySpec, by: Actor): Promise<{ id: number; key: string }> {
    const { db, can } = this.#ground
    const account = by.kind === 'user' ? by.account! : null
    if (by.kind === 'key' || by.kind === 'anonymous')
      throw new Problem(403, 'forbidden', 'A key cannot make keys: sign in as a person.')
    if (account !== null && !spec.grants?.length)
      throw new Problem(400, 'key-without-rights', 'Say what the key may do: a role and where it holds.')
    for (const { role, dataset, space } of spec.grants ?? []) {
      const resource: Resource = dataset !== null ? { dataset } : space !== null ? { space } : 'platform'
      if (!ALLOWED[role].every((action) => can(by, action, resource)))
        throw new Problem(
          403,
          'key-beyond-rights',
          'A key cannot do more than you may: choose a smaller role or scope.',
        )
    }
    if (spec.expiresAt && Date.parse(spec.expiresAt) <= Date.now())
      throw new Problem(400, 'expiry-past', 'The key would have expired already: choose a moment to come.')
    const [{ n } = { n: 0 }] = await db.query<{ n: number }>(
      'select count(*) as n from api_key where account = $1 and revoked_at is null',
      [account],
    )
    if (n >= MOST_PER_ACCOUNT) throw new Problem(409, 'too-many-keys', `You have ${n} keys: revoke some first.`)
    const key = newSecret('zk')
    const id = await db
      .transaction(async (tx) => {
        const [row] = await tx.query<{ id: number }>(
          `insert into api_key (name, hash, account, limited, expires_at, created_by) values ($1, $2, $3, $4, $5, $6) returning id`,
          [spec.name, hashSecret(key), account, spec.grants !== undefined, spec.expiresAt ?? null, by.name],
        )
        for (const { role, dataset, space } of spec.grants ?? []) {
          await tx.query(
            'insert into access_grant (api_key, role, dataset, space, granted_by) values ($1, $2, $3, $4, $5)',
            [row!.id, role, dataset, space, by.name],
          )
        }
        return row!.id
      })
      .catch((error) => {
        if (error instanceof SqlError && error.code === '23505')
          throw new Problem(409, 'key-name-taken', `There is already a key named "${spec.name}".`)
        throw error
      })
    await this.#ground.refresh()
    return { id, key }
  }

  /** All keys, or those of one account. */
  list(account?: number): Promise<KeyInfo[]> {
    return this.#ground.db.query<KeyInfo>(
      `select k.id, k.name, a.email as owner, k.limited, k.created_at as "createdAt", k.created_by as "createdBy",
              k.expires_at as "expiresAt", k.last_used_at as "lastUsedAt", k.revoked_at as "revokedAt"
         from api_key k left join account a on a.id = k.account
        where $1::int4 is null or k.account = $1 order by k.created_at, k.name`,
      [account ?? null],
    )
  }

  /** Ends a key at once and answers its name; null when there is no such valid key. `account`: only if it is theirs. */
  async revoke(id: number, account?: number): Promise<string | null> {
    return (await this.#ended('id = $1 and ($2::int4 is null or account = $2)', [id, account ?? null]))[0] ?? null
  }

  /** Ends the key of this name that was made on the machine. */
  async revokeByName(name: string): Promise<boolean> {
    return (await this.#ended('name = $1 and account is null', [name])).length > 0
  }

  /** The account was blocked or goes: its keys end. */
  revokeAll(account: number): Promise<string[]> {
    return this.#ended('account = $1', [account])
  }

  async #ended(condition: string, parameters: unknown[]): Promise<string[]> {
    const rows = await this.#ground.db.query<{ name: string; email: string | null }>(
      `update api_key set revoked_at = now() where ${condition} and revoked_at is null
       returning name, (select email from account where id = api_key.account) as email`,
      parameters,
    )
    this.#known = new Map()
    return rows.map(({ name, email }) => this.#tell(name, email))
  }

  #tell(name: string, email: string | null): string {
    const full = keyName(name, email)
    this.#ground.revoke(full)
    return full
  }

  /** Ends the connections of keys another process revoked: those that were let in here and are no longer good. */
  async recheck(): Promise<void> {
    const asked = this.#known
    const good = await this.#ground.db.query<{ hash: string }>(
      `select encode(k.hash, 'base64') as hash from api_key k left join account a on a.id = k.account
        where k.hash in (select decode(one, 'base64') from unnest($1::text[]) as one)
          and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
          and (k.account is null or a.state = 'active')`,
      [[...asked.keys()]],
    )
    const there = new Set(good.map(({ hash }) => hash))
    for (const [hash, { actor }] of asked) {
      if (there.has(hash)) continue
      asked.delete(hash)
      this.#ground.revoke(actor.name)
    }
  }

  /** Ends the connections of keys that expired since `after`; answers when the next one will, or null. */
  async expire(after: Date): Promise<number | null> {
    const gone = await this.#ground.db.query<{ name: string; email: string | null }>(
      `select k.name, a.email from api_key k left join account a on a.id = k.account
        where k.revoked_at is null and k.expires_at <= now() and k.expires_at > $1`,
      [after.toISOString()],
    )
    for (const { name, email } of gone) this.#tell(name, email)
    const [next] = await this.#ground.db.query<{ at: string | null }>(
      'select min(expires_at) as at from api_key where revoked_at is null and expires_at > now()',
    )
    return next?.at ? Date.parse(next.at) : null
  }
}

const keyName = (name: string, email: string | null): string =>
  email === null ? `key:${name}` : `key:${email}/${name}`
