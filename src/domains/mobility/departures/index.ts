import type { Database } from '../../../kernel/db/index.ts'
import { localDay } from '../../sensing/index.ts'
import type { LiveState, LiveStates } from '../realtime/state.ts'
import type { LiveStop, LiveTrip } from '../realtime/trip-model.ts'
import { type AlertInfo, alertsAt } from './alerts.ts'
import type { Departure, Told } from './model.ts'
import { type PlannedDeparture, plannedDepartures } from './planned.ts'
import { addDays, serviceDayStart } from './service-day.ts'
import type { Stop } from './stop.ts'

export type { AlertInfo } from './alerts.ts'
export { timetableOf } from './day.ts'
export type { Departure } from './model.ts'
export { isoIn } from './service-day.ts'
export { findStop, type Platform, type Stop } from './stop.ts'

/** Whose real time is known of a stop's dataset, and how old it is. */
export interface RealtimeInfo {
  source: string
  part: string
  /** POSIX seconds. */
  time: number
  age: number
  /** Is it shown as live at that instant? */
  live: boolean
}

/** Trips of the days before are still under way: this many days a trip may take. */
const DAYS_BACK = 3
/** How far ahead is looked for the next departure: mostly tomorrow is enough. */
const DAYS_AHEAD = [
  [1, 1],
  [2, 3],
  [4, 7],
] as const
/** More than is asked for, as some will have left early. */
const SPARE = 10

/** The next departures at a stop at or after an instant (POSIX seconds), planned and live together, by expected time. */
export async function departures(
  db: Database,
  live: LiveStates,
  stop: Stop,
  at: number,
  limit: number,
): Promise<{ departures: Departure[]; alerts: AlertInfo[]; realtime: RealtimeInfo[] }> {
  const state = await live.follow(stop.dataset, stop.version)
  const today = localDay(at * 1000, stop.zone)
  const days = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => addDays(today, from + i))
  const take = async (wanted: string[]) =>
    (await plannedDepartures(db, stop, wanted, at, limit + SPARE)).flatMap(
      (row) => withLive(row, state, stop, at) ?? [],
    )
  let found = inOrder([...(await take(days(-DAYS_BACK, 0))), ...onlyLive(state, stop, at)])
  // Trips of tomorrow run beside the last ones of today.
  for (const [from, to] of DAYS_AHEAD) {
    const last = found[limit - 1]
    if (last && timeOf(last) < serviceDayStart(addDays(today, from), stop.zone)) break
    found = inOrder([...found, ...(await take(days(from, to)))])
  }
  return { ...alertsAt(state, stop, at, found.slice(0, limit)), realtime: realtimeOf(state, at) }
}

const inOrder = (found: Told[]) =>
  found.sort((a, b) => timeOf(a) - timeOf(b) || (a.trip < b.trip ? -1 : a.trip > b.trip ? 1 : 0))

const timeOf = ({ expected, planned }: Told): number => expected ?? planned ?? 0

/** A planned departure in the light of real time; null when it has left already or was taken out. */
function withLive(row: PlannedDeparture, state: LiveState | undefined, stop: Stop, at: number): Told | null {
  const base = {
    trip: row.tripId,
    day: row.day,
    route: row.route,
    routeId: row.routeId,
    routeType: row.routeType,
    routeColor: row.routeColor,
    agencyId: row.agencyId,
    direction: row.direction,
    headsign: row.headsign,
    planned: row.planned,
    about: row.about,
  }
  const scheduled = { ...base, expected: null, delay: null, status: 'scheduled' as const, ...placeOf(stop, row.stopId) }
  const trip = state && liveTrip(state, row, at)
  if (!trip) return scheduled
  const call = trip.stops.find((one) => one.sequence === row.sequence)
  if (trip.state === 'deleted') return null
  if (trip.state === 'cancelled') return { ...scheduled, status: 'cancelled' }
  if (!call || call.state === 'unknown') return scheduled
  if (call.state === 'skipped') return { ...scheduled, status: 'skipped' }
  if (call.departure === null) return scheduled
  if (call.departure < at) return null
  const headsign = call.headsign ?? base.headsign
  return {
    ...base,
    headsign,
    expected: call.departure,
    delay: call.delay,
    status: 'live',
    ...placeOf(stop, call.stopId),
  }
}

/** The live trip of a planned departure. Runs without exact times may begin up to half a headway off. */
function liveTrip(state: LiveState, row: PlannedDeparture, at: number): LiveTrip | undefined {
  const usable = (trip: LiveTrip | undefined) => (trip && state.isLive(trip.source, at) ? trip : undefined)
  const exact = usable(state.trip(row))
  if (exact || row.about === null || row.start === null) return exact
  for (const { trip } of state.calls(row.stopId)) {
    if (trip.tripId !== row.tripId || trip.day !== row.day || trip.start === null) continue
    const off = trip.start - row.start
    if (off >= -row.about / 2 && off < row.about / 2 && usable(trip)) return trip
  }
  return undefined
}

/** What only real time knows of: added trips, and those that should have left already. */
function onlyLive(state: LiveState | undefined, stop: Stop, at: number): Told[] {
  if (!state) return []
  return stop.platforms.flatMap(({ stopId }) =>
    state.calls(stopId).flatMap(({ trip, at: index }): Told[] => {
      const call = trip.stops[index]!
      if (!call.boards || !state.isLive(trip.source, at)) return []
      const added = trip.state === 'added'
      const late =
        trip.state === 'live' && call.state === 'live' && call.plannedDeparture !== null && call.plannedDeparture < at
      if (!added && !late) return []
      if (call.departure === null || call.departure < at) return []
      return [
        {
          trip: trip.tripId,
          day: trip.day,
          route: trip.route?.name ?? '',
          routeId: trip.route?.routeId ?? null,
          routeType: trip.route?.type ?? null,
          routeColor: trip.route?.color ?? null,
          agencyId: null,
          direction: trip.direction,
          headsign: call.headsign ?? trip.headsign ?? lastStop(trip),
          planned: call.plannedDeparture,
          expected: call.departure,
          delay: call.delay,
          status: added ? 'added' : 'live',
          about: null,
          ...placeOf(stop, call.stopId),
        },
      ]
    }),
  )
}

const lastStop = ({ stops }: { stops: readonly LiveStop[] }): string | null => stops.at(-1)?.stopId ?? null

function placeOf({ platforms }: Stop, stopId: string): { stop: string; platform: string | null } {
  return { stop: stopId, platform: platforms.find((one) => one.stopId === stopId)?.platform ?? null }
}

function realtimeOf(state: LiveState | undefined, at: number): RealtimeInfo[] {
  if (!state) return []
  // Positions and alerts alone say nothing of departures.
  const told = [...state.parts].filter(([, { part }]) => !/^(vehicle-positions|alerts)\b/.test(part))
  return told.map(([key, { source, part, time }]) => ({
    source,
    part,
    time,
    age: Math.max(0, Math.round(at - time)),
    live: state.isLive(key, at),
  }))
}
