import { localDay } from '../../sensing/index.ts'
import { addDays, readDay } from '../departures/service-day.ts'
import type { Alert, FeedFault, FeedMessage, TripUpdate, VehiclePosition } from './model.ts'
import type { LoadedTimetable } from './timetable.ts'
import type { LiveTrip } from './trip-model.ts'
import { resolveTrip } from './trips.ts'

/** One file of real time: of one source, with what it holds. */
export interface FeedPart {
  source: string
  /** Which of the source's files: trip-updates, vehicle-positions, alerts … */
  part: string
  message: FeedMessage
  /** POSIX seconds: when this was so, by the feed's header; by its arrival where the header cannot be right. */
  time: number
  /** Seconds after `time` for which it may be shown as live. */
  validity: number
}

export interface LiveVehicle {
  id: string
  position: VehiclePosition
  timestamp: number
}

/** A part on a timetable. `values` is what of it was used, `faults` what was refused and why. */
export interface ResolvedPart extends FeedPart {
  trips: readonly LiveTrip[]
  vehicles: readonly LiveVehicle[]
  alerts: readonly { id: string; alert: Alert }[]
  faults: readonly (FeedFault & { lost: number })[]
}

/** Entities looked at before others get their turn. */
const AT_ONCE = 500

export const partKey = ({ source, part }: Pick<FeedPart, 'source' | 'part'>): string => `${source} ${part}`

/** Looks at every entity of a part in the light of the timetable. */
export async function resolvePart(timetable: LoadedTimetable, part: FeedPart): Promise<ResolvedPart> {
  const { entity } = part.message
  await timetable.load(...wanted(timetable.zone, part))
  const trips: LiveTrip[] = []
  const vehicles: LiveVehicle[] = []
  const alerts: { id: string; alert: Alert }[] = []
  const faults: (FeedFault & { lost: number })[] = []
  for (const [i, { id, isDeleted, tripUpdate, vehicle, alert }] of entity.entries()) {
    if (i % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve))
    if (isDeleted) continue
    if (tripUpdate) {
      const resolved = resolveTrip(tripUpdate, timetable, part.time, partKey(part), i + 1)
      if (resolved.trip) trips.push(resolved.trip)
      const lost = resolved.trip ? 1 : Math.max(1, tripUpdate.stopTimeUpdate?.length ?? 0)
      for (const [k, fault] of resolved.faults.entries())
        faults.push({
          ...fault,
          lost: resolved.trip ? 1 : k === resolved.faults.length - 1 ? Math.max(1, lost - k) : 1,
        })
    }
    if (vehicle) {
      const fault = vehicleFault(vehicle, timetable)
      if (fault) faults.push({ ...fault, row: i + 1, lost: 1 })
      else
        vehicles.push({ id: vehicle.vehicle?.id || id, position: vehicle, timestamp: vehicle.timestamp || part.time })
    }
    if (alert) {
      if (alert.headerText?.translation?.length || alert.descriptionText?.translation?.length)
        alerts.push({ id, alert })
      else
        faults.push({ reason: 'the alert says nothing', column: 'alert.header_text', value: id, row: i + 1, lost: 1 })
    }
    if (!tripUpdate && !vehicle && !alert)
      faults.push({ reason: 'the entity holds nothing known', column: 'entity', value: id, row: i + 1, lost: 1 })
  }
  return { ...part, trips, vehicles, alerts, faults }
}

/** The trips, stops and days a part speaks of. */
function wanted(zone: string, { message, time }: FeedPart): [Set<string>, Set<string>, Set<string>] {
  const trips = new Set<string>()
  const stops = new Set<string>()
  const days = new Set<string>()
  const around = (at: number) => {
    const today = localDay(at * 1000, zone)
    for (let n = -2; n <= 1; n++) days.add(addDays(today, n))
  }
  around(time)
  const take = (update: TripUpdate) => {
    const { tripId, startDate } = update.trip ?? {}
    if (tripId) trips.add(tripId)
    const day = startDate ? readDay(startDate) : null
    if (day) days.add(day)
    let hinted = day !== null
    for (const { stopId, stopTimeProperties, arrival, departure } of update.stopTimeUpdate ?? []) {
      if (stopId) stops.add(stopId)
      if (stopTimeProperties?.assignedStopId) stops.add(stopTimeProperties.assignedStopId)
      const at = departure?.time || arrival?.time
      if (hinted || !at) continue
      hinted = true
      if (at > 0 && at < 1e11) around(at)
    }
  }
  for (const { tripUpdate, vehicle } of message.entity) {
    if (tripUpdate) take(tripUpdate)
    if (vehicle?.trip?.tripId) trips.add(vehicle.trip.tripId)
    if (vehicle?.stopId) stops.add(vehicle.stopId)
  }
  return [trips, stops, days]
}

function vehicleFault(vehicle: VehiclePosition, timetable: LoadedTimetable): Omit<FeedFault, 'row'> | null {
  const { position, trip, stopId } = vehicle
  const fault = (reason: string, column: string, value: unknown) => ({ reason, column, value })
  if (position) {
    const { latitude, longitude } = position
    if (!(Math.abs(latitude) <= 90)) return fault('the latitude is none', 'position.latitude', latitude)
    if (!(Math.abs(longitude) <= 180)) return fault('the longitude is none', 'position.longitude', longitude)
    if (!timetable.isNear(position))
      return fault('the vehicle is far from every stop of the timetable', 'position', `${latitude}, ${longitude}`)
  }
  const added = trip?.scheduleRelationship === 'ADDED' || trip?.scheduleRelationship === 'NEW'
  if (trip?.tripId && !added && trip.scheduleRelationship !== 'UNSCHEDULED' && !timetable.trip(trip.tripId))
    return fault('the timetable has no such trip', 'vehicle.trip.trip_id', trip.tripId)
  if (stopId && timetable.station(stopId) === undefined)
    return fault('the timetable has no such stop', 'vehicle.stop_id', stopId)
  return null
}
