import type { Resolution } from './api.ts'
import type { Zone } from './zone.ts'

export const PRESETS = ['24h', '7d', '30d', '1y', 'all'] as const
type Preset = (typeof PRESETS)[number]
export const RESOLUTIONS: readonly Resolution[] = ['raw', 'hour', 'day', 'week', 'month', 'year']

/** What a station page shows, as its address says it. */
export interface StationView {
  range: Preset | 'own'
  /** Ends of an own range: `YYYY-MM-DD` (the last day included) or `YYYY-MM-DDTHH:mm`, in the city's time. */
  from: string | null
  to: string | null
  /** Ids of the series shown; null = the station's own choice. */
  channels: number[] | null
  compare: boolean
  resolution: Resolution | 'auto'
  table: boolean
}

/** Half-open [from, to) in epoch milliseconds. */
export interface Span {
  from: number
  to: number
}

/** As many stations as one comparison takes. */
export const MOST_STATIONS = 6

const DAY = 86_400_000

export function parseView(search: string): StationView {
  const q = new URLSearchParams(search)
  const from = q.get('from')
  const to = q.get('to')
  const range = q.get('range') as Preset | null
  const resolution = q.get('resolution') as Resolution | null
  const channels = (q.get('series') ?? '')
    .split(',')
    .map(Number)
    .filter((id) => Number.isInteger(id) && id > 0)
  return {
    range: from && to ? 'own' : range && PRESETS.includes(range) ? range : '7d',
    from: from && to ? from : null,
    to: from && to ? to : null,
    channels: channels.length > 0 ? channels.slice(0, 10) : null,
    compare: q.get('compare') === 'year',
    resolution: resolution && RESOLUTIONS.includes(resolution) ? resolution : 'auto',
    table: q.get('table') !== '0',
  }
}

/** An end of an own range as an instant; a bare date as an end means the end of that day. */
function parseEnd(text: string, zone: Zone, end: boolean): number | null {
  const [date, clock] = text.split('T')
  const midnight = zone.parseDate(date ?? '')
  if (midnight === null) return null
  if (clock === undefined) return end ? zone.addDays(midnight, 1) : midnight
  const m = /^(\d{2}):(\d{2})$/.exec(clock)
  if (!m || Number(m[1]) > 24 || Number(m[2]) > 59) return null
  const w = zone.wall(midnight)
  return zone.instant(w.year, w.month, w.day, Number(m[1]), Number(m[2]))
}

/**
 * The span a view means. Ranges end at the newest value, not at now: an archive shows its last days instead of an
 * empty chart, and a partial day is compared with the same part of a day.
 */
export function spanOf(view: StationView, since: number | null, newest: number | null, zone: Zone, now: number): Span {
  const end = newest ?? now
  const lastDay = zone.startOfDay(end - 1)
  if (view.range === 'own') {
    const from = parseEnd(view.from ?? '', zone, false)
    const to = parseEnd(view.to ?? '', zone, true)
    if (from !== null && to !== null && from < to) return { from, to }
  }
  switch (view.range) {
    case '24h':
      return { from: end - DAY, to: end }
    case '30d':
      return { from: zone.addDays(lastDay, -29), to: end }
    case '1y':
      return { from: zone.addDays(zone.addMonths(lastDay, -12), 1), to: end }
    case 'all':
      return { from: zone.startOfDay(since ?? lastDay), to: end }
    default:
      return { from: zone.addDays(lastDay, -6), to: end }
  }
}

/** A span as parameters of the address: whole days as dates, anything else to the minute. */
export function spanParams(span: Span, zone: Zone): { from: string; to: string } {
  const whole = zone.startOfDay(span.from) === span.from && zone.startOfDay(span.to) === span.to
  if (whole) return { from: zone.isoDate(span.from), to: zone.isoDate(span.to - 1) }
  const stamp = (at: number): string => {
    const w = zone.wall(at)
    return `${zone.isoDate(at)}T${String(w.hour).padStart(2, '0')}:${String(w.minute).padStart(2, '0')}`
  }
  return { from: stamp(span.from), to: stamp(span.to) }
}

/** What dragging in the chart selects: whole days where days are all one can see, else to five minutes. */
export function snap(span: Span, zone: Zone): Span {
  if (span.to - span.from > 2 * DAY) {
    const from = zone.startOfDay(span.from + DAY / 4)
    return { from, to: Math.max(zone.addDays(from, 1), zone.startOfDay(span.to + (3 * DAY) / 4)) }
  }
  const step = 5 * 60_000
  const from = Math.floor(span.from / step) * step
  return { from, to: Math.max(from + 12 * step, Math.ceil(span.to / step) * step) }
}

/** By what "the previous year" is matched: −364 days keeps weekdays together; months and years cannot move by days. */
export type YearShift = 'weekdays' | 'months'

export function shiftFor(resolution: Resolution): YearShift {
  return resolution === 'month' || resolution === 'year' ? 'months' : 'weekdays'
}

/** The same wall-clock time a year earlier. */
export function yearBefore(at: number, shift: YearShift, zone: Zone): number {
  return shift === 'weekdays' ? zone.addDays(at, -364) : zone.addMonths(at, -12)
}
