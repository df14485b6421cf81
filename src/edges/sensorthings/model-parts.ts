import { type Sql, sql } from '../../kernel/db/index.ts'
import type { NavigationSpec, Property } from './model-types.ts'
import { json } from './values.ts'

/** Pieces the entity types of the model are declared with. */

export const at = (alias: string, column: string): Sql => sql.ref(`${alias}.${column}`)

export function text(name: string, options: { column?: string; mandatory?: boolean } = {}): Property {
  const column = options.column ?? name
  return {
    name,
    accepts: 'string',
    mandatory: options.mandatory,
    column,
    columns: [column],
    format: (row) => row[column],
    value: (alias) => ({ kind: 'string', sql: at(alias, column), notNull: true }),
  }
}

export function object(name: string): Property {
  return {
    name,
    accepts: 'object',
    column: name,
    columns: [name],
    format: (row) => row[name],
    value: (alias) => json(at(alias, name)),
  }
}

/** GeoJSON (or, with another encodingType, anything) kept as posted, beside its PostGIS geometry. */
export function geometry(name: string): Property {
  return {
    name,
    accepts: 'geometry',
    mandatory: true,
    column: name,
    columns: [name],
    format: (row) => row[name],
    value: (alias) => ({ kind: 'geometry', sql: at(alias, 'geom'), raw: at(alias, name) }),
  }
}

export const name = text('name', { mandatory: true })
export const description = text('description', { mandatory: true })
export const encodingType = text('encodingType', { column: 'encoding_type', mandatory: true })
export const properties = object('properties')

export const toOne = (nav: string, target: string, column: string, inverse: string): NavigationSpec => ({
  name: nav,
  target,
  many: false,
  mandatory: true,
  inverse,
  via: { kind: 'column', column },
})
export const toMany = (nav: string, target: string, column: string, inverse: string): NavigationSpec => ({
  name: nav,
  target,
  many: true,
  inverse,
  via: { kind: 'reverse', column },
})
export const linked = (
  nav: string,
  target: string,
  table: string,
  from: string,
  to: string,
  inverse: string,
  options: { mandatory?: boolean; rank?: string; repeats?: boolean } = {},
): NavigationSpec => ({
  name: nav,
  target,
  many: true,
  mandatory: options.mandatory,
  inverse,
  via: { kind: 'link', table, from, to, rank: options.rank, repeats: options.repeats },
})
