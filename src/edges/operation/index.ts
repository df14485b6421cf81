import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'
import { registry } from '../../kernel/metrics.ts'

export interface Readiness {
  ready: boolean
  /** What is missing, by name; empty when ready. */
  problems: Record<string, string>
}

const SOURCE = /[{,]source="([^"]*)"/

/**
 * For whoever runs it: `/healthz` (the process lives), `/readyz` (it can serve), `/metrics` (Prometheus text). Figures of
 * a source are for who may see its dataset: a scraper with a key of the operator sees all.
 */
export function registerOperation(
  app: FastifyInstance,
  {
    readiness,
    metrics = () => registry.metrics(),
    sources,
  }: {
    readiness: () => Promise<Readiness>
    metrics?: () => Promise<string>
    /** Ids of the sources whose dataset somebody may see. */
    sources: (actor: FastifyRequest['actor']) => Promise<ReadonlySet<string>>
  },
): void {
  app.get('/healthz', async (_request, reply) => reply.type('application/json').send({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const { ready, problems } = await readiness()
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ready' : 'not ready', problems })
  })
  app.get('/metrics', async (request, reply) => {
    const [text, seen] = await Promise.all([metrics(), sources(request.actor)])
    const lines = text.split('\n').filter((line) => {
      const source = SOURCE.exec(line)?.[1]
      return source === undefined || seen.has(source)
    })
    return reply.type(registry.contentType).header('cache-control', 'no-store').send(lines.join('\n'))
  })
}
