import serveStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from '../../kernel/http/index.ts'
import { Document } from './document.ts'
import { PAGES } from './pages.ts'

export { PAGES } from './pages.ts'

export interface WebOptions {
  /** Folder of the built pages. */
  root: string
  /** May the caller see this station? Else its page answers 404, as the page itself will say. */
  stationExists: (request: FastifyRequest, id: number) => Promise<boolean>
}

/** Programs ask here: a wrong address is answered as a problem, never as a page. */
const INTERFACES = /^\/(api|sta|d|gbfs|gtfs|gtfs-rt|datex2|ocpi)(\/|$)/

const STATION = /^\/(?:einbetten\/)?stationen\/(\d{1,9})(?:\/|$)/
/** Pages made for frames on other sites: they show public values and hold no controls that change anything. */
const FRAMED = /^\/einbetten\//

/**
 * Nothing from elsewhere, nothing inline, styles neither (Svelte, the map and charts set theirs by CSSOM). `blob:` is the map's worker and the picture of a chart. No site may put our
 * pages into a frame, where a visitor could be made to click what they do not see – but those made for it.
 */
function contentSecurityPolicy(framed: boolean): string {
  return [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self'`,
    `img-src 'self' data: blob:`,
    `font-src 'self' data:`,
    `connect-src 'self'`,
    `worker-src 'self' blob:`,
    `manifest-src 'self'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-src 'self'`,
    `frame-ancestors ${framed ? '*' : "'none'"}`,
  ].join('; ')
}

/** Serves the built pages: hashed files for a year, the page itself always fresh. */
export async function registerWeb(app: FastifyInstance, { root, stationExists }: WebOptions): Promise<void> {
  const document = new Document(app, root)
  const headers = {
    'content-security-policy': contentSecurityPolicy(false),
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy':
      'camera=(), microphone=(), geolocation=(self), publickey-credentials-get=(self), publickey-credentials-create=(self)',
    // What it carries was answered to one person.
    'cache-control': 'private, no-cache',
  }
  await app.register(serveStatic, {
    root,
    index: false,
    wildcard: false,
    cacheControl: false,
    // The build has compressed them, better than there is time for at each request.
    preCompressed: true,
    setHeaders: (reply, path) => {
      const isAsset = path.slice(root.length).startsWith('/assets/')
      reply.header('cache-control', isAsset ? 'public, max-age=31536000, immutable' : 'no-cache')
      // A worker lives by the policy its own file came with.
      reply.header('content-security-policy', headers['content-security-policy'])
      reply.header('cross-origin-resource-policy', 'same-origin')
      if (path.endsWith('.html')) reply.headers(headers)
    },
  })
  const framedHeaders = { ...headers, 'content-security-policy': contentSecurityPolicy(true) }
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?')[0]!
    const reads = request.method === 'GET' || request.method === 'HEAD'
    const page = reads ? pageAt(path) : null
    const known = page !== null
    const wantsPage = reads && !INTERFACES.test(path) && (request.headers.accept ?? '').includes('text/html')
    if (!known && !wantsPage) {
      return reply
        .code(404)
        .type('application/problem+json')
        .send({
          type: 'about:blank',
          title: 'Not found',
          status: 404,
          code: 'not-found',
          detail: `There is nothing at ${path}.`,
          requestId: request.id,
        })
    }
    const station = STATION.exec(path)
    const found = known && (!station || (await stationExists(request, Number(station[1]))))
    const first = ['/api/v1/city', ...(found ? (page?.first ?? []) : [])]
    return reply
      .code(found ? 200 : 404)
      .headers(FRAMED.test(path) ? framedHeaders : headers)
      .type('text/html; charset=utf-8')
      .send(await document.of(request, page?.sources ?? [], first))
  }
  // A route, not only what answers where there is none: answers of routes are compressed.
  app.get('/*', answer)
  app.setNotFoundHandler(answer)
}

/** The page at a path: what it is made of, and what it asks for first. */
function pageAt(path: string): { sources: string[]; first: string[] } | null {
  for (const { pattern, source, soon, first } of PAGES) {
    const match = pattern.exec(path)
    if (!match) continue
    return { sources: [`src/pages/${source}.svelte`, ...(soon ?? [])], first: first?.(match.slice(1)) ?? [] }
  }
  return null
}
