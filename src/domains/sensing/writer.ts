import type { Database, Queryable } from '../../kernel/db/index.ts'
import { retryingDeadlock, withIds } from './append.ts'
import { before, byDatastream } from './batch.ts'
import { ObservationIds } from './ids.ts'
import { insertObservations, type Partitions } from './insert.ts'
import { insertGuarded } from './insert-guarded.ts'
import type { NewObservation, StoredObservation } from './model.ts'
import { forgetMeasured } from './publish.ts'
import { recompute, type Touched } from './recompute.ts'
import { asPublished, type SmallCounts } from './small-counts.ts'

const LIMIT_MS = 600_000
const SETTLE_ROWS = 10_000

export interface WriteCounts {
  /** New values stored. */
  accepted: number
  /** Values that already stood there. */
  unchanged: number
  /** Values that differ from what is stored, or come twice in this run: settled by `finish`. */
  held: number
}

export interface SettleCounts {
  accepted: number
  unchanged: number
  corrected: number
}

/**
 * Writes what a source delivers, under the rule "one value per datastream and time": a set-based difference against
 * what is stored. Each `write` is one transaction. Values that contradict stored ones wait in `source_pending` until
 * the whole file was seen; then the last one in file order replaces the stored value and the old one is kept in
 * `observation_correction`. A second run of the same file therefore changes nothing.
 *
 * With `beside`, the name of a parameter, values that differ in it stand beside each other: two trips of a line that leave
 * a stop at the same minute are late each by itself.
 */
export class SourceWriter {
  readonly #db: Database
  readonly #partitions: Partitions
  readonly #counts: SmallCounts
  readonly #committed: (rows: StoredObservation[]) => void
  readonly #run: number
  readonly #beside: string | undefined
  readonly #ids: ObservationIds
  #sequence = 0
  #held = 0

  constructor(
    db: Database,
    partitions: Partitions,
    counts: SmallCounts,
    committed: (rows: StoredObservation[]) => void,
    run: number,
    beside?: string,
  ) {
    this.#db = db
    this.#partitions = partitions
    this.#counts = counts
    this.#committed = committed
    this.#run = run
    if (beside !== undefined && !/^[a-z_]+$/.test(beside)) throw new Error(`"${beside}" is no name of a parameter`)
    this.#beside = beside
    this.#ids = new ObservationIds(db, 1)
  }

  /** Stores a batch (20,000 rows, or 5,000 on the embedded engine, are good sizes) and says what became of it. */
  async write(rows: readonly NewObservation[]): Promise<WriteCounts> {
    if (rows.length === 0) return { accepted: 0, unchanged: 0, held: 0 }
    await this.#partitions.ensure(rows)
    const { first, repeated } = splitRepeated(rows, this.#beside)
    const { stored, counts } = await this.#transaction(async (tx) => {
      const { fresh, differing, same } = await this.#difference(tx, first)
      const stored = await this.#insert(tx, fresh)
      const held = [...differing, ...repeated]
      await this.#hold(tx, held)
      return { stored, counts: { accepted: stored.length, unchanged: same, held: held.length } }
    })
    this.#held += counts.held
    this.#committed(stored)
    return counts
  }

  #transaction<R>(work: (tx: Queryable) => Promise<R>): Promise<R> {
    return this.#counts.writing(retryingDeadlock(() => this.#db.transaction(work, { timeoutMs: LIMIT_MS })))
  }

  /** Stores new rows with their provenance and answers them as they are published. */
  async #insert(tx: Queryable, rows: readonly NewObservation[]): Promise<StoredObservation[]> {
    const stored = await withIds(this.#ids, rows, tx)
    await this.#partitions.ensure(stored, tx)
    await this.#remember(tx, stored)
    const guards = await this.#counts.guards(stored, tx)
    if (guards) return insertGuarded(tx, stored, guards, LIMIT_MS)
    await insertObservations(tx, stored, LIMIT_MS)
    return stored
  }

  /** Whether two values stand for the same, beside their datastream and time: ` and a … = b …`, or nothing. */
  #same(a: string, b: string): string {
    return this.#beside ? ` and ${this.#of(a)} is not distinct from ${this.#of(b)}` : ''
  }

  #of(row: string): string {
    return `${row}.x -> 'p' ->> '${this.#beside}'`
  }

  /** What to join to `observation o` for the value as measured, and that value; nothing where nothing is protected. */
  async #measured(tx: Queryable): Promise<{ v: string; join: string }> {
    if (!(await this.#counts.any(tx))) return { v: 'o.v', join: '' }
    const join = 'left join observation_measured m on m.datastream = o.datastream and m.id = o.id'
    return { v: 'coalesce(m.v, o.v)', join }
  }

  /** Which of `rows` are new, which differ from what is stored (or were held before), how many are the same. */
  async #difference(
    tx: Queryable,
    rows: NewObservation[],
  ): Promise<{ fresh: NewObservation[]; differing: NewObservation[]; same: number }> {
    const known = await this.#seriesWithRows(tx, rows)
    if (known.size === 0) return { fresh: rows, differing: [], same: 0 }
    const candidates: NewObservation[] = []
    const fresh: NewObservation[] = []
    for (const row of rows) (known.has(row.datastream) ? candidates : fresh).push(row)
    const found = await this.#compare(tx, candidates)
    const differing: NewObservation[] = []
    let same = 0
    candidates.forEach((row, i) => {
      const same_ = found.get(i)
      if (same_ === undefined) fresh.push(row)
      else if (same_) same++
      else differing.push(row)
    })
    return { fresh, differing, same }
  }

  /** Datastreams that hold any row within the batch's span of theirs: one index probe each. On a first import: none. */
  async #seriesWithRows(tx: Queryable, rows: NewObservation[]): Promise<Set<number>> {
    const groups = [...byDatastream(rows)]
    const low = groups.map(([, group]) => group.reduce((min, row) => (before(row.t, min) ? row.t : min), group[0]!.t))
    const high = groups.map(([, group]) => group.reduce((max, row) => (before(max, row.t) ? row.t : max), group[0]!.t))
    const found = await tx.query<{ d: number }>(
      `select g.d from unnest($1::int4[], $2::timestamptz[], $3::timestamptz[]) as g (d, low, high)
       where exists (select 1 from observation o where o.datastream = g.d and o.t between g.low and g.high)`,
      [groups.map(([id]) => id), low, high],
    )
    return new Set(found.map((row) => row.d))
  }

  /** For each row that has a stored value at its time: is that the same? A row already held in this run never is. */
  async #compare(tx: Queryable, rows: NewObservation[]): Promise<Map<number, boolean>> {
    const times = rows.map((row) => row.t)
    const low = times.reduce((a, b) => (before(b, a) ? b : a), times[0]!)
    const high = times.reduce((a, b) => (before(a, b) ? b : a), times[0]!)
    const held =
      this.#held > 0
        ? `exists (select 1 from source_pending p where p.run = $10 and p.datastream = g.d and p.t = g.t${this.#same('p', 'g')})`
        : 'false'
    const measured = await this.#measured(tx)
    const found = await tx.query<{ i: number; same: boolean }>(
      `select g.i::int4 as i,
              not ${held} and o.v is not distinct from g.v and o.q is not distinct from g.q
              and o.t_end is not distinct from g.t_end and o.x is not distinct from g.x as same
       from unnest($1::int4[], $2::timestamptz[], $3::timestamptz[], $4::float8[], $5::int2[], $6::jsonb[], $7::int4[])
            as g (d, t, t_end, v, q, x, i)
       cross join lateral (
         select ${measured.v} as v, o.q, o.t_end, o.x from observation o ${measured.join}
         where o.datastream = g.d and o.t = g.t and o.t >= $8 and o.t <= $9${this.#same('o', 'g')} order by o.id desc limit 1
       ) as o`,
      [
        rows.map((row) => row.datastream),
        times,
        rows.map((row) => row.tEnd),
        rows.map((row) => row.v),
        rows.map((row) => row.q ?? null),
        rows.map((row) => (row.x == null ? null : JSON.stringify(row.x))),
        rows.map((_, i) => i),
        low,
        high,
        ...(this.#held > 0 ? [this.#run] : []),
      ],
      { timeoutMs: LIMIT_MS },
    )
    return new Map(found.map(({ i, same }) => [i, same]))
  }

  async #hold(tx: Queryable, rows: NewObservation[]): Promise<void> {
    if (rows.length === 0) return
    const start = this.#sequence
    this.#sequence += rows.length
    await tx.query(
      `insert into source_pending (run, seq, datastream, t, t_end, v, q, x)
       select $1, * from unnest($2::int8[], $3::int4[], $4::timestamptz[], $5::timestamptz[], $6::float8[], $7::int2[], $8::jsonb[])`,
      [
        this.#run,
        rows.map((_, i) => start + i),
        rows.map((row) => row.datastream),
        rows.map((row) => row.t),
        rows.map((row) => row.tEnd),
        rows.map((row) => row.v),
        rows.map((row) => row.q ?? null),
        rows.map((row) => (row.x == null ? null : JSON.stringify(row.x))),
      ],
      { timeoutMs: LIMIT_MS },
    )
  }

  /** Provenance: the id ranges this run wrote (see `observation_block`). */
  async #remember(tx: Queryable, rows: readonly StoredObservation[]): Promise<void> {
    if (rows.length === 0) return
    const ranges: [number, number][] = []
    for (const { id } of rows) {
      const last = ranges.at(-1)
      if (last && id === last[1] + 1) last[1] = id
      else ranges.push([id, id])
    }
    await tx.query(
      `insert into observation_block (first_id, last_id, run) select f, l, $3 from unnest($1::int8[], $2::int8[]) as g (f, l)`,
      [ranges.map(([first]) => first), ranges.map(([, last]) => last), this.#run],
    )
  }

  /** Settles what was held: the last value in file order for each time replaces the stored one if it differs. */
  async finish(): Promise<SettleCounts> {
    const total: SettleCounts = { accepted: 0, unchanged: 0, corrected: 0 }
    while (this.#held > 0) {
      const done = await this.#transaction((tx) => this.#settle(tx))
      if (done.rows === 0) break
      total.accepted += done.accepted
      total.corrected += done.corrected
      total.unchanged += done.rows - done.accepted - done.corrected
      this.#committed(done.stored)
    }
    this.#held = 0
    return total
  }

  async #settle(
    tx: Queryable,
  ): Promise<{ rows: number; accepted: number; corrected: number; stored: StoredObservation[] }> {
    const measured = await this.#measured(tx)
    const key = `n.datastream, n.t${this.#beside ? `, ${this.#of('n')}` : ''}`
    const pending = await tx.query<PendingRow>(
      `with taken as (
         delete from source_pending p using (
           select datastream, t from source_pending where run = $1 group by datastream, t order by datastream, t limit $2
         ) as k where p.run = $1 and p.datastream = k.datastream and p.t = k.t
         returning p.seq, p.datastream, p.t, p.t_end, p.v, p.q, p.x
       )
       select distinct on (${key}) n.datastream, n.t, n.t_end as "tEnd", n.v, n.q, n.x,
              count(*) over (partition by ${key})::int4 as times,
              o.id, o.v as "oldV", o.q as "oldQ", o.x as "oldX", o.foi,
              o.v is not distinct from n.v and o.q is not distinct from n.q and o.t_end is not distinct from n.t_end
              and o.x is not distinct from n.x as same
       from taken n left join lateral (
         select o.id, ${measured.v} as v, o.q, o.t_end, o.x, o.foi from observation o ${measured.join}
          where o.datastream = n.datastream and o.t = n.t${this.#same('o', 'n')} order by o.id desc limit 1) as o on true
       order by ${key}, n.seq desc`,
      [this.#run, SETTLE_ROWS],
      { timeoutMs: LIMIT_MS },
    )
    const missing = pending.filter((row) => row.id === null)
    const changed = pending.filter((row) => row.id !== null && !row.same)
    const inserted = await this.#insert(tx, missing)
    await this.#correct(tx, changed)
    const corrected = changed.map((row) => ({ ...row, id: row.id! }))
    const guards = await this.#counts.guards(corrected, tx)
    return {
      rows: pending.reduce((sum, row) => sum + row.times, 0),
      accepted: inserted.length,
      corrected: changed.length,
      stored: [...inserted, ...(guards ? await asPublished(tx, corrected) : corrected)],
    }
  }

  async #correct(tx: Queryable, rows: PendingRow[]): Promise<void> {
    if (rows.length === 0) return
    const jsonOf = (value: unknown) => (value == null ? null : JSON.stringify(value))
    const measured = await this.#measured(tx)
    await tx.query(
      `with new as (
         select * from unnest($1::int8[], $2::int4[], $3::timestamptz[], $4::timestamptz[], $5::float8[], $6::int2[], $7::jsonb[])
           as g (id, d, t, t_end, v, q, x)
       ), old as (
         insert into observation_correction (observation, datastream, t, old_v, old_q, old_x, new_v, new_q, new_x, run)
         select o.id, o.datastream, o.t, ${measured.v}, o.q, o.x, new.v, new.q, new.x, $8
         from new join observation o on o.datastream = new.d and o.t = new.t and o.id = new.id ${measured.join}
       )
       update observation o set v = new.v, q = new.q, t_end = new.t_end, x = new.x
       from new where o.datastream = new.d and o.t = new.t and o.id = new.id`,
      [
        rows.map((row) => row.id),
        rows.map((row) => row.datastream),
        rows.map((row) => row.t),
        rows.map((row) => row.tEnd),
        rows.map((row) => row.v),
        rows.map((row) => row.q),
        rows.map((row) => jsonOf(row.x)),
        this.#run,
      ],
      { timeoutMs: LIMIT_MS },
    )
    await forgetMeasured(
      tx,
      rows.map((row) => ({ datastream: row.datastream, id: row.id! })),
    )
    const touched: Touched[] = rows.map((row) => ({ datastream: row.datastream, from: row.t, to: row.t, grown: 0 }))
    await recompute(tx, touched)
  }
}

interface PendingRow extends NewObservation {
  id: number | null
  q: 1 | null
  times: number
  oldV: number | null
  oldQ: number | null
  oldX: unknown
  same: boolean
}

/** The first row of each datastream and time, and those that repeat one. */
function splitRepeated(
  rows: readonly NewObservation[],
  beside: string | undefined,
): { first: NewObservation[]; repeated: NewObservation[] } {
  const seen = new Map<number, Set<string>>()
  const first: NewObservation[] = []
  const repeated: NewObservation[] = []
  for (const row of rows) {
    let times = seen.get(row.datastream)
    if (!times) {
      times = new Set()
      seen.set(row.datastream, times)
    }
    const key = beside ? `${row.t} ${row.x?.p?.[beside]}` : row.t
    if (times.has(key)) repeated.push(row)
    else {
      times.add(key)
      first.push(row)
    }
  }
  return { first, repeated }
}
