import type { Queryable } from '../../../kernel/db/index.ts'
import type { Frequency } from '../departures/service-day.ts'
import type { PlannedStop, PlannedTrip, RouteHead } from './trip-model.ts'
import type { Timetable } from './trips.ts'

interface TripRow {
  trip: number
  tripId: string
  service: number
  route: number
  direction: number | null
  headsign: string | null
  sequences: number[]
  stops: (number | null)[]
  arrivals: (number | null)[]
  departures: (number | null)[]
  pickups: (number | null)[]
  headsigns: (string | null)[]
}

interface StopRow {
  stop: number
  stopId: string
  parentId: string | null
  name: string | null
}

interface Extent {
  west: number
  south: number
  east: number
  north: number
}

/** Degrees a vehicle may be outside of all stops: a depot, a diversion. */
const MARGIN = 0.5

const LIMIT = { timeoutMs: 120_000 }
/** Trips kept beyond those of the last feed: a trip that comes again in the next one is not read again. */
const MOST_TRIPS = 50_000

/** The part of a version of the timetable that real time speaks of, read when first asked for. */
export class LoadedTimetable implements Timetable {
  readonly version: number
  readonly zone: string
  readonly #db: Queryable
  readonly #routes: Map<string, RouteHead>
  readonly #routeOf: Map<number, RouteHead>
  #trips = new Map<string, PlannedTrip | undefined>()
  #stations = new Map<string, string | null | undefined>()
  readonly #days = new Map<string, Set<number>>()

  readonly #extent: Extent | null

  private constructor(
    db: Queryable,
    { version, zone, extent }: { version: number; zone: string; extent: Extent | null },
    routes: readonly ({ route: number } & RouteHead)[],
  ) {
    this.#db = db
    this.version = version
    this.zone = zone
    this.#extent = extent
    this.#routeOf = new Map(routes.map(({ route, ...head }) => [route, head]))
    this.#routes = new Map(routes.map(({ route, ...head }) => [head.routeId, head]))
  }

  static async open(db: Queryable, version: number, zone: string): Promise<LoadedTimetable> {
    const routes = await db.query<{ route: number } & RouteHead>(
      `select route, route_id as "routeId", coalesce(nullif(short_name, ''), nullif(long_name, ''), route_id) as name, type, color
       from gtfs_route where version = $1`,
      [version],
    )
    const [extent] = await db.query<{ [edge in keyof Extent]: number | null }>(
      `select min(st_x(geom)) as west, min(st_y(geom)) as south, max(st_x(geom)) as east, max(st_y(geom)) as north
       from gtfs_stop where version = $1`,
      [version],
      LIMIT,
    )
    return new LoadedTimetable(db, { version, zone, extent: extent?.west == null ? null : (extent as Extent) }, routes)
  }

  /** Is a place within half a degree of the stops? */
  isNear({ latitude, longitude }: { latitude: number; longitude: number }): boolean {
    if (!this.#extent) return true
    const { west, south, east, north } = this.#extent
    return (
      latitude > south - MARGIN && latitude < north + MARGIN && longitude > west - MARGIN && longitude < east + MARGIN
    )
  }

  /** Reads what the timetable says of these trips, stops and days, as far as that is not known yet. */
  async load(tripIds: Iterable<string>, stopIds: Iterable<string>, days: Iterable<string>): Promise<void> {
    if (this.#trips.size > MOST_TRIPS) this.#trips = new Map()
    const trips = [...new Set(tripIds)].filter((id) => !this.#trips.has(id))
    const stops = [...new Set(stopIds)].filter((id) => !this.#stations.has(id))
    if (trips.length > 0) await this.#loadTrips(trips)
    if (stops.length > 0) await this.#loadStops(stops)
    await this.#loadDays([...new Set(days)].filter((day) => !this.#days.has(day)))
  }

  trip(tripId: string): PlannedTrip | undefined {
    return this.#trips.get(tripId)
  }

  route(routeId: string): RouteHead | undefined {
    return this.#routes.get(routeId)
  }

  runs(service: number, day: string): boolean {
    return this.#days.get(day)?.has(service) ?? false
  }

  station(stopId: string): string | null | undefined {
    return this.#stations.get(stopId)
  }

  async #loadTrips(tripIds: readonly string[]): Promise<void> {
    const rows = await this.#db.query<TripRow>(
      `select t.trip, t.trip_id as "tripId", t.service, t.route, t.direction_id as direction, nullif(t.headsign, '') as headsign,
              array_agg(st.stop_sequence order by st.stop_sequence) as sequences,
              array_agg(st.stop order by st.stop_sequence) as stops,
              array_agg(st.arrival order by st.stop_sequence) as arrivals,
              array_agg(st.departure order by st.stop_sequence) as departures,
              array_agg(st.pickup_type::int4 order by st.stop_sequence) as pickups,
              array_agg(nullif(st.headsign, '') order by st.stop_sequence) as headsigns
       from gtfs_trip t join gtfs_stop_time st on st.version = t.version and st.trip = t.trip
       where t.version = $1 and st.version = $1 and t.trip_id = any($2::text[])
       group by t.trip, t.trip_id, t.service, t.route, t.direction_id, t.headsign`,
      [this.version, tripIds],
      LIMIT,
    )
    const stops = await this.#stops(rows.flatMap((row) => row.stops).filter((stop) => stop !== null))
    const frequencies = await this.#frequencies(rows.map((row) => row.trip))
    for (const id of tripIds) this.#trips.set(id, undefined)
    for (const row of rows) this.#trips.set(row.tripId, this.#planned(row, stops, frequencies.get(row.trip) ?? []))
  }

  #planned(row: TripRow, stops: ReadonlyMap<number, StopRow>, frequencies: Frequency[]): PlannedTrip {
    const planned = row.sequences.flatMap((sequence, i): PlannedStop[] => {
      const stop = row.stops[i] == null ? undefined : stops.get(row.stops[i])
      if (!stop) return []
      const last = i === row.sequences.length - 1
      return [
        {
          sequence,
          stopId: stop.stopId,
          parentId: stop.parentId,
          arrival: row.arrivals[i] ?? null,
          departure: row.departures[i] ?? null,
          boards: !last && row.pickups[i] !== 1,
          headsign: row.headsigns[i] ?? null,
        },
      ]
    })
    const end = row.stops.at(-1)
    return {
      tripId: row.tripId,
      service: row.service,
      route: this.#routeOf.get(row.route)!,
      direction: row.direction,
      headsign: row.headsign ?? (end == null ? null : (stops.get(end)?.name ?? null)),
      frequencies,
      stops: planned,
    }
  }

  async #stops(numbers: readonly number[]): Promise<Map<number, StopRow>> {
    const rows = await this.#db.query<StopRow>(
      `select s.stop, s.stop_id as "stopId", s.name, p.stop_id as "parentId"
       from gtfs_stop s left join gtfs_stop p on p.version = $1 and p.stop = s.parent
       where s.version = $1 and s.stop = any($2::int4[])`,
      [this.version, [...new Set(numbers)]],
      LIMIT,
    )
    for (const { stopId, parentId } of rows) this.#stations.set(stopId, parentId)
    return new Map(rows.map((row) => [row.stop, row]))
  }

  async #frequencies(trips: readonly number[]): Promise<Map<number, Frequency[]>> {
    const rows = await this.#db.query<Frequency & { trip: number }>(
      `select trip, start_time as start, end_time as "end", headway, coalesce(exact_times, 0) = 1 as exact from gtfs_frequency
       where version = $1 and trip = any($2::int4[]) order by start_time`,
      [this.version, trips],
      LIMIT,
    )
    return Map.groupBy(rows, (row) => row.trip)
  }

  async #loadStops(stopIds: readonly string[]): Promise<void> {
    const rows = await this.#db.query<{ stopId: string; parentId: string | null }>(
      `select s.stop_id as "stopId", p.stop_id as "parentId"
       from gtfs_stop s left join gtfs_stop p on p.version = $1 and p.stop = s.parent
       where s.version = $1 and s.stop_id = any($2::text[])`,
      [this.version, stopIds],
      LIMIT,
    )
    for (const id of stopIds) if (!this.#stations.has(id)) this.#stations.set(id, undefined)
    for (const { stopId, parentId } of rows) this.#stations.set(stopId, parentId)
  }

  async #loadDays(days: readonly string[]): Promise<void> {
    if (days.length === 0) return
    if (this.#days.size > 100) this.#days.clear()
    const rows = await this.#db.query<{ day: string; service: number }>(
      `select to_char(day, 'YYYY-MM-DD') as day, service from gtfs_service_day where version = $1 and day = any($2::date[])`,
      [this.version, days],
      LIMIT,
    )
    for (const day of days) this.#days.set(day, new Set())
    for (const { day, service } of rows) this.#days.get(day)!.add(service)
  }
}
