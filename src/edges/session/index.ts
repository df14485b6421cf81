import { type Access, type Actor, ANONYMOUS } from '../../domains/access/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { cookieOf, isForeignChange, pathAfter, SESSION_COOKIE, setCookie } from './cookie.ts'
import { type OidcOptions, registerOidc } from './oidc.ts'
import { type PasskeyOptions, registerPasskey } from './passkey.ts'
import { registerSignIn, requireOwnSite, type SignInOptions } from './sign-in.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking; decided here, before any route runs. */
    actor: Actor
  }
}

/**
 * Decides for every request who is asking: `Authorization: Bearer zk_…`, else the session cookie, else nobody.
 * A session never authorises a change asked for by another site: such a request counts as anonymous.
 */
export function registerSession(app: FastifyInstance, { access }: { access: Access }): void {
  app.decorateRequest('actor')
  app.addHook('onRequest', async (request) => {
    const { authorization } = request.headers
    if (authorization !== undefined) {
      const [, bearer] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
      if (!bearer)
        throw new Problem(401, 'authorization-unknown', 'Only "Authorization: Bearer zk_…" is understood here.')
      request.actor = await access.authenticate({ bearer, from: request.ip })
      return
    }
    const session = cookieOf(request, SESSION_COOKIE)
    request.actor =
      session && !isForeignChange(request) ? await access.authenticate({ session, from: request.ip }) : ANONYMOUS
  })
}

export interface Landing {
  /** Where the admin link leads when it names no page. */
  landing: () => Promise<string>
}

/** Signing in and out: the one-time admin link, e-mail and password, invitation and reset links. */
export function registerLogin(
  app: FastifyInstance,
  options: SignInOptions & OidcOptions & PasskeyOptions & Landing,
): void {
  const { access, oidc, landing } = options
  // `GET /login?code=…` trades the one-time admin link for a staff session. Without a code it is a page.
  app.get<{ Querystring: { code?: string; next?: string } }>('/login', async (request, reply) => {
    const { code, next } = request.query
    if (code === undefined) return reply.callNotFound()
    const where = { from: request.ip, agent: request.headers['user-agent'] }
    const session = typeof code === 'string' && code.length <= 200 ? await access.redeem(code, where) : null
    reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer')
    if (!session) return reply.redirect('/login?expired=1', 303)
    setCookie(request, reply, SESSION_COOKIE, session.token, session.maxAgeSeconds)
    return reply.redirect(next === undefined ? await landing() : pathAfter(next), 303)
  })
  app.post('/api/v1/logout', async (request, reply) => {
    requireOwnSite(request)
    const token = cookieOf(request, SESSION_COOKIE)
    if (token && request.actor.session !== undefined) await access.sessions.end(token)
    setCookie(request, reply, SESSION_COOKIE, '', 0)
    return reply.code(204).send()
  })
  app.get('/api/v1/session', async (request, reply) => {
    const { kind, name } = request.actor
    reply.header('cache-control', 'no-store')
    return { kind, name, staff: access.isStaff(request.actor), openWrite: access.openWrite }
  })
  app.get('/api/v1/sign-in', async () => ({ oidc: oidc !== undefined, mail: options.sendLink !== null }))
  registerSignIn(app, options)
  registerPasskey(app, options)
  registerOidc(app, options)
}
