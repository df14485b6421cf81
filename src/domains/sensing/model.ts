/** null = good, 1 = suspect (kept, shown as such, left out of "usual"). A missing value is not stored. */
export type Quality = 1 | null

/** What few observations carry beside a number; keys are short because they are stored a million times. */
export interface ObservationExtra {
  /** Result that is not a number: string, boolean, object, array, or JSON null. */
  r?: unknown
  /** `parameters` (OGC 18-088 Table 12). */
  p?: Record<string, unknown>
  /** `resultTime`, ISO UTC. */
  rt?: string
  /** `validTime` as [start, end], ISO UTC. */
  vt?: [string, string]
  /** `resultQuality`. */
  dq?: unknown
  /** Of a MultiDatastream: the result is an array. */
  m?: 1
}

/** One observation on its way in. Times are ISO 8601 strings in UTC ending in `Z`. */
export interface NewObservation {
  datastream: number
  t: string
  tEnd: string | null
  v: number | null
  q?: Quality
  foi?: number | null
  x?: ObservationExtra | null
}

/** One observation as stored. */
export interface StoredObservation extends NewObservation {
  id: number
  /** What was measured, where another value `v` is published: only for whoever may see it (`Access.measured`). */
  measured?: number | null
}

/** The row with what was measured in place of what is published. */
export const asMeasured = (row: StoredObservation): StoredObservation =>
  'measured' in row ? { ...row, v: row.measured ?? null } : row

/** After-commit event: observations of one datastream that are now in the database. */
export interface ObservationsStored {
  dataset: number
  datastream: number
  rows: StoredObservation[]
  /** FeaturesOfInterest of what names none: the newest first, each from an instant (ISO 8601) on. */
  features: readonly { from: string; id: number }[]
}

/** After-commit event: an entity of the model was created, changed or deleted. `type` is the set's singular name. */
export interface EntityChanged {
  dataset: number
  type: string
  id: number
  change: 'created' | 'updated' | 'deleted'
  /** What is to stand in the log of it, where it is a privileged act. */
  detail?: Record<string, unknown>
}

export interface ThingSpec {
  key: string
  name: string
  description?: string
  properties?: Record<string, unknown> | null
  /** GeoJSON geometry in EPSG:4326, longitude first. */
  location?: { name?: string; description?: string; geometry: object; properties?: Record<string, unknown> } | null
}

export interface SensorSpec {
  key: string
  name: string
  description?: string
  encodingType?: string
  metadata?: unknown
  /** Absent = those it has stay. */
  properties?: Record<string, unknown>
}

export interface ObservedPropertySpec {
  key: string
  name: string
  definition?: string
  description?: string
  /** Absent = those it has stay. */
  properties?: Record<string, unknown>
}

export interface DatastreamSpec {
  key: string
  thing: number
  sensor: number
  observedProperty: number
  name: string
  description?: string
  observationType?: string
  unit: { name: string; symbol: string; definition: string }
  properties?: Record<string, unknown> | null
  /** How values of a period combine: counts are summed, everything else averaged. */
  aggregate: 'sum' | 'mean'
  periodSeconds?: number | null
  role?: 'total' | 'part' | null
  source?: string | null
}

export type Resolution = 'raw' | 'hour' | 'day' | 'week' | 'month' | 'year'
