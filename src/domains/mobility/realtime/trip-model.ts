import type { Frequency } from '../departures/service-day.ts'
import type { StopTimeUpdate, TripUpdate } from './model.ts'

/** A line as answers name it. */
export interface RouteHead {
  routeId: string
  /** Short name, else long name, else the id. */
  name: string
  type: number
  color: string | null
}

/** A stop of a trip by the timetable. Times in seconds of the service day. */
export interface PlannedStop {
  sequence: number
  stopId: string
  /** Station the stop is a platform of. */
  parentId: string | null
  arrival: number | null
  departure: number | null
  /** Whether one can get in here. */
  boards: boolean
  headsign: string | null
}

/** A trip by the timetable, its stops in their order. */
export interface PlannedTrip {
  tripId: string
  /** Number of its service in the version. */
  service: number
  route: RouteHead
  direction: number | null
  headsign: string | null
  /** Empty for a trip with times of its own. */
  frequencies: readonly Frequency[]
  stops: readonly PlannedStop[]
}

/** What real time says of one stop of a trip. Times in POSIX seconds. */
export interface LiveStop {
  sequence: number
  stopId: string
  boards: boolean
  headsign: string | null
  plannedArrival: number | null
  plannedDeparture: number | null
  arrival: number | null
  departure: number | null
  /** Of the departure, at the last stop of the arrival; seconds, positive = late. Null: nothing is known. */
  delay: number | null
  /** unknown: real time says nothing of this stop. */
  state: 'live' | 'skipped' | 'unknown'
  /** The feed names this stop; else its delay is carried on from one before. */
  named: boolean
  /** The update that names it. */
  update?: StopTimeUpdate
}

/** A trip on one day as real time has it. */
export interface LiveTrip {
  tripId: string
  /** Service day, YYYY-MM-DD. */
  day: string
  /** Start of the run of a trip with frequencies, seconds of the day; null for others. */
  start: number | null
  state: 'live' | 'cancelled' | 'deleted' | 'added'
  route: RouteHead | null
  direction: number | null
  headsign: string | null
  stops: readonly LiveStop[]
  /** POSIX seconds: when this was so. */
  timestamp: number
  source: string
  update: TripUpdate
}

/** What makes a trip on a day one and the same in several feeds. */
export const tripKey = (trip: Pick<LiveTrip, 'tripId' | 'day' | 'start'>): string =>
  `${trip.day} ${trip.start ?? ''} ${trip.tripId}`
