import type { Alert, EntitySelector, TranslatedString } from '../realtime/model.ts'
import type { LiveState } from '../realtime/state.ts'
import type { Departure, Told } from './model.ts'
import type { Stop } from './stop.ts'

/** What an operator says of a stop, a line or a trip (GTFS Realtime, Alert). */
export interface AlertInfo {
  /** `{source}:{entity id}` */
  id: string
  cause: string | null
  effect: string | null
  severity: string | null
  /** Text by language; `und` where the feed names none. */
  header: Record<string, string>
  description: Record<string, string>
  url: Record<string, string>
  /** POSIX seconds; empty = always. */
  periods: { from: number | null; to: number | null }[]
  /** It concerns the stop as a whole, not only departures that name it. */
  stop: boolean
}

/**
 * Alerts of feeds that are live at `at` (POSIX seconds) and concern the stop or one of the departures, the most severe
 * first; each departure gets the ids of its own.
 */
export function alertsAt(
  state: LiveState | undefined,
  stop: Stop,
  at: number,
  found: readonly Told[],
): { alerts: AlertInfo[]; departures: Departure[] } {
  const departures = found.map((one): Departure => ({ ...one, alerts: [] }))
  const alerts: AlertInfo[] = []
  for (const [key, part] of state?.parts ?? []) {
    if (part.alerts.length === 0 || !state!.isLive(key, at)) continue
    for (const { id, alert } of part.alerts) {
      const selectors = alert.informedEntity ?? []
      const info = infoOf(`${part.source}:${id}`, alert)
      info.stop = isActive(alert, at) && selectors.some((selector) => isOfStop(selector, stop))
      const own = departures.filter(
        (one) =>
          isActive(alert, one.expected ?? one.planned ?? at) && selectors.some((selector) => isOf(selector, one, stop)),
      )
      if (!info.stop && own.length === 0) continue
      alerts.push(info)
      for (const one of own) one.alerts.push(info.id)
    }
  }
  return { alerts: alerts.sort((a, b) => rank(b) - rank(a)), departures }
}

const SEVERITIES = ['INFO', 'WARNING', 'SEVERE']
const rank = ({ severity }: AlertInfo): number => SEVERITIES.indexOf(severity ?? '')

function infoOf(id: string, alert: Alert): AlertInfo {
  return {
    id,
    cause: alert.cause ?? null,
    effect: alert.effect ?? null,
    severity: alert.severityLevel ?? null,
    header: textsOf(alert.headerText),
    description: textsOf(alert.descriptionText),
    url: textsOf(alert.url),
    periods: (alert.activePeriod ?? []).map(({ start, end }) => ({ from: start || null, to: end || null })),
    stop: false,
  }
}

const textsOf = (text: TranslatedString | undefined): Record<string, string> =>
  Object.fromEntries((text?.translation ?? []).map(({ text: said, language }) => [language || 'und', said]))

function isActive({ activePeriod = [] }: Alert, at: number): boolean {
  return activePeriod.length === 0 || activePeriod.some(({ start, end }) => (start || 0) <= at && (!end || at < end))
}

/** The stop or one of its platforms, whatever leaves there. */
function isOfStop({ stopId, routeId, routeType, trip, directionId }: EntitySelector, stop: Stop): boolean {
  if (routeId || routeType !== undefined || trip || directionId !== undefined) return false
  return stopId !== undefined && (stopId === stop.stopId || stop.platforms.some((one) => one.stopId === stopId))
}

/** What a selector names must all fit (reference of EntitySelector). */
function isOf(selector: EntitySelector, one: Told, stop: Stop): boolean {
  const { agencyId, routeId, routeType, trip, stopId, directionId } = selector
  const given = [agencyId, routeId, routeType, trip, stopId].some((value) => value !== undefined && value !== '')
  return (
    given &&
    (!agencyId || one.agencyId === null || one.agencyId === agencyId) &&
    (!routeId || one.routeId === routeId) &&
    (routeType === undefined || one.routeType === routeType) &&
    (directionId === undefined || one.direction === directionId) &&
    (!stopId || stopId === one.stop || stopId === stop.stopId) &&
    (!trip || isOfTrip(trip, one))
  )
}

function isOfTrip(trip: NonNullable<EntitySelector['trip']>, one: Told): boolean {
  return (
    (!trip.tripId || trip.tripId === one.trip) &&
    (!trip.startDate || trip.startDate === one.day.replaceAll('-', '')) &&
    (!trip.routeId || trip.routeId === one.routeId) &&
    (trip.directionId === undefined || trip.directionId === one.direction) &&
    Boolean(trip.tripId || trip.routeId)
  )
}
