import type { Queryable } from '../../kernel/db/index.ts'
import { dayStart, iso, wallClock } from './buckets.ts'
import { type Draft, weekdayOf } from './draft.ts'

const WEEKS = 8
const LEAST_DAYS = 3
/** A day with fewer than this share of the values of the fullest one is not comparable. */
const LEAST_SHARE = 0.8

interface DayRow {
  i: number
  week: number
  good: number
  n: number
}

/**
 * Fills in what is usual for counts: the median over the same weekday in up to eight earlier weeks, each up to the same
 * local time of day as the newest value, suspect values left out on both sides. Stays null with fewer than three
 * comparable days. Whole hours come from the hourly sums, the begun hour from the values themselves.
 */
export async function usualOf(
  db: Queryable,
  visible: readonly number[],
  drafts: readonly Draft[],
  timeZone: string,
): Promise<void> {
  if (drafts.length === 0) return
  const days = drafts.map(() => new Map<number, DayRow>())
  for (const row of await readDays(db, visible, drafts, timeZone)) days[row.i]!.set(row.week, row)
  for (const [i, draft] of drafts.entries()) {
    const found = days[i]!
    const enough = Math.max(...[...found.values()].map((day) => day.n), 1) * LEAST_SHARE
    const today = found.get(0)
    if (!today || today.n < enough) continue
    const earlier = [...found.values()].filter((day) => day.week > 0 && day.n >= enough).map((day) => day.good)
    if (earlier.length < LEAST_DAYS) continue
    const usual = median(earlier)
    draft.comparable = { today: today.good, usual, days: earlier.length }
    if (usual <= 0) continue
    draft.headline.usual = {
      value: usual,
      change: today.good / usual - 1,
      basis: { weekday: weekdayOf(draft.headline.day!), days: earlier.length, until: untilOf(draft, timeZone) },
    }
  }
}

/** Local time of day up to which is compared, `HH:MM`; a day that ended is `24:00`. */
export function untilOf(draft: Draft, timeZone: string): string {
  const clock = new Date(wallClock(draft.end!, timeZone)).toISOString()
  return clock.slice(0, 10) > draft.headline.day! ? '24:00' : clock.slice(11, 16)
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

async function readDays(
  db: Queryable,
  visible: readonly number[],
  drafts: readonly Draft[],
  timeZone: string,
): Promise<DayRow[]> {
  const index: number[] = []
  const datastream: number[] = []
  const start: string[] = []
  const stop: string[] = []
  const starts = new Map<string, string>()
  for (const [i, draft] of drafts.entries()) {
    const day = draft.headline.day!
    if (!starts.has(day)) starts.set(day, iso(dayStart(day, timeZone)))
    for (const row of draft.rows) {
      index.push(i)
      datastream.push(row.datastream!)
      start.push(starts.get(day)!)
      stop.push(iso(draft.end!))
    }
  }
  return db.query<DayRow>(
    `with day as materialized (
       select m.i, m.datastream, week,
              ((m.start at time zone $5) - week * interval '7 days') at time zone $5 as start,
              ((m.stop at time zone $5) - week * interval '7 days') at time zone $5 as stop
         from unnest($1::int4[], $2::int4[], $3::timestamptz[], $4::timestamptz[]) as m (i, datastream, start, stop)
         join datastream d on d.id = m.datastream and d.dataset = any($6::int4[])
        cross join generate_series(0, ${WEEKS}) as week)
     select day.i, day.week, sum(part.good) as good, sum(part.n) as n
       from day
      cross join lateral (
        select sum(r.sum - r.sum_suspect) as good, sum(r.n - r.n_suspect) as n
          from rollup_hour r
         where r.datastream = day.datastream and r.variant = 0 and r.hour >= day.start and r.hour < date_trunc('hour', day.stop)
        union all
        select sum(o.v), count(*)
          from observation o
         where date_trunc('hour', day.stop) < day.stop and o.datastream = day.datastream
           and o.t >= date_trunc('hour', day.stop) and o.t < day.stop and coalesce(o.t_end, o.t) <= day.stop
           and o.v is not null and o.q is null) as part
      group by day.i, day.week
     having sum(part.n) > 0`,
    [index, datastream, start, stop, timeZone, visible],
  )
}
