import type { FastifyReply, FastifyRequest } from '../../kernel/http/index.ts'

export const SESSION_COOKIE = 'zahnrad_session'

/** The value of a cookie, if the request carries it. */
export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  const header = request.headers.cookie
  if (!header) return undefined
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}

/** Sets a cookie no script can read. `Secure` as soon as the platform is reached by https. */
export function setCookie(request: FastifyRequest, reply: FastifyReply, name: string, value: string, seconds: number) {
  const secure = request.origin.startsWith('https:') ? '; Secure' : ''
  reply.header('set-cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`)
}

/** Was a change asked for by another site? Then no session counts: cookies come along whoever asks. */
export function isForeignChange(request: FastifyRequest): boolean {
  if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return false
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  const { origin } = request.headers
  return origin !== undefined && origin !== request.origin && origin !== `${request.protocol}://${request.host}`
}

/** Where to go after signing in: a path on this platform, never another site. */
export function pathAfter(next: unknown): string {
  return typeof next === 'string' && next.length <= 500 && /^\/(?![/\\])[^\s\\]*$/.test(next) ? next : '/'
}
