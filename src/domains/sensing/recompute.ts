import type { Queryable } from '../../kernel/db/index.ts'
import { measuredBeside } from './guards.ts'
import { republish, type Span } from './publish.ts'

/** A stretch of one datastream whose rows were changed or deleted; times ISO 8601 UTC, both inclusive starts of rows. */
export interface Touched {
  datastream: number
  from: string
  to: string
  /** By how many rows the datastream grew (negative: shrank). Absent = not known: all its rows are counted again. */
  grown?: number
}

const LIMIT_MS = 600_000

/**
 * Rebuilds, inside the caller's transaction, what is derived from observations after rows were updated or deleted:
 * the hourly sums of the hours from `from` to `to`, and each datastream's counters and latest value. Where small counts
 * are protected, what is published of the rows first, and of the totals they are part of.
 *
 * The state's row is locked first, so an insert into the same datastream waits and adds to the rebuilt figures.
 */
export async function recompute(tx: Queryable, touched: readonly Touched[]): Promise<void> {
  const spans = new Map<number, Touched>()
  for (const { datastream, from, to, grown } of touched) {
    const span = spans.get(datastream)
    if (!span) spans.set(datastream, { datastream, from, to, grown })
    else {
      if (from < span.from) span.from = from
      if (to > span.to) span.to = to
      span.grown = span.grown === undefined || grown === undefined ? undefined : span.grown + grown
    }
  }
  const ordered = [...spans.values()].sort((a, b) => a.datastream - b.datastream)
  const ids = ordered.map((span) => span.datastream)
  await tx.query('select 1 from datastream_state where datastream = any($1::int4[]) order by datastream for update', [
    ids,
  ])
  const settled = await republish(tx, ordered)
  for (const span of [...ordered, ...settled]) await rebuildHours(tx, span)
  await recomputeStates(
    tx,
    ordered.filter((span) => span.grown === undefined).map((span) => span.datastream),
  )
  for (const span of ordered) if (span.grown !== undefined) await adjustState(tx, span, span.grown)
  for (const span of settled) if (!spans.has(span.datastream)) await adjustState(tx, span, 0)
}

/** The sums of the hours from `from` to `to`, from the rows: as published, and as measured where that differs. */
export async function rebuildHours(tx: Queryable, { datastream, from, to }: Span): Promise<void> {
  const within = `o.datastream = $1 and o.v is not null
         and o.t >= date_trunc('hour', $2::timestamptz) and o.t < date_trunc('hour', $3::timestamptz) + interval '1 hour'`
  const sums = (v: string) =>
    `count(*), count(*) filter (where o.q = 1), sum(${v}), coalesce(sum(${v}) filter (where o.q = 1), 0), min(${v}), max(${v})`
  await tx.query(
    `delete from rollup_hour where datastream = $1
       and hour >= date_trunc('hour', $2::timestamptz) and hour <= date_trunc('hour', $3::timestamptz)`,
    [datastream, from, to],
    { timeoutMs: LIMIT_MS },
  )
  await tx.query(
    `insert into rollup_hour (datastream, variant, hour, n, n_suspect, sum, sum_suspect, min, max)
     select o.datastream, 0, date_trunc('hour', o.t), ${sums('o.v')}
       from observation o where ${within}
      group by o.datastream, date_trunc('hour', o.t)`,
    [datastream, from, to],
    { timeoutMs: LIMIT_MS },
  )
  const [measured] = await tx.query('select 1 from observation_measured where datastream = $1 limit 1', [datastream])
  if (!measured) return
  await tx.query(
    `insert into rollup_hour (datastream, variant, hour, n, n_suspect, sum, sum_suspect, min, max)
     select o.datastream, 1, date_trunc('hour', o.t), ${sums('coalesce(m.v, o.v)')}
       from observation o ${measuredBeside('m', 'o')}
      where ${within}
      group by o.datastream, date_trunc('hour', o.t) having count(m.id) > 0`,
    [datastream, from, to],
    { timeoutMs: LIMIT_MS },
  )
}

/**
 * The same as {@link recomputeStates} for a few changed rows, without reading the others: the ends by the index, the
 * greatest end only if the row that held it is gone, result times only where there are any.
 */
async function adjustState(tx: Queryable, { datastream, from, to }: Touched, grown: number): Promise<void> {
  const [state] = await tx.query<{ whole: boolean }>(
    `select s.rt_min is not null
            or exists (select 1 from observation o where o.datastream = $1 and o.t between $2 and $3 and o.x->>'rt' is not null)
            or not exists (
              select 1 from observation o where o.datastream = $1 and o.t <= s.t_max and o.t >= s.t_max - interval '1 day'
                and coalesce(o.t_end, o.t) = s.t_max) as whole
     from datastream_state s where s.datastream = $1`,
    [datastream, from, to],
  )
  if (!state || state.whole) return recomputeStates(tx, [datastream])
  await tx.query(
    `update datastream_state s set
       n = s.n + $4, t_min = f.t, t_max = greatest(s.t_max, e.t_max),
       last_id = l.id, last_t = l.t, last_t_end = l.t_end, last_v = l.v, last_q = l.q, last_x = l.x
     from (select t from observation where datastream = $1 order by t limit 1) as f,
          (select id, t, t_end, v, q, x from observation where datastream = $1 order by t desc, id desc limit 1) as l,
          (select max(coalesce(t_end, t)) as t_max from observation where datastream = $1 and t between $2 and $3) as e
     where s.datastream = $1`,
    [datastream, from, to, grown],
    { timeoutMs: LIMIT_MS },
  )
}

/** Counters, extent and latest value of each datastream, from its rows. */
async function recomputeStates(tx: Queryable, datastreams: readonly number[]): Promise<void> {
  if (datastreams.length === 0) return
  await tx.query(
    `update datastream_state s set
       n = f.n, t_min = f.t_min, t_max = f.t_max, rt_min = f.rt_min, rt_max = f.rt_max,
       last_id = l.id, last_t = l.t, last_t_end = l.t_end, last_v = l.v, last_q = l.q, last_x = l.x
     from unnest($1::int4[]) as d (id)
     cross join lateral (
       select count(*) as n, min(t) as t_min, max(coalesce(t_end, t)) as t_max,
              min((x->>'rt')::timestamptz) as rt_min, max((x->>'rt')::timestamptz) as rt_max
       from observation where datastream = d.id) as f
     left join lateral (
       select id, t, t_end, v, q, x from observation where datastream = d.id order by t desc, id desc limit 1) as l on true
     where s.datastream = d.id`,
    [datastreams],
    { timeoutMs: LIMIT_MS },
  )
}
