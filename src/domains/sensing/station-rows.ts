import type { Queryable } from '../../kernel/db/index.ts'
import type { SourceHealth, StationState, Unit } from './station-model.ts'

/** One series of one station, with its latest value; `datastream` is null for a station without series. */
export interface StationRow {
  thing: number
  thingName: string
  dataset: number
  lon: number | null
  lat: number | null
  locationName: string | null
  approximate: boolean
  datastream: number | null
  name: string
  description: string
  unit: Unit & { definition?: string }
  aggregate: 'sum' | 'mean'
  periodSeconds: number | null
  role: 'total' | 'part' | null
  source: string | null
  propertyKey: string | null
  propertyName: string
  definition: string
  n: number
  tMin: string | null
  tMax: string | null
  lastT: string | null
  lastTEnd: string | null
  lastV: number | null
  lastQ: number | null
}

/**
 * A stop of a timetable, whose delays are kept, has a page of its own and is no measuring station: a region's thousands
 * would hide those. Asked for by id it is found like any Thing.
 */
export const IS_STATION = `not (t.natural_key ^@ 'stop:' and coalesce(t.properties, '{}') ? 'stop_id')`

/**
 * Every visible station with its current location and its series: one statement, whatever their number. A Thing's
 * location is the newest of its current ones that has a geometry; areas are shown by a point inside them.
 */
export function stationRows(
  db: Queryable,
  visible: readonly number[],
  things: readonly number[] | null = null,
): Promise<StationRow[]> {
  return db.query<StationRow>(
    `select t.id as thing, t.name as "thingName", t.dataset, l.lon, l.lat, l.name as "locationName",
            coalesce(l.approximate, false) or coalesce(t.properties->>'approximate', '') = 'true' as approximate,
            d.id as datastream, d.name, d.description, d.unit, d.aggregate, d.period_s as "periodSeconds", d.role, d.source,
            p.natural_key as "propertyKey", p.name as "propertyName", p.definition,
            coalesce(s.n, 0) as n, s.t_min as "tMin", s.t_max as "tMax", s.last_t as "lastT", s.last_t_end as "lastTEnd",
            s.last_v as "lastV", s.last_q as "lastQ"
       from thing t
       left join lateral (
         select c.name, st_x(c.point) as lon, st_y(c.point) as lat, c.properties->>'approximate' = 'true' as approximate
           from (select l.name, l.properties,
                        case when geometrytype(l.geom) = 'POINT' then l.geom else st_pointonsurface(l.geom) end as point
                   from thing_location tl join location l on l.id = tl.location
                  where tl.thing = t.id and l.dataset = any($1::int4[]) and l.geom is not null
                  order by l.id desc limit 1) c) l on true
       left join (datastream d join observed_property p on p.id = d.observed_property and p.dataset = any($1::int4[]))
              on d.thing = t.id and d.dataset = any($1::int4[]) and d.kind = 'single'
       left join datastream_state s on s.datastream = d.id
      where t.dataset = any($1::int4[])
        and case when $2::int4[] is null then ${IS_STATION} else t.id = any($2) end
      order by t.name, t.id, d.id`,
    [visible, things],
  )
}

/** The end of a value's time, or the instant itself, as milliseconds. */
export const endOf = (row: StationRow): number => Date.parse(row.lastTEnd ?? row.lastT!)

const LEAST_PATIENCE = 3_600_000

/** Milliseconds a series may be silent before it counts as late: three periods, at least an hour. */
export function patienceOf(row: StationRow): number {
  let period = (row.periodSeconds ?? 0) * 1000
  if (!period && row.tMin && row.tMax && row.n > 2) period = (Date.parse(row.tMax) - Date.parse(row.tMin)) / (row.n - 1)
  return Math.max(3 * period, LEAST_PATIENCE)
}

/** The freshest of the series decides: a station with one dead channel of six still measures. */
export function stateOf(
  rows: readonly StationRow[],
  sources: ReadonlyMap<string, SourceHealth>,
  now: number,
): StationState {
  const measured = rows.filter((row) => row.lastT !== null)
  const fed = rows
    .map((row) => (row.source ? sources.get(row.source) : undefined))
    .filter((found) => found !== undefined)
  if (fed.length > 0 && fed.every((source) => source.state === 'broken')) return 'broken'
  if (measured.length === 0) return 'empty'
  if (measured.some((row) => endOf(row) >= now - patienceOf(row))) return 'current'
  return fed.length > 0 && fed.every((source) => source.manual) ? 'archive' : 'late'
}
