import type { Aggregate } from './api.ts'
import type { DatasetState } from './datasets.ts'

/** Shapes of `/api/v1/things/{id}`: a station and its series as they can be changed. */
export interface Place {
  lon: number
  lat: number
  name: string
  approximate: boolean
}

export interface EditableSeries {
  id: number
  name: string
  description: string
  unit: { name: string; symbol: string; definition: string }
  observedProperty: number
  aggregate: Aggregate
  periodSeconds: number | null
  role: 'total' | 'part' | null
  n: number
  newest: string | null
  version: string
  edited: string[]
}

export interface EditableThing {
  id: number
  name: string
  description: string
  properties: Record<string, unknown>
  place: Place | null
  version: string
  edited: string[]
  dataset: { id: string; title: string; state: DatasetState }
  datastreams: EditableSeries[]
  observedProperties: { id: number; key: string | null; name: string }[]
}
