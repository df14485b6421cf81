import { type Sql, sql } from '../../kernel/db/index.ts'
import type { Body } from './body.ts'
import { geometryOf } from './geometry.ts'
import type { Property } from './model.ts'

/** Properties kept as jsonb; the others are text or time. */
const JSONB = new Set(['object', 'unit', 'units', 'texts', 'dataRecord', 'any', 'geometry'])

/** The table columns a checked body sets, as SQL. `encodingType` of the stored row is needed when only one of both changes. */
export function columnsOf(body: Body, stored: { encodingType?: string; geometry?: unknown } = {}): Map<string, Sql> {
  const columns = new Map<string, Sql>()
  let geometry: Property | undefined
  let encoding: unknown
  for (const property of body.type.properties) {
    if (property.name === 'encodingType') encoding = body.values.get(property) ?? stored.encodingType
    if (property.accepts === 'geometry') geometry = property
  }
  for (const [property, value] of body.values) {
    if (!property.column) continue
    columns.set(property.column, toSql(property, value))
  }
  if (geometry?.column) {
    const value = body.values.get(geometry) ?? stored.geometry
    const text = geometryOf(encoding, value, `${body.where}${geometry.name}`)
    columns.set(
      'geom',
      text === null ? sql`null` : sql`st_force2d(st_makevalid(st_setsrid(st_geomfromgeojson(${text}::text), 4326)))`,
    )
  }
  return columns
}

function toSql(property: Property, value: unknown): Sql {
  if (value === null) return property.column === 'description' ? sql`''` : sql`null`
  if (JSONB.has(property.accepts)) return sql`${JSON.stringify(value)}::jsonb`
  if (property.accepts === 'instant') return sql`${value}::timestamptz`
  return sql`${value}::text`
}
