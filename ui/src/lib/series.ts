import type { Aggregate, Point, Resolution, Series } from './api.ts'
import type { Format } from './format.ts'
import { type YearShift, yearBefore } from './view.ts'
import type { Zone } from './zone.ts'

/** One step of the time axis, in epoch milliseconds; an instant ends where it begins. */
export interface Bucket {
  t: number
  end: number
}

/** A value; null where one was expected and none came; undefined where this line has none at another line's time. */
export type Value = number | null | undefined

/** A line of a chart: values in the order of the buckets. */
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
  values: Value[]
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
    const values: Value[] = new Array(buckets.length).fill(undefined)
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

/** What a line says at a bucket: its value there, or, at another line's time, the one before. */
export function valueAt(line: Line, i: number): { value: number | null; suspect: boolean } {
  for (let k = i; k >= 0; k--) {
    const value = line.values[k]
    if (value !== undefined) return { value, suspect: line.suspect[k] ?? false }
  }
  return { value: null, suspect: false }
}

/** Stretches in which every line lacks a value that was expected. */
export function gaps({ buckets, lines }: Chart): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = []
  const missing = lines.map(() => false)
  let open: { from: number; to: number } | null = null
  buckets.forEach((b, i) => {
    lines.forEach((l, k) => {
      if (l.values[i] !== undefined) missing[k] = l.values[i] === null
    })
    if (missing.includes(false)) {
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
export function coverage(values: Value[]): number {
  const own = values.filter((v) => v !== undefined)
  return own.length === 0 ? 0 : own.filter((v) => v !== null).length / own.length
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
export function digitsOf(values: Value[], aggregate: Aggregate): number {
  const known = values.filter((v) => v != null)
  if (aggregate === 'sum' && known.every(Number.isInteger)) return 0
  return known.every((v) => Math.abs(v) < 2) ? 2 : 1
}

/** A value of a line as written, without its unit. */
export const valueText = (value: number, line: Line, format: Format): string => format.number(value, line.digits)

/** Ends of the value axis: counts start at zero, since half the height is to be half the number. */
export function valueRange(low: number | null, high: number | null, zero: boolean): [number, number] {
  if (low === null || high === null) return [0, 1]
  // Sums below zero there are too: more went out than came in.
  if (zero) return [Math.min(0, low * 1.06), high > 0 ? high * 1.06 : low < 0 ? 0 : 1]
  const pad = (high - low || Math.abs(high) || 1) * 0.08
  // What never falls below zero needs no room there: no free spaces are none.
  return [low >= 0 && low - pad < 0 ? 0 : low - pad, high + pad]
}

/** Why values of some series are missing from an instant until another (exclusive; null = still). */
export interface Cause {
  from: number
  to: number | null
  /** Ids of the series; null = all. */
  series: readonly number[] | null
  text: string
}

/** The first cause that covers a bucket without a value: causes come in the order of how much they tell. */
export function causeAt(causes: readonly Cause[], { t, end }: Bucket, series: readonly number[]): string | null {
  const until = Math.max(end, t + 1)
  const found = causes.find(
    (one) =>
      one.from < until && (one.to ?? Infinity) > t && (!one.series || series.some((id) => one.series!.includes(id))),
  )
  return found?.text ?? null
}
