import { Worker } from 'node:worker_threads'
import type { Log } from '../log.ts'
import { compile } from './compile.ts'
import { COPY_HEADER, COPY_TRAILER } from './copy.ts'
import type { WorkerAnswer, WorkerFailure, WorkerRequest } from './embedded-worker.ts'
import {
  type Database,
  type DatabaseStats,
  DatabaseUnavailable,
  type Queryable,
  type QueryOptions,
  QueryTimeout,
  type Sql,
  SqlError,
} from './types.ts'
import { DEFAULT_TIMEOUT_MS } from './values.ts'

const HEARTBEAT_MS = 5_000
const START_LIMIT_MS = 120_000
const COPY_LIMIT_MS = 120_000

interface Pending {
  resolve: (rows: unknown[]) => void
  reject: (error: Error) => void
  timer: NodeJS.Timeout
}

/**
 * PGlite in a worker thread, supervised.
 *
 * One connection, so single queries and whole transactions take turns (first come, first served). A query that
 * outlives its time limit cannot be cancelled inside WebAssembly: the worker is ended and started again, as a killed
 * process would be; what was committed is there, the open transaction is not.
 */
export class EmbeddedDatabase implements Database {
  readonly engine = 'embedded'
  readonly #folder: string
  readonly #log: Log | undefined
  #worker: Worker | undefined
  #starting: Promise<void> | undefined
  #pending = new Map<number, Pending>()
  #nextId = 1
  #generation = 0
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #restarts = 0
  #writes = 0
  #closed = false
  #heartbeat: NodeJS.Timeout | undefined

  private constructor(folder: string, log?: Log) {
    this.#folder = folder
    this.#log = log
  }

  /** Opens the database in `folder`, creating it if it is not there. The caller holds the folder's lock. */
  static async open(folder: string, log?: Log): Promise<EmbeddedDatabase> {
    const db = new EmbeddedDatabase(folder, log)
    await db.#start()
    db.#heartbeat = setInterval(() => void db.#beat(), HEARTBEAT_MS)
    db.#heartbeat.unref()
    return db
  }

  query<R>(text: string, parameters: readonly unknown[] = [], options: QueryOptions = {}): Promise<R[]> {
    return this.#exclusive(() => this.#send<R>(text, parameters, options))
  }

  run<R>(fragment: Sql<R>, options?: QueryOptions): Promise<R[]> {
    const { text, parameters } = compile(fragment)
    return this.query<R>(text, parameters, options)
  }

  transaction<R>(work: (tx: Queryable) => Promise<R>, options: QueryOptions = {}): Promise<R> {
    return this.#exclusive(async () => {
      await this.#send('begin', [], {})
      const generation = this.#generation
      const send = <T>(text: string, parameters: readonly unknown[], queryOptions: QueryOptions): Promise<T[]> => {
        if (generation !== this.#generation)
          throw new DatabaseUnavailable('The embedded database was restarted; nothing of this was saved.')
        return this.#send<T>(text, parameters, { ...options, ...queryOptions })
      }
      const tx: Queryable = {
        query: async (text, parameters = [], queryOptions = {}) => send(text, parameters, queryOptions),
        run: async (fragment, queryOptions = {}) => {
          const { text, parameters } = compile(fragment)
          return send(text, parameters, queryOptions)
        },
      }
      try {
        const result = await work(tx)
        await send('commit', [], {})
        return result
      } catch (error) {
        if (generation === this.#generation) await this.#send('rollback', [], {}).catch(() => {})
        throw error
      }
    })
  }

  listen(): () => Promise<void> {
    return async () => {}
  }

  async copy(table: string, columns: readonly string[], parts: AsyncIterable<Buffer>): Promise<void> {
    const text = `copy ${table} (${columns.join(', ')}) from '/dev/blob' with (format binary)`
    const whole = (rows: Buffer) => {
      const bytes = new Uint8Array(COPY_HEADER.length + rows.length + COPY_TRAILER.length)
      bytes.set(COPY_HEADER, 0)
      bytes.set(rows, COPY_HEADER.length)
      bytes.set(COPY_TRAILER, COPY_HEADER.length + rows.length)
      return bytes
    }
    // One part is written while the next is made; others get their turn between two.
    let underWay: Promise<unknown> = Promise.resolve()
    let failure: { error: unknown } | undefined
    const send = (rows: Buffer) => {
      underWay = this.#exclusive(() => this.#send(text, [], { timeoutMs: COPY_LIMIT_MS }, whole(rows))).catch(
        (error) => {
          failure ??= { error }
        },
      )
    }
    for await (const rows of parts) {
      await underWay
      if (failure) throw failure.error
      send(rows)
    }
    await underWay
    if (failure) throw failure.error
  }

  stats(): DatabaseStats {
    return { waiting: this.#waiting, connections: 1, restarts: this.#restarts }
  }

  /** Statements since the last call: what maintenance goes by. */
  takeWrites(): number {
    const writes = this.#writes
    this.#writes = 0
    return writes
  }

  async close(): Promise<void> {
    if (this.#closed) return
    clearInterval(this.#heartbeat)
    await this.#exclusive(async () => {
      this.#closed = true
      const worker = this.#worker
      if (!worker) return
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
      worker.postMessage('close')
      const timer = setTimeout(() => void worker.terminate(), 10_000)
      await ended
      clearTimeout(timer)
    })
  }

  async #exclusive<R>(work: () => Promise<R>): Promise<R> {
    if (this.#closed) throw new DatabaseUnavailable('The database is closed.')
    this.#waiting++
    const before = this.#turn
    let release!: () => void
    this.#turn = new Promise<void>((resolve) => {
      release = resolve
    })
    await before
    this.#waiting--
    try {
      if (this.#starting) await this.#starting
      return await work()
    } finally {
      release()
    }
  }

  #send<R>(
    text: string,
    parameters: readonly unknown[],
    options: QueryOptions,
    blob?: Uint8Array<ArrayBuffer>,
  ): Promise<R[]> {
    const worker = this.#worker
    if (!worker) return Promise.reject(new DatabaseUnavailable('The embedded database is not running.'))
    const id = this.#nextId++
    const limit = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    if (!/^\s*(select|explain|show|begin|commit|rollback)/i.test(text)) this.#writes++
    return new Promise<R[]>((resolve, reject) => {
      const timer = setTimeout(
        () => this.#restart(new QueryTimeout('The query took longer than it may and was stopped.')),
        limit,
      )
      this.#pending.set(id, { resolve: resolve as (rows: unknown[]) => void, reject, timer })
      const request: WorkerRequest = { id, text, parameters, maxCost: options.maxCost, blob }
      worker.postMessage(request, blob ? [blob.buffer] : [])
    })
  }

  #start(): Promise<void> {
    const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), {
      workerData: { folder: this.#folder },
    })
    this.#worker = worker
    this.#starting = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => fail('The embedded database did not start in time.'), START_LIMIT_MS)
      const fail = (message: string) => {
        clearTimeout(timer)
        void worker.terminate()
        reject(new DatabaseUnavailable(`The embedded database in ${this.#folder} cannot be opened: ${message}`))
      }
      worker.on('message', (answer: WorkerAnswer) => {
        if ('ready' in answer) {
          clearTimeout(timer)
          this.#starting = undefined
          resolve()
        } else if ('fatal' in answer) fail(answer.fatal)
        else this.#settle(answer)
      })
      worker.on('error', (error) => {
        fail(error.message)
        if (worker === this.#worker && !this.#starting)
          this.#restart(new DatabaseUnavailable(`The embedded database failed: ${error.message}`))
      })
      worker.on('exit', () => {
        if (worker === this.#worker && !this.#closed && !this.#starting) {
          this.#restart(new DatabaseUnavailable('The embedded database ended unexpectedly and was started again.'))
        }
      })
    })
    this.#starting.catch(() => {})
    return this.#starting
  }

  #settle(answer: { id: number; rows: unknown[] } | { id: number; failure: WorkerFailure }): void {
    const pending = this.#pending.get(answer.id)
    if (!pending) return
    this.#pending.delete(answer.id)
    clearTimeout(pending.timer)
    if ('rows' in answer) pending.resolve(answer.rows)
    else pending.reject(errorOf(answer.failure))
  }

  /** Ends the worker, fails what was in flight with `reason`, and opens the database again. */
  #restart(reason: Error): void {
    const worker = this.#worker
    this.#generation++
    this.#restarts++
    this.#log?.warn({ reason: reason.message }, 'embedded database restarts')
    const failed = [...this.#pending.values()]
    this.#pending.clear()
    this.#worker = undefined
    const again = (async () => {
      await worker?.terminate()
      if (this.#closed) return
      await this.#start()
    })()
    this.#starting = again
    again.catch((error) => this.#log?.error({ error: error.message }, 'embedded database cannot be restarted'))
    for (const { reject, timer } of failed) {
      clearTimeout(timer)
      reject(reason)
    }
  }

  /** Idle and silent for long means the worker hangs: its event loop must answer a trivial query. */
  async #beat(): Promise<void> {
    if (this.#waiting > 0 || this.#pending.size > 0 || this.#closed) return
    await this.query('select 1', [], { timeoutMs: HEARTBEAT_MS * 2 }).catch(() => {})
  }
}

function errorOf(failure: WorkerFailure): Error {
  if (failure.code === '57014') return new QueryTimeout(failure.message)
  if (failure.code) return new SqlError(failure.message, failure.code, failure.detail, failure.constraint)
  return new Error(failure.message)
}
