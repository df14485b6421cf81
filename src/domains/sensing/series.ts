import { type Queryable, type Sql, sql } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { bucketEnd, bucketStarts, chooseResolution, type Grid, HOUR, isOffHour, iso } from './buckets.ts'
import { GapFinder, gap, interval, patience } from './gaps.ts'
import type { Resolution } from './model.ts'
import type { Head, Plan, SeriesHead, SeriesPoint } from './series-model.ts'

export type { Head, Plan, SeriesHead, SeriesPoint } from './series-model.ts'

export interface SeriesQuery {
  /** Ids of at most {@link MAX_SERIES} datastreams. Those the caller may not see, or that do not exist, raise 404. */
  datastreams: readonly number[]
  /** ISO instant, or `start` for the first value there is. Absent: seven days before `to`. */
  from?: string
  /** ISO instant, exclusive. Absent: the end of the newest value. */
  to?: string
  resolution: Resolution | 'auto'
  /** IANA zone whose days, weeks, months and years are meant. */
  timeZone: string
  /** How many points `auto` aims at for each series; default 1,500. */
  maxPoints?: number
  /** Milliseconds since 1970: buckets that have not begun by then are not reported. Default: the clock. */
  now?: number
}

export interface Series extends SeriesHead {
  points: SeriesPoint[]
  /** Sum over the range; null where adding up makes no sense (aggregate `mean`). */
  total: number | null
  mean: number | null
  n: number
  suspect: number
  min: number | null
  max: number | null
}

export interface SeriesAnswer {
  from: string
  to: string
  resolution: Resolution
  timeZone: string
  series: Series[]
}

export const MAX_SERIES = 10
/** Points one answer may hold, all series together. CSV is streamed and has no such limit. */
export const MAX_POINTS = 50_000

/**
 * Decides range and resolution. Above `raw` the range is widened to full hours. `most` series: a download streams them
 * one after another and may take more than a chart.
 * Throws Problem 400 `bad-range`, `too-many-series`; 404 `not-found`.
 */
export async function planSeries(
  db: Queryable,
  visible: readonly number[],
  query: SeriesQuery,
  most = MAX_SERIES,
): Promise<Plan> {
  const ids = [...new Set(query.datastreams)]
  if (ids.length === 0 || ids.length > most) {
    throw new Problem(400, 'too-many-series', `Ask for 1 to ${most} datastreams at once, not ${ids.length}.`)
  }
  const heads = await readHeads(db, visible, ids)
  const byId = new Map(heads.map((head) => [head.datastream, head]))
  const missing = ids.find((id) => !byId.has(id))
  if (missing !== undefined)
    throw new Problem(404, 'not-found', `There is no datastream ${missing}, or it is not public.`)

  const now = query.now ?? Date.now()
  const to =
    query.to === undefined
      ? Math.ceil(Math.max(...heads.map((head) => endOfValues(head) ?? 0)) / HOUR) * HOUR || now
      : Date.parse(query.to)
  const first = Math.min(to, ...heads.map((head) => (head.tMin ? Date.parse(head.tMin) : to)))
  const from = query.from === undefined ? to - 7 * 24 * HOUR : query.from === 'start' ? first : Date.parse(query.from)
  if (Number.isNaN(from) || Number.isNaN(to) || from > to) {
    throw new Problem(
      400,
      'bad-range',
      `The range from ${query.from} to ${query.to} is empty or not a time: "from" must not be after "to".`,
    )
  }

  // An estimate is too long by the gaps in it: hourly values with a few missing are to be seen hour by hour.
  const periods = heads.flatMap((head) => {
    const found = interval(head)
    return found === null ? [] : [head.periodSeconds ? found : found * 0.9]
  })
  const period = periods.length > 0 ? Math.min(...periods) : null
  const resolution =
    query.resolution === 'auto' ? chooseResolution(to - from, period, query.maxPoints) : query.resolution
  const whole =
    resolution === 'raw' ? { from, to } : { from: Math.floor(from / HOUR) * HOUR, to: Math.ceil(to / HOUR) * HOUR }
  const offHour = resolution !== 'raw' && isOffHour(from, to, query.timeZone)
  return {
    heads: ids.map((id) => byId.get(id)!),
    ...whole,
    resolution,
    timeZone: query.timeZone,
    offHour,
    now,
  }
}

/**
 * Series of values for a chart or table: one indexed query whatever else is stored.
 * Throws Problem 400 `too-many-points` where the answer would hold more than {@link MAX_POINTS}.
 */
export async function series(db: Queryable, visible: readonly number[], query: SeriesQuery): Promise<SeriesAnswer> {
  const plan = await planSeries(db, visible, query)
  const filled =
    plan.resolution === 'raw'
      ? await rawSeries(db, visible, plan)
      : await bucketSeries(db, visible, plan, plan.resolution)
  return {
    from: iso(plan.from),
    to: iso(plan.to),
    resolution: plan.resolution,
    timeZone: plan.timeZone,
    series: filled,
  }
}

function tooMany(points: number | string, most = MAX_POINTS): Problem {
  return new Problem(
    400,
    'too-many-points',
    `The answer would hold ${points} points, ${most} is the limit: ask for a coarser resolution (or "auto"), a shorter range, or format=csv, which has no limit.`,
  )
}

async function readHeads(db: Queryable, visible: readonly number[], ids: readonly number[]): Promise<Head[]> {
  const rows = await db.query<Head & { thing: number; thingName: string }>(
    `select d.id as datastream, d.name, d.dataset, d.unit, d.aggregate, d.role, d.period_s as "periodSeconds",
            t.id as thing, t.name as "thingName", s.t_min as "tMin", s.t_max as "tMax", coalesce(s.n, 0) as count,
            s.last_t_end is not null as stretches
       from datastream d
       join thing t on t.id = d.thing and t.dataset = any($2::int4[])
       left join datastream_state s on s.datastream = d.id
      where d.id = any($1::int4[]) and d.dataset = any($2::int4[])`,
    [ids, visible],
    { name: 'series-heads' },
  )
  return rows.map(({ thingName, ...row }) => ({
    ...row,
    thing: { id: row.thing as unknown as number, name: thingName },
  }))
}

/** The first instant after all values (a value at an instant needs a moment of its own), or null without any. */
function endOfValues(head: Head): number | null {
  if (!head.tMax) return null
  return Date.parse(head.tMax) + (head.stretches ? 0 : 1)
}

/** The values' datastreams, checked for visibility once more in the very query that reads values. */
export function own(visible: readonly number[], ids: readonly number[]): Sql {
  return sql`select id from datastream where id = any(${ids}::int4[]) and dataset = any(${visible}::int4[])`
}

interface Bucket {
  /** 1 for the first of the grid. */
  bucket: number
  n: number
  suspect: number
  sum: number
  min: number
  max: number
}

export async function bucketSeries(
  db: Queryable,
  visible: readonly number[],
  plan: Plan,
  grid: Grid,
  most = MAX_POINTS,
): Promise<Series[]> {
  const starts = bucketStarts(grid, plan.from, Math.min(plan.to, Math.max(plan.now, lastValue(plan))), plan.timeZone)
  if (starts.length * plan.heads.length > most) throw tooMany(starts.length * plan.heads.length, most)
  const byStream = starts.length > 0 ? await readBuckets(db, visible, plan, starts) : new Map<number, Bucket[]>()
  const bounds = starts.map(iso)
  bounds.push(starts.length > 0 ? iso(bucketEnd(grid, starts.at(-1)!, plan.timeZone)) : '')
  // A bucket ends where the next begins; only the first and the last can be cut by the range.
  if (starts.length > 0 && starts[0]! < plan.from) bounds[0] = iso(plan.from)
  const lastEnd = starts.length > 0 ? Math.min(bucketEnd(grid, starts.at(-1)!, plan.timeZone), plan.to) : plan.to
  if (starts.length > 0) bounds[starts.length] = iso(lastEnd)
  return plan.heads.map((head) => {
    const found = byStream.get(head.datastream) ?? []
    const period = patience(head)
    const points: SeriesPoint[] = []
    for (let index = 0, at = 0; index < starts.length; ) {
      const bucket = found[at]
      if (bucket && bucket.bucket === index + 1) {
        points.push(pointOf(head, bucket, bounds[index]!, bounds[index + 1]!))
        at++
        index++
        continue
      }
      // Buckets without a value are a gap where together they last longer than the series may be silent.
      const next = bucket ? bucket.bucket - 1 : starts.length
      const silent = period === null || period <= (starts[next] ?? lastEnd) - starts[index]!
      if (silent) for (let k = index; k < next; k++) points.push(gap(bounds[k]!, bounds[k + 1]!))
      index = next
    }
    return summed(head, points, found)
  })
}

function lastValue(plan: Plan): number {
  return Math.max(...plan.heads.map((head) => (head.tMax ? Date.parse(head.tMax) : 0)))
}

function pointOf(head: SeriesHead, bucket: Bucket, t: string, tEnd: string): SeriesPoint {
  return {
    t,
    tEnd,
    value: head.aggregate === 'sum' ? bucket.sum : bucket.sum / bucket.n,
    n: bucket.n,
    min: bucket.min,
    max: bucket.max,
    suspect: bucket.suspect,
  }
}

export function summed(head: Head, points: SeriesPoint[], buckets: readonly Bucket[]): Series {
  let n = 0
  let sum = 0
  let suspect = 0
  let min: number | null = null
  let max: number | null = null
  for (const bucket of buckets) {
    n += bucket.n
    sum += bucket.sum
    suspect += bucket.suspect
    min = min === null ? bucket.min : Math.min(min, bucket.min)
    max = max === null ? bucket.max : Math.max(max, bucket.max)
  }
  const { tMin: _, tMax: __, count: ___, stretches: ____, ...shown } = head
  return {
    ...shown,
    points,
    total: head.aggregate === 'sum' && n > 0 ? sum : null,
    mean: n > 0 ? sum / n : null,
    n,
    suspect,
    min,
    max,
  }
}

/**
 * Hourly sums added up between the given bounds. `width_bucket` over the bounds costs one binary search a row, where
 * `date_trunc(…, zone)` would look the zone up for each. One index range per series: a plain join of several series made
 * the planner read all hourly sums instead. A series comes as one JSON text, ascending: thousands of small rows would
 * cost more on their way than in the database.
 */
async function readBuckets(
  db: Queryable,
  visible: readonly number[],
  plan: Plan,
  starts: readonly number[],
): Promise<Map<number, Bucket[]>> {
  const from = sql`${iso(plan.from)}::timestamptz`
  const to = sql`${iso(plan.to)}::timestamptz`
  const bounds = sql`${starts.map(iso)}::timestamptz[]`
  const ids = plan.heads.map((head) => head.datastream)
  const rows = await db.run<{ datastream: number; buckets: string | null }>(sql`
    select d.id as datastream, (
             select json_agg(json_build_array(b.bucket, b.n, b.suspect, b.sum, b.min, b.max) order by b.bucket)::text
               from (${plan.offHour ? ofValues() : plan.resolution === 'hour' ? ofHours() : ofSums()}) as b
           ) as buckets
      from datastream d
     where d.id = any(${ids}::int4[]) and d.dataset = any(${visible}::int4[])`)
  return new Map(rows.map(({ datastream, buckets }) => [datastream, buckets === null ? [] : parseBuckets(buckets)]))

  function ofValues(): Sql {
    return sql`
      select width_bucket(o.t, ${bounds}) as bucket, count(*)::int4 as n, (count(*) filter (where o.q = 1))::int4 as suspect,
             sum(o.v) as sum, min(o.v) as min, max(o.v) as max
        from observation o
       where o.datastream = d.id and o.t >= ${from} and o.t < ${to} and o.v is not null
       group by 1`
  }

  function ofSums(): Sql {
    return sql`
      select width_bucket(r.hour, ${bounds}) as bucket, sum(r.n) as n, sum(r.n_suspect) as suspect, sum(r.sum) as sum,
             min(r.min) as min, max(r.max) as max
        from rollup_hour r
       where r.datastream = d.id and r.variant = 0 and r.hour >= ${from} and r.hour < ${to}
       group by 1`
  }

  /** They are the buckets; `offset 0` keeps them one range per series. */
  function ofHours(): Sql {
    return sql`
      select (extract(epoch from r.hour - ${from}) / 3600)::int4 + 1 as bucket, r.n, r.n_suspect as suspect, r.sum, r.min, r.max
        from rollup_hour r
       where r.datastream = d.id and r.variant = 0 and r.hour >= ${from} and r.hour < ${to}
      offset 0`
  }
}

function parseBuckets(text: string): Bucket[] {
  const rows = JSON.parse(text) as [number, number, number, number, number, number][]
  return rows.map(([bucket, n, suspect, sum, min, max]) => ({ bucket, n, suspect, sum, min, max }))
}

interface RawRow {
  datastream: number
  t: string
  tEnd: string | null
  v: number
  q: number | null
}

async function rawSeries(db: Queryable, visible: readonly number[], plan: Plan): Promise<Series[]> {
  const ids = plan.heads.map((head) => head.datastream)
  const rows = await db.run<RawRow>(sql`
    select o.datastream, o.t, o.t_end as "tEnd", o.v, o.q
      from observation o
     where o.datastream in (${own(visible, ids)}) and o.v is not null
       and o.t >= ${iso(plan.from)}::timestamptz and o.t < ${iso(plan.to)}::timestamptz
     order by o.datastream, o.t
     limit ${MAX_POINTS + 1}`)
  if (rows.length > MAX_POINTS) throw tooMany(`more than ${MAX_POINTS}`)
  return plan.heads.map((head) => {
    const mine = rows.filter((row) => row.datastream === head.datastream)
    const buckets = mine.map((row) => ({
      bucket: 0,
      n: 1,
      suspect: row.q === 1 ? 1 : 0,
      sum: row.v,
      min: row.v,
      max: row.v,
    }))
    return summed(head, withGaps(head, mine, plan), buckets)
  })
}

/** Puts one null point into each stretch where at least one more value was expected. */
function withGaps(head: Head, rows: readonly RawRow[], plan: Plan): SeriesPoint[] {
  const finder = new GapFinder(head, plan)
  const points: SeriesPoint[] = []
  for (const row of rows) {
    const missing = finder.before(row)
    if (missing) points.push(missing)
    const suspect = row.q === 1 ? 1 : 0
    points.push({ t: row.t, tEnd: row.tEnd ?? row.t, value: row.v, n: 1, min: row.v, max: row.v, suspect })
  }
  const missing = finder.end()
  if (missing) points.push(missing)
  return points
}
