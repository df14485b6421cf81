/** Shapes of one place of a mode; `/api/v1/openapi.json` is the reference. */
export interface Provenance {
  licence: string | null
  attribution: string | null
  source: string | null
  datasets: { id: string; title: string; licenceName: string | null; licenceUrl: string | null }[]
}

export type Mode = 'parking' | 'sharing' | 'charging'

/** A mode by the word in its pages' addresses, with the path of its interface. */
export const MODES: Record<string, { mode: Mode; api: string }> = {
  parken: { mode: 'parking', api: 'parking' },
  leihstationen: { mode: 'sharing', api: 'vehicles' },
  laden: { mode: 'charging', api: 'chargers' },
}

/** The page of a stop, by its id outside. */
export const stopPath = (id: string): string => `/haltestellen/${inPath(id)}`

/** The page of a place: `parken`, `dataset:key` → `/parken/dataset:key`. */
export function placePath(mode: Mode, id: string): string {
  const word = Object.keys(MODES).find((one) => MODES[one]!.mode === mode)!
  return `/${word}/${inPath(id)}`
}

/** An id in a path: colons may stand there, and are easier to read. */
export const inPath = (id: string): string => encodeURIComponent(id).replaceAll('%3A', ':')

export interface Place extends Provenance {
  id: string
  geometry: { type: string; coordinates: unknown } | null
  // biome-ignore lint/suspicious/noExplicitAny: the terms of each mode
  properties: Record<string, any> & { name: string; measured: string | null; age: number | null; thing?: number }
}

export interface Cell {
  weekday: number
  hour: number
  hours: number
  free: number
  other: number | null
  share: number | null
  none: number
  noDock: number | null
}

export interface Forecast {
  value: number
  /** ISO 8601 */
  at: string
  error: number
  errorAsNow: number
  pairs: number
}

export interface Stretch {
  weekday: number
  from: number
  to: number
}

export interface Profile extends Provenance {
  from: string | null
  to: string | null
  days: number
  hours: number
  capacity: number | null
  cells: Cell[]
  /** Nine in ten hours of the week hold values of two weeks at least. */
  enough: boolean
  none: number | null
  noDock: number | null
  tight: Stretch[]
  best: Stretch[]
}

/** The first position of a geometry, whatever its kind. */
export function pointOf(geometry: { coordinates: unknown } | null): [lon: number, lat: number] | null {
  let inner = geometry?.coordinates
  while (Array.isArray(inner) && Array.isArray(inner[0])) inner = inner[0]
  return Array.isArray(inner) && typeof inner[0] === 'number' ? [inner[0], Number(inner[1])] : null
}

/** Runs of the same hours on following days as one: Monday to Friday, 10 to 14. */
export function joined(stretches: readonly Stretch[]): { days: [number, number]; from: number; to: number }[] {
  const found: { days: [number, number]; from: number; to: number }[] = []
  const sorted = [...stretches].sort((a, b) => a.from - b.from || a.to - b.to || a.weekday - b.weekday)
  for (const { weekday, from, to } of sorted) {
    const last = found.at(-1)
    if (last && last.from === from && last.to === to && last.days[1] === weekday - 1) last.days[1] = weekday
    else found.push({ days: [weekday, weekday], from, to })
  }
  return found.sort((a, b) => a.days[0] - b.days[0] || a.from - b.from)
}

export interface StopLine {
  id: string
  route_id: string
  name: string
  long_name: string | null
  color: string | null
}

export interface Stop extends Provenance {
  id: string
  stop_id: string
  name: string
  lon: number | null
  lat: number | null
  lines: StopLine[]
  first_day: string | null
  last_day: string | null
  /** Seconds since this version of the timetable serves. */
  age: number | null
}

export interface LineOnMap extends StopLine {
  geometry: { type: string; coordinates?: unknown; geometries?: unknown } | null
  directions: {
    direction: number | null
    headsign: string | null
    trips: number
    stops: { id: string; stop_id: string; name: string; lon: number | null; lat: number | null }[]
  }[]
}
