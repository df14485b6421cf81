import type { Format } from './format.ts'

export interface Position {
  lat: number
  lon: number
}

/** Why there is no position; each has a sentence of its own. */
export type NoPosition = 'denied' | 'unavailable' | 'timeout' | 'insecure'

const RADIUS = 6_371_000
const TIME_LIMIT = 15_000
const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** Metres between two places along the surface (haversine on a sphere: within 0.5 %). */
export function distance(a: Position, b: Position): number {
  const dLat = radians(b.lat - a.lat) / 2
  const dLon = radians(b.lon - a.lon) / 2
  const h = Math.sin(dLat) ** 2 + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(dLon) ** 2
  return 2 * RADIUS * Math.asin(Math.min(1, Math.sqrt(h)))
}

/** `230 m`, `1,4 km`, `38 km`: as exact as a phone knows where it is. */
export function distanceText(metres: number, format: Format): string {
  if (metres < 995) return `${format.number(Math.max(10, Math.round(metres / 10) * 10))}\u00a0m`
  const km = metres / 1000
  return `${km < 9.95 ? format.number(km, 1) : format.number(Math.round(km))}\u00a0km`
}

/**
 * Asks the browser, which asks the visitor. The position stays in the page's memory: nothing sends or stores it.
 * Rejects with a `NoPosition`.
 */
export function locate(): Promise<Position> {
  return new Promise((resolve, reject: (why: NoPosition) => void) => {
    if (!isSecureContext) return reject('insecure')
    if (!('geolocation' in navigator)) return reject('unavailable')
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lon: coords.longitude }),
      ({ code }) => reject(code === 1 ? 'denied' : code === 3 ? 'timeout' : 'unavailable'),
      { timeout: TIME_LIMIT, maximumAge: 60_000 },
    )
  })
}
