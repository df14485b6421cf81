import type { Queryable } from '../../kernel/db/index.ts'
import type { SourceHealth, SourceHealthOf, StationState, Unit } from './station-model.ts'
import { IS_STATION } from './station-rows.ts'
import { slug } from './stations.ts'

/** What a dataset holds, from the maintained counters. */
export interface DatasetFigures {
  dataset: number
  stations: number
  series: number
  values: number
  first: string | null
  last: string | null
  state: StationState
  measures: Measure[]
  sources: SourceHealth[]
}

export interface Measure {
  key: string
  name: string
  unit: Unit
  series: number
}

interface Row {
  dataset: number
  stations: number
  series: number
  n: number
  tMin: string | null
  tMax: string | null
  fresh: boolean
  sources: string[] | null
  /** Series without a source: posted by devices. */
  posted: number
}

/** As of one station: no older than three periods, or mean distances, at least an hour. `$2` is now. */
const FRESH = `
  coalesce(bool_or(coalesce(s.last_t_end, s.last_t) >= $2::timestamptz - greatest(interval '1 hour',
    3 * make_interval(secs => coalesce(d.period_s,
      case when s.n > 2 then extract(epoch from s.t_max - s.t_min) / (s.n - 1) else 0 end)))), false) as fresh,
  array_agg(distinct d.source) filter (where d.source is not null) as sources,
  count(*) filter (where d.source is null) as posted`

/** Figures of each visible dataset (or the one named): two statements, whatever their number. */
export async function datasetFigures(
  db: Queryable,
  visible: readonly number[],
  query: { sources: SourceHealthOf; dataset?: number; now?: number },
): Promise<DatasetFigures[]> {
  const only = query.dataset ?? null
  const rows = await db.query<Row>(
    `select c.key as dataset, (select count(*) from thing t where t.dataset = c.key and ${IS_STATION}) as stations, f.*
       from dataset c
      cross join lateral (
        select count(*) as series, coalesce(sum(s.n), 0) as n, min(s.t_min) as "tMin", max(s.t_max) as "tMax",
               ${FRESH}
          from datastream d left join datastream_state s on s.datastream = d.id
         where d.dataset = c.key) as f
      where c.key = any($1::int4[]) and ($3::int4 is null or c.key = $3)`,
    [visible, new Date(query.now ?? Date.now()).toISOString(), only],
  )
  const measures = await db.query<{ dataset: number; key: string | null; name: string; unit: Unit; series: number }>(
    `select d.dataset, p.natural_key as key, p.name,
            jsonb_build_object('name', d.unit ->> 'name', 'symbol', d.unit ->> 'symbol') as unit, count(*) as series
       from datastream d join observed_property p on p.id = d.observed_property and p.dataset = any($1::int4[])
      where d.dataset = any($1::int4[]) and ($2::int4 is null or d.dataset = $2)
      group by 1, 2, 3, 4 order by count(*) desc, 3 limit 10000`,
    [visible, only],
  )
  const health = await query.sources([...new Set(rows.flatMap((row) => row.sources ?? []))])
  return rows.map((row) => {
    const sources = (row.sources ?? []).map((id) => health.get(id)).filter((found) => found !== undefined)
    return {
      dataset: row.dataset,
      stations: row.stations,
      series: row.series,
      values: row.n,
      first: row.tMin,
      last: row.tMax,
      state: stateOf(row, sources),
      measures: measures
        .filter((one) => one.dataset === row.dataset)
        .map(({ key, name, unit, series }) => ({ key: key ?? slug(name), name, unit, series })),
      sources,
    }
  })
}

/** The freshest series decides, unless all that feeds the series is broken. */
function stateOf(
  { tMax, fresh, posted }: Pick<Row, 'tMax' | 'fresh' | 'posted'>,
  sources: readonly SourceHealth[],
): StationState {
  const fed = sources.length > 0 && posted === 0
  if (fed && sources.every((source) => source.state === 'broken')) return 'broken'
  if (tMax === null) return 'empty'
  if (fresh) return 'current'
  return fed && sources.every((source) => source.manual) ? 'archive' : 'late'
}

/** A station of a dataset with where it stands and what it measures. */
export interface DatasetStation {
  id: number
  name: string
  description: string
  lon: number | null
  lat: number | null
  /** GeoJSON as stored: a point, or an area. */
  geometry: object | null
  approximate: boolean
  newest: string | null
  state: StationState
  series: {
    id: number
    name: string
    measure: string
    unit: string
    n: number
    first: string | null
    last: string | null
  }[]
}

/** Most stations one answer lists. */
export const MOST_STATIONS = 20_000

interface MemberRow extends Omit<DatasetStation, 'state'> {
  fresh: boolean
  sources: string[] | null
  posted: number
}

export async function datasetStations(
  db: Queryable,
  visible: readonly number[],
  query: { dataset: number; sources: SourceHealthOf; now?: number },
): Promise<DatasetStation[]> {
  const rows = await db.query<MemberRow>(
    `select t.id, t.name, t.description, l.lon, l.lat, l.geometry,
            coalesce(l.approximate, false) or coalesce(t.properties ->> 'approximate', '') = 'true' as approximate,
            m.newest, coalesce(m.series, '[]') as series, m.fresh, m.sources, m.posted
       from thing t
       left join lateral (
         select st_x(c.point) as lon, st_y(c.point) as lat, c.geometry, c.properties ->> 'approximate' = 'true' as approximate
           from (select l.properties, st_asgeojson(l.geom)::jsonb as geometry,
                        case when geometrytype(l.geom) = 'POINT' then l.geom else st_pointonsurface(l.geom) end as point
                   from thing_location tl join location l on l.id = tl.location
                  where tl.thing = t.id and l.dataset = any($1::int4[]) and l.geom is not null
                  order by l.id desc limit 1) c) l on true
      cross join lateral (
         select max(s.t_max) as newest, ${FRESH},
                jsonb_agg(jsonb_build_object('id', d.id, 'name', d.name, 'measure', p.name, 'unit', coalesce(d.unit ->> 'symbol', ''),
                  'n', coalesce(s.n, 0), 'first', s.t_min, 'last', s.t_max) order by d.id) as series
           from datastream d join observed_property p on p.id = d.observed_property and p.dataset = any($1::int4[])
           left join datastream_state s on s.datastream = d.id
          where d.thing = t.id and d.dataset = any($1::int4[]) and d.kind = 'single') m
      where t.dataset = $3 and t.dataset = any($1::int4[])
      order by t.name, t.id limit ${MOST_STATIONS}`,
    [visible, new Date(query.now ?? Date.now()).toISOString(), query.dataset],
  )
  const health = await query.sources([...new Set(rows.flatMap((row) => row.sources ?? []))])
  return rows.map(({ fresh, sources, posted, ...station }) => ({
    ...station,
    state: stateOf(
      { tMax: station.newest, fresh, posted },
      (sources ?? []).map((id) => health.get(id)).filter((found) => found !== undefined),
    ),
  }))
}
