import { type Access, type Actor, ANONYMOUS } from '../../domains/access/index.ts'
import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking; decided here, before any route runs. */
    actor: Actor
  }
}

export const SESSION_COOKIE = 'zahnrad_session'

/** The value of the session cookie, if the request carries one. */
export function sessionOf(request: FastifyRequest): string | undefined {
  const header = request.headers.cookie
  if (!header) return undefined
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    if (at > 0 && part.slice(0, at).trim() === SESSION_COOKIE) return part.slice(at + 1).trim()
  }
  return undefined
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
      request.actor = await access.authenticate({ bearer })
      return
    }
    const session = sessionOf(request)
    request.actor = session && !isForeignChange(request) ? await access.authenticate({ session }) : ANONYMOUS
  })
}

function isForeignChange(request: FastifyRequest): boolean {
  if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return false
  const site = request.headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

/** Set-Cookie value for a new session. `Secure` as soon as the platform is reached by https. */
export function sessionCookie(token: string, maxAgeSeconds: number, secure: boolean): string {
  return `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}${secure ? '; Secure' : ''}`
}

/** Where to go after signing in: a path on this platform, never another site. */
function pathAfter(next: unknown): string {
  return typeof next === 'string' && next.length <= 500 && /^\/(?![/\\])[^\s\\]*$/.test(next) ? next : '/'
}

/** `GET /login?code=…`: trades the one-time admin link for a staff session. Without a code it is a page. */
export function registerLogin(app: FastifyInstance, { access }: { access: Access }): void {
  app.get<{ Querystring: { code?: string; next?: string } }>('/login', async (request, reply) => {
    const { code, next } = request.query
    if (code === undefined) return reply.callNotFound()
    const session = typeof code === 'string' && code.length <= 200 ? await access.redeem(code) : null
    reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer')
    if (!session) return reply.redirect('/login?expired=1', 303)
    reply.header('set-cookie', sessionCookie(session.token, session.maxAgeSeconds, request.origin.startsWith('https:')))
    return reply.redirect(pathAfter(next), 303)
  })
  app.post('/api/v1/logout', async (request, reply) => {
    const token = sessionOf(request)
    if (token && request.actor.kind === 'staff') await access.endSession(token)
    return reply
      .header('set-cookie', sessionCookie('', 0, request.origin.startsWith('https:')))
      .code(204)
      .send()
  })
  app.get('/api/v1/session', async (request) => ({ kind: request.actor.kind, openWrite: access.openWrite }))
}
