import type { Database } from '../../kernel/db/index.ts'
import type { Jobs } from '../../kernel/jobs/index.ts'
import type { Log } from '../../kernel/log.ts'
import { type Access, type Actor, OWNER } from '../access/index.ts'
import type { Sensing } from '../sensing/index.ts'
import * as store from './store.ts'

const QUEUE = 'retention'
const AUDIT_DAYS = 'audit_days'
const DEFAULT_AUDIT_DAYS = 730
/** Every night, after the hour that is missing or twice when the clocks change. */
const NIGHTLY = '23 4 * * *'

const ACTOR: Actor = { kind: 'owner', name: 'retention' }

export interface Deleted {
  dataset: string
  values: number
  before: string
}

/** Deletes what is older than it may be kept, every night, and says so in the log. */
export class Retention {
  readonly #db: Database
  readonly #access: Access
  readonly #sensing: Sensing
  readonly #log: Log
  readonly #forget: () => Promise<number>

  constructor(deps: { db: Database; access: Access; sensing: Sensing; log: Log; forget?: () => Promise<number> }) {
    this.#db = deps.db
    this.#access = deps.access
    this.#sensing = deps.sensing
    this.#log = deps.log
    this.#forget = deps.forget ?? (async () => 0)
  }

  async start(jobs: Jobs, timeZone: string): Promise<void> {
    await jobs.work(QUEUE, 1, async () => {
      await this.run()
    })
    await this.plan(jobs, timeZone)
  }

  /** Sets the hour of the night; again whenever the city's time zone changes. */
  async plan(jobs: Jobs, timeZone: string): Promise<void> {
    await jobs.schedule(QUEUE, 'nightly', NIGHTLY, timeZone, {})
  }

  /** Deletes now; answers what went from which dataset. */
  async run(now = Date.now()): Promise<Deleted[]> {
    const deleted: Deleted[] = []
    for (const { dataset, id, days } of await store.withRetention(this.#db)) {
      const before = new Date(now - days * 86_400_000).toISOString()
      const values = await this.#sensing.removeBefore(dataset, before)
      if (values === 0) continue
      deleted.push({ dataset: id, values, before })
      this.#log.info({ dataset: id, values, before }, 'values deleted: the retention of the dataset ended')
      await this.#access.audit(ACTOR, 'retention.delete', `dataset:${id}`, { values, before, days })
    }
    const days = await this.auditDays()
    const entries = await this.#access.log.keep(days)
    if (entries > 0) {
      this.#log.info({ entries, days }, 'entries of the audit log removed: their retention ended')
      await this.#access.audit(ACTOR, 'audit.forget', 'audit', { entries, days })
    }
    const messages = await this.#forget()
    if (messages > 0) this.#log.info({ messages }, 'messages deleted: they were kept long enough')
    return deleted
  }

  /** Days entries of the audit log are kept. */
  async auditDays(): Promise<number> {
    return (await store.readSetting<number>(this.#db, AUDIT_DAYS)) ?? DEFAULT_AUDIT_DAYS
  }

  async setAuditDays(days: number, actor: Actor = OWNER): Promise<void> {
    this.#access.require(actor, 'administer', 'platform')
    const before = await this.auditDays()
    await store.writeSetting(this.#db, AUDIT_DAYS, days)
    await this.#access.audit(actor, 'audit.retention', 'audit', { before, after: days })
  }
}
