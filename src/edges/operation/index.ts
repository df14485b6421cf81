import type { FastifyInstance } from '../../kernel/http/index.ts'
import { registry } from '../../kernel/metrics.ts'

export interface Readiness {
  ready: boolean
  /** What is missing, by name; empty when ready. */
  problems: Record<string, string>
}

/** For whoever runs it: `/healthz` (the process lives), `/readyz` (it can serve), `/metrics` (Prometheus text). */
export function registerOperation(
  app: FastifyInstance,
  {
    readiness,
    metrics = () => registry.metrics(),
  }: { readiness: () => Promise<Readiness>; metrics?: () => Promise<string> },
): void {
  app.get('/healthz', async (_request, reply) => reply.type('application/json').send({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const { ready, problems } = await readiness()
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ready' : 'not ready', problems })
  })
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await metrics()))
}
