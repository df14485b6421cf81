import type { Row } from './model.ts'
import type { Query } from './query.ts'
import type { Shape } from './select.ts'

export type Entity = Record<string, unknown>

/** One row as the JSON entity of OGC 18-088 §8.1: control information, properties, links or expanded relations. */
export function formatEntity(shape: Shape, row: Row, base: string): Entity {
  const entity: Entity = {}
  const self = `${base}/${shape.type.set}(${row.id})`
  if (shape.showSelfLink) entity['@iot.selfLink'] = self
  if (shape.showId) entity['@iot.id'] = row.id
  for (const property of shape.properties) {
    const value = property.format(row)
    if (value !== null && value !== undefined) entity[property.name] = value
    else if (property.showNull) entity[property.name] = null
  }
  for (const { name, shown } of shape.links) {
    if (!shown || shown(row)) entity[`${name}@iot.navigationLink`] = `${self}/${name}`
  }
  for (const expand of shape.expands) {
    const { navigation, shape: inner } = expand
    const found = row[expand.column]
    if (!navigation.many) {
      if (found) entity[navigation.name] = formatEntity(inner, found as Row, base)
      continue
    }
    const rows = found as Row[]
    const more = expand.latest ? rows[0]?.more === true : rows.length > inner.query.top
    if (rows.length > inner.query.top) rows.length = inner.query.top
    if (expand.countColumn) entity[`${navigation.name}@iot.count`] = Number(row[expand.countColumn])
    entity[navigation.name] = rows.map((r) => formatEntity(inner, r, base))
    if (more) {
      const link = nextLink(`${self}/${navigation.name}`, inner, rows.at(-1))
      if (link) entity[`${navigation.name}@iot.nextLink`] = link
    }
  }
  return entity
}

/**
 * The address of the page after `last`: all options kept, and the sort keys of the last row. With `$top=0` there is
 * nothing to go on from, so nothing follows.
 */
export function nextLink(address: string, shape: Shape, last: Row | undefined): string | null {
  if (!last) return null
  const token = JSON.stringify(shape.keys.map((key) => tokenValue(last[key.column!])))
  return `${address}?${keptOptions(shape)}$skiptoken=${Buffer.from(token).toString('base64url')}`
}

const kept = new WeakMap<Shape, string>()

/** The options of a set as its nextLinks repeat them; the same for every parent it is nested in. */
function keptOptions(shape: Shape): string {
  let text = kept.get(shape)
  if (text === undefined) {
    text = [...nextOptions(shape.query)].map((option) => `${option}&`).join('')
    kept.set(shape, text)
  }
  return text
}

function* nextOptions(query: Query): Iterable<string> {
  for (const [name, raw] of query.raw) {
    if (name === 'skip' || name === 'skiptoken') continue
    if (name === 'top') yield `$top=${query.top}`
    else yield `$${name === 'resultformat' ? 'resultFormat' : name}=${encodeURIComponent(raw)}`
  }
  if (!query.raw.has('top') && query.top !== 100) yield `$top=${query.top}`
}

const tokenValue = (value: unknown): string | null => (value === null || value === undefined ? null : String(value))
