import type { SeriesHead } from './series.ts'

/**
 * How fresh a station is.
 *  - current: its newest value is no older than three periods (at least an hour)
 *  - late: older than that; - broken: its source says it is
 *  - archive: fed by a source without schedule, so never late, only as old as it is
 *  - empty: nothing was ever measured
 */
export type StationState = 'current' | 'archive' | 'empty' | 'late' | 'broken'

/** Worst last. */
export const STATES: readonly StationState[] = ['current', 'archive', 'empty', 'late', 'broken']

export const worst = (states: readonly StationState[]): StationState =>
  states.reduce((a, b) => (STATES.indexOf(b) > STATES.indexOf(a) ? b : a), 'current')

/** What a source says of itself; handed in, because sensing knows no sources. */
export interface SourceHealth {
  id: string
  title: string | null
  /** As people write it: `every 15m`, a cron line; null = none. */
  schedule: string | null
  /** Without schedule and not pushed to: an archive. */
  manual: boolean
  state: 'new' | 'ok' | 'late' | 'broken'
  lastGood: string | null
  /** As the program noted it. */
  cause: string | null
  /** The same for people. */
  causeText: { de: string; en: string } | null
}

export type SourceHealthOf = (ids: readonly string[]) => Promise<ReadonlyMap<string, SourceHealth>>

export interface Unit {
  name: string
  symbol: string
}

/** What is usual: the median of the same weekday in up to eight earlier weeks, up to the same time of day. */
export interface Usual {
  value: number
  /** Ratio to it: 0.08 = 8 % more than usual. Suspect values are left out on both sides. */
  change: number
  basis: { weekday: number; days: number; until: string; stations?: number }
}

/** A station's figure for one observed property. */
export interface Headline {
  group: string
  /** The series behind it: the total, or the parts that were added up. */
  datastreams: number[]
  datastream: number
  name: string
  unit: Unit
  aggregate: 'sum' | 'mean'
  value: number | null
  time: string | null
  timeEnd: string | null
  /** Local day of the newest value, `YYYY-MM-DD`. */
  day: string | null
  /** Sum (mean) of that day's values. */
  dayTotal: number | null
  usual: Usual | null
}

/** One series with its figures of its own, whether or not its station is known by it. */
export interface SeriesFigure extends Headline {
  thing: { id: number; name: string }
  /** Key of the dataset. */
  dataset: number
  role: 'total' | 'part' | null
  periodSeconds: number | null
  since: string | null
  newest: string | null
  state: StationState
}

export interface StationSummary {
  id: number
  name: string
  dataset: string
  datasetTitle: string
  /** Not measured: an example. */
  simulated: boolean
  /** Everybody may see it. */
  released: boolean
  lon: number | null
  lat: number | null
  approximate: boolean
  group: string | null
  groups: string[]
  state: StationState
  newest: string | null
  headline: Headline | null
  headlines: Headline[]
  spark: [string, number | null][]
}

export interface StationGroup {
  key: string
  name: string
  aggregate: 'sum' | 'mean'
  unit: Unit
  stations: number
  day: string | null
  isToday: boolean
  total: number | null
  min: number | null
  max: number | null
  usual: Usual | null
  newest: string | null
  worst: StationState
}

export interface StationOverview {
  now: string
  timeZone: string
  groups: StationGroup[]
  stations: StationSummary[]
}

export interface StationSeries extends Omit<SeriesHead, 'thing'> {
  description: string
  group: string
  observedProperty: { key: string | null; name: string; definition: string }
  n: number
  since: string | null
  newest: string | null
  latest: { t: string; tEnd: string | null; value: number | null; quality: 'good' | 'suspect' } | null
  /** Values stored per value expected since the first one, 0 to 1; null for irregular series. */
  completeness: number | null
  /** Share of suspect values in the 365 days up to the newest; null without values. */
  suspectShare: number | null
}

export interface Station {
  id: number
  name: string
  description: string
  /** Key of the dataset. */
  dataset: number
  location: { lon: number; lat: number; approximate: boolean; name: string } | null
  properties: Record<string, unknown>
  since: string | null
  newest: string | null
  state: StationState
  source: SourceHealth | null
  headline: Headline | null
  headlines: Headline[]
  datastreams: StationSeries[]
}
