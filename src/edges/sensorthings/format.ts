import type { Property, Row } from './model.ts'
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
    const value = valueIn(shape, property, row)
    if (value !== null && value !== undefined) entity[property.name] = value
    else if (property.showNull && !shape.query.places.has(property.name)) entity[property.name] = null
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
      const link = nextLink(`${self}/${navigation.name}${inner.query.ref ? '/$ref' : ''}`, inner, rows.at(-1))
      if (link) entity[`${navigation.name}@iot.nextLink`] = link
    }
  }
  return entity
}

/**
 * A property's value, or of it what `$select` names (`properties/a`): the objects on the way hold nothing else, a list on
 * the way stays whole. Undefined where there is nothing.
 */
export function valueIn({ query }: Shape, property: Property, row: Row): unknown {
  const value = property.format(row)
  const places = query.places.get(property.name)
  return places ? places.map((keys) => along(value, keys)).reduce(merged, undefined) : value
}

function along(value: unknown, keys: readonly string[]): unknown {
  const [key, ...rest] = keys
  if (key === undefined || Array.isArray(value)) return value
  const inner = along(inside(value, key), rest)
  return inner === undefined ? undefined : { [key]: inner }
}

function merged(a: unknown, b: unknown): unknown {
  if (!isObject(a) || !isObject(b)) return a === undefined ? b : a
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries([...names].map((name) => [name, merged(inside(a, name), inside(b, name))]))
}

const isObject = (value: unknown): value is Entity =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** What stands under a name of an object or at a place of a list; undefined where there is nothing. */
export function inside(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return /^\d+$/.test(key) ? value[Number(key)] : undefined
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
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
