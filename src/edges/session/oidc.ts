import * as client from 'openid-client'
import type { Access, Claims } from '../../domains/access/index.ts'
import { hashSecret, newSecret } from '../../domains/access/index.ts'
import type { Database } from '../../kernel/db/index.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { cookieOf, pathAfter, SESSION_COOKIE, setCookie } from './cookie.ts'
import { whereOf } from './sign-in.ts'

export interface OidcOptions {
  access: Access
  db: Database
  /** The identity provider; absent = local accounts alone. */
  oidc?: { issuer: string; clientId: string; clientSecret: string; groupsClaim: string } | undefined
}

const COOKIE = 'zahnrad_oidc'
const MINUTES = 10

interface Flow {
  verifier: string
  nonce: string
  state: string
  next: string
}

/**
 * Sign-in by the city's own identity provider: OpenID Connect, Authorization Code with PKCE (RFC 7636). What is begun is
 * bound to the browser by a cookie and can be finished once. Groups come from a claim.
 */
export function registerOidc(app: FastifyInstance, { access, db, oidc }: OidcOptions): void {
  if (!oidc) return
  let known: Promise<client.Configuration> | undefined
  const provider = () => {
    const insecure = oidc.issuer.startsWith('http:') ? { execute: [client.allowInsecureRequests] } : undefined
    known ??= client.discovery(new URL(oidc.issuer), oidc.clientId, oidc.clientSecret, undefined, insecure)
    known.catch(() => {
      known = undefined
    })
    return known
  }
  const callback = (request: FastifyRequest) => `${request.origin}/login/oidc/callback`
  const failed = (request: FastifyRequest, reply: FastifyReply, error: unknown) => {
    const code = error instanceof Problem ? error.code : 'oidc-failed'
    request.log.warn({ reqId: request.id, code, error: (error as Error).message }, 'sign-in by OpenID Connect failed')
    return reply.redirect(`/login?failed=${code}`, 303)
  }

  app.get<{ Querystring: { next?: string } }>('/login/oidc', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    try {
      const config = await provider()
      const flow: Flow = {
        verifier: client.randomPKCECodeVerifier(),
        nonce: client.randomNonce(),
        state: client.randomState(),
        next: pathAfter(request.query.next),
      }
      const secret = newSecret('zf')
      await db.query('delete from login_flow where expires_at < now()')
      await db.query(
        `insert into login_flow (hash, kind, data, expires_at) values ($1, 'oidc', $2::jsonb, now() + make_interval(mins => $3))`,
        [hashSecret(secret), JSON.stringify(flow), MINUTES],
      )
      setCookie(request, reply, COOKIE, secret, MINUTES * 60)
      const address = client.buildAuthorizationUrl(config, {
        redirect_uri: callback(request),
        scope: 'openid profile email',
        code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
        state: flow.state,
        nonce: flow.nonce,
      })
      return reply.redirect(address.href, 303)
    } catch (error) {
      return failed(request, reply, error)
    }
  })

  app.get('/login/oidc/callback', async (request, reply) => {
    reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer')
    try {
      const [row] = await db.query<{ data: Flow }>(
        `delete from login_flow where hash = $1 and kind = 'oidc' and expires_at > now() returning data`,
        [hashSecret(cookieOf(request, COOKIE) ?? '')],
      )
      if (!row)
        throw new Problem(400, 'oidc-flow-ended', 'This sign-in was not begun in this browser, or took too long.')
      const { verifier, nonce, state, next } = row.data
      const config = await provider()
      const here = new URL(request.url, request.origin)
      const tokens = await client.authorizationCodeGrant(config, here, {
        pkceCodeVerifier: verifier,
        expectedNonce: nonce,
        expectedState: state,
        idTokenExpected: true,
      })
      const claims = await claimsOf(config, tokens, oidc.groupsClaim)
      const session = await access.accounts.fromClaims(claims, whereOf(request))
      const before = cookieOf(request, SESSION_COOKIE)
      if (before) await access.sessions.end(before)
      setCookie(request, reply, COOKIE, '', 0)
      setCookie(request, reply, SESSION_COOKIE, session.token, session.maxAgeSeconds)
      return reply.redirect(next, 303)
    } catch (error) {
      return failed(request, reply, error)
    }
  })
}

type Tokens = Awaited<ReturnType<typeof client.authorizationCodeGrant>>

/** What the ID token says of the person, completed by the provider's UserInfo. */
async function claimsOf(config: client.Configuration, tokens: Tokens, groupsClaim: string): Promise<Claims> {
  const token = tokens.claims()!
  const more = config.serverMetadata().userinfo_endpoint
    ? await client.fetchUserInfo(config, tokens.access_token, token.sub)
    : {}
  const all: Record<string, unknown> = { ...token, ...more }
  const { email, name, preferred_username: short } = all
  if (typeof email !== 'string')
    throw new Problem(403, 'oidc-no-email', 'The identity provider does not tell your e-mail address.')
  const groups = all[groupsClaim]
  return {
    issuer: token.iss,
    subject: token.sub,
    email,
    emailVerified: all.email_verified === true,
    name: [name, short, email]
      .find((text): text is string => typeof text === 'string' && text.length > 0)!
      .slice(0, 120),
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [],
  }
}
