import type { Sql } from '../../kernel/db/index.ts'
import type { Value } from './values.ts'

/** One row of an answer: SQL columns by name, as the driver (or a JSON aggregate) gives them. */
export type Row = Record<string, unknown>

/** What a value must look like when it is written; also the source of the OpenAPI schema. */
export type Accepts =
  | 'string'
  | 'object'
  | 'unit'
  | 'any'
  | 'instant'
  | 'period'
  | 'interval'
  | 'geometry'
  | 'units'
  | 'texts'
  | 'dataRecord'

/** A column to fetch: a column of the entity's table, or an expression under a name. */
export type Column = string | { name: string; sql: (alias: string) => Sql }

export interface Property {
  name: string
  accepts: Accepts
  mandatory?: boolean
  /** Made by the server: never taken from a request (OGC 18-088 Table 8). */
  readOnly?: boolean
  /** Filled by the server where a request leaves it out. */
  filled?: boolean
  /** Shown as null rather than left out when there is no value. */
  showNull?: boolean
  columns: readonly Column[]
  /** The JSON value from a row; undefined or null = none. */
  format: (row: Row) => unknown
  /** For $filter and $orderby. */
  value: (alias: string) => Value
  /** The table column a written value goes to, where it is one to one. */
  column?: string
}

/** How a navigation is stored. Column names are those of the tables in migrations/0003. */
type Via =
  | { kind: 'column'; column: string } // this row points to the target
  | { kind: 'reverse'; column: string } // the target's rows point to this one
  | { kind: 'link'; table: string; from: string; to: string; rank?: string; repeats?: boolean } // many to many, perhaps in an order, or the same pair several times
  | { kind: 'feature' } // Observation → FeatureOfInterest: its own or the datastream's default at that time
  | { kind: 'featureObservations' } // the reverse of it

export interface Navigation {
  name: string
  target: string
  /** The type of that name in the same model. */
  readonly to: EntityType
  many: boolean
  mandatory?: boolean
  /** The navigation of the target that leads back here. */
  inverse: string
  via: Via
  /** Whether a row has this relation at all, by its columns; absent = always. */
  shown?: (row: Row) => boolean
}

/** A navigation as it is declared; the model it becomes part of ties it to its target. */
export type NavigationSpec = Omit<Navigation, 'to'>

/** An entity type as it is declared. */
export type EntitySpec = Omit<EntityType, 'navigations'> & { navigations: readonly NavigationSpec[] }

export interface EntityType {
  /** Singular, as the standard names it: `Thing`. */
  name: string
  /** Name of the set: `Things`. */
  set: string
  table: string
  /** Has an own `dataset` column; an Observation inherits through its Datastream. */
  owned: boolean
  /** The navigations of which an existing target decides the dataset of a new entity. */
  owners?: readonly string[]
  /** The right that making, changing and deleting one needs, where it is a right of its own. */
  right?: 'task'
  /** Which rows of the table are of this type, where it shares the table with another one: `kind`. */
  kind?: 'single' | 'multi'
  properties: readonly Property[]
  navigations: readonly Navigation[]
}
