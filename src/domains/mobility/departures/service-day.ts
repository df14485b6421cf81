import { instantOf, localDay, zoneOffset } from '../../sensing/index.ts'

const HALF_DAY = 43_200

/**
 * The instant, in POSIX seconds, that the times of a service day (YYYY-MM-DD) count from: noon minus 12 h in the agency's
 * zone (GTFS Schedule, "Time"). That is midnight, but on the two days the clocks change.
 */
export function serviceDayStart(day: string, zone: string): number {
  const key = `${zone} ${day}`
  let start = starts.get(key)
  if (start === undefined) {
    start = instantOf(Date.parse(`${day}T12:00:00Z`), zone) / 1000 - HALF_DAY
    if (starts.size > 1_000) starts.clear()
    starts.set(key, start)
  }
  return start
}
const starts = new Map<string, number>()

/** The service days that have trips under way at an instant (POSIX seconds), where no time goes beyond `latest` seconds. */
export function serviceDaysAt(at: number, zone: string, latest: number): string[] {
  const today = localDay(at * 1000, zone)
  const back = Math.max(0, Math.ceil(latest / 86_400) - 1)
  // Where the clocks go forward, a service day begins before its midnight: tomorrow's may be under way.
  return Array.from({ length: back + 3 }, (_, i) => addDays(today, i - back - 1)).filter(
    (day) => serviceDayStart(day, zone) <= at && serviceDayStart(day, zone) + latest >= at,
  )
}

/** The day `n` days after a day. */
export function addDays(day: string, n: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10)
}

/** Seconds of `H:MM:SS`, which may pass 24 hours; null where the text is no time. */
export function readTime(text: string): number | null {
  const match = /^(\d{1,3}):([0-5]\d):([0-5]\d)$/.exec(text.trim())
  return match ? Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]) : null
}

/** `YYYY-MM-DD` of `YYYYMMDD`; null where the text is no day of the calendar. */
export function readDay(text: string): string | null {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(text)
  if (!match) return null
  const day = `${match[1]}-${match[2]}-${match[3]}`
  const date = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day) ? day : null
}

/** A row of frequencies.txt; seconds. */
export interface Frequency {
  start: number
  end: number
  headway: number
  /** 1: the trips run exactly then; 0: about every `headway` seconds. */
  exact: boolean
}

/**
 * The starts of a trip's runs on a service day that lie in [from, to], seconds of the day: `start`, then every `headway`
 * seconds before `end`. The same start in two rows is one run.
 */
export function runStarts(
  frequencies: readonly Frequency[],
  from: number,
  to: number,
): { start: number; exact: boolean }[] {
  const found = new Map<number, boolean>()
  for (const { start, end, headway, exact } of frequencies) {
    if (headway <= 0) continue
    const first = Math.max(0, Math.ceil((from - start) / headway))
    for (let at = start + first * headway; at < end && at <= to; at += headway) if (!found.has(at)) found.set(at, exact)
  }
  return [...found].map(([start, exact]) => ({ start, exact })).sort((a, b) => a.start - b.start)
}

/** `2023-11-07T17:05:00-08:00` of POSIX seconds, as the clocks in the zone show it. */
export function isoIn(at: number, zone: string): string {
  const offset = offsetAt(at, zone)
  const wall = new Date((at + offset) * 1000).toISOString().slice(0, 19)
  if (offset === 0) return `${wall}Z`
  const minutes = Math.abs(offset) / 60
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0')
  return `${wall}${offset < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}

/** Zones change their offset on full quarters of an hour: one look for each is enough. */
function offsetAt(at: number, zone: string): number {
  const quarter = Math.floor(at / 900)
  const key = `${zone} ${quarter}`
  let offset = offsets.get(key)
  if (offset === undefined) {
    offset = zoneOffset(quarter * 900_000, zone) / 1000
    if (offsets.size > 5_000) offsets.clear()
    offsets.set(key, offset)
  }
  return offset
}
const offsets = new Map<string, number>()
