/** One feature on its way in: the facts that do not change from minute to minute. */
export interface FeatureSpec {
  concept: string
  /** What the source calls it; a second run finds it by this again. */
  key: string
  name: string
  /** GeoJSON geometry, EPSG:4326, longitude first; null where the source says no place. */
  geometry: object | null
  /** In the terms of the concept. */
  properties: Record<string, unknown>
  /** ISO 8601; null leaves a side open. */
  valid?: { from: string | null; to: string | null }
}

/** What became of a feature that was handed over. */
export interface KeptFeature {
  concept: string
  key: string
  id: number
  thing: number | null
  change: 'created' | 'updated' | 'unchanged'
}

/** One feature as stored. Times are ISO 8601, UTC. */
export interface Feature {
  id: number
  /** Key of the dataset. */
  dataset: number
  concept: string
  key: string
  name: string
  properties: Record<string, unknown>
  geometry: object | null
  validFrom: string | null
  validTo: string | null
  thing: number | null
  source: string | null
  goneAt: string | null
  changedAt: string
  /** Metres from the place asked for. */
  distance?: number
}

export interface FeatureQuery {
  concept: string
  /** Keys of the datasets the reader may see. */
  visible: readonly number[]
  /** Only of this dataset. */
  dataset?: number
  key?: string
  /** Metres around a place, nearest first. */
  near?: { lon: number; lat: number; radius: number }
  /** [west, south, east, north], degrees. */
  bbox?: readonly [number, number, number, number]
  /** By validity, judged now. Features without one are current. */
  when?: 'current' | 'planned' | 'past'
  /** Only those people entered here. */
  entered?: boolean
  /** Valid at some time in [from, to), ISO 8601; features without a validity are. */
  during?: { from: string; to: string }
  /** Also those a complete run no longer names. */
  gone?: boolean
  limit?: number
}
