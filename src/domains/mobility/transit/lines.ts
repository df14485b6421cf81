import type { Queryable } from '../../../kernel/db/index.ts'

/** A line as people know it. */
export interface Line {
  route: number
  routeId: string
  shortName: string | null
  longName: string | null
  type: number
  /** RRGGBB */
  color: string | null
  textColor: string | null
  agency: string | null
}

/** A stop on the way of a line. */
export interface LineStop {
  stopId: string
  /** stop_id of the station it belongs to. */
  parent: string | null
  name: string
  lon: number | null
  lat: number | null
}

export interface Direction {
  /** `direction_id` of GTFS; null where the feed has none. */
  direction: number | null
  headsign: string | null
  trips: number
  /** Of the trip with most stops in this direction. */
  stops: LineStop[]
}

const COLUMNS = `r.route, r.route_id as "routeId", nullif(r.short_name, '') as "shortName", nullif(r.long_name, '') as "longName",
  r.type, nullif(r.color, '') as color, nullif(r.text_color, '') as "textColor", a.name as agency`
const AGENCY = 'left join gtfs_agency a on a.version = r.version and a.agency = r.agency'

/** The lines that call at these stops, by their order and name. */
export function linesAt(db: Queryable, version: number, stops: readonly number[]): Promise<Line[]> {
  return db.query<Line>(
    `select ${COLUMNS} from gtfs_route r ${AGENCY}
      where r.version = $1 and r.route in (
        select t.route from gtfs_stop_time st join gtfs_trip t on t.version = $1 and t.trip = st.trip
         where st.version = $1 and st.stop = any($2::int4[]))
      order by r.sort_order nulls last, length(coalesce(r.short_name, '')), r.short_name, r.long_name, r.route_id limit 500`,
    [version, stops],
  )
}

/** A line by its route_id; undefined where there is none. */
export async function lineOf(db: Queryable, version: number, routeId: string): Promise<Line | undefined> {
  const [row] = await db.query<Line>(
    `select ${COLUMNS} from gtfs_route r ${AGENCY} where r.version = $1 and r.route_id = $2`,
    [version, routeId],
  )
  return row
}

/** The stops of a line in each direction, in order, by the trip that has most of them. */
export async function directionsOf(db: Queryable, version: number, route: number): Promise<Direction[]> {
  const longest = await db.query<{ direction: number | null; trip: number; trips: number; headsign: string | null }>(
    `select distinct on (direction_id) direction_id as direction, trip, headsign,
            (count(*) over (partition by direction_id))::int4 as trips
       from (select t.direction_id, t.trip, nullif(t.headsign, '') as headsign,
               (select count(*) from gtfs_stop_time st where st.version = $1 and st.trip = t.trip) as n
               from gtfs_trip t where t.version = $1 and t.route = $2) t
      order by direction_id, n desc, trip`,
    [version, route],
  )
  const stops = await db.query<LineStop & { trip: number }>(
    `select st.trip, s.stop_id as "stopId", p.stop_id as parent, coalesce(p.name, s.name, s.stop_id) as name,
            st_x(s.geom) as lon, st_y(s.geom) as lat
       from gtfs_stop_time st join gtfs_stop s on s.version = $1 and s.stop = st.stop
       left join gtfs_stop p on p.version = $1 and p.stop = s.parent
      where st.version = $1 and st.trip = any($2::int4[]) order by st.trip, st.stop_sequence`,
    [version, longest.map(({ trip }) => trip)],
  )
  return longest.map(({ direction, trip, trips, headsign }) => {
    const own = stops.filter((one) => one.trip === trip).map(({ trip: _, ...stop }) => stop)
    return { direction, headsign: headsign ?? own.at(-1)?.name ?? null, trips, stops: own }
  })
}

/** The way of a line as GeoJSON: its shapes, or null where the feed has none. */
export async function wayOf(db: Queryable, version: number, route: number): Promise<object | null> {
  const [row] = await db.query<{ way: object | null }>(
    `select st_asgeojson(st_collect(h.geom), 5)::jsonb as way from gtfs_shape h where h.version = $1
       and h.shape in (select shape from gtfs_trip t where t.version = $1 and t.route = $2)`,
    [version, route],
  )
  return row?.way ?? null
}
