import type { Queryable } from '../../../kernel/db/index.ts'
import type { TileRows } from '../../features/index.ts'

/** A stop as people look for it. */
export interface TransitStop {
  version: number
  stop: number
  stopId: string
  name: string | null
  code: string | null
  platform: string | null
  locationType: number
  wheelchair: number | null
  /** stop_id of the station it belongs to. */
  parent: string | null
  lon: number
  lat: number
}

const COLUMNS = `s.version, s.stop, s.stop_id as "stopId", s.name, s.code, s.platform_code as platform,
  s.location_type as "locationType", s.wheelchair, p.stop_id as parent, st_x(s.geom) as lon, st_y(s.geom) as lat`
const PARENT = 'left join gtfs_stop p on p.version = s.version and p.stop = s.parent'

/**
 * Stops and stations (no entrances, no nodes) around a place in the given versions, nearest first; `distance` and
 * `radius` in metres on the sphere.
 */
export function stopsNear(
  db: Queryable,
  versions: readonly number[],
  { lon, lat, radius }: { lon: number; lat: number; radius: number },
  limit: number,
): Promise<(TransitStop & { distance: number })[]> {
  // A degree of longitude is shorter the further north: the box holds the circle, the distance decides.
  const dLat = radius / 110_000
  const dLon = Math.min(
    180,
    radius / (111_000 * Math.max(0.01, Math.cos((Math.min(89, Math.abs(lat) + dLat) * Math.PI) / 180))),
  )
  return db.query(
    `select * from (
       select ${COLUMNS}, st_distancesphere(s.geom, st_setsrid(st_makepoint($2, $3), 4326)) as distance
         from gtfs_stop s ${PARENT}
        where s.version = any($1::int4[]) and s.location_type < 2
          and s.geom && st_makeenvelope($2 - $5::float8, $3 - $6::float8, $2 + $5::float8, $3 + $6::float8, 4326)) near
      where distance <= $4 order by distance, stop limit $7`,
    [versions, lon, lat, radius, dLon, dLat, limit],
  )
}

/** All stops with a place of one version, page by page. */
export async function* stopPages(db: Queryable, version: number): AsyncIterable<TransitStop[]> {
  let after = -1
  for (;;) {
    const rows = await db.query<TransitStop>(
      `select ${COLUMNS} from gtfs_stop s ${PARENT}
        where s.version = $1 and s.stop > $2 and s.geom is not null order by s.stop limit 5000`,
      [version, after],
    )
    if (rows.length === 0) return
    yield rows
    after = rows.at(-1)!.stop
  }
}

/** Stops and stations of the timetables that serve, for a tile of a map. */
export function stopRows({ visible, dataset }: { visible: readonly number[]; dataset?: number }): TileRows {
  const only = dataset === undefined ? '' : 'and d.key = $2::int4'
  return {
    sql: `select v.version || ' ' || s.stop as id, d.id || ':' || s.stop_id as key, s.name, d.id as dataset, s.geom
            from gtfs_stop s join gtfs_version v on v.version = s.version join dataset d on d.key = v.dataset
           where v.dataset = any($1::int4[]) ${only} and v.state = 'current' and s.location_type < 2
             and s.geom is not null`,
    values: [visible, ...(dataset === undefined ? [] : [dataset])],
  }
}

/** A line with the ways its trips take. */
export interface TransitRoute {
  route: number
  routeId: string
  agency: string | null
  shortName: string | null
  longName: string | null
  type: number
  color: string | null
  textColor: string | null
  url: string | null
  trips: number
  /** GeoJSON; null where the feed has no shapes for it. */
  geometry: object | null
}

/** All lines of one version, page by page. */
export async function* routePages(db: Queryable, version: number): AsyncIterable<TransitRoute[]> {
  let after = -1
  for (;;) {
    const rows = await db.query<TransitRoute>(
      `select r.route, r.route_id as "routeId", a.name as agency, r.short_name as "shortName", r.long_name as "longName",
              r.type, r.color, r.text_color as "textColor", r.url,
              (select count(*) from gtfs_trip t where t.version = $1 and t.route = r.route) as trips,
              (select st_asgeojson(st_collect(h.geom), 6)::jsonb from gtfs_shape h
                where h.version = $1 and h.shape in (select shape from gtfs_trip t where t.version = $1 and t.route = r.route)) as geometry
         from gtfs_route r left join gtfs_agency a on a.version = $1 and a.agency = r.agency
        where r.version = $1 and r.route > $2 order by r.route limit 100`,
      [version, after],
      { timeoutMs: 60_000 },
    )
    if (rows.length === 0) return
    yield rows
    after = rows.at(-1)!.route
  }
}
