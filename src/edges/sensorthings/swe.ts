import { RE2JS } from 're2js'
import { bad } from './errors.ts'
import { parseInstant } from './times.ts'

/**
 * What a TaskingCapability says of its parameters (OGC 17-079r1 §8.2.1: a DataRecord of SWE Common, OGC 08-094r1, in
 * JSON), and whether the parameters of a Task keep to it.
 */

type Json = Record<string, unknown>

const MAX_FIELDS = 200
const MAX_DEPTH = 8
const MAX_ALLOWED = 1_000
const MAX_PATTERN = 500
const MAX_TEXT = 10_000

const SIMPLE = ['Boolean', 'Category', 'Count', 'Quantity', 'Text', 'Time'] as const
type Simple = (typeof SIMPLE)[number]

/** What a constraint of each component is called, and the shape of one allowed value. */
const CONSTRAINT: Record<Exclude<Simple, 'Boolean'>, string> = {
  Category: 'AllowedTokens',
  Text: 'AllowedTokens',
  Count: 'AllowedValues',
  Quantity: 'AllowedValues',
  Time: 'AllowedTimes',
}

const quoted = (value: unknown): string => JSON.stringify(value)?.slice(0, 60) ?? 'nothing'

function objectAt(value: unknown, where: string): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw bad(`${where}: an object is expected`)
  return value as Json
}

/** Both spellings are about: `field` (OGC 17-079r1) and `fields` (SWE Common 3.0). */
const either = (json: Json, one: string, other: string): unknown => json[one] ?? json[other]

/** Checks the description of parameters. Throws 400 that names the place. `where` is the path to it. */
export function checkDescription(value: unknown, where: string): Json {
  const record = objectAt(value, where)
  checkRecord(record, where, 1)
  return record
}

function checkRecord(record: Json, where: string, depth: number): void {
  if (depth > MAX_DEPTH) throw bad(`${where}: records are nested more than ${MAX_DEPTH} levels deep`)
  if (record.type !== 'DataRecord') throw bad(`${where}/type: "DataRecord" is expected, not ${quoted(record.type)}`)
  const fields = either(record, 'field', 'fields')
  if (!Array.isArray(fields) || fields.length === 0 || fields.length > MAX_FIELDS)
    throw bad(`${where}/field: an array of 1 to ${MAX_FIELDS} components is expected`)
  const names = new Set<string>()
  fields.forEach((field, i) => {
    const at = `${where}/field[${i}]`
    const component = objectAt(field, at)
    const { name } = component
    if (typeof name !== 'string' || name === '' || name.length > 200) throw bad(`${at}/name: a name is expected`)
    if (names.has(name)) throw bad(`${at}/name: there are two components named ${quoted(name)}`)
    names.add(name)
    if (component.optional !== undefined && typeof component.optional !== 'boolean')
      throw bad(`${at}/optional: true or false is expected`)
    if (component.type === 'DataRecord') checkRecord(component, at, depth + 1)
    else checkComponent(component, at)
  })
}

function checkComponent(component: Json, where: string): void {
  const type = component.type as Simple
  if (!SIMPLE.includes(type))
    throw bad(`${where}/type: ${[...SIMPLE, 'DataRecord'].join(', ')} are possible, not ${quoted(component.type)}`)
  if (component.constraint === undefined) return
  const at = `${where}/constraint`
  const constraint = objectAt(component.constraint, at)
  if (type === 'Boolean') throw bad(`${at}: a Boolean has none`)
  if (constraint.type !== undefined && constraint.type !== CONSTRAINT[type])
    throw bad(`${at}/type: "${CONSTRAINT[type]}" is expected for a ${type}, not ${quoted(constraint.type)}`)
  for (const key of Object.keys(constraint)) {
    const known = ['type', 'id', 'label', 'description', 'value', 'values']
    const more = CONSTRAINT[type] === 'AllowedTokens' ? ['pattern'] : ['interval', 'intervals']
    if (![...known, ...more].includes(key)) throw bad(`${at}/${key}: not a constraint this service can check`)
  }
  const values = either(constraint, 'value', 'values')
  if (values !== undefined) {
    listAt(values, `${at}/value`).forEach((one, i) => {
      shapeOf(type, one, `${at}/value[${i}]`)
    })
  }
  const intervals = either(constraint, 'interval', 'intervals')
  if (intervals !== undefined) {
    listAt(intervals, `${at}/interval`).forEach((one, i) => {
      const from = `${at}/interval[${i}]`
      if (!Array.isArray(one) || one.length !== 2) throw bad(`${from}: [from, to] is expected`)
      const [low, high] = one.map((end) => shapeOf(type, end, from)) as [string | number, string | number]
      if (low > high) throw bad(`${from}: ends before it begins`)
    })
  }
  if (constraint.pattern !== undefined) patternAt(constraint.pattern, `${at}/pattern`)
}

function listAt(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ALLOWED)
    throw bad(`${where}: an array of 1 to ${MAX_ALLOWED} is expected`)
  return value
}

/** A pattern of RE2: matched in time linear to the text, whoever wrote it. */
function patternAt(value: unknown, where: string): RE2JS {
  if (typeof value !== 'string' || value.length > MAX_PATTERN)
    throw bad(`${where}: a pattern of up to ${MAX_PATTERN} characters is expected`)
  try {
    return RE2JS.compile(value)
  } catch (error) {
    throw bad(`${where}: ${(error as Error).message.slice(0, 200)}`)
  }
}

/** The value as what the component takes, made comparable (instants in UTC). Throws 400 when it is something else. */
function shapeOf(type: Simple, value: unknown, where: string): unknown {
  switch (type) {
    case 'Boolean':
      if (typeof value === 'boolean') return value
      throw bad(`${where}: true or false is expected, not ${quoted(value)}`)
    case 'Count':
      if (Number.isSafeInteger(value)) return value
      throw bad(`${where}: a whole number is expected, not ${quoted(value)}`)
    case 'Quantity':
      if (typeof value === 'number' && Number.isFinite(value)) return value
      throw bad(`${where}: a number is expected, not ${quoted(value)}`)
    case 'Time': {
      const iso = typeof value === 'string' ? parseInstant(value) : null
      if (iso !== null) return new Date(iso).getTime()
      throw bad(`${where}: an ISO 8601 instant is expected, not ${quoted(value)}`)
    }
    default:
      if (typeof value === 'string' && value.length <= MAX_TEXT) return value
      throw bad(`${where}: a text of up to ${MAX_TEXT} characters is expected, not ${quoted(value)}`)
  }
}

/** Checks the parameters of a Task against what its TaskingCapability describes. Throws 400: where, what, what instead. */
export function checkParameters(description: unknown, value: unknown, where: string): void {
  const record = description as Json
  const given = objectAt(value, where)
  const fields = either(record, 'field', 'fields') as Json[]
  const names = fields.map((field) => String(field.name))
  for (const key of Object.keys(given)) {
    if (!names.includes(key))
      throw bad(`${where}/${key.slice(0, 60)}: there is no such parameter; there are ${names.join(', ').slice(0, 500)}`)
  }
  for (const field of fields) {
    const name = String(field.name)
    const at = `${where}/${name}`
    if (!Object.hasOwn(given, name)) {
      if (field.optional === true) continue
      throw bad(`${at} is missing (${String(field.type)})`)
    }
    if (field.type === 'DataRecord') checkParameters(field, given[name], at)
    else checkAllowed(field, given[name], at)
  }
}

function checkAllowed(component: Json, value: unknown, where: string): void {
  const type = component.type as Simple
  const shaped = shapeOf(type, value, where) as string | number
  if (component.constraint === undefined) return
  const constraint = component.constraint as Json
  const values = either(constraint, 'value', 'values') as unknown[] | undefined
  const intervals = either(constraint, 'interval', 'intervals') as [unknown, unknown][] | undefined
  const { pattern } = constraint
  if (!values && !intervals && pattern === undefined) return
  if (values?.some((one) => shapeOf(type, one, where) === shaped)) return
  if (intervals?.some(([low, high]) => between(type, shaped, low, high, where))) return
  if (pattern !== undefined && patternAt(pattern, where).matches(String(shaped))) return
  const allowed = [
    values && `one of ${values.map((one) => quoted(one)).join(', ')}`,
    intervals && `in ${intervals.map(([low, high]) => `[${low}, ${high}]`).join(' or ')}`,
    pattern !== undefined && `like ${String(pattern)}`,
  ].filter(Boolean)
  throw bad(`${where}: ${quoted(value)} is not allowed; it must be ${allowed.join(' or ').slice(0, 500)}`)
}

const between = (type: Simple, value: string | number, low: unknown, high: unknown, where: string): boolean =>
  (shapeOf(type, low, where) as number) <= (value as number) &&
  (value as number) <= (shapeOf(type, high, where) as number)
