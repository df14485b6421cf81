import type { Queryable } from '../../kernel/db/index.ts'
import { bucketEnd, bucketStarts, dayStart, isOffHour, iso, localDay } from './buckets.ts'

export interface QualityQuery {
  /** Key of the dataset. */
  dataset: number
  /** One series of it; absent = all of them. */
  datastream?: number
  timeZone: string
  /** Milliseconds since 1970; default: the clock. */
  now?: number
  /** Sources that do not deliver by themselves: their series end with their last value and owe none since. */
  archives: ReadonlySet<string>
}

/** One local day: values that came, values that were expected (null = of irregular series only), suspect ones. */
export interface QualityDay {
  day: string
  n: number
  /** Values that were expected and came; more than expected in one series does not hide the gaps of another. */
  present: number
  expected: number | null
  suspect: number
}

export interface DatasetQuality {
  timeZone: string
  /** First and last day; null without any value. */
  from: string | null
  to: string | null
  /** Series with a fixed period, and those without: the latter owe no number of values. */
  regular: number
  irregular: number
  days: QualityDay[]
  n: number
  present: number
  expected: number | null
  suspect: number
}

interface SeriesRow {
  id: number
  period: number | null
  from: number
  to: number
}

const NOTHING = { from: null, to: null, days: [], n: 0, present: 0, expected: null, suspect: 0 }

/**
 * How complete each local day is: values stored against values expected (length of the day / period; days of 23 and 25
 * hours have their own number). Counts come from the hourly sums, so millions of values answer fast. A series owes
 * values from its first one until now, an archive until its last.
 */
export async function quality(db: Queryable, visible: readonly number[], query: QualityQuery): Promise<DatasetQuality> {
  const { timeZone } = query
  const now = query.now ?? Date.now()
  const series = await readSeries(db, visible, query, now)
  const regular = series.filter((one) => one.period !== null)
  const counts = { timeZone, regular: regular.length, irregular: series.length - regular.length }
  if (series.length === 0) return { ...counts, ...NOTHING }
  const first = localDay(Math.min(...series.map((one) => one.from)), timeZone)
  const end = Math.max(...series.map((one) => one.to))
  const starts = bucketStarts('day', dayStart(first, timeZone), end, timeZone)
  const bounds = [...starts, bucketEnd('day', starts.at(-1)!, timeZone)]
  const found = await readDays(db, visible, series, bounds, isOffHour(bounds[0]!, bounds.at(-1)!, timeZone))
  const expected = expectedPerDay(regular, bounds)
  const days = starts.map((start, i): QualityDay => {
    const { n = 0, present = 0, suspect = 0 } = found.get(i + 1) ?? {}
    const owed = expected ? expected[i]! : null
    return { day: localDay(start, timeZone), n, present: Math.min(present, owed ?? 0), expected: owed, suspect }
  })
  const sum = (of: (day: QualityDay) => number) => days.reduce((total, day) => total + of(day), 0)
  return {
    ...counts,
    from: first,
    to: days.at(-1)!.day,
    days,
    n: sum((day) => day.n),
    present: sum((day) => day.present),
    expected: expected ? sum((day) => day.expected ?? 0) : null,
    suspect: sum((day) => day.suspect),
  }
}

async function readSeries(
  db: Queryable,
  visible: readonly number[],
  { dataset, datastream, archives }: QualityQuery,
  now: number,
): Promise<SeriesRow[]> {
  const rows = await db.query<{
    id: number
    period: number | null
    source: string | null
    tMin: string
    tMax: string
    stretches: boolean
  }>(
    `select d.id, d.period_s as period, d.source, s.t_min as "tMin", s.t_max as "tMax", s.last_t_end is not null as stretches
       from datastream d join datastream_state s on s.datastream = d.id
      where d.dataset = $1 and d.dataset = any($2::int4[]) and ($3::int4 is null or d.id = $3)
        and d.kind = 'single' and s.t_min is not null and s.n > 0`,
    [dataset, visible, datastream ?? null],
  )
  return rows.map(({ id, period, source, tMin, tMax, stretches }) => {
    // A value of an instant stands for the period that begins with it.
    const last = Date.parse(tMax) + (stretches ? 0 : (period ?? 0) * 1000 || 1)
    const to = period === null || (source !== null && archives.has(source)) ? last : Math.max(now, last)
    return { id, period, from: Date.parse(tMin), to }
  })
}

/** How many values each day owes, all regular series together; null without a regular series. */
function expectedPerDay(series: readonly SeriesRow[], bounds: readonly number[]): number[] | null {
  if (series.length === 0) return null
  const expected = new Array<number>(bounds.length - 1).fill(0)
  for (const { period, from, to } of series) {
    const length = period! * 1000
    for (let i = 0; i < expected.length; i++) {
      const start = Math.max(bounds[i]!, from)
      const end = bounds[i + 1]!
      if (start >= Math.min(end, to)) continue
      // A value is owed on the day its period begins; one whose period has not ended yet is not owed.
      const until = end <= to ? Math.ceil((end - from) / length) : Math.floor((to - from) / length)
      expected[i]! += Math.max(0, until - Math.ceil((start - from) / length))
    }
  }
  return expected
}

interface DayRow {
  bucket: number
  n: number
  present: number
  suspect: number
}

async function readDays(
  db: Queryable,
  visible: readonly number[],
  series: readonly SeriesRow[],
  bounds: readonly number[],
  offHour: boolean,
): Promise<Map<number, DayRow>> {
  const hours = `select width_bucket(r.hour, $3::timestamptz[]) as bucket, sum(r.n) as n, sum(r.n_suspect) as suspect
      from rollup_hour r
     where r.datastream = d.id and r.variant = 0 and r.hour >= ($3::timestamptz[])[1] and r.hour < $5::timestamptz
     group by 1`
  // Hourly sums cannot be told apart by days that begin off the hour: there the values are counted.
  const values = `select width_bucket(o.t, $3::timestamptz[]) as bucket, count(*) as n, count(*) filter (where o.q = 1) as suspect
      from observation o
     where o.datastream = d.id and o.t >= ($3::timestamptz[])[1] and o.t < $5::timestamptz and o.v is not null
     group by 1`
  const rows = await db.query<DayRow>(
    `select f.bucket, sum(f.n) as n, sum(f.suspect) as suspect,
            coalesce(sum(least(f.n, ceil(extract(epoch from ($3::timestamptz[])[f.bucket + 1] - ($3::timestamptz[])[f.bucket]) / d.period_s)))
              filter (where d.period_s is not null), 0)::int8 as present
       from unnest($1::int4[]) as m (id)
       join datastream d on d.id = m.id and d.dataset = any($2::int4[])
      cross join lateral (${offHour ? values : hours}) as f
      where f.bucket between 1 and $4::int4
      group by f.bucket`,
    [series.map((one) => one.id), visible, bounds.map(iso), bounds.length - 1, iso(bounds.at(-1)!)],
    { timeoutMs: 60_000 },
  )
  return new Map(rows.map((row) => [row.bucket, row]))
}
