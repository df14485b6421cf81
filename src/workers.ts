/**
 * Several processes on one PostgreSQL (`ZAHNRAD_WORKERS`), wired: the first one holds MQTT, sources, jobs, event streams and
 * commands; the others serve HTTP, and hand over to it what needs one of those. What changes in one is told to all, and
 * whoever asked for the change is answered after that. See docs/decisions/0042.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Config } from './config.ts'
import type { EntityChanged, Peers, StoredObservation } from './domains/sensing/index.ts'
import { socketPath } from './edges/control/index.ts'
import type { FastifyInstance, FastifyRequest } from './kernel/http/index.ts'
import { metricsOfAll, registry } from './kernel/metrics.ts'
import { First, Workers } from './kernel/processes/index.ts'
import { type Platform, ROOT } from './platform.ts'

/** A process that does not answer is busy or dying: whoever made a change is not kept longer than this. */
const PATIENCE_MS = 2_000
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Where the first process answers what the others hand over. */
export const handOverPath = (config: Config): string => socketPath(config.dataDir, 'http')

/**
 * What a worker answers itself: SensorThings, and what many people read. All else is rare, or lives in the memory of the
 * first process: live values, runs of sources, sign-in with its throttle.
 */
export function isAnsweredHere({ url, method }: FastifyRequest): boolean {
  if (/^\/(d\/[^/?]+\/)?sta\//.test(url) || url === '/healthz') return true
  return SAFE.has(method) && /^\/(assets\/|api\/v1\/(series|stations|datasets)([/?]|$))/.test(url)
}

/** Does not wait longer than whoever asked will. */
const patiently = (work: Promise<unknown>): Promise<unknown> =>
  Promise.race([work.catch(() => {}), setTimeout(PATIENCE_MS, undefined, { ref: false })])

/** A port nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '::')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Reads again what is kept in memory of rights, datasets and the city. */
async function lookAgain({ access, city, sensing }: Platform): Promise<void> {
  sensing.forgetHere()
  await access.lookAgain()
  await city.reload()
}

/** The first process and its workers. */
export class FirstProcess {
  readonly workers: Workers
  readonly peers: Peers
  readonly #config: Config

  constructor(config: Config, log: Platform['log']) {
    this.#config = config
    const env = () => ({ PORT: String(config.port), MQTT_PORT: String(config.mqttPort) })
    const workers = new Workers({ count: config.workers, module: join(ROOT, 'src', 'worker.ts'), env, log })
    this.workers = workers
    this.peers = {
      stored: async () => {},
      forget: () => void workers.ask('forget'),
      settled: async () => void (await workers.ask('writes')),
      follows: false,
    }
  }

  /** Answers what workers tell and ask, and lets nobody be answered before they know of a change. */
  wire(platform: Platform, app: FastifyInstance): void {
    const { workers } = this
    const { sensing } = platform
    workers.on('stored', (rows) => sensing.announceHere(rows as StoredObservation[]))
    workers.on('forget', (_, from) => {
      sensing.forgetHere()
      return workers.ask('forget', undefined, from).then(() => {})
    })
    workers.on('look', async (_, from) => {
      await Promise.all([lookAgain(platform), workers.ask('look', undefined, from)])
    })
    // A dataset is out of sight, or in sight again.
    sensing.smallCounts.changed.on(() => void workers.ask('look'))
    let heard = false
    sensing.changed.on((event) => {
      if (!heard) void workers.tell('changed', event)
    })
    workers.on('changed', (event, from) => {
      heard = true
      sensing.changed.emit(event as EntityChanged)
      heard = false
      return workers.tell('changed', event, from)
    })
    app.addHook('onSend', async ({ method, url }, reply) => {
      const changes = !SAFE.has(method) || url.startsWith('/login')
      if (changes && reply.statusCode < 400 && !url.startsWith('/api/v1/webhooks/')) await this.settled()
    })
  }

  /** All processes know what changed in this one. */
  async settled(): Promise<void> {
    await patiently(this.workers.ask('look'))
  }

  /**
   * Starts them and answers the port they listen on. A free one is chosen before: whoever takes a dead one's place has to
   * name the port the others named.
   */
  async start(): Promise<number> {
    if (this.#config.port === 0) this.#config.port = await freePort()
    const [port] = await this.workers.start()
    this.#config.port = port as number
    return this.#config.port
  }

  /** The figures of all processes. */
  async metrics(): Promise<string> {
    const own = await registry.getMetricsAsJSON()
    return metricsOfAll([own, ...((await this.workers.ask('metrics')) as object[])])
  }
}

/** A worker, as it is tied to the first process. */
export class WorkerProcess {
  readonly peers: Peers
  readonly #first = new First()
  /** What others are still to hear of what this process changed. */
  #telling: Promise<unknown> = Promise.resolve()
  #untold = 0

  constructor() {
    const { channel } = this.#first
    this.peers = {
      stored: (rows) => channel.tell('stored', rows),
      forget: () => this.#tell('forget'),
      settled: async () => {},
      follows: true,
    }
  }

  #tell(kind: string): void {
    this.#untold++
    const told = Promise.all([this.#telling, this.#first.channel.ask(kind)])
    this.#telling = told.catch(() => {}).finally(() => this.#untold--)
  }

  wire(platform: Platform, app: FastifyInstance): void {
    const { sensing, catalog } = platform
    const first = this.#first
    first.on('forget', () => sensing.forgetHere())
    first.on('look', () => lookAgain(platform))
    first.on('writes', () => sensing.smallCounts.settleHere())
    first.on('metrics', () => registry.getMetricsAsJSON())
    let heard = false
    first.on('changed', (event) => {
      heard = true
      sensing.changed.emit(event as EntityChanged)
      heard = false
    })
    sensing.changed.on((event) => {
      if (!heard) void first.channel.tell('changed', event)
    })
    // A first value makes the dataset it belongs to.
    catalog.changed.on(() => {
      if (!catalog.following) this.#tell('look')
    })
    app.addHook('onSend', async () => {
      if (this.#untold > 0) await patiently(this.#telling)
    })
  }

  ready(port: number): void {
    void this.#first.channel.tell('ready', port)
  }

  async failed(message: string): Promise<void> {
    await this.#first.channel.tell('failed', message)
  }

  get stopped(): Promise<void> {
    return this.#first.stopped
  }
}
