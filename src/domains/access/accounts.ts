import { SqlError } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { type Ground, nameOf } from './ground.ts'
import type { Keys } from './keys.ts'
import type { Account, Actor } from './model.ts'
import { checkPassword, hashPassword, requireGoodPassword } from './passwords.ts'
import { hashSecret, newSecret } from './secrets.ts'
import type { NewSession, Sessions, Where } from './sessions.ts'
import { Throttle } from './throttle.ts'

const INVITATION_HOURS = 7 * 24
const RESET_HOURS = 2
const MINUTES_15 = 15 * 60_000
/** Wrong passwords for one address, and attempts from one place, before both must wait. */
const PER_ADDRESS = 10
const PER_PLACE = 50

const COLUMNS = `id, email, name, state, password is not null as "hasPassword", issuer, created_at as "createdAt",
  last_login_at as "lastLoginAt"`

export type LinkKind = 'invitation' | 'reset'

/** A link for a person: the secret goes into the address, the rest into the message. */
export interface PersonalLink {
  token: string
  kind: LinkKind
  hours: number
  account: Account
}

/** Sends a link to the person it is for; throws when the mail server does not take it. */
export type SendLink = (link: PersonalLink, origin: string) => Promise<void>

/** What an identity provider says of a person. */
export interface Claims {
  issuer: string
  subject: string
  email: string
  /** Has the provider made sure that the address is theirs? Only then an account that has it already becomes theirs. */
  emailVerified: boolean
  name: string
  /** Names of groups, as the provider calls them. */
  groups: readonly string[]
}

/** People with an account: invited by link, signed in by password; blocked without delay. */
export class Accounts {
  readonly #ground: Ground
  readonly #sessions: Sessions
  readonly #keys: Keys
  readonly #byAddress = new Throttle(PER_ADDRESS, MINUTES_15)
  readonly #byPlace = new Throttle(PER_PLACE, MINUTES_15)
  readonly #asking = new Throttle(5, MINUTES_15)

  constructor(ground: Ground, sessions: Sessions, keys: Keys) {
    this.#ground = ground
    this.#sessions = sessions
    this.#keys = keys
  }

  list(): Promise<Account[]> {
    return this.#ground.db.query<Account>(`select ${COLUMNS} from account order by name, email`)
  }

  /** The account, or 404. */
  async get(id: number): Promise<Account> {
    const [row] = await this.#ground.db.query<Account>(`select ${COLUMNS} from account where id = $1`, [id])
    if (!row) throw new Problem(404, 'account-unknown', `There is no account ${id}.`)
    return row
  }

  async byEmail(email: string): Promise<Account | null> {
    const [row] = await this.#ground.db.query<Account>(`select ${COLUMNS} from account where email = $1`, [
      readEmail(email),
    ])
    return row ?? null
  }

  /** Makes an account without a password; {@link link} gives the invitation. 409 when the address has one already. */
  async invite(person: { email: string; name: string }, by: Actor): Promise<Account> {
    const account = await this.#insert(person, 'invited', null)
    await this.#ground.audit(by, 'account.invite', `account:${account.email}`)
    return account
  }

  /** The first administrator's own account, made by whoever came through the admin link. */
  async createFirst(person: { email: string; name: string; password: string }, by: Actor): Promise<Account> {
    if (by.kind !== 'staff' && by.kind !== 'owner')
      throw new Problem(403, 'forbidden', 'Only whoever came by the admin link makes an account this way.')
    requireGoodPassword(person.password, [person.email, person.name])
    const account = await this.#insert(person, 'active', await hashPassword(person.password))
    await this.#ground.audit(by, 'account.create', `account:${account.email}`)
    return account
  }

  async #insert(
    { email, name }: { email: string; name: string },
    state: 'invited' | 'active',
    password: string | null,
  ): Promise<Account> {
    try {
      const [row] = await this.#ground.db.query<Account>(
        `insert into account (email, name, state, password) values ($1, $2, $3, $4) returning ${COLUMNS}`,
        [readEmail(email), name.trim(), state, password],
      )
      await this.#ground.refresh()
      return row!
    } catch (error) {
      if (error instanceof SqlError && error.code === '23505')
        throw new Problem(409, 'email-taken', `There is already an account for ${email}.`)
      throw error
    }
  }

  /** A new single-use link; earlier ones of its kind no longer work. */
  async link(id: number, by: Actor): Promise<PersonalLink> {
    const account = await this.get(id)
    if (account.state === 'blocked') throw new Problem(409, 'account-blocked', `${account.email} is blocked.`)
    const kind: LinkKind = account.state === 'invited' ? 'invitation' : 'reset'
    const hours = kind === 'invitation' ? INVITATION_HOURS : RESET_HOURS
    const token = newSecret('zi')
    await this.#ground.db.query('delete from account_link where account = $1 or expires_at < now()', [id])
    await this.#ground.db.query(
      'insert into account_link (hash, account, kind, expires_at) values ($1, $2, $3, now() + make_interval(hours => $4))',
      [hashSecret(token), id, kind, hours],
    )
    await this.#ground.audit(by, `account.${kind}-link`, `account:${account.email}`)
    return { token, kind, hours, account }
  }

  /** Someone says they forgot the password: a link for the account, if there is one; bounded per address and place. */
  async forgotten(email: string, where: Where): Promise<PersonalLink | null> {
    this.#asking.take(`place ${where.from}`)
    const account = await this.byEmail(email)
    if (!account || account.state === 'blocked') return null
    this.#asking.take(`account ${account.id}`)
    return this.link(account.id, { kind: 'anonymous', name: 'anonymous', from: where.from })
  }

  /** Whom a link is for and what; null when it is unknown, used or too old. */
  async linkInfo(token: string): Promise<{ email: string; name: string; kind: LinkKind } | null> {
    const [row] = await this.#ground.db.query<{ email: string; name: string; kind: LinkKind }>(
      `select a.email, a.name, l.kind from account_link l join account a on a.id = l.account
        where l.hash = $1 and l.used_at is null and l.expires_at > now() and a.state <> 'blocked'`,
      [hashSecret(token)],
    )
    return row ?? null
  }

  /** Sets the password by a link and signs in; every earlier session ends. 410 when the link is no longer good. */
  async redeemLink(token: string, password: string, where: Where): Promise<NewSession> {
    this.#byPlace.take(where.from)
    const info = await this.linkInfo(token)
    if (!info) throw new Problem(410, 'link-ended', 'This link was used before or is too old: ask for a new one.')
    requireGoodPassword(password, [info.email, info.name])
    const hash = await hashPassword(password)
    const { db } = this.#ground
    const id = await db.transaction(async (tx) => {
      const [row] = await tx.query<{ account: number }>(
        'update account_link set used_at = now() where hash = $1 and used_at is null and expires_at > now() returning account',
        [hashSecret(token)],
      )
      if (!row) throw new Problem(410, 'link-ended', 'This link was used before or is too old: ask for a new one.')
      await tx.query(`update account set password = $2, state = 'active' where id = $1 and state <> 'blocked'`, [
        row.account,
        hash,
      ])
      return row.account
    })
    await this.#sessions.endAll(id)
    await this.#ground.refresh()
    await this.#ground.audit(actorOf(id, info.email, where), 'account.set-password', `account:${info.email}`)
    this.#byAddress.forget(info.email)
    return this.openSession(id, info.email, 'password', where)
  }

  /**
   * Signs in by password. The same 401 and the same time whether the address or the password is wrong; 429 after ten
   * wrong ones within a quarter of an hour. The machine's owner is never locked out: `zahnrad admin link`.
   */
  async signIn(email: string, password: string, where: Where): Promise<NewSession> {
    const address = readEmail(email)
    this.#byPlace.take(where.from)
    this.#byAddress.take(address)
    const [row] = await this.#ground.db.query<{ id: number; password: string | null; state: string }>(
      'select id, password, state from account where email = $1',
      [address],
    )
    const { right, renew } = await checkPassword(password, row?.password ?? null)
    if (!row || !right || row.state !== 'active') {
      if (row && this.#byAddress.isExhausted(address))
        await this.#ground.audit(actorOf(row.id, address, where), 'session.lock-out', `account:${address}`)
      throw new Problem(401, 'sign-in-refused', 'E-mail address or password is wrong.')
    }
    this.#byAddress.forget(address)
    if (renew)
      await this.#ground.db.query('update account set password = $2 where id = $1', [
        row.id,
        await hashPassword(password),
      ])
    return this.openSession(row.id, address, 'password', where)
  }

  async openSession(
    account: number,
    email: string,
    method: 'password' | 'passkey' | 'oidc',
    where: Where,
  ): Promise<NewSession> {
    const session = await this.#sessions.open(this.#ground.db, account, method, where)
    await this.#ground.db.query('update account set last_login_at = now() where id = $1', [account])
    await this.#ground.audit(actorOf(account, email, where), 'session.open', `account:${email}`, { method })
    return session
  }

  /** Asks for the present password again before something that lasts; 403 when it is wrong, 429 after ten wrong ones. */
  async requirePassword({ id, email }: Pick<Account, 'id' | 'email'>, password: string): Promise<void> {
    this.#byAddress.take(email)
    const [row] = await this.#ground.db.query<{ password: string | null }>(
      'select password from account where id = $1',
      [id],
    )
    if (row?.password && !(await checkPassword(password, row.password)).right)
      throw new Problem(403, 'password-wrong', 'The present password is wrong.')
    this.#byAddress.forget(email)
  }

  /** Counts an attempt to sign in, by whatever means, from a place and for an address; 429 when there were too many. */
  takePlace(where: Where): void {
    this.#byPlace.take(where.from)
  }

  takeAddress(email: string): void {
    this.#byAddress.take(email)
  }

  /** A right answer clears what was counted for the address. */
  forgiveAddress(email: string): void {
    this.#byAddress.forget(email)
  }

  /** A person changes the own password; other sessions end. */
  async changePassword(actor: Actor, old: string, next: string): Promise<void> {
    const account = await this.get(actor.account!)
    await this.requirePassword(account, old)
    requireGoodPassword(next, [account.email, account.name])
    await this.#ground.db.query('update account set password = $2 where id = $1', [
      account.id,
      await hashPassword(next),
    ])
    await this.#ground.audit(actor, 'account.set-password', `account:${account.email}`)
    await this.#sessions.endAll(account.id, actor.session)
  }

  async rename(id: number, name: string, by: Actor): Promise<void> {
    const { email } = await this.get(id)
    await this.#ground.db.query('update account set name = $2 where id = $1', [id, name.trim()])
    await this.#ground.audit(by, 'account.rename', `account:${email}`)
    await this.#ground.refresh()
  }

  /** Blocks an account: its sessions, keys and open connections end at once. Or lets it in again, without its old keys. */
  async setBlocked(id: number, blocked: boolean, by: Actor): Promise<void> {
    const { email, state: before } = await this.get(id)
    const [row] = await this.#ground.db.query<{ state: string }>(
      `update account set state = case when $2 then 'blocked' when password is null and issuer is null then 'invited' else 'active' end
        where id = $1 returning state`,
      [id, blocked],
    )
    if (blocked) await this.#endEverything(id)
    await this.#ground.audit(by, blocked ? 'account.block' : 'account.unblock', `account:${email}`, {
      before,
      after: row!.state,
    })
    await this.#ground.refresh()
  }

  async remove(id: number, by: Actor): Promise<void> {
    const { email } = await this.get(id)
    await this.#endEverything(id)
    await this.#ground.db.query('delete from account where id = $1', [id])
    await this.#ground.audit(by, 'account.remove', `account:${email}`)
    await this.#ground.refresh()
  }

  async #endEverything(id: number): Promise<void> {
    await this.#sessions.endAll(id)
    await this.#keys.revokeAll(id)
    const email = this.#ground.directory.person(id)?.email
    if (email) this.#ground.revoke(nameOf(email))
  }

  /**
   * The account of a person the identity provider vouches for: by its subject, else by the (verified) e-mail address,
   * else a new one. Groups that carry a claim are joined and left as the claims say. 403 when blocked.
   */
  async fromClaims({ issuer, subject, email, emailVerified, name, groups }: Claims, where: Where): Promise<NewSession> {
    const address = readEmail(email)
    const { db } = this.#ground
    const account = await db.transaction(async (tx) => {
      let [row] = await tx.query<Account>(
        `update account set name = $3, state = case when state = 'invited' then 'active' else state end
          where issuer = $1 and subject = $2 returning ${COLUMNS}`,
        [issuer, subject, name],
      )
      if (!row) {
        ;[row] = await tx.query<Account>(
          `insert into account as a (email, name, state, issuer, subject) values ($1, $2, 'active', $3, $4)
           on conflict (email) do update set issuer = $3, subject = $4,
             state = case when a.state = 'invited' then 'active' else a.state end
             where a.issuer is null and $5 returning ${COLUMNS}`,
          [address, name, issuer, subject, emailVerified],
        )
      }
      if (!row)
        throw new Problem(
          409,
          'account-of-another',
          `There is an account for ${address} already that is not joined with this sign-in.`,
        )
      await tx.query(`delete from group_member where account = $1 and origin = 'claim'`, [row.id])
      await tx.query(
        `insert into group_member (user_group, account, origin)
         select id, $1, 'claim' from user_group where claim = any($2::text[])`,
        [row.id, groups],
      )
      return row
    })
    if (account.state === 'blocked') throw new Problem(403, 'account-blocked', 'This account is blocked.')
    await this.#ground.refresh()
    return this.openSession(account.id, account.email, 'oidc', where)
  }
}

const actorOf = (account: number, email: string, where: Where): Actor => ({
  kind: 'user',
  name: nameOf(email),
  account,
  from: where.from,
})

/** An e-mail address as it is kept: trimmed, lower case. 400 when it is none. */
export function readEmail(text: string): string {
  const email = text.trim().toLowerCase()
  if (email.length > 254 || !/^[^\s@<>",;:\\()[\]]+@[^\s@<>",;:\\()[\]]+\.[^\s@<>",;:\\()[\].]{2,}$/.test(email))
    throw new Problem(400, 'email-invalid', 'This is not an e-mail address such as anna@example.de.')
  return email
}
