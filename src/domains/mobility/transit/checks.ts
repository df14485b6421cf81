import type { Database } from '../../../kernel/db/index.ts'
import { partition } from './tables.ts'

const LONG_MS = 3_600_000
const METRES_PER_DEGREE = 111_195

export interface StopOffShape {
  shape: string
  stop: string
  name: string
  metres: number
}

/** Stops further from the line of a shape than `most` metres: how many, and the first fifty, the worst first. */
export async function stopsOffShape(
  db: Database,
  version: number,
  pairs: readonly { shape: number; stop: number; most: number }[],
): Promise<{ n: number; examples: StopOffShape[] }> {
  if (pairs.length === 0) return { n: 0, examples: [] }
  // Degrees of longitude are shorter than those of latitude: near by degrees is near; the others are measured.
  // (Not by st_dwithin: the embedded database fails to estimate its rows for some lines: "invalid function selectivity".)
  const rows = await db.query<StopOffShape & { n: number }>(
    `select count(*) over () as n, shape, stop, name, metres from (
       select h.shape_id as shape, s.stop_id as stop, coalesce(s.name, '') as name, p.most,
              ${METRES_PER_DEGREE} * st_distance(st_scale(h.geom, cos(radians(st_y(s.geom))), 1),
                                                 st_scale(s.geom, cos(radians(st_y(s.geom))), 1)) as metres
         from unnest($1::int4[], $2::int4[], $3::float8[]) as p(shape, stop, most)
         join ${partition('gtfs_shape', version)} h on h.shape = p.shape
         join ${partition('gtfs_stop', version)} s on s.stop = p.stop
        where s.geom is not null and st_distance(h.geom, s.geom) > p.most / ${METRES_PER_DEGREE}
       offset 0) d
      where metres > most order by metres desc, shape, stop limit 50`,
    [pairs.map(({ shape }) => shape), pairs.map(({ stop }) => stop), pairs.map(({ most }) => most)],
    { timeoutMs: LONG_MS },
  )
  return { n: rows[0]?.n ?? 0, examples: rows }
}

/**
 * Stops further than `most` metres from where along a shape the trips say they are (`dist` in the shape's own count),
 * though not from its line: how many, and the first fifty, the worst first. One of several `dist` is enough.
 */
export async function stopsOffDistance(
  db: Database,
  version: number,
  pairs: readonly { shape: number; stop: number; most: number; dist: number }[],
): Promise<{ n: number; examples: StopOffShape[] }> {
  if (pairs.length === 0) return { n: 0, examples: [] }
  const metres = (line: string) =>
    `${METRES_PER_DEGREE} * st_distance(st_scale(${line}, cos(radians(st_y(s.geom))), 1),
                                        st_scale(s.geom, cos(radians(st_y(s.geom))), 1))`
  const rows = await db.query<StopOffShape & { n: number }>(
    `with pair as (
       select p.shape, p.stop, p.most, p.dist, h.shape_id, h.geom as line, h.distances as d, s.geom, s.stop_id, s.name,
              width_bucket(p.dist, h.distances) as k
         from unnest($1::int4[], $2::int4[], $3::float8[], $4::float8[]) as p(shape, stop, most, dist)
         join ${partition('gtfs_shape', version)} h on h.shape = p.shape
         join ${partition('gtfs_stop', version)} s on s.stop = p.stop
        where s.geom is not null and h.distances is not null and cardinality(h.distances) = st_npoints(h.geom)
     ), point as (
       select s.*, case when k = 0 then st_pointn(line, 1) when k >= cardinality(d) then st_pointn(line, -1)
                        else st_lineinterpolatepoint(st_makeline(st_pointn(line, k), st_pointn(line, k + 1)),
                                                     least(1, greatest(0, (dist - d[k]) / nullif(d[k + 1] - d[k], 0)))) end as at
         from pair s
     ), off as (
       select distinct on (s.shape, s.stop) s.shape_id as shape, s.stop_id as stop, coalesce(s.name, '') as name,
              ${metres('s.at')} as metres
         from point s where ${metres('s.at')} > s.most and ${metres('s.line')} <= s.most
        order by s.shape, s.stop, metres desc
     ) select count(*) over () as n, shape, stop, name, metres from off order by metres desc, shape, stop limit 50`,
    [
      pairs.map(({ shape }) => shape),
      pairs.map(({ stop }) => stop),
      pairs.map(({ most }) => most),
      pairs.map(({ dist }) => dist),
    ],
    { timeoutMs: LONG_MS },
  )
  return { n: rows[0]?.n ?? 0, examples: rows }
}

/** Stops without a fare zone that trips of these lines call at: how many, and the first fifty. */
export async function stopsWithoutZone(
  db: Database,
  version: number,
  routes: readonly number[],
): Promise<{ n: number; examples: { stop: string; name: string }[] }> {
  if (routes.length === 0) return { n: 0, examples: [] }
  const rows = await db.query<{ n: number; stop: string; name: string }>(
    `select count(*) over () as n, s.stop_id as stop, coalesce(s.name, '') as name
       from ${partition('gtfs_stop', version)} s
      where s.zone_id is null and s.location_type = 0 and exists (
              select from ${partition('gtfs_stop_time', version)} x
                join ${partition('gtfs_trip', version)} t on t.trip = x.trip
               where x.stop = s.stop and t.route = any($1::int4[]))
      order by s.stop limit 50`,
    [routes],
    { timeoutMs: LONG_MS },
  )
  return { n: rows[0]?.n ?? 0, examples: rows }
}

/** One end of a transfer that names a trip: what the transfer says and what the trip says. */
export interface TransferEnd {
  /** from · to */
  end: string
  trip: string
  route: string | null
  tripRoute: string
  stop: string | null
  type: number
  /** The trip calls at the stop or one of its platforms. */
  calls: boolean
  /** It is the last call of the trip (of `from`), the first (of `to`). */
  atEnd: boolean
}

/** Ends of transfers that name a trip and a line or a stop that is not the trip's, or not where one stays seated. */
export async function transferEnds(db: Database, version: number): Promise<TransferEnd[]> {
  const [stops, times, trips] = (['gtfs_stop', 'gtfs_stop_time', 'gtfs_trip'] as const).map((table) =>
    partition(table, version),
  )
  const side = (end: 'from' | 'to', edge: 'min' | 'max') =>
    `select '${end}' as "end", ${end}_trip as trip, ${end}_route as route, ${end}_stop as stop, type,
            (select ${edge}(stop_sequence) from ${times} where trip = ${end}_trip) as edge
       from gtfs_transfer where version = $1 and ${end}_trip is not null`
  return await db.query<TransferEnd>(
    `select "end", trip, route, "tripRoute", stop, type, calls, "atEnd" from (
       select x."end", t.trip_id as trip, r.route_id as route, tr.route_id as "tripRoute", s.stop_id as stop, x.type,
              x.route is not null and x.route <> t.route as other,
              x.stop is null or coalesce(c.calls, false) as calls, x.stop is null or coalesce(c.edge, false) as "atEnd"
         from (${side('from', 'max')} union all ${side('to', 'min')}) x
         join ${trips} t on t.trip = x.trip
         join gtfs_route tr on tr.version = $1 and tr.route = t.route
         left join gtfs_route r on r.version = $1 and r.route = x.route
         left join ${stops} s on s.stop = x.stop
         left join lateral (
           select true as calls, bool_or(y.stop_sequence = x.edge) as edge from ${times} y
            where y.trip = x.trip and y.stop in (select p.stop from ${stops} p where p.stop = x.stop or p.parent = x.stop)
           having count(*) > 0) c on true) e
      where other or not calls or (type in (4, 5) and not "atEnd") order by trip, "end" limit 100000`,
    [version],
    { timeoutMs: LONG_MS },
  )
}

/** Areas whose rings cross or lie wrongly (OGC Simple Features, 6.1.11): place in the list and why. */
export async function invalidAreas(
  db: Database,
  geometries: readonly string[],
): Promise<{ index: number; reason: string }[]> {
  if (geometries.length === 0) return []
  return await db.query(
    `select n - 1 as index, st_isvalidreason(g) as reason
       from (select n, st_geomfromgeojson(t) as g from unnest($1::text[]) with ordinality as a(t, n)) a
      where not st_isvalid(g) order by n`,
    [geometries],
  )
}

/** Ids of the pairs of areas (GeoJSON) that overlap in part (OGC Simple Features, 6.1.15.3, "Overlaps"). */
export async function overlappingAreas(
  db: Database,
  pairs: readonly { id: string; a: string; b: string }[],
): Promise<string[]> {
  if (pairs.length === 0) return []
  const rows = await db.query<{ id: string }>(
    `select id from unnest($1::text[], $2::text[], $3::text[]) as p(id, a, b)
      where st_overlaps(st_geomfromgeojson(a), st_geomfromgeojson(b))`,
    [pairs.map(({ id }) => id), pairs.map(({ a }) => a), pairs.map(({ b }) => b)],
    { timeoutMs: LONG_MS },
  )
  return rows.map(({ id }) => id)
}

/** By `a b`: the first day on which services a and b both run; none where there is no such day. */
export async function commonDays(
  db: Database,
  version: number,
  pairs: readonly (readonly [number, number])[],
): Promise<Map<string, string>> {
  const days = partition('gtfs_service_day', version)
  const rows = await db.query<{ a: number; b: number; day: string | null }>(
    `select p.a, p.b, (select x.day from ${days} x
                        where x.service = p.a and exists (select from ${days} y where y.service = p.b and y.day = x.day)
                        order by x.day limit 1) as day
       from unnest($1::int4[], $2::int4[]) as p(a, b)`,
    [pairs.map(([a]) => a), pairs.map(([, b]) => b)],
    { timeoutMs: LONG_MS },
  )
  return new Map(rows.flatMap(({ a, b, day }) => (day === null ? [] : [[`${a} ${b}`, day] as const])))
}

/** Ids of trips by their numbers. */
export async function tripIds(db: Database, version: number, trips: readonly number[]): Promise<Map<number, string>> {
  const rows = await db.query<{ trip: number; id: string }>(
    `select trip, trip_id as id from ${partition('gtfs_trip', version)} where trip = any($1::int4[])`,
    [trips],
  )
  return new Map(rows.map(({ trip, id }) => [trip, id]))
}

/** One stop time as it is stored. */
export interface TripCall {
  trip: number
  sequence: number
  stop: number | null
  /** Seconds of the service day; null where the feed has none. */
  arrival: number | null
  departure: number | null
  dist: number | null
  /** A window instead of times. */
  flexible: boolean
}

const TRIPS_AT_ONCE = 2000

/** All calls, trip by trip, in order. */
export async function* calls(db: Database, version: number): AsyncIterable<TripCall> {
  const table = partition('gtfs_stop_time', version)
  const [{ most }] = (await db.query<{ most: number | null }>(`select max(trip) as most from ${table}`)) as [
    { most: number | null },
  ]
  for (let from = 0; from <= (most ?? -1); from += TRIPS_AT_ONCE)
    yield* await db.query<TripCall>(
      `select trip, stop_sequence as sequence, stop, case when not interpolated then arrival end as arrival,
              case when not interpolated then departure end as departure, dist,
              coalesce(other ? 'start_pickup_drop_off_window', false) as flexible
         from ${table} where trip >= $1 and trip < $2 order by trip, stop_sequence`,
      [from, from + TRIPS_AT_ONCE],
      { timeoutMs: LONG_MS },
    )
}
