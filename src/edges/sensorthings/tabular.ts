import { inside } from './format.ts'
import type { Property, Row } from './model.ts'
import type { Shape } from './select.ts'

/** One column of a flat answer: its name as a path from the row's entity, and how to read it. */
interface Field {
  name: string
  read: (row: Row) => unknown
}

const UNIT_PARTS = ['name', 'symbol', 'definition']

/**
 * The columns of a set as a table, the same for each row: ids, properties (a unit by its parts), relations to one entity
 * by their own columns (`Thing/name`), expanded sets as JSON.
 */
export function fieldsOf(shape: Shape, base: string, prefix = ''): Field[] {
  const fields: Field[] = []
  const add = (name: string, read: Field['read']) => fields.push({ name: prefix + name, read })
  if (shape.showId) add('@iot.id', (row) => row.id)
  if (shape.showSelfLink && shape.query.select) add('@iot.selfLink', (row) => `${base}/${shape.type.set}(${row.id})`)
  for (const property of shape.properties) {
    const places = shape.query.places.get(property.name)
    if (places)
      for (const keys of places)
        add([property.name, ...keys].join('/'), (row) => keys.reduce(inside, property.format(row)) ?? null)
    else if (property.accepts !== 'unit') add(property.name, (row) => property.format(row) ?? null)
    else for (const part of UNIT_PARTS) add(`${property.name}/${part}`, (row) => unitPart(property, row, part))
  }
  for (const { navigation, column, shape: inner } of shape.expands) {
    if (navigation.many) {
      const columns = fieldsOf(inner, base)
      add(navigation.name, (row) => (row[column] as Row[]).slice(0, inner.query.top).map((one) => object(columns, one)))
      continue
    }
    for (const field of fieldsOf(inner, base, `${prefix}${navigation.name}/`)) {
      fields.push({ name: field.name, read: (row) => (row[column] ? field.read(row[column] as Row) : null) })
    }
  }
  return fields
}

function unitPart(property: Property, row: Row, part: string): unknown {
  return (property.format(row) as Record<string, unknown> | null)?.[part] ?? null
}

const object = (fields: readonly Field[], row: Row): Record<string, unknown> =>
  Object.fromEntries(fields.map(({ name, read }) => [name, read(row)]))

/** A page as CSV (RFC 4180): a line of names, a line for each entity. */
export function csvOf(shape: Shape, rows: readonly Row[], base: string): string {
  const fields = fieldsOf(shape, base)
  const lines = [fields.map(({ name }) => cell(name)).join(',')]
  for (const row of rows) lines.push(fields.map(({ read }) => cell(read(row))).join(','))
  return `${lines.join('\r\n')}\r\n`
}

/** Text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP CSV injection); names come from outside. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const safe = /^[=+\-@\t\r]/.test(text) && !text.startsWith('@iot.') ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A page as a GeoJSON FeatureCollection (RFC 7946): the place of each entity, and its columns as properties. */
export function geojsonOf(shape: Shape, rows: readonly Row[], base: string, next: string | null): unknown {
  const fields = fieldsOf(shape, base)
  return {
    type: 'FeatureCollection',
    features: rows.map((row) => ({
      type: 'Feature',
      id: row.id,
      geometry: row.place ?? null,
      properties: object(fields, row),
    })),
    ...(next === null ? {} : { '@iot.nextLink': next }),
  }
}
