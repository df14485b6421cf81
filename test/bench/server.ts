/**
 * The platform's own HTTP server and SensorThings edge, with routes beside it to compare with: `/noop` does nothing, `/plain/3`
 * sends what the hand-written SQL of the query with that number answers.
 */
import { readConfig } from '../../src/config.ts'
import { registerSensorThings } from '../../src/edges/sensorthings/index.ts'
import { registerSession } from '../../src/edges/session/index.ts'
import { createHttp } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { openPlatform } from '../../src/platform.ts'
import { hotQueries } from './queries.ts'

const config = readConfig()
const log = createLog('warn')
const platform = await openPlatform(config, log, { exclusive: true })
const app = await createHttp({ log, publicUrl: undefined, trustProxy: [] })
registerSession(app, platform)
registerSensorThings(app, platform)
app.post('/noop', async (_request, reply) => reply.code(201).send({ ok: true }))
const queries = hotQueries(JSON.parse(process.env.BENCH_GROUND!))
app.get<{ Params: { i: string } }>('/plain/:i', async (request, reply) => {
  const [row] = await platform.db.query<{ body: string }>(queries[Number(request.params.i)]!.plain)
  return reply.type('application/json; charset=utf-8').send(row!.body)
})
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as { port: number }
console.log(
  JSON.stringify({
    url: `http://127.0.0.1:${port}`,
    key: await platform.access.createKey(`bench ${Date.now()}`, { kind: 'owner', name: 'owner' }),
  }),
)
process.on('SIGTERM', async () => {
  await app.close()
  await platform.close()
  process.exit(0)
})
