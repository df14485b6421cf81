import { localDay } from '../../sensing/index.ts'
import { addDays, readDay, readTime, runStarts, serviceDayStart } from '../departures/service-day.ts'
import type { FeedFault, TripUpdate } from './model.ts'
import { addedStops, applyUpdates, refusing } from './stop-times.ts'
import type { LiveStop, LiveTrip, PlannedTrip, RouteHead } from './trip-model.ts'

/** What resolving trips asks of the timetable. */
export interface Timetable {
  /** `agency_timezone`. */
  zone: string
  trip(tripId: string): PlannedTrip | undefined
  route(routeId: string): RouteHead | undefined
  /** Does the service run on this day (YYYY-MM-DD)? */
  runs(service: number, day: string): boolean
  /** Station of a stop, null when it has none, undefined when there is no such stop. */
  station(stopId: string): string | null | undefined
}

export interface Resolved {
  trip: LiveTrip | null
  faults: FeedFault[]
}

/**
 * What a TripUpdate means on the timetable. `asOf` (POSIX seconds) is the feed's time: a trip without start_date is that of
 * the service day that lies nearest. What contradicts the timetable is refused with its reason rather than guessed.
 */
export function resolveTrip(
  update: TripUpdate,
  timetable: Timetable,
  asOf: number,
  source: string,
  row: number,
): Resolved {
  const faults: FeedFault[] = []
  const refuse = refusing(faults, row)
  const station = (stopId: string) => timetable.station(stopId)
  const none = (reason: string, column: string, value: unknown): Resolved => {
    refuse(reason, column, value)
    return { trip: null, faults }
  }
  const { trip: about } = update
  const updates = update.stopTimeUpdate ?? []
  const relation = about?.scheduleRelationship ?? 'SCHEDULED'
  if (!about?.tripId) return none('the trip has no trip_id', 'trip.trip_id', null)
  const givenDay = about.startDate ? readDay(about.startDate) : undefined
  if (givenDay === null) return none('start_date is no day, YYYYMMDD', 'trip.start_date', about.startDate)
  const givenStart = about.startTime ? readTime(about.startTime) : undefined
  if (givenStart === null) return none('start_time is no time, HH:MM:SS', 'trip.start_time', about.startTime)
  if (about.routeId && !timetable.route(about.routeId))
    return none('the timetable has no such route', 'trip.route_id', about.routeId)
  if (update.timestamp !== undefined && update.timestamp >= 1e11)
    return none('the timestamp is not in seconds since 1970', 'trip_update.timestamp', update.timestamp)
  const timestamp = update.timestamp || asOf
  const planned = timetable.trip(about.tripId)
  const route = about.routeId ? timetable.route(about.routeId)! : null
  const base = { tripId: about.tripId, timestamp, source, update }
  const properties = update.tripProperties
  const isNew = relation === 'ADDED' || relation === 'NEW' || (relation === 'UNSCHEDULED' && !planned)
  if (isNew) {
    const stops = addedStops(updates, station, refuse)
    if (stops.length === 0) return none('an added trip has no stop that can be used', 'stop_time_update', null)
    const first = stops.find((stop) => stop.departure ?? stop.arrival)
    const at = first?.departure ?? first?.arrival ?? asOf
    const trip: LiveTrip = {
      ...base,
      day: givenDay ?? localDay(at * 1000, timetable.zone),
      start: null,
      state: 'added',
      route: route ?? planned?.route ?? null,
      direction: about.directionId ?? null,
      headsign: properties?.tripHeadsign ?? planned?.headsign ?? null,
      stops,
    }
    return { trip, faults }
  }
  if (!planned) return none('the timetable has no such trip', 'trip.trip_id', about.tripId)
  if (route && route.routeId !== planned.route.routeId)
    return none(`the trip runs on another route, ${planned.route.routeId}`, 'trip.route_id', about.routeId)
  if (relation === 'DUPLICATED') {
    const day = properties?.startDate ? readDay(properties.startDate) : null
    const start = properties?.startTime ? readTime(properties.startTime) : null
    if (!properties?.tripId || day === null || start === null)
      return none('a duplicated trip needs trip_id, start_date and start_time', 'trip_properties', properties ?? null)
    const origin = serviceDayStart(day, timetable.zone) + start - firstTime(planned)
    const stops = applyUpdates(planned.stops, origin, updates, update.delay, station, refuse)
    const trip = {
      ...base,
      ...headOf(planned),
      tripId: properties.tripId,
      day,
      start: null,
      state: 'added' as const,
      stops,
    }
    return { trip, faults }
  }
  const run = runOf(planned, givenDay, givenStart, updates, timetable.zone, asOf)
  if (typeof run === 'string') return none(run, 'trip.start_time', about.startTime ?? null)
  if (!timetable.runs(planned.service, run.day))
    return none('the trip does not run on this day', 'trip.start_date', about.startDate ?? run.day)
  const origin = serviceDayStart(run.day, timetable.zone) + (run.start === null ? 0 : run.start - firstTime(planned))
  const state = relation === 'CANCELED' ? 'cancelled' : relation === 'DELETED' ? 'deleted' : 'live'
  const given = state === 'live' ? updates : []
  const applied = applyUpdates(
    planned.stops,
    origin,
    given,
    state === 'live' ? update.delay : undefined,
    station,
    refuse,
  )
  const stops =
    relation === 'REPLACEMENT'
      ? applied.map((stop): LiveStop => (stop.named ? stop : { ...stop, state: 'skipped' }))
      : applied
  if (state === 'live' && updates.length > 0 && !stops.some((stop) => stop.named)) return { trip: null, faults }
  return { trip: { ...base, ...headOf(planned), ...run, state, stops }, faults }
}

const headOf = ({ route, direction, headsign }: PlannedTrip) => ({ route, direction, headsign })

/** Seconds of the first time in a trip: what the starts of its runs stand for. */
export function firstTime({ stops }: Pick<PlannedTrip, 'stops'>): number {
  for (const { departure, arrival } of stops) if ((departure ?? arrival) !== null) return (departure ?? arrival)!
  return 0
}

/** Which run of a trip is meant: its service day and, with frequencies, its start. A sentence where that is unclear. */
function runOf(
  trip: PlannedTrip,
  day: string | undefined,
  start: number | undefined,
  updates: TripUpdate['stopTimeUpdate'] & object,
  zone: string,
  asOf: number,
): { day: string; start: number | null } | string {
  const frequent = trip.frequencies.length > 0
  if (frequent && start === undefined) return 'a trip with frequencies needs its start_time'
  if (frequent && trip.frequencies.every(({ exact }) => exact)) {
    if (!runStarts(trip.frequencies, start!, start!).some((run) => run.start === start))
      return 'no run of the trip starts at this time'
  }
  const run = { start: frequent ? start! : null }
  if (day !== undefined) return { day, ...run }
  // The time of the update that comes with one, else the feed's own, tells the day.
  const hint = updates.map(({ arrival, departure }) => departure?.time || arrival?.time).find((time) => time) ?? asOf
  const offset = frequent ? start! - firstTime(trip) : 0
  const times = trip.stops.flatMap(({ arrival, departure }) => [arrival, departure]).filter((time) => time !== null)
  if (times.length === 0) return 'the trip has no times in the timetable: start_date is needed'
  const [from, to] = [offset + times[0]!, offset + times.at(-1)!]
  const today = localDay(hint * 1000, zone)
  const away = (candidate: string) => {
    const origin = serviceDayStart(candidate, zone)
    return Math.max(0, origin + from - hint, hint - origin - to)
  }
  const days = [0, -1, 1, -2].map((n) => addDays(today, n))
  return { day: days.reduce((best, one) => (away(one) < away(best) ? one : best)), ...run }
}
