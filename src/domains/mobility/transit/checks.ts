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
