import type { FastifyInstance, FastifyReply, FastifyRequest } from '../../kernel/http/index.ts'
import type { Answer } from './answer.ts'
import { Multipart } from './batch-multipart.ts'
import type { Deps } from './context.ts'
import { describeModel } from './describe.ts'
import { StaError } from './errors.ts'
import { explain } from './explain.ts'
import { SENSING_MODEL, TASKING_MODEL } from './model.ts'
import { SensorThings } from './service.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS'] as const
/** Longest query string, in characters as sent. */
const MAX_SEARCH = 200_000

/**
 * Serves SensorThings 1.1 at `/sta/v1.1` and, for one dataset, at `/d/{dataset}/sta/v1.1`. Paths are one wildcard into
 * our own parser. Returns the service for the wiring of other edges (MQTT). `origin` gives the public base address
 * where no request tells it.
 */
export function registerSensorThings(app: FastifyInstance, deps: Deps & { origin?: () => string }): SensorThings {
  const service = new SensorThings(deps, deps.origin ?? (() => ''))
  const described = describeModel(deps.tasking ? TASKING_MODEL : SENSING_MODEL)
  app.get('/api/v1/sensorthings/model', async (_request, reply) => {
    reply.header('cache-control', 'public, max-age=300')
    return described
  })
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    const types = ['application/json', 'application/json-patch+json', 'multipart/mixed']
    scope.addContentTypeParser(types, { parseAs: 'string' }, (request, text, done) => {
      try {
        // Clients name a type where they delete, too, and send nothing.
        if (request.method === 'DELETE') return done(null, undefined)
        const type = request.headers['content-type'] ?? ''
        done(null, /^multipart\//i.test(type) ? new Multipart(type, text as string) : parseJson(text as string))
      } catch (error) {
        done(error as Error)
      }
    })
    scope.addContentTypeParser('*', { parseAs: 'string' }, (request, _text, done) => {
      if (request.method === 'DELETE') return done(null, undefined)
      const type = (request.headers['content-type'] ?? 'no type').slice(0, 100)
      done(new StaError(415, `${type} cannot be read here: send ${types.join(', ')}`))
    })
    scope.setErrorHandler((error, request, reply) => sendError(error, request, reply))
    for (const [url, start] of [
      ['/sta/v1.1', '/sta/v1.1'],
      ['/sta/v1.1/*', '/sta/v1.1'],
      ['/d/:dataset/sta/v1.1', null],
      ['/d/:dataset/sta/v1.1/*', null],
    ] as const) {
      scope.route<{ Params: { dataset?: string } }>({
        method: [...METHODS],
        url,
        exposeHeadRoute: false,
        handler: async (request, reply) => {
          const root = start ?? `/d/${request.url.split('/', 3)[2]}/sta/v1.1`
          const { path, search } = split(request.url, root.length)
          // Browsers ask this without credentials, also where something is hidden: it tells of the model alone.
          if (request.method === 'OPTIONS') return send(reply, service.options(path), request.method)
          const context = service.context(request.actor, request.origin, request.params.dataset ?? null)
          const { 'content-type': contentType, 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers
          const headers = { contentType, ifMatch, ifNoneMatch }
          const answer = await service.handle(context, {
            method: request.method,
            path,
            search,
            body: request.body,
            headers,
          })
          return send(reply, answer, request.method)
        },
      })
    }
  })
  return service
}

function split(url: string, from: number): { path: string; search: string } {
  const question = url.indexOf('?', from)
  const search = question < 0 ? '' : url.slice(question + 1)
  if (search.length > MAX_SEARCH) throw new StaError(414, `the query string is longer than ${MAX_SEARCH} characters`)
  return { path: url.slice(from + 1, question < 0 ? undefined : question), search }
}

/** JSON without what the database cannot hold. */
function parseJson(text: string): unknown {
  if (text.length === 0) throw new StaError(400, 'the body is empty; a JSON object is expected')
  if (text.includes('\\u0000') || text.includes('\0')) throw new StaError(400, 'a NUL character is not allowed')
  try {
    return JSON.parse(text)
  } catch (error) {
    const message = (error as Error).message
    const at = /at position (\d+)/.exec(message)
    throw new StaError(400, `the body is not JSON: ${message.slice(0, 200)}`, at ? Number(at[1]) : undefined)
  }
}

function send(reply: FastifyReply, answer: Answer, method: string): FastifyReply {
  reply.code(answer.status)
  if (answer.headers) reply.headers(answer.headers)
  if (answer.text !== undefined)
    return reply.type(answer.type ?? 'text/plain; charset=utf-8').send(method === 'HEAD' ? '' : answer.text)
  if (answer.body === undefined) return reply.send()
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer.body))
}

/** Errors as SensorThings clients expect them: `{"code", "type": "error", "message", "position"}`. */
function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, message, position } = explain(error)
  if (status >= 500 && status !== 501 && status !== 503)
    request.log.error({ err: error, reqId: request.id }, 'sensorthings request failed')
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="zahnrad"')
  if (status === 405 && error instanceof StaError)
    reply.header('allow', (error as StaError & { allow?: string[] }).allow?.join(', ') ?? 'GET')
  if (status === 503) reply.header('retry-after', '5')
  const body = { code: status, type: 'error', message, ...(position === undefined ? {} : { position }) }
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body))
}
