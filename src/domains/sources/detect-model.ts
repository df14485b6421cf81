import type { Property, Unit } from './vocabulary.ts'

/** A sentence in both languages of the pages. */
export interface Words {
  de: string
  en: string
}

export const words = (de: string, en: string): Words => ({ de, en })

export type Confidence = 'sure' | 'likely' | 'guess'

/** Something that was recognised, with the reason in words: people should be able to judge it, not only to believe it. */
export interface Guess {
  about: 'format' | 'encoding' | 'header' | 'decimal' | 'time' | 'zone' | 'period' | 'station' | 'place' | 'values'
  value: Words
  confidence: Confidence
  reason: Words
}

/** What a column is for. `fact` is something known of the place, in a term of the concept. `clock` is a time of day beside a date; `kind` says which quantity a row's value is. */
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

/** An observed property that the vocabulary does not have. */
export type OwnProperty = Pick<Property, 'name' | 'unit' | 'aggregate'>

/** What is measured by a series: in a wide table each value column has one, in a long one each kind. */
export interface Measure {
  property: string
  name: string
  key?: string
  /** Where it differs from the property's. */
  unit?: Unit
  own?: OwnProperty
  role?: 'total' | 'part'
}

export interface ColumnMapping {
  column: string
  role: Role
  measure?: Measure
  /** status: the value column it speaks of; all of them when absent. */
  of?: string
  /** fact: the term of the concept it gives. */
  term?: string
  /** status: what marks a value one can trust. */
  good?: string[]
  reason?: Words
}

/**
 * The choices of the form: what a person can click. `definitionOf` makes a definition of it, always the same way, so
 * that the form and the YAML never say different things.
 */
export interface Mapping {
  id: string
  title: string
  from: {
    http?: { url: string }
    file?: { path: string }
    mqtt?: { topic: string }
    webhook?: Record<string, never>
    files?: string
  }
  format: {
    type: 'csv' | 'json' | 'geojson' | 'xlsx'
    separator?: string
    quote?: string
    comment?: string
    encoding?: string
    skip?: number
    headerLine?: string
    header?: string[]
    sheet?: string | number
    rows?: string
    lines?: boolean
    decimal?: ',' | '.'
    empty?: string[]
  }
  timeZone: string
  /** Each row is such a place of the city: a car park, a charging station … */
  concept?: string
  time: { format: string; period?: string; stamp?: 'start' | 'end'; arrival?: true }
  /** Where no column names the station: the one everything in the file belongs to. */
  station: { key: string; name: string; lat?: string; lon?: string; note?: string }
  preamble?: Record<string, string>
  columns: ColumnMapping[]
  /** Long tables: the quantities a `kind` column names. */
  kinds?: Record<string, Measure>
  dataset: {
    id?: string
    title: string
    description?: string
    publisher?: string
    licence?: string
    attribution?: string
    homepage?: string
    contact?: string
  }
  schedule?: { every?: string; cron?: string; expect?: string }
}

/** How a file is to be read, as far as a person says; the rest is recognised. */
export interface Reading {
  separator?: string
  decimal?: ',' | '.'
  encoding?: string
  /** Line of the header, counted from 1; 0 where the file has none. */
  header?: number
  /** json: where the rows are. */
  rows?: string
  /** xlsx: number of the sheet. */
  sheet?: number
}

/** What a file was recognised as. `mapping` is null when it is nothing one could map; `problem` says why. */
export interface Detection {
  /** Name of the file, inside its archive where it was in one. */
  file: string
  bytes: number
  /** Rows read; `whole` = that was all of them. */
  rows: number
  whole: boolean
  header: string[]
  /** The first rows as people see them in the file. */
  firstRows: { row: number; cells: (string | number | boolean | null)[] }[]
  guesses: Guess[]
  /** What a person fixed before it was read. */
  fixed?: Reading
  mapping: Mapping | null
  /** It is a feed, which says itself what everything means: no roles are to be chosen. */
  feed?: { type: string; role: string; reason: Words }
  /** A list of places without measurements. */
  register?: boolean
  problem: Words | null
}
