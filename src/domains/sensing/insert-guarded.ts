import { plainArray, type Queryable } from '../../kernel/db/index.ts'
import { type Guard, measuredBeside, totalsOf } from './guards.ts'
import { insertObservations } from './insert.ts'
import type { StoredObservation } from './model.ts'
import { settleTotals } from './publish.ts'
import { rebuildHours } from './recompute.ts'
import { chance, publishedAs, secretOf } from './rounding.ts'
import { asPublished } from './small-counts.ts'

/**
 * Writes rows of which some are protected counts, inside the caller's transaction: what is published into `observation`,
 * with everything derived; what was measured beside it. Totals follow their parts. Answers the rows as published.
 */
export async function insertGuarded(
  tx: Queryable,
  rows: readonly StoredObservation[],
  guards: ReadonlyMap<number, Guard>,
  timeoutMs?: number,
): Promise<StoredObservation[]> {
  const secret = await secretOf(tx)
  const shown = rows.map((row) => {
    const guard = guards.get(row.datastream)
    if (!guard || row.v === null) return row
    const u = chance(secret, row.datastream, row.t)
    const v = publishedAs(row.v, guard, u)
    return v === row.v ? row : { ...row, v, measured: row.v }
  })
  await insertObservations(tx, shown, timeoutMs)
  const differing = rows.filter((row, i) => row.v !== shown[i]!.v)
  await tx.query(
    `insert into observation_measured (datastream, id, dataset, t, v)
     select * from unnest($1::int4[], $2::int8[], $3::int4[], $4::timestamptz[], $5::float8[])`,
    [
      plainArray(differing.map((row) => row.datastream)),
      plainArray(differing.map((row) => row.id)),
      plainArray(differing.map((row) => guards.get(row.datastream)!.dataset)),
      plainArray(differing.map((row) => row.t)),
      plainArray(differing.map((row) => row.v)),
    ],
    { timeoutMs },
  )
  const guarded = rows.filter((row) => guards.has(row.datastream))
  await sumMeasured(tx, guarded)
  const totals = await totalsOf(tx, [...guards.keys()])
  if (totals.length === 0) return shown
  const spans = guarded.map(({ datastream, t }) => ({ datastream, from: t, to: t }))
  const settled = await settleTotals(tx, secret, totals, spans)
  for (const span of settled) await rebuildHours(tx, span)
  await refreshLatest(
    tx,
    settled.map((span) => span.datastream),
  )
  return settled.length > 0 ? asPublished(tx, rows) : shown
}

/** Variant 1 of the hours these rows are in: sums as measured, where they differ. */
async function sumMeasured(tx: Queryable, rows: readonly StoredObservation[]): Promise<void> {
  const hours = new Map(rows.map(({ datastream, t }) => [`${datastream} ${t.slice(0, 13)}`, { datastream, t }]))
  const pairs = [
    plainArray([...hours.values()].map((hour) => hour.datastream)),
    plainArray([...hours.values()].map(({ t }) => `${t.slice(0, 13)}:00:00Z`)),
  ]
  await tx.query(
    `delete from rollup_hour r using unnest($1::int4[], $2::timestamptz[]) as g (d, hour)
      where r.datastream = g.d and r.hour = g.hour and r.variant = 1`,
    pairs,
  )
  await tx.query(
    `insert into rollup_hour (datastream, variant, hour, n, n_suspect, sum, sum_suspect, min, max)
     select g.d, 1, g.hour, s.* from unnest($1::int4[], $2::timestamptz[]) as g (d, hour)
      cross join lateral (
        select count(*), count(*) filter (where o.q = 1), sum(coalesce(m.v, o.v)),
               coalesce(sum(coalesce(m.v, o.v)) filter (where o.q = 1), 0), min(coalesce(m.v, o.v)), max(coalesce(m.v, o.v))
          from observation o ${measuredBeside('m', 'o')}
         where o.datastream = g.d and o.t >= g.hour and o.t < g.hour + interval '1 hour' and o.v is not null
        having count(m.id) > 0) as s`,
    pairs,
  )
}

/** The latest value of series whose rows got another published one. */
async function refreshLatest(tx: Queryable, datastreams: readonly number[]): Promise<void> {
  if (datastreams.length === 0) return
  await tx.query(
    `update datastream_state s set last_v = o.v from observation o
      where s.datastream = any($1::int4[]) and o.datastream = s.datastream and o.t = s.last_t and o.id = s.last_id
        and o.v is distinct from s.last_v`,
    [datastreams],
  )
}
