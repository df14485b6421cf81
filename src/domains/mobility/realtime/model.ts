/**
 * GTFS Realtime 2.0 as plain objects, in the reference's terms (camelCase, as in its JSON form). Times are POSIX seconds.
 * Nothing is filled in: what a feed does not say is absent.
 */
export interface FeedMessage {
  header: FeedHeader
  entity: FeedEntity[]
}

export interface FeedHeader {
  gtfsRealtimeVersion: string
  incrementality?: 'FULL_DATASET' | 'DIFFERENTIAL'
  timestamp?: number
  feedVersion?: string
}

export interface FeedEntity {
  id: string
  isDeleted?: boolean
  tripUpdate?: TripUpdate
  vehicle?: VehiclePosition
  alert?: Alert
}

export interface TripDescriptor {
  tripId?: string
  routeId?: string
  directionId?: number
  /** HH:MM:SS, may pass 24:00:00. */
  startTime?: string
  /** YYYYMMDD: the service day. */
  startDate?: string
  scheduleRelationship?: TripRelationship
}

export type TripRelationship =
  | 'SCHEDULED'
  | 'ADDED'
  | 'UNSCHEDULED'
  | 'CANCELED'
  | 'REPLACEMENT'
  | 'DUPLICATED'
  | 'DELETED'
  | 'NEW'

export interface VehicleDescriptor {
  id?: string
  label?: string
  licensePlate?: string
  wheelchairAccessible?: string
}

export interface StopTimeEvent {
  /** Seconds; positive = late. */
  delay?: number
  time?: number
  uncertainty?: number
  scheduledTime?: number
}

export interface StopTimeUpdate {
  stopSequence?: number
  stopId?: string
  arrival?: StopTimeEvent
  departure?: StopTimeEvent
  departureOccupancyStatus?: string
  scheduleRelationship?: 'SCHEDULED' | 'SKIPPED' | 'NO_DATA' | 'UNSCHEDULED'
  stopTimeProperties?: { assignedStopId?: string; stopHeadsign?: string; pickupType?: string; dropOffType?: string }
}

export interface TripUpdate {
  trip: TripDescriptor
  vehicle?: VehicleDescriptor
  stopTimeUpdate?: StopTimeUpdate[]
  timestamp?: number
  delay?: number
  tripProperties?: {
    tripId?: string
    startDate?: string
    startTime?: string
    shapeId?: string
    tripHeadsign?: string
    tripShortName?: string
  }
}

export interface VehiclePosition {
  trip?: TripDescriptor
  vehicle?: VehicleDescriptor
  position?: { latitude: number; longitude: number; bearing?: number; odometer?: number; speed?: number }
  currentStopSequence?: number
  stopId?: string
  currentStatus?: 'INCOMING_AT' | 'STOPPED_AT' | 'IN_TRANSIT_TO'
  timestamp?: number
  congestionLevel?: string
  occupancyStatus?: string
  occupancyPercentage?: number
}

export interface EntitySelector {
  agencyId?: string
  routeId?: string
  routeType?: number
  trip?: TripDescriptor
  stopId?: string
  directionId?: number
}

export interface TranslatedString {
  translation?: { text: string; language?: string }[]
}

export interface Alert {
  activePeriod?: { start?: number; end?: number }[]
  informedEntity?: EntitySelector[]
  cause?: string
  effect?: string
  url?: TranslatedString
  headerText?: TranslatedString
  descriptionText?: TranslatedString
  severityLevel?: string
}

/** Something in a feed that cannot be used, said so that its publisher can mend it. */
export interface FeedFault {
  reason: string
  /** Position of the entity in the feed, 1-based. */
  row: number
  column: string
  value: unknown
}
