import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { SqlError } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Accounts } from './accounts.ts'
import { type Ground, nameOf } from './ground.ts'
import type { Actor } from './model.ts'
import { hashSecret } from './secrets.ts'
import type { NewSession, Where } from './sessions.ts'
import { Throttle } from './throttle.ts'

/** How long a challenge may wait for its answer; a form that waits for autofill may stand open for a while. */
const MINUTES = 10
const MOST = 20
/** Challenges one place may ask for within a quarter of an hour: each opening of the sign-in page asks for one. */
const ASKED_PER_PLACE = 300

export type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'

/** The address people reach the platform by; its host name is what a passkey is bound to (WebAuthn §4, RP ID). */
export interface Party {
  /** `https://daten.stadt.example`, without a trailing slash. */
  origin: string
  /** The city's name, shown by the browser. */
  name: string
}

export interface PasskeyInfo {
  id: number
  name: string
  /** The host name it is good for: another one after the platform moved to a new address. */
  host: string
  createdAt: string
  lastUsedAt: string | null
}

const hostOf = ({ origin }: Pick<Party, 'origin'>): string => new URL(origin).hostname

/**
 * Passkeys of people (W3C Web Authentication Level 3): discoverable, always with user verification, so one stands for
 * what people have and what they know or are. A challenge is good once and for ten minutes.
 */
export class Passkeys {
  readonly #ground: Ground
  readonly #accounts: Accounts
  readonly #asking = new Throttle(ASKED_PER_PLACE, 15 * 60_000)

  constructor(ground: Ground, accounts: Accounts) {
    this.#ground = ground
    this.#accounts = accounts
  }

  list(account: number): Promise<PasskeyInfo[]> {
    return this.#ground.db.query<PasskeyInfo>(
      `select id, name, rp_id as host, created_at as "createdAt", last_used_at as "lastUsedAt"
         from passkey where account = $1 order by created_at`,
      [account],
    )
  }

  /**
   * Begins to add a passkey: what the browser hands to the authenticator. The password is asked for again, so an open
   * session alone cannot be made into lasting access: 403 when it is wrong; 409 for people who sign in elsewhere.
   */
  async begin(
    by: Actor & { account: number },
    password: string,
    party: Party,
  ): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const account = await this.#accounts.get(by.account)
    if (!account.hasPassword)
      throw new Problem(409, 'passkey-elsewhere', 'You sign in with the city’s account: set up the passkey there.')
    await this.#accounts.requirePassword(account, password)
    const { db } = this.#ground
    const known = await db.query<{ credential: string; transports: string[] }>(
      'select credential, transports from passkey where account = $1 and rp_id = $2',
      [account.id, hostOf(party)],
    )
    if (known.length >= MOST)
      throw new Problem(409, 'passkeys-full', `You have ${MOST} passkeys: remove one you no longer use.`)
    const [row] = await db.query<{ handle: string }>('select handle from account where id = $1', [account.id])
    const options = await generateRegistrationOptions({
      rpName: party.name,
      rpID: hostOf(party),
      userID: new TextEncoder().encode(row!.handle),
      userName: account.email,
      userDisplayName: account.name,
      timeout: MINUTES * 60_000,
      attestationType: 'none',
      excludeCredentials: known.map(({ credential, transports }) => ({ id: credential, transports })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
    await this.#remember(options.challenge, 'passkey-add', { account: account.id, session: by.session ?? null })
    return options
  }

  /** Adds the passkey the authenticator made. 400 when its answer is not good, 409 when it is known already. */
  async finish(
    by: Actor & { account: number },
    name: string,
    response: RegistrationResponseJSON,
    party: Party,
  ): Promise<number> {
    const flow = await this.#take<{ account: number; session: number | null }>(
      response.response.clientDataJSON,
      'passkey-add',
    )
    if (flow.data.account !== by.account || flow.data.session !== (by.session ?? null)) throw ended()
    const { registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: flow.challenge,
      expectedOrigin: party.origin,
      expectedRPID: hostOf(party),
      requireUserVerification: true,
    }).catch((error: Error) => {
      throw new Problem(400, 'passkey-refused', `The authenticator’s answer is not good: ${error.message}`)
    })
    if (!registrationInfo) throw new Problem(400, 'passkey-refused', 'The authenticator’s answer is not good.')
    const { id, publicKey, counter, transports } = registrationInfo.credential
    const { email } = await this.#accounts.get(by.account)
    try {
      const [row] = await this.#ground.db.query<{ id: number }>(
        `insert into passkey (account, credential, public_key, counter, transports, rp_id, name)
         values ($1, $2, $3, $4, $5::text[], $6, $7) returning id`,
        [by.account, id, Buffer.from(publicKey), counter, transports ?? [], hostOf(party), name.trim()],
      )
      await this.#ground.audit(by, 'passkey.add', `account:${email}`, { name: name.trim() })
      return row!.id
    } catch (error) {
      if (error instanceof SqlError && error.code === '23505')
        throw new Problem(409, 'passkey-known', 'This passkey is set up already.')
      throw error
    }
  }

  /** Removes one of an account's passkeys; false when it has none of that number. */
  async remove(by: Actor & { account: number }, id: number): Promise<boolean> {
    const { email } = await this.#accounts.get(by.account)
    const [row] = await this.#ground.db.query<{ name: string }>(
      'delete from passkey where account = $1 and id = $2 returning name',
      [by.account, id],
    )
    if (!row) return false
    await this.#ground.audit(by, 'passkey.remove', `account:${email}`, { name: row.name })
    return true
  }

  /** A challenge for whoever wants to sign in; the same for everybody, so it tells nothing about who has an account. */
  async challenge(party: Party, where: Where): Promise<PublicKeyCredentialRequestOptionsJSON> {
    this.#asking.take(where.from)
    const options = await generateAuthenticationOptions({
      rpID: hostOf(party),
      userVerification: 'required',
      timeout: MINUTES * 60_000,
    })
    await this.#remember(options.challenge, 'passkey', {})
    return options
  }

  /**
   * Signs in by passkey. The same 401 for every refusal but an old challenge (410). A signature counter that did not
   * move on tells of a copied authenticator (WebAuthn §6.1.1): refused, and noted.
   */
  async signIn(response: AuthenticationResponseJSON, party: Party, where: Where): Promise<NewSession> {
    this.#accounts.takePlace(where)
    const flow = await this.#take(response.response.clientDataJSON, 'passkey')
    const [row] = await this.#ground.db.query<{
      id: number
      account: number
      credential: string
      publicKey: Buffer
      counter: number
      email: string
      state: string
      handle: string
      name: string
    }>(
      `select p.id, p.account, p.credential, p.public_key as "publicKey", p.counter, p.name, a.email, a.state, a.handle
         from passkey p join account a on a.id = p.account where p.credential = $1 and p.rp_id = $2`,
      [response.id, hostOf(party)],
    )
    if (row?.state !== 'active') throw refused()
    this.#accounts.takeAddress(row.email)
    const actor: Actor = { kind: 'user', name: nameOf(row.email), account: row.account, from: where.from }
    const { userHandle } = response.response
    if (Buffer.from(userHandle ?? '', 'base64url').toString() !== row.handle) throw refused()
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: flow.challenge,
      expectedOrigin: party.origin,
      expectedRPID: hostOf(party),
      // Counters are compared below, in one statement with the new one.
      credential: { id: row.credential, publicKey: new Uint8Array(row.publicKey), counter: 0 },
      requireUserVerification: true,
    }).catch(() => {
      throw refused()
    })
    if (!verified) throw refused()
    const moved = await this.#ground.db.query(
      `update passkey set counter = $2, last_used_at = now()
        where id = $1 and ($2 > counter or ($2 = 0 and counter = 0)) returning 1`,
      [row.id, authenticationInfo.newCounter],
    )
    if (moved.length === 0) {
      await this.#ground.audit(actor, 'passkey.copied', `account:${row.email}`, { name: row.name })
      throw refused()
    }
    this.#accounts.forgiveAddress(row.email)
    return this.#accounts.openSession(row.account, row.email, 'passkey', where)
  }

  async #remember(challenge: string, kind: string, data: object): Promise<void> {
    const { db } = this.#ground
    await db.query('delete from login_flow where expires_at < now()')
    await db.query(
      `insert into login_flow (hash, kind, data, expires_at) values ($1, $2, $3::jsonb, now() + make_interval(mins => $4))`,
      [hashSecret(challenge), kind, JSON.stringify(data), MINUTES],
    )
  }

  /** The challenge an answer is for, if it was given here and not answered before; from now on it is used. */
  async #take<D = unknown>(clientDataJSON: string, kind: string): Promise<{ challenge: string; data: D }> {
    const challenge = challengeIn(clientDataJSON)
    const [row] = await this.#ground.db.query<{ data: D }>(
      'delete from login_flow where hash = $1 and kind = $2 and expires_at > now() returning data',
      [hashSecret(challenge), kind],
    )
    if (!row) throw ended()
    return { challenge, data: row.data }
  }
}

const refused = () => new Problem(401, 'passkey-unknown', 'This passkey does not sign anybody in here.')
const ended = () => new Problem(410, 'passkey-ended', 'This was begun too long ago, or used already: try again.')

function challengeIn(clientDataJSON: string): string {
  try {
    const { challenge } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as { challenge?: unknown }
    if (typeof challenge === 'string') return challenge
  } catch {}
  throw new Problem(400, 'passkey-refused', 'The authenticator’s answer is not readable.')
}
