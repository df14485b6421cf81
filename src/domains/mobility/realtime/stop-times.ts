import type { FeedFault, StopTimeEvent, StopTimeUpdate } from './model.ts'
import type { LiveStop, PlannedStop } from './trip-model.ts'

const DAY = 86_400
/** POSIX seconds reach this in the year 5138; milliseconds have long passed it. */
const LATEST = 1e11

type Refuse = (reason: string, column: string, value: unknown) => void

interface Known {
  arrival: number | null
  departure: number | null
}

/**
 * What the updates of a trip mean for each of its stops (GTFS Realtime, "Trip Updates"): an update holds for its stop, its
 * delay for all after it until the next update; SKIPPED leaves a stop out and passes the delay on; NO_DATA ends it. Stops
 * before the first update are unknown. `origin` (POSIX seconds) is what the times of `stops` count from; `whole` the delay
 * of a trip without updates. Updates that cannot be used are refused one by one.
 */
export function applyUpdates(
  stops: readonly PlannedStop[],
  origin: number,
  updates: readonly StopTimeUpdate[],
  whole: number | undefined,
  stationOf: (stopId: string) => string | null | undefined,
  refuse: Refuse,
): LiveStop[] {
  const at = matched(stops, updates, stationOf, refuse)
  let carried: number | null = updates.length === 0 && whole !== undefined ? whole : null
  let before = Number.NEGATIVE_INFINITY
  return stops.map((stop, i) => {
    const planned = {
      arrival: stop.arrival === null ? null : origin + stop.arrival,
      departure: stop.departure === null ? null : origin + stop.departure,
    }
    const live: LiveStop = {
      sequence: stop.sequence,
      stopId: stop.stopId,
      boards: stop.boards,
      headsign: stop.headsign,
      plannedArrival: planned.arrival,
      plannedDeparture: planned.departure,
      arrival: null,
      departure: null,
      delay: null,
      state: 'unknown',
      named: false,
    }
    const update = at.get(i)
    if (update) {
      const platform = update.stopTimeProperties?.assignedStopId ?? update.stopId
      if (platform !== undefined && stationOf(platform) !== undefined) live.stopId = platform
      if (update.stopTimeProperties?.stopHeadsign) live.headsign = update.stopTimeProperties.stopHeadsign
    }
    if (update?.scheduleRelationship === 'SKIPPED') return { ...live, state: 'skipped', named: true, update }
    if (update?.scheduleRelationship === 'NO_DATA') {
      carried = null
      return { ...live, named: true, update }
    }
    const known = update && expected(update, planned, carried, refuse)
    if (known) {
      const first = Math.min(known.arrival ?? known.departure!, known.departure ?? known.arrival!)
      if (first < before)
        refuse(
          'the time is before that of the stop before it',
          'stop_time_update',
          new Date(first * 1000).toISOString(),
        )
      else {
        before = known.departure ?? first
        const delay = delayOf(known, planned)
        // A stop without a time in the timetable has no delay; the one before is carried on.
        if (delay !== null) carried = delay
        return { ...live, ...known, delay, state: 'live', named: true, update: update! }
      }
    }
    if (carried === null) return live
    const moved = (time: number | null) => (time === null ? null : time + carried!)
    return {
      ...live,
      arrival: moved(planned.arrival),
      departure: moved(planned.departure),
      delay: carried,
      state: 'live',
    }
  })
}

/** The delay at a stop: of the departure, else of the arrival. */
function delayOf(known: Known, planned: Known): number | null {
  if (known.departure !== null && planned.departure !== null) return known.departure - planned.departure
  if (known.arrival !== null && planned.arrival !== null) return known.arrival - planned.arrival
  return null
}

/** The times an update gives; a departure it does not name is as late as the arrival. Null when it gives none. */
function expected(update: StopTimeUpdate, planned: Known, carried: number | null, refuse: Refuse): Known | null {
  const arrival = eventTime(update.arrival, planned.arrival, 'arrival', refuse)
  const departure = eventTime(update.departure, planned.departure, 'departure', refuse)
  if (arrival === 'wrong' || departure === 'wrong') return null
  if (arrival === null && departure === null) {
    refuse('a SCHEDULED stop has neither an arrival nor a departure with a time or delay', 'stop_time_update', update)
    return null
  }
  if (arrival !== null && departure !== null && departure < arrival) {
    refuse(
      'the departure is before the arrival',
      'stop_time_update.departure',
      new Date(departure * 1000).toISOString(),
    )
    return null
  }
  const late = arrival !== null && planned.arrival !== null ? arrival - planned.arrival : null
  const brought = carried !== null && planned.arrival !== null ? planned.arrival + carried : null
  return {
    arrival: arrival ?? (brought !== null && departure !== null ? Math.min(brought, departure) : brought),
    departure: departure ?? (late !== null && planned.departure !== null ? planned.departure + late : arrival),
  }
}

/** A time goes before a delay (GTFS Realtime, StopTimeEvent). Null: the event says nothing. */
function eventTime(
  event: StopTimeEvent | undefined,
  planned: number | null,
  name: 'arrival' | 'departure',
  refuse: Refuse,
): number | null | 'wrong' {
  if (!event) return null
  const column = `stop_time_update.${name}`
  const { time, delay } = event
  if (time !== undefined && time !== 0) {
    if (time >= LATEST || time < 0) {
      refuse('the time is not in seconds since 1970', `${column}.time`, time)
      return 'wrong'
    }
    if (planned !== null && Math.abs(time - planned) > DAY) {
      refuse('the time is more than a day off the timetable', `${column}.time`, new Date(time * 1000).toISOString())
      return 'wrong'
    }
    return time
  }
  if (delay === undefined) {
    refuse('it has neither a time nor a delay', column, event)
    return 'wrong'
  }
  if (Math.abs(delay) > DAY) {
    refuse('the delay is longer than a day', `${column}.delay`, delay)
    return 'wrong'
  }
  return planned === null ? null : planned + delay
}

/** Which stop each update is for: by its stop_sequence, else by the next stop of its stop_id. */
function matched(
  stops: readonly PlannedStop[],
  updates: readonly StopTimeUpdate[],
  stationOf: (stopId: string) => string | null | undefined,
  refuse: Refuse,
): Map<number, StopTimeUpdate> {
  const bySequence = new Map(stops.map((stop, i) => [stop.sequence, i]))
  const found = new Map<number, StopTimeUpdate>()
  let last = -1
  for (const update of updates) {
    const { stopSequence, stopId } = update
    if (stopSequence === undefined && stopId === undefined) {
      refuse('it names no stop: neither stop_sequence nor stop_id', 'stop_time_update', update)
      continue
    }
    if (stopId !== undefined && stationOf(stopId) === undefined) {
      refuse('the timetable has no such stop', 'stop_time_update.stop_id', stopId)
      continue
    }
    const at = stopSequence === undefined ? undefined : bySequence.get(stopSequence)
    const i = at ?? (stopId === undefined ? -1 : stops.findIndex((stop, k) => k > last && stop.stopId === stopId))
    if (i < 0) {
      refuse(
        'the trip does not call there',
        stopSequence === undefined ? 'stop_time_update.stop_id' : 'stop_time_update.stop_sequence',
        stopSequence ?? stopId,
      )
    } else if (at !== undefined && stopId !== undefined && !samePlace(stops[at]!, stopId, stationOf)) {
      refuse(
        `stop_sequence ${stopSequence} of the trip is another stop, ${stops[at]!.stopId}`,
        'stop_time_update.stop_id',
        stopId,
      )
    } else if (i <= last) {
      refuse(
        'the updates of a trip do not follow the order of its stops',
        'stop_time_update.stop_sequence',
        stopSequence,
      )
    } else {
      found.set(i, update)
      last = i
    }
  }
  return found
}

/** The stop itself or, when the platform was changed, another one of its station. */
function samePlace(
  { stopId, parentId }: PlannedStop,
  given: string,
  stationOf: (stopId: string) => string | null | undefined,
): boolean {
  return given === stopId || given === parentId || (parentId !== null && stationOf(given) === parentId)
}

/** The stops of a trip that the timetable does not know: all it says stands in the updates. */
export function addedStops(
  updates: readonly StopTimeUpdate[],
  stationOf: (stopId: string) => string | null | undefined,
  refuse: Refuse,
): LiveStop[] {
  return updates.flatMap((update, i): LiveStop[] => {
    const { stopId } = update
    if (stopId === undefined || stationOf(stopId) === undefined) {
      refuse('the timetable has no such stop', 'stop_time_update.stop_id', stopId ?? null)
      return []
    }
    const none = { arrival: null, departure: null }
    const known = update.scheduleRelationship === 'SKIPPED' ? none : expected(update, none, null, refuse)
    if (!known) return []
    const planned = (event: StopTimeEvent | undefined) =>
      event?.scheduledTime ?? (event?.time !== undefined && event.delay !== undefined ? event.time - event.delay : null)
    const plannedArrival = planned(update.arrival)
    const plannedDeparture = planned(update.departure) ?? plannedArrival
    return [
      {
        sequence: update.stopSequence ?? i + 1,
        stopId: update.stopTimeProperties?.assignedStopId ?? stopId,
        boards: i < updates.length - 1 && update.stopTimeProperties?.pickupType !== 'NONE',
        headsign: update.stopTimeProperties?.stopHeadsign ?? null,
        plannedArrival,
        plannedDeparture,
        ...known,
        delay: delayOf(known, { arrival: plannedArrival, departure: plannedDeparture }),
        state: update.scheduleRelationship === 'SKIPPED' ? 'skipped' : 'live',
        named: true,
        update,
      },
    ]
  })
}

/** Collects what is refused of one entity. */
export function refusing(faults: FeedFault[], row: number): Refuse {
  return (reason, column, value) => void faults.push({ reason, row, column, value })
}
