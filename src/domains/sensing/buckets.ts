import type { Resolution } from './model.ts'

/** A resolution that groups values; `raw` is the values themselves. */
export type Grid = Exclude<Resolution, 'raw'>

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

const formats = new Map<string, Intl.DateTimeFormat>()

function format(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone)
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    formats.set(zone, found)
  }
  return found
}

/** The local wall clock at an instant, read as if it were UTC: milliseconds since 1970. */
export function wallClock(at: number, zone: string): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of format(zone).formatToParts(at)) parts[type] = Number(value)
  return Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!)
}

/** Milliseconds the zone is ahead of UTC at an instant. */
export function zoneOffset(at: number, zone: string): number {
  const whole = Math.floor(at / 1000) * 1000
  return wallClock(whole, zone) - whole
}

/**
 * The instant of a local wall clock (given as if it were UTC). A time that happens twice is the earlier one; a time that
 * does not exist is moved forward by the size of the jump, so a day that begins with the jump begins at its first instant.
 */
export function instantOf(wall: number, zone: string): number {
  const before = wall - zoneOffset(wall - DAY, zone)
  if (wallClock(before, zone) === wall) return before
  const after = wall - zoneOffset(wall + DAY, zone)
  if (wallClock(after, zone) === wall) return after
  return before
}

/** `YYYY-MM-DD` of the local day an instant falls in. */
export function localDay(at: number, zone: string): string {
  return new Date(wallClock(at, zone)).toISOString().slice(0, 10)
}

/** The first instant of a local day, `days` days later. */
export function dayStart(day: string, zone: string, days = 0): number {
  return instantOf(Date.parse(`${day}T00:00:00Z`) + days * DAY, zone)
}

/** Whether any local hour within the range begins off the full UTC hour; hourly sums cannot be regrouped there. */
export function isOffHour(from: number, to: number, zone: string): boolean {
  for (let at = from; ; at += 90 * DAY) {
    if (zoneOffset(Math.min(at, to), zone) % HOUR !== 0) return true
    if (at >= to) return false
  }
}

/** The local wall clock of the beginning of the bucket a wall clock falls in. Weeks are ISO weeks: they begin on Monday. */
function floorWall(wall: number, grid: Grid): number {
  if (grid === 'hour') return Math.floor(wall / HOUR) * HOUR
  const day = Math.floor(wall / DAY) * DAY
  if (grid === 'day') return day
  const date = new Date(day)
  if (grid === 'week') return day - ((date.getUTCDay() + 6) % 7) * DAY
  return Date.UTC(date.getUTCFullYear(), grid === 'month' ? date.getUTCMonth() : 0, 1)
}

function nextWall(wall: number, grid: Grid): number {
  const date = new Date(wall)
  if (grid === 'day') return wall + DAY
  if (grid === 'week') return wall + 7 * DAY
  if (grid === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
  return Date.UTC(date.getUTCFullYear() + 1, 0, 1)
}

/**
 * The beginnings of all buckets that overlap [from, to), ascending, as instants. Days have 23 to 25 hours where the clock
 * changes; hours are real hours, so the repeated hour in October is two.
 */
export function bucketStarts(grid: Grid, from: number, to: number, zone: string): number[] {
  const starts: number[] = []
  if (from >= to) return starts
  if (grid === 'hour') {
    const shift = (((zoneOffset(from, zone) % HOUR) + HOUR) % HOUR) % HOUR
    for (let at = Math.floor((from + shift) / HOUR) * HOUR - shift; at < to; at += HOUR) starts.push(at)
    return starts
  }
  let wall = floorWall(wallClock(from, zone), grid)
  for (let at = instantOf(wall, zone); at < to; at = instantOf(wall, zone)) {
    starts.push(at)
    wall = nextWall(wall, grid)
  }
  return starts
}

/** The instant the bucket that begins at `start` ends. */
export function bucketEnd(grid: Grid, start: number, zone: string): number {
  if (grid === 'hour') return start + HOUR
  return instantOf(nextWall(floorWall(wallClock(start, zone), grid), grid), zone)
}

/** Longest span in milliseconds each resolution is chosen for, coarsest last; about 1,500 points each. */
const LADDER: [Grid, number, number][] = [
  ['hour', HOUR, 62 * DAY],
  ['day', DAY, 1500 * DAY],
  ['week', 7 * DAY, 1500 * 7 * DAY],
  ['month', 31 * DAY, 1500 * 30 * DAY],
  ['year', 366 * DAY, Number.POSITIVE_INFINITY],
]

/**
 * Picks the finest resolution that keeps a series at about `maxPoints` points: values themselves up to two days, then
 * hours up to two months, days up to four years, weeks, months, years — never finer than the series' own period.
 * @param span length of the range in milliseconds
 * @param period milliseconds between two values of the densest series considered; null = irregular and unknown
 */
export function chooseResolution(span: number, period: number | null, maxPoints = 1500): Resolution {
  const values = period ? span / period : 0
  if (span <= 2 * DAY && values <= maxPoints) return 'raw'
  const scale = maxPoints / 1500
  for (const [grid, length, longest] of LADDER) {
    if (span <= longest * scale && (period ?? 0) <= length) return grid
  }
  return 'year'
}

/** ISO 8601 in UTC without superfluous fractions, as the database answers times. */
export function iso(at: number): string {
  const text = new Date(at).toISOString()
  return at % 1000 === 0 ? `${text.slice(0, -5)}Z` : text
}
