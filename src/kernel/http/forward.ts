import { Agent, request as ask } from 'node:http'
import type { FastifyInstance, FastifyRequest } from './index.ts'

/** Headers of one connection, not of the message (RFC 9110 §7.6.1). */
const OF_THE_CONNECTION = ['connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade']
const CONNECTIONS = 4_096

/**
 * Hands requests that are not for this process over to the one that listens on a Unix socket, as they come in, and its
 * answers back, as they come out. It is told who asked, as `X-Forwarded-*`: to be registered before any hook that acts.
 */
export function forwardRequests(
  app: FastifyInstance,
  { socket, here }: { socket: string; here: (request: FastifyRequest) => boolean },
): void {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  app.addHook('onClose', async () => agent.destroy())
  app.addHook('onRequest', async (request, reply) => {
    if (here(request)) return
    request.forwarded = true
    reply.hijack()
    const { raw } = request
    const answer = reply.raw
    const headers = {
      ...withoutConnection(raw.headers),
      'x-forwarded-for': request.ip,
      'x-forwarded-proto': request.protocol,
      'x-forwarded-host': request.host,
      ...(raw.headers['transfer-encoding'] && { 'transfer-encoding': 'chunked' }),
    }
    const onward = ask({ socketPath: socket, agent, method: raw.method, path: raw.url, headers })
    onward.on('response', (from) => {
      answer.writeHead(from.statusCode!, from.statusMessage, withoutConnection(from.headers))
      from.pipe(answer)
      from.on('error', () => answer.destroy())
    })
    onward.on('error', () => {
      if (answer.headersSent) answer.destroy()
      else {
        answer.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '2' })
        answer.end(
          JSON.stringify({
            type: 'about:blank',
            title: 'Not available',
            status: 503,
            code: 'overloaded',
            detail: 'The process that answers this is not available at the moment: try again.',
            requestId: request.id,
          }),
        )
      }
    })
    answer.on('close', () => onward.destroy())
    raw.pipe(onward)
  })
}

function withoutConnection<T>(headers: Record<string, T>): Record<string, T> {
  const kept = { ...headers }
  for (const name of OF_THE_CONNECTION) delete kept[name]
  return kept
}
