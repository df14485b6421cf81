import { type LiveTrip, tripKey } from './trip-model.ts'

/** The trips of several feeds as one: of a trip that several speak of, the newest word holds. */
export function mergeTrips(feeds: readonly (readonly LiveTrip[])[]): Map<string, LiveTrip> {
  const merged = new Map<string, LiveTrip>()
  for (const trips of feeds) {
    for (const trip of trips) {
      const key = tripKey(trip)
      const known = merged.get(key)
      if (!known || trip.timestamp >= known.timestamp) merged.set(key, trip)
    }
  }
  return merged
}
