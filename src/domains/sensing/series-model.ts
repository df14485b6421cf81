import type { Resolution } from './model.ts'

/** One value, or one bucket of values. `value` is null where a value was expected and none came: draw a gap. */
export interface SeriesPoint {
  t: string
  tEnd: string
  /** The sum of a count, the mean of anything else, in the series' unit; values of quality suspect included. */
  value: number | null
  n: number
  min: number | null
  max: number | null
  /** How many of the n values are suspect. */
  suspect: number
}

export interface SeriesHead {
  datastream: number
  name: string
  thing: { id: number; name: string }
  dataset: number
  unit: { name: string; symbol: string; definition?: string }
  aggregate: 'sum' | 'mean'
  role: 'total' | 'part' | null
  periodSeconds: number | null
}

export interface Head extends SeriesHead {
  tMin: string | null
  tMax: string | null
  /** Whether its newest value covers a stretch of time rather than an instant. */
  stretches: boolean
  count: number
}

/** A query with its range and resolution decided, its series known and visible. */
export interface Plan {
  heads: Head[]
  from: number
  to: number
  resolution: Resolution
  timeZone: string
  /** Hourly sums cannot be regrouped into local buckets here: read the values themselves. */
  offHour: boolean
  now: number
}
