import { PgBoss } from 'pg-boss'
import type { Database } from '../db/index.ts'
import type { Log } from '../log.ts'

/** What a job carries: any JSON object. */
export type JobData = Record<string, unknown>

export interface EnqueueOptions {
  /** Not before this moment. */
  startAfter?: Date
  /** While a job of this queue with this key waits, no second one is added. */
  singletonKey?: string
}

const POLL_SECONDS = 2
const LIMIT_MS = 60_000

/**
 * Work that outlives a request: kept in the database by pg-boss, so it survives a killed process. Both engines are used
 * through `Database`, so the embedded one's single connection is shared fairly.
 */
export class Jobs {
  readonly #boss: PgBoss
  readonly #log: Log
  #queues = new Set<string>()

  constructor(db: Database, log: Log) {
    this.#log = log
    const executeSql = async (text: string, values?: unknown[]) => ({
      rows: await db.query(text, values ?? [], { timeoutMs: LIMIT_MS }),
    })
    this.#boss = new PgBoss({ db: { executeSql }, schema: 'job', supervise: true, schedule: true })
    this.#boss.on('error', (error) => log.warn({ error: error.message }, 'job queue'))
  }

  async start(): Promise<void> {
    await this.#boss.start()
  }

  /** Lets running jobs end (up to ten seconds) and stops. */
  async stop(): Promise<void> {
    await this.#boss.stop({ graceful: true, timeout: 10_000, close: false })
  }

  /** Runs `handler` for each job of `queue`, `concurrency` at a time. A job that throws is noted as failed, not repeated. */
  async work(queue: string, concurrency: number, handler: (data: JobData) => Promise<void>): Promise<void> {
    await this.#ensure(queue)
    for (let worker = 0; worker < concurrency; worker++) {
      await this.#boss.work<JobData>(queue, { pollingIntervalSeconds: POLL_SECONDS, batchSize: 1 }, async (jobs) => {
        for (const { data, id } of jobs) {
          try {
            await handler(data)
          } catch (error) {
            this.#log.error({ queue, job: id, error: (error as Error).message }, 'job failed')
            throw error
          }
        }
      })
    }
  }

  /** Adds a job; null when one with the same singleton key waits already. */
  async enqueue(
    queue: string,
    data: JobData,
    { startAfter, singletonKey }: EnqueueOptions = {},
  ): Promise<string | null> {
    await this.#ensure(queue)
    return this.#boss.send(queue, data, { startAfter, singletonKey, retryLimit: 0 })
  }

  /** Adds a job at each time of a cron expression in a time zone; the same key replaces the earlier schedule. */
  async schedule(queue: string, key: string, cron: string, timeZone: string, data: JobData): Promise<void> {
    await this.#ensure(queue)
    await this.#boss.schedule(queue, cron, data, { tz: timeZone, key, singletonKey: key, retryLimit: 0 })
  }

  async unschedule(queue: string, key: string): Promise<void> {
    await this.#boss.unschedule(queue, key)
  }

  /** Jobs ready to be worked on now, over all queues. */
  async waiting(): Promise<number> {
    const queues = await Promise.all([...this.#queues].map((queue) => this.#boss.getQueue(queue)))
    return queues.reduce((sum, queue) => sum + (queue?.readyCount ?? 0), 0)
  }

  async #ensure(queue: string): Promise<void> {
    if (this.#queues.has(queue)) return
    // `short`: at most one job waits per singleton key.
    await this.#boss.createQueue(queue, { policy: 'short' })
    this.#queues.add(queue)
  }
}
