import type { StationState, StationSummary } from './api.ts'

/** From best to worst; a cluster shows the worst among its stations. */
const SEVERITY: Record<StationState, number> = { current: 0, archive: 1, empty: 2, late: 3, broken: 4 }

export function worstOf(states: Iterable<StationState>): StationState {
  let worst: StationState = 'current'
  for (const state of states) if (SEVERITY[state] > SEVERITY[worst]) worst = state
  return worst
}

/** A station that has a place. */
export type Placed = StationSummary & { lon: number; lat: number }

export function placed(stations: StationSummary[]): Placed[] {
  return stations.filter((s): s is Placed => s.lon !== null && s.lat !== null)
}

/** The amount that decides a marker's size: the day's total of a count; measured values have no size. */
function amountOf(station: StationSummary): number | null {
  const h = station.headline
  return h && h.aggregate === 'sum' ? h.dayTotal : null
}

/** Radius in pixels. Areas, not radii, are proportional to the amount, so twice as many looks twice as much. */
export function radiusOf(station: StationSummary, largest: ReadonlyMap<string, number>): number {
  const amount = amountOf(station)
  const most = largest.get(station.group ?? '') ?? 0
  if (amount === null || most <= 0) return 9
  return 8 + 12 * Math.sqrt(Math.max(0, amount) / most)
}

/** The largest amount of each group: bikes are not sized by the scale of cars. */
export function largestByGroup(stations: StationSummary[]): Map<string, number> {
  const largest = new Map<string, number>()
  for (const s of stations) {
    const amount = amountOf(s)
    if (amount !== null) largest.set(s.group ?? '', Math.max(largest.get(s.group ?? '') ?? 0, amount))
  }
  return largest
}

/** What stands around the stations: west, south, east, north. */
export function extentOf(
  stations: Placed[],
  fallback: [number, number, number, number],
): [number, number, number, number] {
  if (stations.length === 0) return fallback
  let [w, s, e, n] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const p of stations) {
    w = Math.min(w, p.lon)
    e = Math.max(e, p.lon)
    s = Math.min(s, p.lat)
    n = Math.max(n, p.lat)
  }
  const dx = Math.max(e - w, 0.01) * 0.06
  const dy = Math.max(n - s, 0.006) * 0.06
  return [w - dx, s - dy, e + dx, n + dy]
}
