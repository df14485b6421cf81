/** The platform's own HTTP server and SensorThings edge, with a route that does nothing beside it to compare with. */
import { readConfig } from '../../src/config.ts'
import { registerSensorThings } from '../../src/edges/sensorthings/index.ts'
import { registerSession } from '../../src/edges/session/index.ts'
import { createHttp } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { openPlatform } from '../../src/platform.ts'

const config = readConfig()
const log = createLog('warn')
const platform = await openPlatform(config, log, { exclusive: true })
const app = await createHttp({ log, publicUrl: undefined, trustProxy: [] })
registerSession(app, platform)
registerSensorThings(app, platform)
app.post('/noop', async (_request, reply) => reply.code(201).send({ ok: true }))
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
