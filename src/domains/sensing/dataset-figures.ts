import type { Queryable } from '../../kernel/db/index.ts'
import type { SourceHealth, SourceHealthOf, StationState, Unit } from './station-model.ts'
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
}

/** Figures of each visible dataset (or the one named): two statements, whatever their number. */
export async function datasetFigures(
  db: Queryable,
  visible: readonly number[],
  query: { sources: SourceHealthOf; dataset?: number; now?: number },
): Promise<DatasetFigures[]> {
  const only = query.dataset ?? null
  const rows = await db.query<Row>(
    `select c.key as dataset, (select count(*) from thing t where t.dataset = c.key) as stations, f.*
       from dataset c
      cross join lateral (
        select count(*) as series, coalesce(sum(s.n), 0) as n, min(s.t_min) as "tMin", max(s.t_max) as "tMax",
               coalesce(bool_or(coalesce(s.last_t_end, s.last_t) >= $2::timestamptz - greatest(interval '1 hour',
                 3 * make_interval(secs => coalesce(d.period_s,
                   case when s.n > 2 then extract(epoch from s.t_max - s.t_min) / (s.n - 1) else 0 end)))), false) as fresh,
               array_agg(distinct d.source) filter (where d.source is not null) as sources
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

/** As a station's: the freshest series decides, unless all its sources are broken. */
function stateOf(row: Row, sources: readonly SourceHealth[]): StationState {
  if (sources.length > 0 && sources.every((source) => source.state === 'broken')) return 'broken'
  if (row.tMax === null) return 'empty'
  if (row.fresh) return 'current'
  return sources.length > 0 && sources.every((source) => source.manual) ? 'archive' : 'late'
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

export async function datasetStations(
  db: Queryable,
  visible: readonly number[],
  dataset: number,
): Promise<DatasetStation[]> {
  return db.query<DatasetStation>(
    `select t.id, t.name, t.description, l.lon, l.lat, l.geometry,
            coalesce(l.approximate, false) or coalesce(t.properties ->> 'approximate', '') = 'true' as approximate,
            s.newest, coalesce(s.series, '[]') as series
       from thing t
       left join lateral (
         select st_x(c.point) as lon, st_y(c.point) as lat, c.location as geometry, c.properties ->> 'approximate' = 'true' as approximate
           from (select l.properties, st_asgeojson(l.geom)::jsonb as location,
                        case when geometrytype(l.geom) = 'POINT' then l.geom else st_pointonsurface(l.geom) end as point
                   from thing_location tl join location l on l.id = tl.location
                  where tl.thing = t.id and l.dataset = any($1::int4[]) and l.geom is not null
                  order by l.id desc limit 1) c) l on true
       left join lateral (
         select max(st.t_max) as newest,
                jsonb_agg(jsonb_build_object('id', d.id, 'name', d.name, 'measure', p.name, 'unit', coalesce(d.unit ->> 'symbol', ''),
                  'n', coalesce(st.n, 0), 'first', st.t_min, 'last', st.t_max) order by d.id) as series
           from datastream d join observed_property p on p.id = d.observed_property and p.dataset = any($1::int4[])
           left join datastream_state st on st.datastream = d.id
          where d.thing = t.id and d.dataset = any($1::int4[]) and d.kind = 'single') s on true
      where t.dataset = $2 and t.dataset = any($1::int4[])
      order by t.name, t.id limit ${MOST_STATIONS}`,
    [visible, dataset],
  )
}
