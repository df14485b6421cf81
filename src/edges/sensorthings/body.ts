import { bad } from './errors.ts'
import { type EntityType, type Navigation, navigationOf, type Property, propertyOf } from './model.ts'
import { checkDescription } from './swe.ts'
import { parsePeriod, readInstant } from './times.ts'

export type Json = Record<string, unknown>

/** A request body checked against the model: property values, and what each navigation holds. */
export interface Body {
  type: EntityType
  /** Where it stands in the request, for messages: `` or `Datastreams[0]/`. */
  where: string
  values: Map<Property, unknown>
  links: Map<Navigation, Target[]>
}

/** What a navigation of a body holds: a link to an existing entity, or an entity to make. */
export type Target = { id: number; where: string } | { body: Json; where: string }

export type Mode = 'create' | 'patch' | 'put'

/** Deepest nesting of entities in one request. */
const MAX_DEPTH = 20

/**
 * Checks a JSON body against an entity type. Throws 400 that names the place: unknown names, wrong shapes, missing
 * mandatory properties (not for PATCH). Control information (`@iot.…`) is ignored; what the server makes is ignored
 * when creating, so that a copied entity can be posted, and refused in changes.
 */
export function readBody(type: EntityType, json: unknown, mode: Mode, where = ''): Body {
  const body = objectAt(json, where === '' ? type.name : where.slice(0, -1))
  if (where.split('/').length > MAX_DEPTH) throw bad(`${where}: entities are nested more than ${MAX_DEPTH} levels deep`)
  const values = new Map<Property, unknown>()
  const links = new Map<Navigation, Target[]>()
  for (const [key, value] of Object.entries(body)) {
    if (key.includes('@iot.') || key === 'id') continue
    const property = propertyOf(type, key)
    if (property) {
      if (property.readOnly) {
        if (mode === 'patch') throw bad(`${where}${key} is made by the server and cannot be changed`)
        continue
      }
      values.set(property, value)
      continue
    }
    const navigation = navigationOf(type, key)
    if (!navigation) throw bad(`${where}${key}: ${type.name} has no such property or relation`)
    links.set(navigation, targetsOf(navigation, value, `${where}${key}`))
  }
  for (const property of type.properties) {
    const value = values.get(property)
    const absent = value === undefined || (value === null && property.name !== 'result')
    if (!absent) values.set(property, checkValue(property, value, `${where}${property.name}`))
    else if (property.mandatory && (mode !== 'patch' || values.has(property))) {
      throw bad(`${where}${property.name} is missing (mandatory for ${type.name})`)
    } else if (property.filled) values.delete(property)
    else if (mode === 'put' && !property.readOnly) values.set(property, null)
  }
  return { type, where, values, links }
}

function objectAt(json: unknown, what: string): Json {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) throw bad(`${what}: a JSON object is expected`)
  return json as Json
}

function targetsOf(navigation: Navigation, value: unknown, where: string): Target[] {
  if (navigation.many) {
    if (!Array.isArray(value)) throw bad(`${where}: an array of entities or links is expected`)
    return value.map((item, i) => targetOf(item, `${where}[${i}]`))
  }
  if (value === null) {
    if (navigation.mandatory) throw bad(`${where} is mandatory and cannot be null`)
    return []
  }
  return [targetOf(value, where)]
}

function targetOf(value: unknown, where: string): Target {
  const body = objectAt(value, where)
  const id = body['@iot.id']
  if (id === undefined) return { body, where: `${where}/` }
  return { id: readId(id, `${where}/@iot.id`), where }
}

/** An id as a link carries it: a whole number. */
export function readId(id: unknown, where: string): number {
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) throw bad(`${where}: ids are whole numbers`)
  return id
}

function checkValue(property: Property, value: unknown, where: string): unknown {
  switch (property.accepts) {
    case 'string':
      if (typeof value !== 'string') throw bad(`${where}: a string is expected`)
      return value
    case 'object':
      return objectAt(value, where)
    case 'unit':
      return unitAt(value, where)
    case 'units':
      if (!Array.isArray(value) || value.length === 0) throw bad(`${where}: an array of units is expected`)
      return value.map((unit, i) => unitAt(unit, `${where}[${i}]`))
    case 'texts':
      if (!Array.isArray(value) || value.length === 0 || !value.every((text) => typeof text === 'string'))
        throw bad(`${where}: an array of strings is expected`)
      return value
    case 'dataRecord':
      return checkDescription(value, where)
    case 'instant':
      return readInstant(value, where)
    case 'period':
      return parsePeriod(value, where)
    case 'interval': {
      const period = parsePeriod(value, where)
      return { start: period.start, end: period.end ?? period.start }
    }
    default:
      return value
  }
}

function unitAt(value: unknown, where: string): Json {
  const unit = objectAt(value, where)
  for (const key of ['name', 'symbol', 'definition']) {
    if (unit[key] !== undefined && unit[key] !== null && typeof unit[key] !== 'string') {
      throw bad(`${where}/${key}: a string or null is expected`)
    }
  }
  return { ...unit, name: unit.name ?? null, symbol: unit.symbol ?? null, definition: unit.definition ?? null }
}
