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
  agencyId: string | null
  direction: number | null
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
/** Calls at all platforms together that are taken from the index at first, a day. */
const CALLS_LOOKED_AT = 300

/** Filters as scalar subqueries, which the planner leaves where they stand: as joins it began with the trips of the day. */
const runs = (day: string) => `(select (
    select true from gtfs_service_day sd where sd.version = $1 and sd.day = ${day} and sd.service = t.service)
  from gtfs_trip t where t.version = $1 and t.trip = st.trip)`
const FREQUENT_TRIP = '(select true from gtfs_frequency f where f.version = $1 and f.trip = st.trip limit 1)'
/** Where a trip ends nobody gets in, and nowhere it says so (pickup_type 1). */
const ENDS_LATER = `st.sequence < (
  select n.stop_sequence from gtfs_stop_time n where n.version = $1 and n.trip = st.trip order by n.stop_sequence desc limit 1)`

const HEAD = `to_char(c.day, 'YYYY-MM-DD') as day, c.stop_id as "stopId", c.sequence, c.departure, t.trip_id as "tripId",
  r.route_id as "routeId", coalesce(nullif(r.short_name, ''), nullif(r.long_name, ''), r.route_id) as route, r.type as "routeType",
  nullif(r.color, '') as "routeColor", t.direction_id as direction,
  (select a.agency_id from gtfs_agency a where a.version = $1 and a.agency = r.agency) as "agencyId",
  coalesce(nullif(c.headsign, ''), nullif(t.headsign, ''), (
    select e.name from gtfs_stop_time l join gtfs_stop e on e.version = $1 and e.stop = l.stop
    where l.version = $1 and l.trip = c.trip order by l.stop_sequence desc limit 1)) as headsign`
const CALLS = `
left join lateral (select trip_id, route, headsign, direction_id from gtfs_trip where version = $1 and trip = c.trip offset 0) as t on true
left join lateral (select * from gtfs_route where version = $1 and route = t.route offset 0) as r on true`

/**
 * The next departures of the trips with times of their own. For each service day and platform the index (stop, departure)
 * gives the first $7 calls; only as many of them, in order of time, are asked whether they run as it takes to have $6.
 * `edge`: from these seconds after the instant on, calls beyond the $7 may be missing; none are told from there.
 */
const timed = (frequent: boolean) => `
with call as materialized (
  select d.day, p.stop_id, x.departure - d.second as wait, x.*
  from unnest($2::date[], $3::int4[]) as d (day, second) cross join unnest($4::int4[], $5::text[]) as p (stop, stop_id)
  cross join lateral (
    select st.trip, st.stop_sequence as sequence, st.departure, st.headsign from gtfs_stop_time st
    where st.version = $1 and st.stop = p.stop and st.departure >= d.second and st.pickup_type is distinct from 1
    order by st.departure limit $7
  ) as x
), edge as materialized (
  select min(last) as edge from (select max(wait) as last from call group by day, stop_id having count(*) = $7) as cut
), c as materialized (
  select st.* from (
    select * from call where wait < coalesce((select edge from edge), 2147483647) order by wait offset 0
  ) as st
  where ${runs('st.day')} and ${ENDS_LATER}${frequent ? ` and ${FREQUENT_TRIP} is null` : ''}
  order by wait limit $6
)
select ${HEAD}, edge.edge from edge left join c on true ${CALLS}`
const TIMED = { mixed: timed(true), plain: timed(false) }

/** Calls at these stops of trips with frequencies, on the days they run. */
const FREQUENT = `
with c as materialized (
  select d.day, p.stop_id, st.trip, st.stop_sequence as sequence, st.departure, st.headsign
  from unnest($2::date[]) as d (day) cross join unnest($3::int4[], $4::text[]) as p (stop, stop_id)
    join gtfs_stop_time st on st.version = $1 and st.stop = p.stop
  where ${FREQUENT_TRIP} and ${runs('d.day')} and st.departure is not null and st.pickup_type is distinct from 1
    and ${ENDS_LATER.replace('st.sequence', 'st.stop_sequence')}
)
select ${HEAD},
  (select coalesce(a.departure, a.arrival) from gtfs_stop_time a where a.version = $1 and a.trip = c.trip
     and coalesce(a.departure, a.arrival) is not null order by a.stop_sequence limit 1) as first,
  (select jsonb_agg(jsonb_build_object('start', f.start_time, 'end', f.end_time, 'headway', f.headway,
     'exact', coalesce(f.exact_times, 0) = 1) order by f.start_time) from gtfs_frequency f where f.version = $1 and f.trip = c.trip) as frequencies
from c ${CALLS}`

/** At least the `limit` first departures at or after an instant (POSIX seconds) on these service days, unsorted. */
export async function plannedDepartures(
  db: Queryable,
  { version, zone, platforms, frequent }: Pick<Stop, 'version' | 'zone' | 'platforms' | 'frequent'>,
  days: readonly string[],
  from: number,
  limit: number,
): Promise<PlannedDeparture[]> {
  const stops = platforms.map(({ stop }) => stop)
  const ids = platforms.map(({ stopId }) => stopId)
  const seconds = days.map((day) => from - serviceDayStart(day, zone))
  const rows: PlannedDeparture[] = []
  for (let each = Math.max(limit, Math.ceil(CALLS_LOOKED_AT / stops.length)); ; each *= 8) {
    const found = await db.query<Row & { edge: number | null }>(frequent ? TIMED.mixed : TIMED.plain, [
      version,
      days,
      seconds,
      stops,
      ids,
      limit,
      each,
    ])
    const kept = found.filter(({ tripId }) => tripId !== null)
    if (kept.length < limit && found[0]!.edge !== null) continue
    for (const { departure, edge: _, ...row } of kept)
      rows.push({ ...row, start: null, about: null, planned: serviceDayStart(row.day, zone) + departure })
    break
  }
  if (!frequent) return rows
  const runs = await db.query<FrequentRow>(FREQUENT, [version, days, stops, ids])
  for (const { departure, first, frequencies, ...row } of runs) {
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
