import type { Queryable } from '../../kernel/db/index.ts'
import { DAY, iso } from './buckets.ts'
import { type Draft, weekdayOf } from './draft.ts'
import { draftOf, fillDrafts, isToday, sparkOf } from './headlines.ts'
import {
  type SeriesFigure,
  type SourceHealthOf,
  type Station,
  type StationGroup,
  type StationOverview,
  type StationSeries,
  type StationSummary,
  worst,
} from './station-model.ts'
import { type StationRow, stateOf, stationRows } from './station-rows.ts'
import { untilOf } from './usual.ts'

export interface StationQuery {
  timeZone: string
  /** What the sources that feed the series say of themselves. */
  sources: SourceHealthOf
  /** Slug and title of a dataset by its key, whether its values are simulated, and whether everybody may see it. */
  dataset: (key: number) => { id: string; title: string; simulated?: boolean; released?: boolean } | undefined
  /** Milliseconds since 1970; default: the clock. */
  now?: number
}

/**
 * All stations the caller may see, or those of `things`, and the city's figure for each observed property: four
 * statements in all.
 */
export async function stationOverview(
  db: Queryable,
  visible: readonly number[],
  query: StationQuery,
  things: readonly number[] | null = null,
): Promise<StationOverview> {
  const now = query.now ?? Date.now()
  const rows = await stationRows(db, visible, things)
  const sources = await query.sources(sourcesOf(rows))
  const keys = groupKeys(rows)
  const drafts: Draft[] = []
  const stations = [...groupBy(rows, (row) => row.thing).values()].map((own) => {
    const mine = draftsOf(own, keys, query.timeZone)
    drafts.push(...mine)
    return { own, mine }
  })
  await fillDrafts(db, visible, drafts, query.timeZone)
  const summaries = stations.map(({ own, mine }): StationSummary => {
    const first = own[0]!
    const dataset = query.dataset(first.dataset)
    return {
      id: first.thing,
      name: first.thingName,
      dataset: dataset?.id ?? '',
      datasetTitle: dataset?.title ?? '',
      simulated: dataset?.simulated ?? false,
      released: dataset?.released ?? false,
      lon: first.lon,
      lat: first.lat,
      approximate: first.approximate,
      group: mine[0]?.headline.group ?? null,
      groups: mine.map((draft) => draft.headline.group),
      state: stateOf(seriesOf(own), sources, now),
      newest: newestOf(own),
      headline: mine[0]?.headline ?? null,
      headlines: mine.map((draft) => draft.headline),
      spark: mine[0] ? sparkOf(mine[0]) : [],
    }
  })
  const groups = [...groupBy(drafts, (draft) => draft.headline.group)].map(([key, members]) =>
    groupOf(
      key,
      members,
      summaries.filter((station) => station.groups.includes(key)),
      now,
      query.timeZone,
    ),
  )
  groups.sort((a, b) => b.stations - a.stations || a.key.localeCompare(b.key))
  return { now: iso(now), timeZone: query.timeZone, groups, stations: summaries }
}

/** Whether there is such a station among those visible: cheap, for answering 404. */
export async function stationExists(db: Queryable, visible: readonly number[], id: number): Promise<boolean> {
  const rows = await db.query('select 1 from thing where id = $1 and dataset = any($2::int4[])', [id, visible])
  return rows.length > 0
}

/** One station in full, or null where there is none the caller may see. */
export async function station(
  db: Queryable,
  visible: readonly number[],
  id: number,
  query: StationQuery,
): Promise<Station | null> {
  const now = query.now ?? Date.now()
  const [about] = await db.query<{
    name: string
    description: string
    dataset: number
    properties: Record<string, unknown> | null
  }>('select name, description, dataset, properties from thing where id = $1 and dataset = any($2::int4[])', [
    id,
    visible,
  ])
  if (!about) return null
  const rows = await stationRows(db, visible, [id])
  const own = seriesOf(rows)
  const sources = await query.sources(sourcesOf(rows))
  const keys = groupKeys(rows)
  const drafts = draftsOf(rows, keys, query.timeZone)
  await fillDrafts(db, visible, drafts, query.timeZone)
  const suspects = await suspectShares(db, visible, own)
  const first = rows[0]
  const source = own.map((row) => row.source).find((found) => found !== null)
  return {
    id,
    ...about,
    properties: about.properties ?? {},
    location:
      first && first.lon !== null && first.lat !== null
        ? { lon: first.lon, lat: first.lat, approximate: first.approximate, name: first.locationName ?? '' }
        : null,
    since: own.map((row) => row.tMin).reduce(earlier, null),
    newest: newestOf(own),
    state: stateOf(own, sources, now),
    source: (source && sources.get(source)) || null,
    headline: drafts[0]?.headline ?? null,
    headlines: drafts.map((draft) => draft.headline),
    datastreams: own.map((row) => seriesEntry(row, keys.get(keyOf(row))!.key, suspects.get(row.datastream!) ?? null)),
  }
}

/** The figures of single series, in the order asked for; those the caller may not see, or that are gone, are left out. */
export async function seriesFigures(
  db: Queryable,
  visible: readonly number[],
  ids: readonly number[],
  query: StationQuery,
): Promise<SeriesFigure[]> {
  const things = await db.query<{ thing: number }>(
    'select distinct thing from datastream where id = any($1::int4[]) and dataset = any($2::int4[])',
    [ids, visible],
  )
  if (things.length === 0) return []
  const rows = await stationRows(
    db,
    visible,
    things.map(({ thing }) => thing),
  )
  const keys = groupKeys(rows)
  const byId = new Map(rows.map((row) => [row.datastream, row]))
  const found = [...new Set(ids)].flatMap((id) => byId.get(id) ?? [])
  const sources = await query.sources(sourcesOf(found))
  const drafts = found.map((row) => draftOf(keys.get(keyOf(row))!.key, [row], query.timeZone))
  await fillDrafts(db, visible, drafts, query.timeZone)
  return found.map((row, i) => ({
    ...drafts[i]!.headline,
    thing: { id: row.thing, name: row.thingName },
    dataset: row.dataset,
    role: row.role,
    periodSeconds: row.periodSeconds,
    since: row.tMin,
    newest: row.tMax,
    state: stateOf([row], sources, query.now ?? Date.now()),
  }))
}

/** Keys of all groups the caller may know of, without the number that tells a second unit apart. */
export async function groupsKnown(db: Queryable, visible: readonly number[]): Promise<Set<string>> {
  const rows = await db.query<{ propertyKey: string | null; propertyName: string }>(
    'select natural_key as "propertyKey", name as "propertyName" from observed_property where dataset = any($1::int4[])',
    [visible],
  )
  return new Set(rows.map(propertyKey))
}

const seriesOf = (rows: readonly StationRow[]): StationRow[] => rows.filter((row) => row.datastream !== null)
const sourcesOf = (rows: readonly StationRow[]): string[] => [
  ...new Set(rows.map((row) => row.source).filter((id) => id !== null)),
]
const earlier = (a: string | null, b: string | null): string | null => (a === null || (b !== null && b < a) ? b : a)
const newestOf = (rows: readonly StationRow[]): string | null =>
  rows.reduce<string | null>(
    (a, { tMax }) => (a === null || (tMax !== null && Date.parse(tMax) > Date.parse(a)) ? tMax : a),
    null,
  )

function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const found = groups.get(key(item))
    if (found) found.push(item)
    else groups.set(key(item), [item])
  }
  return groups
}

export const slug = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '') || 'series'

const propertyKey = (row: Pick<StationRow, 'propertyKey' | 'propertyName'>): string =>
  row.propertyKey ?? slug(row.propertyName)
const keyOf = (row: StationRow): string => `${propertyKey(row)}|${row.aggregate}|${row.unit.symbol}`

/**
 * Series are one group where property, unit and way of combining agree, whatever dataset they come from. The property's
 * key names the group; a second unit of the same property gets a number behind it.
 */
function groupKeys(rows: readonly StationRow[]): Map<string, { key: string; name: string }> {
  const keys = new Map<string, { key: string; name: string }>()
  const used = new Map<string, number>()
  for (const row of seriesOf(rows).sort((a, b) => a.datastream! - b.datastream!)) {
    if (keys.has(keyOf(row))) continue
    const key = propertyKey(row)
    const count = (used.get(key) ?? 0) + 1
    used.set(key, count)
    keys.set(keyOf(row), { key: count === 1 ? key : `${key}-${count}`, name: row.propertyName })
  }
  return keys
}

/** One draft for each property of a station, that of its first series first. */
function draftsOf(
  rows: readonly StationRow[],
  keys: Map<string, { key: string; name: string }>,
  timeZone: string,
): Draft[] {
  return [...groupBy(seriesOf(rows), keyOf)].map(([key, own]) => draftOf(keys.get(key)!.key, own, timeZone))
}

function groupOf(
  key: string,
  drafts: readonly Draft[],
  stations: readonly StationSummary[],
  now: number,
  timeZone: string,
): StationGroup {
  const first = drafts[0]!
  const { aggregate, unit } = first.headline
  const measured = drafts.filter((draft) => draft.start !== null)
  const newest = measured.reduce<Draft | null>((a, b) => (a === null || b.start! > a.start! ? b : a), null)
  const day = newest?.headline.day ?? null
  const current = measured.filter((draft) => draft.headline.day === day)
  const values = current
    .map((draft) => (aggregate === 'sum' ? draft.headline.dayTotal : draft.headline.value))
    .filter((value) => value !== null)
  const sum = values.reduce((a, b) => a + b, 0)
  return {
    key,
    name: first.rows[0]!.propertyName,
    aggregate,
    unit,
    stations: drafts.length,
    day,
    isToday: day !== null && isToday(day, now, timeZone),
    total: values.length === 0 ? null : aggregate === 'sum' ? sum : sum / values.length,
    min: values.length > 0 ? Math.min(...values) : null,
    max: values.length > 0 ? Math.max(...values) : null,
    usual: usualOfGroup(current, day, newest, timeZone),
    newest: newest ? iso(newest.end!) : null,
    worst: worst(stations.map((station) => station.state)),
  }
}

/** Adds up what is usual at the stations that can be compared, and compares with what exactly these measured. */
function usualOfGroup(
  drafts: readonly Draft[],
  day: string | null,
  newest: Draft | null,
  timeZone: string,
): StationGroup['usual'] {
  const comparable = drafts.map((draft) => draft.comparable).filter((found) => found !== null)
  const usual = comparable.reduce((sum, found) => sum + found.usual, 0)
  if (!day || !newest || usual <= 0) return null
  const today = comparable.reduce((sum, found) => sum + found.today, 0)
  return {
    value: usual,
    change: today / usual - 1,
    basis: {
      weekday: weekdayOf(day),
      days: Math.max(...comparable.map((found) => found.days)),
      until: untilOf(newest, timeZone),
      stations: comparable.length,
    },
  }
}

function seriesEntry(row: StationRow, group: string, suspectShare: number | null): StationSeries {
  const expected =
    row.periodSeconds && row.tMin && row.tMax
      ? (Date.parse(row.tMax) - Date.parse(row.tMin)) / (row.periodSeconds * 1000)
      : null
  return {
    datastream: row.datastream!,
    name: row.name,
    description: row.description,
    dataset: row.dataset,
    unit: row.unit,
    aggregate: row.aggregate,
    role: row.role,
    periodSeconds: row.periodSeconds,
    group,
    observedProperty: { key: row.propertyKey, name: row.propertyName, definition: row.definition },
    n: row.n,
    since: row.tMin,
    newest: row.tMax,
    latest:
      row.lastT === null
        ? null
        : { t: row.lastT, tEnd: row.lastTEnd, value: row.lastV, quality: row.lastQ === 1 ? 'suspect' : 'good' },
    completeness: expected ? Math.min(1, row.n / Math.max(1, Math.round(expected))) : null,
    suspectShare,
  }
}

async function suspectShares(
  db: Queryable,
  visible: readonly number[],
  rows: readonly StationRow[],
): Promise<Map<number, number>> {
  const measured = rows.filter((row) => row.tMax !== null)
  if (measured.length === 0) return new Map()
  const found = await db.query<{ datastream: number; share: number }>(
    `select m.datastream, r.suspect::float8 / r.n as share
       from unnest($1::int4[], $2::timestamptz[]) as m (datastream, since)
       join datastream d on d.id = m.datastream and d.dataset = any($3::int4[])
      cross join lateral (
        select sum(n_suspect) as suspect, sum(n) as n from rollup_hour
         where datastream = m.datastream and variant = 0 and hour >= m.since) as r
      where r.n > 0`,
    [measured.map((row) => row.datastream), measured.map((row) => iso(Date.parse(row.tMax!) - 365 * DAY)), visible],
  )
  return new Map(found.map(({ datastream, share }) => [datastream, share]))
}
