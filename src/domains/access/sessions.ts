import type { Queryable } from '../../kernel/db/index.ts'
import { type Ground, nameOf } from './ground.ts'
import type { Actor } from './model.ts'
import { hashSecret, newSecret } from './secrets.ts'

const SESSION_DAYS = 7
/** A session nobody used for so long has ended. */
const IDLE_HOURS = 24
/** How long a look-up is remembered: the hot path asks nothing of the database. An ended session is forgotten at once. */
const TRUSTED_MS = 60_000
const REMEMBERED = 10_000

export type SignInMethod = 'link' | 'password' | 'passkey' | 'oidc'

export interface NewSession {
  token: string
  maxAgeSeconds: number
}

export interface SessionInfo {
  id: number
  method: SignInMethod
  createdAt: string
  seenAt: string
  expiresAt: string
  origin: string | null
  agent: string | null
}

/** Where a sign-in comes from. */
export interface Where {
  from: string
  agent?: string | undefined
}

interface Known {
  actor: Actor
  checked: number
  expires: number
}

/** Sessions of people in the browser: a random token in a cookie, its hash in the database. */
export class Sessions {
  readonly #ground: Ground
  #known = new Map<string, Known>()

  constructor(ground: Ground) {
    this.#ground = ground
  }

  /** Who the session is of; null when it is unknown, too old, or was idle for too long. */
  async actorOf(token: string): Promise<Actor | null> {
    const hash = hashSecret(token)
    const text = hash.toString('base64')
    const now = Date.now()
    const known = this.#known.get(text)
    if (known && now - known.checked < TRUSTED_MS && now < known.expires) return known.actor
    this.#known.delete(text)
    const [row] = await this.#ground.db.query<{
      id: number
      actor: string
      account: number | null
      email: string | null
      expires: string
    }>(
      `update session s set seen_at = now()
       from (select s.hash, a.email from session s left join account a on a.id = s.account
              where s.hash = $1 and (s.account is null or a.state = 'active')) as found
       where s.hash = found.hash and s.expires_at > now() and s.seen_at > now() - make_interval(hours => $2)
       returning s.id, s.actor, s.account, found.email, s.expires_at as expires`,
      [hash, IDLE_HOURS],
    )
    if (!row) {
      if (known) this.#ground.revoke(known.actor.name)
      return null
    }
    const actor: Actor =
      row.account === null
        ? { kind: 'staff', name: row.actor, session: row.id }
        : { kind: 'user', name: nameOf(row.email!), account: row.account, session: row.id }
    if (this.#known.size >= REMEMBERED) this.#known = new Map()
    this.#known.set(text, { actor: Object.freeze(actor), checked: now, expires: Date.parse(row.expires) })
    return actor
  }

  /** Opens a session for an account, or (null) for whoever followed the admin link. */
  async open(db: Queryable, account: number | null, method: SignInMethod, where: Where): Promise<NewSession> {
    const token = newSecret('zs')
    await db.query(
      `insert into session (hash, actor, account, method, origin, agent, expires_at)
       values ($1, case when $2::int4 is null then 'staff' else 'user' end, $2, $3, $4, $5, now() + make_interval(days => $6))`,
      [hashSecret(token), account, method, where.from, where.agent?.slice(0, 200) ?? null, SESSION_DAYS],
    )
    await db.query('delete from session where expires_at < now() or seen_at < now() - make_interval(hours => $1)', [
      IDLE_HOURS,
    ])
    return { token, maxAgeSeconds: SESSION_DAYS * 86_400 }
  }

  /** Sessions of an account that are open, the newest first. */
  list(account: number): Promise<SessionInfo[]> {
    return this.#ground.db.query<SessionInfo>(
      `select id, method, created_at as "createdAt", seen_at as "seenAt", expires_at as "expiresAt", origin, agent
         from session where account = $1 and expires_at > now() and seen_at > now() - make_interval(hours => $2)
        order by created_at desc`,
      [account, IDLE_HOURS],
    )
  }

  /** How many sessions of each account are open; accounts without one are left out. */
  async counts(): Promise<Map<number, number>> {
    const rows = await this.#ground.db.query<{ account: number; n: number }>(
      `select account, count(*)::int as n from session
        where account is not null and expires_at > now() and seen_at > now() - make_interval(hours => $1)
        group by account`,
      [IDLE_HOURS],
    )
    return new Map(rows.map(({ account, n }) => [account, n]))
  }

  /** Ends the session with this token at once. */
  async end(token: string): Promise<void> {
    await this.#ended('hash = $1', [hashSecret(token)])
  }

  /** Ends one session of an account; false when it has none of that number. */
  endOne(account: number, id: number): Promise<boolean> {
    return this.#ended('account = $1 and id = $2', [account, id])
  }

  /** Ends all sessions of an account, but the one given. */
  endAll(account: number, except = -1): Promise<boolean> {
    return this.#ended('account = $1 and id <> $2', [account, except])
  }

  /** Ends the connections of sessions another process ended: those that were let in here and are no longer there. */
  async recheck(): Promise<void> {
    const asked = this.#known
    const open = await this.#ground.db.query<{ hash: string }>(
      `select encode(s.hash, 'base64') as hash from session s left join account a on a.id = s.account
        where s.hash in (select decode(one, 'base64') from unnest($1::text[]) as one)
          and (s.account is null or a.state = 'active')`,
      [[...asked.keys()]],
    )
    const there = new Set(open.map(({ hash }) => hash))
    for (const [hash, { actor }] of asked) {
      if (there.has(hash)) continue
      asked.delete(hash)
      this.#ground.revoke(actor.name)
    }
  }

  /** Ends the connections of sessions that grew too old since `after`; answers when the next one will, or null. */
  async expire(after: Date): Promise<number | null> {
    const end = 'least(s.expires_at, s.seen_at + make_interval(hours => $1))'
    const gone = await this.#ground.db.query<{ email: string | null }>(
      `select distinct a.email from session s left join account a on a.id = s.account
        where ${end} <= now() and ${end} > $2`,
      [IDLE_HOURS, after.toISOString()],
    )
    for (const { email } of gone) this.#ground.revoke(email === null ? 'staff' : nameOf(email))
    const [next] = await this.#ground.db.query<{ at: string | null }>(
      `select min(${end}) as at from session s where ${end} > now()`,
      [IDLE_HOURS],
    )
    return next?.at ? Date.parse(next.at) : null
  }

  async #ended(condition: string, parameters: unknown[]): Promise<boolean> {
    const rows = await this.#ground.db.query<{ email: string | null }>(
      `delete from session where ${condition} returning (select email from account where id = session.account) as email`,
      parameters,
    )
    this.#known = new Map()
    // Streams of the person's other sessions end as well; the browser opens those again.
    for (const email of new Set(rows.map((row) => row.email)))
      this.#ground.revoke(email === null ? 'staff' : nameOf(email))
    return rows.length > 0
  }
}
