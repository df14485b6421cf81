import type { StationState, StationSummary, Unit } from './api.ts'
import type { Lang } from './messages.ts'

/** Shapes of `/api/v1/datasets…`; `/api/v1/openapi.json` is the reference. */
export type DatasetState = 'draft' | 'review' | 'released' | 'withdrawn'
export type Texts = string | { de?: string; en?: string } | null

export interface Measure {
  key: string
  name: string
  unit: Unit
  series: number
}

export interface DatasetSummary {
  id: string
  title: string
  description: string
  publisher: string | null
  licence: string | null
  licenceName: string | null
  licenceUrl: string | null
  attribution: string | null
  simulated: boolean
  state: DatasetState
  stateSince: string
  /** Counts below are published as 0 or this; 1 = as they are. */
  k: number
  freshness: StationState
  first: string | null
  last: string | null
  stations: number
  series: number
  values: number
  measures: Measure[]
}

export interface DatasetList {
  now: string
  timeZone: string
  datasets: DatasetSummary[]
}

export interface Member {
  id: number
  name: string
  description: string
  lon: number | null
  lat: number | null
  approximate: boolean
  newest: string | null
  state: StationState
  series: {
    id: number
    name: string
    measure: string
    unit: string
    n: number
    first: string | null
    last: string | null
  }[]
}

export interface DatasetSource {
  id: string
  title: string | null
  schedule: string | null
  manual: boolean
  state: 'new' | 'ok' | 'late' | 'broken'
  lastGood: string | null
  cause: string | null
  causeText: { de: string; en: string } | null
}

export interface Example {
  id: 'curl' | 'python' | 'r' | 'javascript' | 'qgis'
  code: string
}

export interface Dataset extends DatasetSummary {
  now: string
  timeZone: string
  contact: string | null
  homepage: string | null
  retention: Texts
  blindSpots: Texts
  bounds: [number, number, number, number] | null
  mobility: { timetable: boolean; features: { concept: string; n: number }[] }
  sources: DatasetSource[]
  members: Member[]
  examples: Example[]
  links: { download: string; stations: string; quality: string; sensorthings: string }
  version: string
}

export interface QualityDay {
  day: string
  n: number
  present: number
  expected: number | null
  suspect: number
}

export interface Quality {
  from: string | null
  to: string | null
  regular: number
  irregular: number
  days: QualityDay[]
  n: number
  present: number
  expected: number | null
  suspect: number
}

/** The text in the page's language, else the one there is. */
export function textIn(text: Texts, lang: Lang): string | null {
  if (typeof text === 'string') return text
  return text?.[lang] ?? text?.de ?? text?.en ?? null
}

/** A dataset's stations as the map draws them. */
export function onMap(dataset: Dataset): StationSummary[] {
  return dataset.members.map((member) => ({
    id: member.id,
    name: member.name,
    dataset: dataset.id,
    datasetTitle: dataset.title,
    simulated: dataset.simulated,
    released: dataset.state === 'released',
    lon: member.lon,
    lat: member.lat,
    approximate: member.approximate,
    group: null,
    groups: [],
    state: member.state,
    newest: member.newest,
    headline: null,
    spark: [],
  }))
}

/** An address people may follow: only the web, never a script. */
export const safeUrl = (url: string | null): string | null => (url && /^https?:\/\//.test(url) ? url : null)
