/** Several processes that serve one port: the first one starts the others, replaces those that die, and stops them. */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Log } from '../log.ts'
import { Channel, type Handler } from './channel.ts'

/** A process that died within this time of its start is not started again at once. */
const YOUNG_MS = 10_000
const LONGEST_PAUSE_MS = 30_000
const STOP_MS = 15_000

export interface WorkersOptions {
  count: number
  /** Module that each of them runs. */
  module: string
  /** Beside this process's own environment; asked for at each start. */
  env: () => Record<string, string>
  log: Log
}

interface One {
  process: Worker
  channel: Channel
  ready: boolean
}

/** The other processes, as the first one sees them. */
export class Workers {
  readonly #options: WorkersOptions
  readonly #handlers = new Map<string, Handler>()
  readonly #all = new Set<One>()
  #stopping = false
  #pause = 0
  #timers = new Set<NodeJS.Timeout>()

  constructor(options: WorkersOptions) {
    this.#options = options
  }

  /** Processes that serve. */
  get serving(): number {
    return [...this.#all].filter(({ ready }) => ready).length
  }

  /** What is done when one of them tells or asks this. The handler learns from whom by the second argument. */
  on(kind: string, handler: (data: unknown, from: object) => unknown): void {
    this.#handlers.set(kind, handler as Handler)
  }

  /** Starts all and resolves with what each reported when it was ready. Rejects when one of them ends before that. */
  async start(): Promise<unknown[]> {
    cluster.setupPrimary({ exec: this.#options.module, args: [] })
    const starts = Array.from({ length: this.#options.count }, () => this.#startOne())
    return Promise.all(starts)
  }

  /** Tells all of them but `except`. */
  async tell(kind: string, data?: unknown, except?: object): Promise<void> {
    await Promise.all([...this.#all].map((one) => (one === except ? undefined : one.channel.tell(kind, data))))
  }

  /** Asks all of them but `except`, and resolves with the answers of those that did not die over it. */
  async ask(kind: string, data?: unknown, except?: object): Promise<unknown[]> {
    const asked = [...this.#all].filter((one) => one !== except && one.ready)
    const answers = await Promise.allSettled(asked.map(({ channel }) => channel.ask(kind, data)))
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  }

  /** Lets them finish what they are doing, and ends those that take too long. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const timer of this.#timers) clearTimeout(timer)
    await Promise.all(
      [...this.#all].map(async ({ process, channel }) => {
        if (process.isDead()) return
        const gone = once(process, 'exit')
        const limit = setTimeout(() => process.process.kill('SIGKILL'), STOP_MS)
        void channel.tell('stop')
        await gone
        clearTimeout(limit)
      }),
    )
  }

  async #startOne(): Promise<unknown> {
    const process = cluster.fork(this.#options.env())
    const begun = Date.now()
    const ready = Promise.withResolvers<unknown>()
    const handlers = new Map<string, Handler>()
    const one: One = { process, channel: new Channel(process, handlers), ready: false }
    for (const [kind, handler] of this.#handlers)
      handlers.set(kind, (data) => (handler as (data: unknown, from: object) => unknown)(data, one))
    handlers.set('ready', (data) => {
      one.ready = true
      ready.resolve(data)
    })
    handlers.set('failed', (data) => ready.reject(new Error(String(data))))
    this.#all.add(one)
    process.on('error', () => {})
    process.on('exit', (code, signal) => {
      this.#all.delete(one)
      one.channel.close()
      ready.reject(new Error(`A worker process ended before it was ready (${signal ?? `code ${code}`}).`))
      if (this.#stopping || !one.ready) return
      this.#options.log.error(
        { pid: process.process.pid, code, signal },
        'a worker process died; another one is started',
      )
      this.#again(Date.now() - begun < YOUNG_MS)
    })
    return ready.promise
  }

  /** Starts one in place of one that died: at once the first time, later and later when they keep dying. */
  #again(young: boolean): void {
    if (this.#stopping) return
    this.#pause = young ? Math.min(Math.max(this.#pause * 2, 500), LONGEST_PAUSE_MS) : 0
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#startOne().catch((error: Error) => {
        this.#options.log.error({ error: error.message }, 'a worker process could not be started')
        this.#again(true)
      })
    }, this.#pause)
    this.#timers.add(timer)
  }
}

/** The first process, as the others see it. */
export class First {
  readonly channel: Channel
  /** Resolves when the first process asks this one to stop, or is gone itself. */
  readonly stopped: Promise<void>
  readonly #handlers = new Map<string, Handler>()

  constructor() {
    this.channel = new Channel(process, this.#handlers)
    this.stopped = new Promise((resolve) => {
      this.#handlers.set('stop', () => resolve())
      process.once('disconnect', () => resolve())
      process.once('SIGTERM', () => resolve())
    })
    process.once('disconnect', () => this.channel.close())
    // Ctrl-C reaches every process of the terminal: the first one decides.
    process.on('SIGINT', () => {})
  }

  on(kind: string, handler: Handler): void {
    this.#handlers.set(kind, handler)
  }
}
