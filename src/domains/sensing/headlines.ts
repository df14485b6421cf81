import type { Queryable } from '../../kernel/db/index.ts'
import { dayStart, HOUR, iso, localDay } from './buckets.ts'
import type { Draft } from './draft.ts'
import { endOf, type StationRow } from './station-rows.ts'
import { usualOf } from './usual.ts'

export const SPARK_HOURS = 48

/**
 * The series that stand for a property at one station: its total if it has one, else its parts added up — never both.
 * Means cannot be added up: there the first series speaks.
 */
export function chosen(rows: readonly StationRow[]): StationRow[] {
  const total = rows.find((row) => row.role === 'total')
  if (total) return [total]
  return rows[0]!.aggregate === 'sum' ? [...rows] : [rows[0]!]
}

/** Makes a headline without figures over time; `fillDrafts` adds them. `rows` must not be empty. */
export function draftOf(group: string, all: readonly StationRow[], timeZone: string): Draft {
  const rows = chosen(all)
  const first = rows[0]!
  const measured = rows.filter((row) => row.lastT !== null)
  const newest = measured.length > 0 ? Math.max(...measured.map((row) => Date.parse(row.lastT!))) : null
  const latest = measured.filter((row) => Date.parse(row.lastT!) === newest)
  const known = latest.filter((row) => row.lastV !== null)
  return {
    rows,
    start: newest,
    end: latest.length > 0 ? Math.max(...latest.map(endOf)) : null,
    hours: new Map(),
    comparable: null,
    headline: {
      group,
      datastreams: rows.map((row) => row.datastream!),
      datastream: first.datastream!,
      name: rows.length > 1 ? first.propertyName : first.name,
      unit: { name: first.unit.name, symbol: first.unit.symbol },
      aggregate: first.aggregate,
      value: known.length > 0 ? known.reduce((sum, row) => sum + row.lastV!, 0) : null,
      time: latest[0]?.lastT ?? null,
      timeEnd: latest[0]?.lastTEnd ?? null,
      day: newest === null ? null : localDay(newest, timeZone),
      dayTotal: null,
      usual: null,
    },
  }
}

/** Adds the day's total, the hours for the sparkline, and what is usual: two statements for any number of headlines. */
export async function fillDrafts(
  db: Queryable,
  visible: readonly number[],
  drafts: readonly Draft[],
  timeZone: string,
): Promise<void> {
  const measured = drafts.filter((draft) => draft.start !== null)
  if (measured.length === 0) return
  await readHours(db, visible, measured)
  for (const draft of measured) {
    const from = dayStart(draft.headline.day!, timeZone)
    let sum = 0
    let n = 0
    for (const [hour, value] of draft.hours) {
      if (hour < from) continue
      sum += value.sum
      n += value.n
    }
    if (n > 0) draft.headline.dayTotal = draft.headline.aggregate === 'sum' ? sum : sum / n
  }
  await usualOf(
    db,
    visible,
    measured.filter((draft) => draft.headline.aggregate === 'sum'),
    timeZone,
  )
}

/** Sum or mean of each of the 48 hours up to the newest value; null where there is none. */
export function sparkOf(draft: Draft): [string, number | null][] {
  if (draft.start === null) return []
  const last = Math.floor(draft.start / HOUR) * HOUR
  const spark: [string, number | null][] = []
  for (let hour = last - (SPARK_HOURS - 1) * HOUR; hour <= last; hour += HOUR) {
    const found = draft.hours.get(hour)
    spark.push([iso(hour), found ? (draft.headline.aggregate === 'sum' ? found.sum : found.sum / found.n) : null])
  }
  return spark
}

/** The limit inside keeps the planner on one short index range per series; it would rather hash all hourly sums. */
async function readHours(db: Queryable, visible: readonly number[], drafts: readonly Draft[]): Promise<void> {
  const index: number[] = []
  const datastream: number[] = []
  const last: string[] = []
  for (const [i, draft] of drafts.entries()) {
    for (const row of draft.rows) {
      index.push(i)
      datastream.push(row.datastream!)
      last.push(iso(Math.floor(draft.start! / HOUR) * HOUR))
    }
  }
  const rows = await db.query<{ i: number; ago: number; sum: number; n: number }>(
    `select m.i, (extract(epoch from m.last - r.hour) / 3600)::int4 as ago, r.sum, r.n
       from unnest($1::int4[], $2::int4[], $3::timestamptz[]) as m (i, datastream, last)
       join datastream d on d.id = m.datastream and d.dataset = any($4::int4[])
      cross join lateral (
        select hour, sum, n from rollup_hour
         where datastream = m.datastream and variant = 0 and hour > m.last - interval '${SPARK_HOURS} hours' and hour <= m.last
         order by hour desc limit ${SPARK_HOURS}) as r`,
    [index, datastream, last, visible],
  )
  for (const { i, ago, sum, n } of rows) {
    const draft = drafts[i]!
    const hour = Math.floor(draft.start! / HOUR) * HOUR - ago * HOUR
    const found = draft.hours.get(hour)
    if (found) {
      found.sum += sum
      found.n += n
    } else draft.hours.set(hour, { sum, n })
  }
}

/** Whether a local day is the one `now` falls in. */
export const isToday = (day: string, now: number, timeZone: string): boolean => day === localDay(now, timeZone)
