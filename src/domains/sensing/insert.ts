import { type Database, plainArray, type Queryable, textArray } from '../../kernel/db/index.ts'
import { counter } from '../../kernel/metrics.ts'
import { summarise } from './batch.ts'
import type { StoredObservation } from './model.ts'

/**
 * One statement: the rows, the hourly sums they add to, and the state of their datastreams. Sums and states are
 * reckoned before (see `batch.ts`), so the database only adds; either all of it is there or nothing. Columns that are
 * empty in the whole batch are left out, so there are up to 16 texts, each prepared once.
 *
 * Rejected: letting SQL aggregate a CTE of the new rows (the same work in the process that is already busiest during
 * an import), and triggers (a call per row).
 */
function statement(optional: readonly OptionalColumn[]): string {
  const columns = ['id', 't', 'v', 'datastream', ...optional.map((column) => column.name)]
  const types = ['int8', 'timestamptz', 'float8', 'int4', ...optional.map((column) => column.type)]
  const p = (i: number, type: string) => `$${types.length + i}::${type}[]`
  return `
with stored as (
  insert into observation (${columns.join(', ')})
  select * from unnest(${types.map((type, i) => `$${i + 1}::${type}[]`).join(', ')})
), summed as (
  insert into rollup_hour as r (datastream, variant, hour, n, n_suspect, sum, sum_suspect, min, max)
  select g.d, 0, g.hour, g.n, g.s, g.sum, g.sums, g.min, g.max
  from unnest(${p(1, 'int4')}, ${p(2, 'timestamptz')}, ${p(3, 'int4')}, ${p(4, 'int4')}, ${p(5, 'float8')}, ${p(6, 'float8')}, ${p(7, 'float8')}, ${p(8, 'float8')})
    as g(d, hour, n, s, sum, sums, min, max)
  on conflict (datastream, variant, hour) do update set
    n = r.n + excluded.n, n_suspect = r.n_suspect + excluded.n_suspect,
    sum = r.sum + excluded.sum, sum_suspect = r.sum_suspect + excluded.sum_suspect,
    min = least(r.min, excluded.min), max = greatest(r.max, excluded.max)
)
insert into datastream_state as s
  (datastream, n, t_min, t_max, rt_min, rt_max, last_id, last_t, last_t_end, last_v, last_q, last_x, arrived_at)
select g.*, now()
from unnest(${p(9, 'int4')}, ${p(10, 'int8')}, ${p(11, 'timestamptz')}, ${p(12, 'timestamptz')}, ${p(13, 'timestamptz')}, ${p(14, 'timestamptz')},
            ${p(15, 'int8')}, ${p(16, 'timestamptz')}, ${p(17, 'timestamptz')}, ${p(18, 'float8')}, ${p(19, 'int2')}, ${p(20, 'jsonb')}) as g
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
}

interface OptionalColumn {
  name: string
  type: string
  used(row: StoredObservation): boolean
  array(rows: readonly StoredObservation[]): string
}

const jsonOf = (value: unknown): string | null => (value == null ? null : JSON.stringify(value))

const OPTIONAL: readonly OptionalColumn[] = [
  {
    name: 't_end',
    type: 'timestamptz',
    used: (row) => row.tEnd !== null,
    array: (rows) => plainArray(rows.map((row) => row.tEnd)),
  },
  {
    name: 'foi',
    type: 'int4',
    used: (row) => row.foi != null,
    array: (rows) => plainArray(rows.map((row) => row.foi)),
  },
  { name: 'q', type: 'int2', used: (row) => row.q != null, array: (rows) => plainArray(rows.map((row) => row.q)) },
  {
    name: 'x',
    type: 'jsonb',
    used: (row) => row.x != null,
    array: (rows) => textArray(rows.map((row) => jsonOf(row.x))),
  },
]

const texts = new Map<number, string>()

const written = counter(
  'zahnrad_ingest_observations_total',
  'Observations written, before the commit of larger transactions',
)

/** Writes `rows` with everything derived from them. Partitions must exist (see `Partitions`). */
export async function insertObservations(
  tx: Queryable,
  rows: readonly StoredObservation[],
  timeoutMs?: number,
): Promise<void> {
  if (rows.length === 0) return
  const { hours, states } = summarise(rows)
  const optional = OPTIONAL.filter((column) => rows.some(column.used))
  const mask = optional.reduce((bits, column) => bits | (1 << OPTIONAL.indexOf(column)), 0)
  let text = texts.get(mask)
  if (text === undefined) {
    text = statement(optional)
    texts.set(mask, text)
  }
  await tx.query(
    text,
    [
      plainArray(rows.map((r) => r.id)),
      plainArray(rows.map((r) => r.t)),
      plainArray(rows.map((r) => r.v)),
      plainArray(rows.map((r) => r.datastream)),
      ...optional.map((column) => column.array(rows)),
      plainArray(hours.map((h) => h.datastream)),
      plainArray(hours.map((h) => h.hour)),
      plainArray(hours.map((h) => h.n)),
      plainArray(hours.map((h) => h.suspect)),
      plainArray(hours.map((h) => h.sum)),
      plainArray(hours.map((h) => h.sumSuspect)),
      plainArray(hours.map((h) => h.min)),
      plainArray(hours.map((h) => h.max)),
      plainArray(states.map((s) => s.datastream)),
      plainArray(states.map((s) => s.n)),
      plainArray(states.map((s) => s.tMin)),
      plainArray(states.map((s) => s.tMax)),
      plainArray(states.map((s) => s.rtMin)),
      plainArray(states.map((s) => s.rtMax)),
      plainArray(states.map((s) => s.last.id)),
      plainArray(states.map((s) => s.last.t)),
      plainArray(states.map((s) => s.last.tEnd)),
      plainArray(states.map((s) => s.last.v)),
      plainArray(states.map((s) => s.last.q)),
      textArray(states.map((s) => jsonOf(s.last.x))),
    ],
    { name: `observations-insert-${mask}`, timeoutMs },
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
