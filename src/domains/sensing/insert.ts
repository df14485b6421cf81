import type { Database, Queryable } from '../../kernel/db/index.ts'
import { counter } from '../../kernel/metrics.ts'
import { summarise } from './batch.ts'
import type { StoredObservation } from './model.ts'

/**
 * One statement: the rows, the hourly sums they add to, and the state of their datastreams. Sums and states are
 * reckoned before (see `batch.ts`), so the database only adds; either all of it is there or nothing.
 *
 * Rejected: letting SQL aggregate a CTE of the new rows (the same work in the process that is already busiest during
 * an import), and triggers (a call per row).
 */
const INSERT = `
with stored as (
  insert into observation (id, t, t_end, v, datastream, foi, q, x)
  select * from unnest($1::int8[], $2::timestamptz[], $3::timestamptz[], $4::float8[], $5::int4[], $6::int4[], $7::int2[], $8::jsonb[])
), summed as (
  insert into rollup_hour as r (datastream, variant, hour, n, n_suspect, sum, sum_suspect, min, max)
  select g.d, 0, g.hour, g.n, g.s, g.sum, g.sums, g.min, g.max
  from unnest($9::int4[], $10::timestamptz[], $11::int4[], $12::int4[], $13::float8[], $14::float8[], $15::float8[], $16::float8[])
    as g(d, hour, n, s, sum, sums, min, max)
  on conflict (datastream, variant, hour) do update set
    n = r.n + excluded.n, n_suspect = r.n_suspect + excluded.n_suspect,
    sum = r.sum + excluded.sum, sum_suspect = r.sum_suspect + excluded.sum_suspect,
    min = least(r.min, excluded.min), max = greatest(r.max, excluded.max)
)
insert into datastream_state as s
  (datastream, n, t_min, t_max, rt_min, rt_max, last_id, last_t, last_t_end, last_v, last_q, last_x, arrived_at)
select g.*, now()
from unnest($17::int4[], $18::int8[], $19::timestamptz[], $20::timestamptz[], $21::timestamptz[], $22::timestamptz[],
            $23::int8[], $24::timestamptz[], $25::timestamptz[], $26::float8[], $27::int2[], $28::jsonb[]) as g
on conflict (datastream) do update set
  n = s.n + excluded.n,
  t_min = least(s.t_min, excluded.t_min), t_max = greatest(s.t_max, excluded.t_max),
  rt_min = least(s.rt_min, excluded.rt_min), rt_max = greatest(s.rt_max, excluded.rt_max),
  (last_id, last_t, last_t_end, last_v, last_q, last_x, arrived_at) = (
    select case when newer then excluded.last_id else s.last_id end, case when newer then excluded.last_t else s.last_t end,
           case when newer then excluded.last_t_end else s.last_t_end end, case when newer then excluded.last_v else s.last_v end,
           case when newer then excluded.last_q else s.last_q end, case when newer then excluded.last_x else s.last_x end,
           case when newer then excluded.arrived_at else s.arrived_at end
    from (select s.last_t is null or (excluded.last_t, excluded.last_id) > (s.last_t, s.last_id) as newer) as c)`

const jsonOf = (value: unknown): string | null => (value == null ? null : JSON.stringify(value))

const written = counter('zahnrad_ingest_observations_total', 'Observations written, before the commit of larger transactions')

/** Writes `rows` with everything derived from them. Partitions must exist (see `Partitions`). */
export async function insertObservations(
  tx: Queryable,
  rows: readonly StoredObservation[],
  timeoutMs?: number,
): Promise<void> {
  if (rows.length === 0) return
  const { hours, states } = summarise(rows)
  await tx.query(
    INSERT,
    [
      rows.map((r) => r.id),
      rows.map((r) => r.t),
      rows.map((r) => r.tEnd),
      rows.map((r) => r.v),
      rows.map((r) => r.datastream),
      rows.map((r) => r.foi ?? null),
      rows.map((r) => r.q ?? null),
      rows.map((r) => jsonOf(r.x)),
      hours.map((h) => h.datastream),
      hours.map((h) => h.hour),
      hours.map((h) => h.n),
      hours.map((h) => h.suspect),
      hours.map((h) => h.sum),
      hours.map((h) => h.sumSuspect),
      hours.map((h) => h.min),
      hours.map((h) => h.max),
      states.map((s) => s.datastream),
      states.map((s) => s.n),
      states.map((s) => s.tMin),
      states.map((s) => s.tMax),
      states.map((s) => s.rtMin),
      states.map((s) => s.rtMax),
      states.map((s) => s.last.id),
      states.map((s) => s.last.t),
      states.map((s) => s.last.tEnd),
      states.map((s) => s.last.v),
      states.map((s) => s.last.q ?? null),
      states.map((s) => jsonOf(s.last.x)),
    ],
    { name: 'observations-insert', timeoutMs },
  )
  written.inc(rows.length)
}

/** Yearly partitions of `observation`, made on demand. Odd dates (before 1970, after 2100) go to the default one. */
export class Partitions {
  readonly #db: Database
  readonly #known = new Set<string>()
  #making: Promise<void> = Promise.resolve()

  constructor(db: Database) {
    this.#db = db
  }

  /**
   * Makes sure that the years of `rows` have a partition; nearly always answers from memory. Inside a transaction
   * pass it as `via`; it may roll back, so nothing is remembered then.
   */
  async ensure(rows: readonly { t: string }[], via?: Queryable): Promise<void> {
    let missing: Set<string> | undefined
    let last = ''
    for (const { t } of rows) {
      const year = t.slice(0, 4)
      if (year === last) continue
      last = year
      if (!this.#known.has(year)) {
        missing ??= new Set()
        missing.add(year)
      }
    }
    if (!missing) return
    const years = [...missing]
    if (via) return this.#create(via, years)
    this.#making = this.#making.catch(() => {}).then(() => this.#make(years))
    await this.#making
  }

  async #make(years: string[]): Promise<void> {
    const missing = years.filter((year) => !this.#known.has(year))
    if (missing.length > 0) await this.#db.transaction((tx) => this.#create(tx, missing))
    for (const year of missing) this.#known.add(year)
  }

  async #create(tx: Queryable, years: string[]): Promise<void> {
    if (this.#db.engine === 'server') await tx.query('select pg_advisory_xact_lock(727364002)')
    for (const year of years) {
      const number = Number(year)
      if (!(number >= 1970 && number <= 2100)) continue
      const bounds = `from ('${year}-01-01Z') to ('${number + 1}-01-01Z')`
      await tx.query(`create table if not exists observation_${year} partition of observation for values ${bounds}`)
    }
  }
}
