import type { Aggregate, Point, Resolution, Series } from './api.ts'
import type { Format } from './format.ts'
import { type YearShift, yearBefore } from './view.ts'
import type { Zone } from './zone.ts'

/** One step of the time axis, in epoch milliseconds; an instant ends where it begins. */
export interface Bucket {
  t: number
  end: number
}

/** A line of a chart: values in the order of the buckets, null where nothing was measured. */
export interface Line {
  id: number
  label: string
  /** 1 … 5: which of the five colours. */
  color: number
  /** As written behind a value; empty when the number speaks for itself. */
  unit: string
  /** The unit's sign, which belongs to every number of a measure; empty for counts. */
  symbol: string
  digits: number
  aggregate: Aggregate
  values: (number | null)[]
  suspect: boolean[]
  /** Sum of a count, mean of anything else, over the range. */
  figure: number | null
}

export interface Chart {
  buckets: Bucket[]
  lines: Line[]
}

/** Puts several series on one time axis. Two values of one series at one instant: the later one in the answer stands. */
export function align(series: Series[], look: Map<number, { label: string; color: number; unit: string }>): Chart {
  const at = new Map<number, Bucket>()
  for (const s of series) {
    for (const p of s.points) {
      const t = Date.parse(p.t)
      if (!at.has(t)) at.set(t, { t, end: Date.parse(p.tEnd) })
    }
  }
  const buckets = [...at.values()].sort((a, b) => a.t - b.t)
  const index = new Map(buckets.map((b, i) => [b.t, i]))
  const lines = series.map((s): Line => {
    const values: (number | null)[] = new Array(buckets.length).fill(null)
    const suspect: boolean[] = new Array(buckets.length).fill(false)
    for (const p of s.points) {
      const i = index.get(Date.parse(p.t))!
      values[i] = p.value
      suspect[i] = p.suspect > 0
    }
    const digits = digitsOf(values, s.aggregate)
    const symbol = s.unit.symbol === '1' ? '' : s.unit.symbol
    const { label, color, unit } = look.get(s.datastream) ?? { label: s.name, color: 1, unit: s.unit.symbol }
    return {
      id: s.datastream,
      label,
      color,
      unit,
      symbol,
      digits,
      aggregate: s.aggregate,
      values,
      suspect,
      figure: s.aggregate === 'sum' ? s.total : s.mean,
    }
  })
  return { buckets, lines }
}

/** The previous year's values under this year's buckets, matched by the wall clock (so also across clock changes). */
export function previous(buckets: Bucket[], points: Point[], shift: YearShift, zone: Zone): (number | null)[] {
  const byTime = new Map(points.map((p) => [Date.parse(p.t), p.value]))
  return buckets.map((b) => byTime.get(yearBefore(b.t, shift, zone)) ?? null)
}

/** Where the middle of a bucket lies: an interval's value belongs to the whole interval. */
export const middle = (b: Bucket): number => (b.t + b.end) / 2

/** Stretches in which no line has a value. */
export function gaps({ buckets, lines }: Chart): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = []
  let open: { from: number; to: number } | null = null
  buckets.forEach((b, i) => {
    if (lines.some((l) => l.values[i] !== null)) {
      open = null
      return
    }
    const to = Math.max(b.end, buckets[i + 1]?.t ?? b.end)
    if (open) open.to = to
    else {
      open = { from: b.t, to }
      found.push(open)
    }
  })
  return found
}

/** Share of the buckets that have a value. */
export function coverage(values: (number | null)[]): number {
  return values.length === 0 ? 0 : values.filter((v) => v !== null).length / values.length
}

/** The time of a bucket in words: `Do, 20.8.2026, 14:00–15:00 Uhr`, `August 2026`, `14.–20. August 2026`. */
export function bucketLabel(b: Bucket, resolution: Resolution, format: Format): string {
  switch (resolution) {
    case 'raw':
    case 'hour':
      return b.end === b.t ? format.dateTime(b.t) : `${format.date(b.t)}, ${format.span(b.t, b.end)}`
    case 'day':
      return format.date(b.t)
    case 'week':
      return format.days(b.t, b.end)
    case 'month':
      return format.month(b.t)
    case 'year':
      return format.year(b.t)
  }
}

/** Decimals a line is written with, the same for all its values: none for counts, else as many as tell something. */
export function digitsOf(values: (number | null)[], aggregate: Aggregate): number {
  const known = values.filter((v) => v !== null)
  if (aggregate === 'sum' && known.every(Number.isInteger)) return 0
  return known.every((v) => Math.abs(v) < 2) ? 2 : 1
}

/** A value of a line as written, without its unit. */
export const valueText = (value: number, line: Line, format: Format): string => format.number(value, line.digits)
