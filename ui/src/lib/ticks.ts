import type { Format } from './format.ts'
import type { Span } from './view.ts'
import type { Zone } from './zone.ts'

/** Marks of a time axis: `label` stands at `at`; `edges` are the borders of the days, months or years labelled. */
export interface Ticks {
  labels: { at: number; text: string }[]
  edges: number[]
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/**
 * Marks for a span in the city's time: hours, days, months or years, as many as fit into `width` pixels. Days are
 * walked on the calendar, so a day of 23 or 25 hours gets one label and hours keep their names.
 */
export function ticks({ from, to }: Span, width: number, zone: Zone, format: Format): Ticks {
  const days = (to - from) / DAY
  const fit = (labelWidth: number): number => Math.max(2, Math.floor(width / labelWidth))
  if (days <= 1.6) return hours(from, to, fit(58), (24 / width) * (to - from), zone, format)
  if (days <= 75) return daysOf(from, to, days, width, zone, format)
  if (days <= 1100) return months(from, to, fit(52), zone, format)
  return years(from, to, fit(48), zone, format)
}

/** `edge`: how much time the half of a label covers; closer to the right end it would be cut off. */
function hours(from: number, to: number, most: number, edge: number, zone: Zone, format: Format): Ticks {
  const count = (to - from) / HOUR
  const step = [1, 2, 3, 4, 6, 12].find((s) => count / s <= most) ?? 24
  const labels: Ticks['labels'] = []
  const edges: number[] = []
  for (let day = zone.startOfDay(from); day <= to; day = zone.addDays(day, 1)) {
    const w = zone.wall(day)
    for (let hour = 0; hour < 24; hour += step) {
      const at = zone.instant(w.year, w.month, w.day, hour)
      if (at < from || at > to || zone.wall(at).hour !== hour) continue
      edges.push(at)
      if (at > to - edge) continue
      labels.push({ at, text: hour === 0 ? `${format.weekday(at)} ${format.shortDay(at)}` : format.clock(at) })
    }
  }
  return { labels, edges }
}

function daysOf(from: number, to: number, days: number, width: number, zone: Zone, format: Format): Ticks {
  const perDay = width / days
  const withName = perDay >= 64
  const step = withName ? 1 : ([1, 2, 7, 14].find((s) => s * perDay >= 48) ?? 14)
  const labels: Ticks['labels'] = []
  const edges: number[] = []
  let i = 0
  for (let day = zone.startOfDay(from); day < to; day = zone.addDays(day, 1), i++) {
    if (day > from) edges.push(day)
    const due =
      step >= 7 ? zone.wall(day).weekday === 1 && (step === 7 || Math.round(day / (7 * DAY)) % 2 === 0) : i % step === 0
    if (!due) continue
    const end = Math.min(zone.addDays(day, 1), to)
    const at = step >= 7 ? day : (Math.max(day, from) + end) / 2
    if (end - Math.max(day, from) < DAY / 3 && step === 1) continue
    labels.push({ at, text: withName ? `${format.weekday(day)} ${format.shortDay(day)}` : format.shortDay(day) })
  }
  return { labels, edges: step >= 7 ? labels.map((l) => l.at) : edges }
}

function months(from: number, to: number, most: number, zone: Zone, format: Format): Ticks {
  const count = (to - from) / (30.44 * DAY)
  const step = [1, 2, 3, 6, 12].find((s) => count / s <= most) ?? 12
  const labels: Ticks['labels'] = []
  const edges: number[] = []
  const w = zone.wall(from)
  for (let m = w.month; ; m++) {
    const start = zone.instant(w.year, m, 1)
    if (start >= to) break
    const end = zone.instant(w.year, m + 1, 1)
    if (start > from) edges.push(start)
    const month = zone.wall(start).month
    if ((month - 1) % step !== 0) continue
    const at = (Math.max(start, from) + Math.min(end, to)) / 2
    if (Math.min(end, to) - Math.max(start, from) < 12 * DAY) continue
    labels.push({ at, text: month === 1 ? format.year(start) : format.monthName(start) })
  }
  return { labels, edges }
}

function years(from: number, to: number, most: number, zone: Zone, format: Format): Ticks {
  const count = (to - from) / (365.25 * DAY)
  const step = [1, 2, 5, 10].find((s) => count / s <= most) ?? 20
  const labels: Ticks['labels'] = []
  const edges: number[] = []
  for (let y = zone.wall(from).year; ; y++) {
    const start = zone.instant(y, 1, 1)
    if (start >= to) break
    const end = zone.instant(y + 1, 1, 1)
    if (start > from) edges.push(start)
    const [a, b] = [Math.max(start, from), Math.min(end, to)]
    if (y % step === 0 && b - a > 100 * DAY) labels.push({ at: (a + b) / 2, text: format.year((a + b) / 2) })
  }
  return { labels, edges }
}

/** Saturdays and Sundays within a span, as stretches of time. */
export function weekends({ from, to }: Span, zone: Zone): Span[] {
  const found: Span[] = []
  for (let day = zone.startOfDay(from); day < to; ) {
    const weekday = zone.wall(day).weekday
    if (weekday < 6) {
      day = zone.addDays(day, 6 - weekday)
      continue
    }
    const end = zone.addDays(day, 8 - weekday)
    found.push({ from: Math.max(day, from), to: Math.min(end, to) })
    day = end
  }
  return found
}

/** Weekends and public holidays within a span: the days on which a city is another. None twice. */
export function restDays(span: Span, holidays: readonly Span[], zone: Zone): Span[] {
  const found = weekends(span, zone)
  for (const h of holidays) {
    if (found.some((w) => h.from >= w.from && h.to <= w.to)) continue
    found.push({ from: Math.max(h.from, span.from), to: Math.min(h.to, span.to) })
  }
  return found
}
