export type DepartureStatus = 'scheduled' | 'live' | 'cancelled' | 'skipped' | 'added'

/** A departure as answers tell it. Times in POSIX seconds. */
export interface Departure {
  trip: string
  /** Service day, YYYY-MM-DD. */
  day: string
  route: string
  routeId: string | null
  /** `route_type` of GTFS. */
  routeType: number | null
  routeColor: string | null
  /** agency_id; null where the timetable or real time names none. */
  agencyId: string | null
  /** direction_id */
  direction: number | null
  headsign: string | null
  /** Null for an added trip whose feed tells no plan. */
  planned: number | null
  /** Null where real time says nothing, or that it does not come. */
  expected: number | null
  delay: number | null
  status: DepartureStatus
  /** Stop or platform it leaves from. */
  stop: string
  platform: string | null
  /** Runs about every so many seconds; the times are no promise. */
  about: number | null
  /** Ids of alerts that concern it. */
  alerts: string[]
}

/** One of which alerts are not known yet. */
export type Told = Omit<Departure, 'alerts'>
