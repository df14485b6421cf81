import type { Queryable } from '../../../kernel/db/index.ts'
import { type Frequency, runStarts, serviceDayStart } from './service-day.ts'
import type { Stop } from './stop.ts'

/** A departure by the timetable. */
export interface PlannedDeparture {
  tripId: string
  day: string
  /** Start of the run of a trip with frequencies, seconds of the day. */
  start: number | null
  /** Seconds between two runs that keep no exact times; null for exact ones. */
  about: number | null
  sequence: number
  stopId: string
  /** POSIX seconds. */
  planned: number
  routeId: string
  route: string
  routeType: number
  routeColor: string | null
  headsign: string | null
}

interface Row extends Omit<PlannedDeparture, 'planned' | 'start' | 'about'> {
  departure: number
}

interface FrequentRow extends Row {
  first: number
  frequencies: Frequency[]
}

const DAY = 86_400

/**
 * Filters as scalar subqueries, which the planner leaves where they stand: it then walks the index (stop, departure) and
 * asks them row by row until there are enough. As joins it began with the routes or the trips of the day.
 */
const RUNS = `(select (select true from gtfs_service_day sd where sd.version = $1 and sd.day = d.day and sd.service = t.service)
  from gtfs_trip t where t.version = $1 and t.trip = st.trip)`
const FREQUENT_TRIP = '(select true from gtfs_frequency f where f.version = $1 and f.trip = st.trip limit 1)'
/** Where a trip ends nobody gets in, and nowhere it says so (pickup_type 1). */
const BOARDS = `st.departure is not null and st.pickup_type is distinct from 1 and st.stop_sequence < (
  select n.stop_sequence from gtfs_stop_time n where n.version = $1 and n.trip = st.trip order by n.stop_sequence desc limit 1)`

const HEAD = `to_char(c.day, 'YYYY-MM-DD') as day, c.stop_id as "stopId", c.sequence, c.departure, t.trip_id as "tripId",
  r.route_id as "routeId", coalesce(nullif(r.short_name, ''), nullif(r.long_name, ''), r.route_id) as route, r.type as "routeType",
  nullif(r.color, '') as "routeColor",
  coalesce(nullif(c.headsign, ''), nullif(t.headsign, ''), (
    select e.name from gtfs_stop_time l join gtfs_stop e on e.version = $1 and e.stop = l.stop
    where l.version = $1 and l.trip = c.trip order by l.stop_sequence desc limit 1)) as headsign`
const CALLS = `from c
cross join lateral (select trip_id, route, headsign from gtfs_trip where version = $1 and trip = c.trip offset 0) as t
cross join lateral (select * from gtfs_route where version = $1 and route = t.route offset 0) as r`

/**
 * The next departures of the trips with times of their own: for each service day and platform the first `limit` after its
 * second, of them the first `limit` at all; so a busy station costs what its answer holds.
 */
const TIMED = `
with c as materialized (
  select d.day, p.stop_id, x.*
  from unnest($2::date[], $3::int4[]) as d (day, second) cross join unnest($4::int4[], $5::text[]) as p (stop, stop_id)
  cross join lateral (
    select st.trip, st.stop_sequence as sequence, st.departure, st.headsign from gtfs_stop_time st
    where st.version = $1 and st.stop = p.stop and st.departure >= d.second and ${RUNS} and ${BOARDS}
      and ${FREQUENT_TRIP} is null
    order by st.departure limit $6
  ) as x
  order by x.departure - d.second limit $6
)
select ${HEAD} ${CALLS}`

/** Calls at these stops of trips with frequencies, on the days they run. */
const FREQUENT = `
with c as materialized (
  select d.day, p.stop_id, st.trip, st.stop_sequence as sequence, st.departure, st.headsign
  from unnest($2::date[]) as d (day) cross join unnest($3::int4[], $4::text[]) as p (stop, stop_id)
    join gtfs_stop_time st on st.version = $1 and st.stop = p.stop
  where ${FREQUENT_TRIP} and ${RUNS} and ${BOARDS}
)
select ${HEAD},
  (select coalesce(a.departure, a.arrival) from gtfs_stop_time a where a.version = $1 and a.trip = c.trip
     and coalesce(a.departure, a.arrival) is not null order by a.stop_sequence limit 1) as first,
  (select jsonb_agg(jsonb_build_object('start', f.start_time, 'end', f.end_time, 'headway', f.headway,
     'exact', coalesce(f.exact_times, 0) = 1) order by f.start_time) from gtfs_frequency f where f.version = $1 and f.trip = c.trip) as frequencies
${CALLS}`

/** At least the `limit` first departures at or after an instant (POSIX seconds) on these service days, unsorted. */
export async function plannedDepartures(
  db: Queryable,
  { version, zone, platforms }: Pick<Stop, 'version' | 'zone' | 'platforms'>,
  days: readonly string[],
  from: number,
  limit: number,
): Promise<PlannedDeparture[]> {
  const stops = platforms.map(({ stop }) => stop)
  const ids = platforms.map(({ stopId }) => stopId)
  const seconds = days.map((day) => from - serviceDayStart(day, zone))
  const timed = await db.query<Row>(TIMED, [version, days, seconds, stops, ids, limit])
  const rows = timed.map(({ departure, ...row }): PlannedDeparture => {
    return { ...row, start: null, about: null, planned: serviceDayStart(row.day, zone) + departure }
  })
  const [some] = await db.query('select 1 from gtfs_frequency where version = $1 limit 1', [version])
  if (!some) return rows
  const frequent = await db.query<FrequentRow>(FREQUENT, [version, days, stops, ids])
  for (const { departure, first, frequencies, ...row } of frequent) {
    const origin = serviceDayStart(row.day, zone)
    const offset = departure - first
    const least = from - origin - offset
    let left = limit
    for (const { start, exact } of runStarts(frequencies, least, least + 2 * DAY)) {
      if (left-- === 0) break
      const headway = frequencies.find((one) => start >= one.start && start < one.end)!.headway
      rows.push({ ...row, start, about: exact ? null : headway, planned: origin + start + offset })
    }
  }
  return rows
}
