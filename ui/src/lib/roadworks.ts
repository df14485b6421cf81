import type { Geometry } from './drawing.ts'

/** Roadworks as `/api/v1/mobility/roadworks` gives them. */
export interface Roadworks {
  id: string
  geometry: Geometry | null
  properties: {
    name: string
    validFrom: string | null
    validTo: string | null
    when: 'current' | 'planned' | 'past'
    dataset: string
    entered: boolean
    changed: string
    type?: string
    severity?: string
    description?: string
    detour?: string
    detourGeometry?: Geometry
    road?: string
    direction?: string
    restrictions?: string[]
    operator?: string
    url?: string
    attachments?: RoadworksFile[]
  }
}

export interface RoadworksFile {
  id: number
  name: string
  mediaType: string
  size: number
  url: string
}

export interface WritableDataset {
  id: string
  title: string
  state: string
  roadworks: number
}

/** Kinds that can be chosen, in the words of DATEX II. */
export const KINDS = ['ConstructionWorks', 'MaintenanceWorks', 'PublicEvent'] as const
export const SEVERITIES = ['none', 'low', 'medium', 'high', 'highest'] as const
export const RESTRICTIONS = [
  'roadClosed',
  'carriagewayClosures',
  'laneClosures',
  'singleAlternateLineTraffic',
  'narrowLanes',
  'lanesDeviated',
  'contraflow',
  'overnightClosures',
  'intermittentShortTermClosures',
  'heightRestrictionInOperation',
  'weightRestrictionInOperation',
] as const

export const FILE_BYTES = 5 * 1024 * 1024
export const FILE_TYPES = '.pdf,.png,.jpg,.jpeg,.webp'

export const pathOf = (id: string): string => `/api/v1/mobility/roadworks/${encodeURIComponent(id)}`
