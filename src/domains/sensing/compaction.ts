import type { Database } from '../../kernel/db/index.ts'
import type { Jobs } from '../../kernel/jobs/index.ts'
import type { Log } from '../../kernel/log.ts'

const QUEUE = 'compaction'
/** Every night, away from the hour that is missing or twice when the clocks change. */
const NIGHTLY = '47 3 * * *'
const LIMIT_MS = 6 * 3_600_000
/** Bytes a row takes in a fresh index on (datastream, t): 28 in pages filled to nine tenths. */
const FRESH = 31.5
/** From this many times the fresh size an index is built anew. */
const SPARSE = 1.15
/** Smaller indexes are not worth it; bytes. */
const SMALLEST = 16 * 1024 * 1024

export interface Compacted {
  index: string
  /** Bytes. */
  before: number
  after: number
}

/**
 * Values arrive time by time, so the pages of the index on (datastream, t) are split in the middle again and again and
 * stay half empty. Every night each index that has become sparse is built anew beside the old one (REINDEX
 * CONCURRENTLY): nobody waits, and an observation takes 92 bytes instead of 102 and more. PostgreSQL only: the embedded
 * engine has one connection, and everybody would wait for it.
 */
export class Compaction {
  readonly #db: Database
  readonly #log: Log

  constructor(deps: { db: Database; log: Log }) {
    this.#db = deps.db
    this.#log = deps.log
  }

  async start(jobs: Jobs, timeZone: string): Promise<void> {
    if (this.#db.engine !== 'server') return
    await jobs.work(QUEUE, 1, async () => {
      await this.run()
    })
    await this.plan(jobs, timeZone)
  }

  /** Sets the hour of the night; again whenever the city's time zone changes. */
  async plan(jobs: Jobs, timeZone: string): Promise<void> {
    if (this.#db.engine === 'server') await jobs.schedule(QUEUE, 'nightly', NIGHTLY, timeZone, {})
  }

  /** Builds sparse indexes of at least `smallest` bytes anew, one after the other; answers which, with bytes. */
  async run({ smallest = SMALLEST } = {}): Promise<Compacted[]> {
    if (this.#db.engine !== 'server') return []
    await this.#removeUnfinished()
    const sparse = await this.#db.query<{ index: string; before: number }>(
      `select i.indexrelid::regclass::text as index, pg_relation_size(i.indexrelid) as before
       from pg_inherits p join pg_index i on i.indrelid = p.inhrelid
       join pg_class t on t.oid = p.inhrelid
       where p.inhparent = 'observation'::regclass and i.indisvalid and i.indkey::text = (
           select indkey::text from pg_index where indexrelid = 'observation_datastream_t'::regclass)
         and pg_relation_size(i.indexrelid) >= $1 and t.reltuples > 0
         and pg_relation_size(i.indexrelid) > $2::float8 * t.reltuples
       order by 2 desc`,
      [smallest, FRESH * SPARSE],
    )
    const done: Compacted[] = []
    for (const { index, before } of sparse) {
      await this.#db.query(`reindex index concurrently ${index}`, [], { timeoutMs: LIMIT_MS })
      const [row] = await this.#db.query<{ after: number }>('select pg_relation_size($1::regclass) as after', [index])
      done.push({ index, before, after: row!.after })
      this.#log.info(done.at(-1)!, 'index of observations built anew')
    }
    return done
  }

  /** What a run that was cut off has left behind: invalid twins, which only cost space and writes. */
  async #removeUnfinished(): Promise<void> {
    const left = await this.#db.query<{ index: string }>(
      `select i.indexrelid::regclass::text as index from pg_inherits p join pg_index i on i.indrelid = p.inhrelid
       join pg_class c on c.oid = i.indexrelid
       where p.inhparent = 'observation'::regclass and not i.indisvalid and c.relname ~ '_cc(new|old)\\d*$'`,
    )
    for (const { index } of left)
      await this.#db.query(`drop index concurrently if exists ${index}`, [], { timeoutMs: LIMIT_MS })
  }
}
