import { randomUUID } from 'node:crypto'
import AjvCompiler, { type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import compress from '@fastify/compress'
import cors from '@fastify/cors'
import type { AnySchema } from 'ajv'
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchemaCompiler,
  fastify,
  LogController,
} from 'fastify'
import { DatabaseUnavailable, QueryTimeout, SqlError } from '../db/index.ts'
import type { Log } from '../log.ts'
import { histogram, SECONDS } from '../metrics.ts'
import { Problem } from '../problem.ts'

export type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** Public base address of this platform as the caller sees it, without a trailing slash. */
    origin: string
    /** Another process answers it (see `forward.ts`) and measures it. */
    forwarded: boolean
  }
}

export interface HttpOptions {
  log: Log
  publicUrl?: string
  /** Addresses whose `X-Forwarded-*` are believed; `hop` = whoever is at the other end of the connection, nobody behind. */
  trustProxy: string[] | 'hop'
}

const BODY_LIMIT = 16 * 1024 * 1024
const HEADER_LIMIT = 256 * 1024
const REQUEST_LIMIT_MS = 120_000

const seconds = histogram('zahnrad_http_request_seconds', 'Duration of HTTP requests by route and status', SECONDS, [
  'method',
  'route',
  'status',
])

/** The HTTP server every edge registers its routes with: request ids, logs, limits, CORS, compression, RFC 9457 errors. */
export async function createHttp({ log, publicUrl, trustProxy }: HttpOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: BODY_LIMIT,
    // Long filters stand in the address; the edge that reads them says what is too long, and where.
    http: { maxHeaderSize: HEADER_LIMIT },
    requestTimeout: REQUEST_LIMIT_MS,
    trustProxy: trustProxy === 'hop' ? (_address, hop) => hop === 0 : trustProxy,
    routerOptions: { maxParamLength: 8192, ignoreTrailingSlash: false },
    schemaController: { compilersFactory: { buildValidator: buildValidator as BuildCompilerFromPool } },
    forceCloseConnections: 'idle',
  }) as unknown as FastifyInstance
  app.decorateRequest('origin', '')
  app.decorateRequest('forwarded', false)
  answerOptions(app)
  await app.register(cors, {
    origin: '*',
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS'],
    exposedHeaders: ['Location', 'ETag', 'Link', 'Allow', 'X-Request-Id', 'Content-Disposition'],
    strictPreflight: false,
    preflight: true,
    // An interface that answers OPTIONS itself says there what is possible (RFC 9110 §9.3.7).
    preflightContinue: true,
  })
  await app.register(compress, { threshold: 1024, encodings: ['gzip', 'identity'], zlibOptions: { level: 4 } })
  app.addHook('onRequest', async (request, reply) => {
    request.origin = publicUrl ?? `${request.protocol}://${request.host}`
    reply.headers(ALWAYS_SENT).header('x-request-id', request.id)
    // For this host alone: whether all below it is reached by https only the city knows.
    if (request.origin.startsWith('https:')) reply.header('strict-transport-security', 'max-age=31536000')
  })
  app.addHook('onSend', async (request, reply) => {
    // What somebody in particular was answered stays out of caches, unless the route knows better.
    const personal = request.headers.cookie !== undefined || request.headers.authorization !== undefined
    if (personal && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  })
  app.addHook('onResponse', async (request, reply) => {
    if (request.forwarded) return
    const route = request.routeOptions.url ?? 'unmatched'
    seconds.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000)
    if (reply.statusCode >= 500 || log.isLevelEnabled('debug')) {
      const level = reply.statusCode >= 500 ? 'error' : 'debug'
      request.log[level](
        {
          reqId: request.id,
          method: request.method,
          path: pathOf(request.url),
          status: reply.statusCode,
          ms: Math.round(reply.elapsedTime),
        },
        'request',
      )
    }
  })
  app.setErrorHandler((error: FastifyError, request, reply) => sendProblem(error, request, reply))
  return app
}

/**
 * OPTIONS on every route there is: 204 with the methods that are possible there (RFC 9110 §9.3.7), unless the route says itself.
 * Where there is none, a page might be.
 */
function answerOptions(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>()
  // Routes of one address may name its parts differently.
  const methodsAt = (url: string) => {
    const place = url === '*' ? '/*' : url.replaceAll(/:\w+/g, ':')
    const known = methods.get(place) ?? new Set()
    methods.set(place, known)
    return known
  }
  app.addHook('onRoute', ({ method, url }) => {
    const known = methodsAt(url)
    for (const one of [method].flat()) known.add(one)
    if (!known.has('OPTIONS')) app.options(url, { schema: { hide: true } }, (_request, reply) => void reply.send())
  })
  app.addHook('onSend', async ({ method, routeOptions }, reply) => {
    if (method !== 'OPTIONS' || reply.statusCode !== 200) return
    reply.code(204).header('allow', [...methodsAt(routeOptions.url ?? '*')].join(', '))
  })
}

/**
 * Headers of every answer; pages set their own policy over these. What is opened by itself gets no rights at all. Data may
 * be read from other sites (CORS), pages may not.
 */
const ALWAYS_SENT = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': `default-src 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'cross-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

/**
 * Everything in an address is text, so `?limit=5` becomes a number. A body says itself what is what: nothing in it is
 * turned into something else, least of all null into 0, false or an empty text.
 */
function buildValidator(schemas: Parameters<BuildCompilerFromPool>[0]): FastifySchemaCompiler<AnySchema> {
  const compiled = (coerceTypes: 'array' | false) =>
    AjvCompiler()(schemas, { customOptions: { removeAdditional: false, allErrors: false, coerceTypes } })
  const [address, body] = [compiled('array'), compiled(false)]
  return (route) => (route.httpPart === 'body' ? body : address)(route as AnySchema)
}

/** The path without its query: query strings may carry one-time codes. */
function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end < 0 ? url : url.slice(0, end)
}

/** What an error of any kind means over HTTP. Unknown ones are a 500 that tells nothing but the request's id. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof QueryTimeout)
    return new Problem(503, 'query-timeout', 'The answer would take too long: narrow the request.')
  if (error instanceof DatabaseUnavailable)
    return new Problem(503, 'database-unavailable', 'The database is not available at the moment: try again.')
  // A number beyond its type, a text that is none: what no schema said and only the database knows (SQLSTATE class 22).
  if (error instanceof SqlError && error.code.startsWith('22'))
    return new Problem(400, 'invalid-value', `A value cannot be used so: ${error.message}`)
  if (error instanceof SqlError && error.code === '23503')
    return new Problem(409, 'gone-meanwhile', 'Something this request refers to does not exist (any more).')
  const { statusCode, message, code, validation, name } = error as FastifyError
  if (name === 'Overloaded') return new Problem(503, 'overloaded', message)
  if (validation) return new Problem(400, 'invalid-request', message)
  if (statusCode && statusCode >= 400 && statusCode < 500)
    return new Problem(
      statusCode,
      (code ?? 'bad-request').toLowerCase().replace(/^fst_/, '').replaceAll('_', '-'),
      message,
    )
  return new Problem(500, 'internal-error', 'Something went wrong here. Nothing was saved of this request.')
}

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error)
  if (problem.status >= 500) request.log.error({ reqId: request.id, err: error }, 'request failed')
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="zahnrad"')
  if (problem.status === 503) reply.header('retry-after', '2')
  if (problem.extra.retryAfter !== undefined) reply.header('retry-after', String(problem.extra.retryAfter))
  reply
    .code(problem.status)
    .type('application/problem+json')
    .send({
      type: 'about:blank',
      title: titleOf(problem.status),
      status: problem.status,
      code: problem.code,
      detail: problem.message,
      requestId: request.id,
      ...problem.extra,
    })
}

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition failed',
  413: 'Too large',
  415: 'Unsupported media type',
  428: 'Precondition required',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available',
}

function titleOf(status: number): string {
  return TITLES[status] ?? 'Error'
}
