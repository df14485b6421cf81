/** A worker process: serves HTTP beside others, started by the first one (see `workers.ts`). Never started by hand. */
import { readConfig } from './config.ts'
import { forwardRequests } from './kernel/http/forward.ts'
import { createLog } from './kernel/log.ts'
import { httpOf, registerEdges } from './main.ts'
import { openPlatform } from './platform.ts'
import { handOverPath, isAnsweredHere, WorkerProcess } from './workers.ts'

const STOP_MS = 10_000

process.removeAllListeners('warning')
const config = readConfig()
const log = createLog(config.logLevel)
const worker = new WorkerProcess()
const closers: (() => unknown)[] = []
const close = async () => {
  for (const one of closers.splice(0).reverse()) {
    try {
      await one()
    } catch (error) {
      log.error({ error: (error as Error).message }, 'closing failed')
    }
  }
}

try {
  const platform = await openPlatform(config, log, { peers: worker.peers })
  closers.push(() => platform.close())
  closers.push(platform.access.follow())
  const app = await httpOf(platform)
  forwardRequests(app, { socket: handOverPath(config), here: isAnsweredHere })
  worker.wire(platform, app)
  await registerEdges(platform, app)
  closers.push(() => app.close())
  await app.listen({ port: config.port, host: '::' })
  config.port = (app.server.address() as { port: number }).port
  worker.ready(config.port)
} catch (error) {
  await worker.failed((error as Error).message)
  await close()
  process.exit(1)
}

await worker.stopped
setTimeout(() => process.exit(1), STOP_MS).unref()
await close()
process.exit(0)
