import type { FeedKind } from './codec.ts'
import type { FeedEntity, FeedMessage, StopTimeUpdate } from './model.ts'
import type { ResolvedPart } from './resolve.ts'
import type { LiveState } from './state.ts'
import type { LiveTrip } from './trip-model.ts'

/**
 * The feeds of a dataset as one (FULL_DATASET, GTFS Realtime 2.0). Feeds past their validity are left out as long as there
 * is one within; where there is none, the last good state is given with the time it is of. Null: there is no real time.
 */
export function mergedFeed(state: LiveState, kind: FeedKind, now: number): FeedMessage | null {
  const parts = [...state.parts].filter(([, part]) => holds(part, kind))
  if (state.parts.size === 0) return null
  const fresh = parts.filter(([key]) => state.isLive(key, now))
  const used = fresh.length > 0 ? fresh : parts
  const keys = new Set(used.map(([key]) => key))
  const entity =
    used.length === 0
      ? []
      : entitiesOf(
          state,
          kind,
          used.map(([, part]) => part),
          keys,
        )
  const times = (used.length > 0 ? used : [...state.parts]).map(([, part]) => part.time)
  return {
    header: { gtfsRealtimeVersion: '2.0', incrementality: 'FULL_DATASET', timestamp: Math.round(Math.max(...times)) },
    entity,
  }
}

function holds({ trips, vehicles, alerts }: ResolvedPart, kind: FeedKind): boolean {
  return (kind === 'trip-updates' ? trips : kind === 'alerts' ? alerts : vehicles).length > 0
}

function entitiesOf(
  state: LiveState,
  kind: FeedKind,
  parts: readonly ResolvedPart[],
  keys: ReadonlySet<string>,
): FeedEntity[] {
  if (kind === 'trip-updates') {
    const trips = [...state.trips()].filter(({ source }) => keys.has(source))
    return trips.map((trip, i) => ({ id: `${i + 1}`, tripUpdate: tripUpdate(trip) }))
  }
  if (kind === 'alerts')
    return parts.flatMap(({ source, alerts }) =>
      alerts.map(({ id, alert }) => ({ id: parts.length === 1 ? id : `${source}:${id}`, alert })),
    )
  const newest = new Map<string, ResolvedPart['vehicles'][number]>()
  for (const vehicle of parts.flatMap((part) => part.vehicles)) {
    const known = newest.get(vehicle.id)
    if (!known || vehicle.timestamp >= known.timestamp) newest.set(vehicle.id, vehicle)
  }
  return [...newest.values()].map(({ id, position }) => ({ id, vehicle: position }))
}

/** As it came, but for what was refused, and with the service day named. */
function tripUpdate({ update, day, stops, timestamp, state }: LiveTrip): FeedEntity['tripUpdate'] {
  const updates = stops.flatMap((stop): StopTimeUpdate[] =>
    stop.update ? [{ ...stop.update, stopSequence: stop.sequence, stopId: stop.update.stopId ?? stop.stopId }] : [],
  )
  const { stopTimeUpdate: _, ...rest } = update
  return {
    ...rest,
    trip: { ...update.trip, ...(state === 'added' ? {} : { startDate: day.replaceAll('-', '') }) },
    ...(updates.length > 0 && { stopTimeUpdate: updates }),
    timestamp: Math.round(timestamp),
  }
}
