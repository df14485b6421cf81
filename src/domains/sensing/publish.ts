import { plainArray, type Queryable } from '../../kernel/db/index.ts'
import { type Guard, guardsOf, measuredBeside, totalsOf } from './guards.ts'
import { chance, publishedAs, secretOf, stepped } from './rounding.ts'

/** A stretch of a series, both ends starts of rows. */
export interface Span {
  datastream: number
  from: string
  to: string
}

interface StoredRow {
  id: number
  t: string
  /** As measured, and as it is published now. */
  measured: number
  shown: number
  /** Whether the measured value is kept beside. */
  kept: boolean
}

const LIMIT = { timeoutMs: 600_000 }
const ROWS = 20_000
/** Sums of fractions differ in the last digits from the sum itself. */
const NOISE = 1e-6

/**
 * Brings what is published of changed rows in line with what was measured, inside the caller's transaction; before it,
 * `observation.v` holds the measured value of rows without one beside. Then the totals these rows are part of. Answers
 * all stretches whose published values may have changed.
 */
export async function republish(tx: Queryable, spans: readonly Span[]): Promise<Span[]> {
  const ids = [...new Set(spans.map((span) => span.datastream))]
  const guards = await guardsOf(tx, ids)
  if (guards.size === 0) return []
  const secret = await secretOf(tx)
  for (const span of spans) {
    const guard = guards.get(span.datastream)
    if (guard && guard.parts.length === 0) await roundSpan(tx, secret, guard, span)
  }
  return settleTotals(tx, secret, await totalsOf(tx, [...guards.keys()]), spans)
}

async function roundSpan(tx: Queryable, secret: Buffer, guard: Guard, { datastream, from, to }: Span): Promise<void> {
  let after = from
  let id = -1
  for (;;) {
    const rows = await tx.query<StoredRow>(
      `select o.id, o.t, o.v as shown, coalesce(m.v, o.v) as measured, m.id is not null as kept
         from observation o ${measuredBeside('m', 'o')}
        where o.datastream = $1 and o.t >= $2 and o.t <= $3 and (o.t > $2 or o.id > $4) and o.v is not null
        order by o.t, o.id limit ${ROWS}`,
      [datastream, after, to, id],
      LIMIT,
    )
    await write(
      tx,
      guard,
      rows.map((row) => ({ row, shown: publishedAs(row.measured, guard, chance(secret, datastream, row.t)) })),
    )
    if (rows.length < ROWS) return
    after = rows.at(-1)!.t
    id = rows.at(-1)!.id
  }
}

/**
 * A total is published as the sum of what is published of its parts, and of what it holds beyond them in steps of k: so
 * the difference of total and parts is always a multiple of k. Without values of parts all of it is "beyond".
 * A total smaller than its parts contradicts itself: then the parts stand.
 */
export async function settleTotals(
  tx: Queryable,
  secret: Buffer,
  totals: readonly Guard[],
  spans: readonly Span[],
): Promise<Span[]> {
  const changed: Span[] = []
  for (const total of totals) {
    const members = new Set([total.datastream, ...total.parts])
    const mine = spans.filter((span) => members.has(span.datastream))
    if (mine.length === 0) continue
    await tx.query('select 1 from datastream_state where datastream = $1 for update', [total.datastream])
    const rows = await tx.query<StoredRow & { partsMeasured: number; partsShown: number }>(
      `select o.id, o.t, o.v as shown, coalesce(m.v, o.v) as measured, m.id is not null as kept,
              p.measured as "partsMeasured", p.shown as "partsShown"
         from (select distinct f.id, f.t
                 from (select distinct * from unnest($2::timestamptz[], $3::timestamptz[]) as s (low, high)) as g
                cross join lateral (
                  select id, t from observation f
                   where f.datastream = $1 and f.v is not null and f.t <= g.high and f.t > g.low - $4::interval
                     and (f.t >= g.low or f.t_end > g.low)) as f) as found
         join observation o on o.datastream = $1 and o.t = found.t and o.id = found.id
         ${measuredBeside('m', 'o')}
        cross join lateral (
          select coalesce(sum(coalesce(q.v, p.v)), 0) as measured, coalesce(sum(p.v), 0) as shown
            from observation p ${measuredBeside('q', 'p')}
           where p.datastream = any($5::int4[]) and p.t >= o.t and p.t < greatest(o.t_end, o.t + interval '1 microsecond')) as p`,
      [total.datastream, mine.map((span) => span.from), mine.map((span) => span.to), total.reach, total.parts],
      LIMIT,
    )
    const settled = rows.map((row) => {
      const beyond = row.measured - row.partsMeasured
      const u = chance(secret, total.datastream, row.t)
      return { row, shown: row.partsShown + (beyond > NOISE ? stepped(beyond, total.k, u) : 0) }
    })
    await write(tx, total, settled)
    const times = settled.filter(({ row, shown }) => row.shown !== shown || row.kept !== (row.measured !== shown))
    if (times.length === 0) continue
    const sorted = times.map(({ row }) => row.t).sort((a, b) => Date.parse(a) - Date.parse(b))
    changed.push({ datastream: total.datastream, from: sorted[0]!, to: sorted.at(-1)! })
  }
  return changed
}

async function write(tx: Queryable, guard: Guard, rows: readonly { row: StoredRow; shown: number }[]): Promise<void> {
  const changes = rows.filter(({ row, shown }) => row.shown !== shown || row.kept !== (row.measured !== shown))
  for (let at = 0; at < changes.length; at += ROWS) {
    const part = changes.slice(at, at + ROWS)
    await tx.query(
      `with new as (
         select * from unnest($3::int8[], $4::timestamptz[], $5::float8[], $6::float8[]) as g (id, t, measured, shown)
       ), gone as (
         delete from observation_measured m using new where m.datastream = $1 and m.id = new.id and new.measured = new.shown
       ), kept as (
         insert into observation_measured (datastream, id, dataset, t, v)
         select $1, id, $2, t, measured from new where measured <> shown
         on conflict (datastream, id) do update set v = excluded.v, t = excluded.t
       )
       update observation o set v = new.shown from new
        where o.datastream = $1 and o.t = new.t and o.id = new.id and o.v is distinct from new.shown`,
      [
        guard.datastream,
        guard.dataset,
        plainArray(part.map(({ row }) => row.id)),
        plainArray(part.map(({ row }) => row.t)),
        plainArray(part.map(({ row }) => row.measured)),
        plainArray(part.map(({ shown }) => shown)),
      ],
      LIMIT,
    )
  }
}

/** Forgets the measured values kept beside rows that are about to get new ones: `observation.v` then is the measured one. */
export async function forgetMeasured(
  tx: Queryable,
  rows: readonly { datastream: number; id: number }[],
): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    `delete from observation_measured m using unnest($1::int4[], $2::int8[]) as g (d, id) where m.datastream = g.d and m.id = g.id`,
    [rows.map((row) => row.datastream), rows.map((row) => row.id)],
  )
}

/** Puts the measured values of a stretch back in their place: of a series that needs no protection any more. */
export async function unprotect(tx: Queryable, { datastream, from, to }: Span): Promise<void> {
  await tx.query(
    `update observation o set v = m.v from observation_measured m
      where m.datastream = $1 and m.t >= $2 and m.t <= $3 and o.datastream = $1 and o.t = m.t and o.id = m.id`,
    [datastream, from, to],
    LIMIT,
  )
  await tx.query(
    'delete from observation_measured where datastream = $1 and t >= $2 and t <= $3',
    [datastream, from, to],
    LIMIT,
  )
}
