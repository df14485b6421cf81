import type { Unit } from './api.ts'

/** Shapes of `/api/v1/source-drafts` as the form uses them. */
interface Words {
  de: string
  en: string
}

export type Role =
  | 'time'
  | 'clock'
  | 'value'
  | 'station'
  | 'name'
  | 'lat'
  | 'lon'
  | 'point'
  | 'geometry'
  | 'status'
  | 'kind'
  | 'fact'
  | 'none'

export interface Measure {
  property: string
  name: string
  key?: string
  unit?: Unit
  own?: { name: string; unit: Unit; aggregate: 'sum' | 'mean' }
  role?: 'total' | 'part'
}

export interface Column {
  column: string
  role: Role
  measure?: Measure
  /** fact: what of the place it says. */
  term?: string
  of?: string
  good?: string[]
  reason?: Words
}

export interface Mapping {
  id: string
  title: string
  from: Record<string, unknown>
  format: Record<string, unknown>
  timeZone: string
  /** Each row is such a place: a car park, a charging station … */
  concept?: string
  time: { format: string; period?: string }
  station: { key: string; name: string; lat?: string; lon?: string; note?: string }
  columns: Column[]
  dataset: Record<'id' | 'title' | 'publisher' | 'licence' | 'attribution' | 'description', string | undefined>
  schedule?: { every?: string; cron?: string; expect?: string }
}

/** How a file is to be read, as far as a person says; the rest is recognised. */
export interface Reading {
  separator?: string
  decimal?: string
  encoding?: string
  header?: number
  rows?: string
  sheet?: number
}

export interface Draft {
  id: string
  kind: 'file' | 'http' | 'mqtt' | 'webhook'
  name: string
  origin: string
  detection: {
    file: string
    bytes: number
    rows: number
    whole: boolean
    header: string[]
    firstRows: { row: number; cells: unknown[] }[]
    guesses: { about: string; value: Words; confidence: string; reason: Words }[]
    fixed?: Reading
    /** A list of places without measurements. */
    register?: boolean
    /** It says itself what everything means: no columns are to be chosen. */
    feed?: { type: string; role: string; reason: Words }
    problem: Words | null
  } | null
  mapping: Mapping | null
  yaml: string | null
  text: string | null
  /** What that text lacks to be a definition. */
  issues: Issue[] | null
  /** Further addresses that belong to it. */
  parts: { role: string; origin: string; schedule: string | null }[]
  source: string | null
  progress: { rows: number; values: number; share?: number } | null
  outcome: { outcome?: string; accepted?: number; rejected?: number; error?: string } | null
  /** Why the first run failed, in plain words. */
  cause?: { text: string; advice: string; original: string } | null
  stations?: { id: number; name: string; dataset: string }[]
}

export interface Options {
  properties: { key: string; name: string; unit: Unit; aggregate: 'sum' | 'mean' }[]
  concepts: {
    id: string
    name: Words
    terms: { key: string; type: string; values: string[] | null; description: string }[]
  }[]
  licences: { id: string; name: string }[]
  datasets: {
    id: string
    title: string
    publisher: string | null
    licence: string | null
    attribution: string | null
  }[]
}

export interface Survey {
  rows: number
  whole: boolean
  values: number
  rejected: number
  from: string | null
  to: string | null
  things: { key: string; name: string; geometry: { type: string; coordinates: number[] } | null }[]
  series: {
    thing: string
    name: string
    property: string
    unit: string
    aggregate: 'sum' | 'mean'
    role: string | null
    n: number
    sum: number
    min: number | null
    max: number | null
    first: string
    last: string
    values: [string, number | null][]
  }[]
  oddities: { kind: string; what: string; count: number; rows: number[]; from?: string; to?: string }[]
  nights: Night[]
}

export interface Night {
  at: string
  change: 'forward' | 'back'
  series: number
  missing: { both: number; first: number; second: number; around: number }
}

/** A mistake of a definition, where it stands. */
export interface Issue {
  line?: number
  field: string
  message: string
}

export const DRAFTS = '/api/v1/source-drafts'
