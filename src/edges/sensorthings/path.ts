import { type Sql, sql } from '../../kernel/db/index.ts'
import { and, type Builder, fromAll, type Hop } from './builder.ts'
import { notFound, StaError } from './errors.ts'
import { type EntityType, isId, type Model, type Navigation, navigationOf, type Property, propertyOf } from './model.ts'

/** One entity on the way of a path: the first by its set, the others by a navigation. */
export interface Step {
  type: EntityType
  /** null for the first step. */
  navigation: Navigation | null
  /** null where a to-one navigation names the entity. */
  id: number | null
}

/** What an address below the service root means. */
export type Resource =
  | { kind: 'root' }
  | { kind: 'createObservations' }
  | { kind: 'batch' }
  | { kind: 'set'; parents: Step[]; navigation: Navigation | null; type: EntityType; as: 'entities' | 'ref' | 'count' }
  | { kind: 'entity'; steps: Step[]; ref: boolean }
  | {
      kind: 'property'
      steps: Step[]
      property: Property | 'id' | 'selfLink'
      keys: string[]
      label: string
      value: boolean
    }

const MAX_STEPS = 20
const MAX_LENGTH = 4_096

/**
 * Reads the path below the service root (`Things(1)/Datastreams`, percent-encoded). Throws 404 with the 0-based
 * position of the segment that means nothing, 501 for what the standard knows and this service does not have yet.
 */
export function parsePath(raw: string, model: Model): Resource {
  if (raw.length > MAX_LENGTH) throw new StaError(414, `the path is longer than ${MAX_LENGTH} characters`)
  const segments = split(raw)
  if (segments.length === 0) return { kind: 'root' }
  if (segments.length > MAX_STEPS + 32) throw new StaError(400, 'the path has too many steps', segments[MAX_STEPS]!.at)
  const first = segments[0]!
  if (first.text === 'CreateObservations' && segments.length === 1) return { kind: 'createObservations' }
  if (first.text === '$batch' && segments.length === 1) return { kind: 'batch' }
  const { name, id } = split1(first)
  const type = model.ofSet(name)
  if (!type) {
    if (name === '$metadata') throw new StaError(501, `${name} is not supported`, first.at)
    throw notFound(`there is no entity set "${name.slice(0, 60)}"`, first.at)
  }
  if (id === null) return setEnd(segments.slice(1), [], null, type)
  return walk(segments, [{ type, navigation: null, id }])
}

interface Part {
  text: string
  at: number
}

function split(raw: string): Part[] {
  const parts: Part[] = []
  let at = 0
  for (const piece of raw.split('/')) {
    let text: string
    try {
      text = decodeURIComponent(piece)
    } catch {
      throw new StaError(400, 'the path is not correctly percent-encoded', at)
    }
    if (text.includes('\0')) throw new StaError(400, 'a NUL character is not allowed', at)
    if (text !== '') parts.push({ text, at })
    at += text.length + 1
  }
  return parts
}

/** `Things(1)` → name and id; an id that is not a whole number names nothing. */
function split1(part: Part): { name: string; id: number | null } {
  const open = part.text.indexOf('(')
  if (open < 0) return { name: part.text, id: null }
  const key = /^\((\d{1,15})\)$/.exec(part.text.slice(open))
  if (!key) throw notFound(`"${part.text.slice(0, 60)}": ids are whole numbers in brackets`, part.at + open)
  return { name: part.text.slice(0, open), id: Number(key[1]) }
}

function walk(segments: Part[], steps: Step[]): Resource {
  for (let i = 1; i < segments.length; i++) {
    if (steps.length > MAX_STEPS) throw new StaError(400, `the path has more than ${MAX_STEPS} steps`, segments[i]!.at)
    const part = segments[i]!
    const from = steps.at(-1)!.type
    if (part.text === '$ref' && i === segments.length - 1) return { kind: 'entity', steps, ref: true }
    const { name, id } = split1(part)
    const navigation = navigationOf(from, name)
    if (!navigation) return propertyEnd(segments.slice(i), steps, from)
    const type = navigation.to
    if (navigation.many && id === null) return setEnd(segments.slice(i + 1), steps, navigation, type)
    if (!navigation.many && id !== null) throw notFound(`${name} leads to one entity and takes no id`, part.at)
    steps = [...steps, { type, navigation, id }]
  }
  return { kind: 'entity', steps, ref: false }
}

function setEnd(rest: Part[], parents: Step[], navigation: Navigation | null, type: EntityType): Resource {
  const [after] = rest
  if (!after) return { kind: 'set', parents, navigation, type, as: 'entities' }
  if (rest.length === 1 && after.text === '$ref') return { kind: 'set', parents, navigation, type, as: 'ref' }
  if (rest.length === 1 && after.text === '$count') return { kind: 'set', parents, navigation, type, as: 'count' }
  throw notFound(`"${after.text.slice(0, 60)}" cannot follow a set`, after.at)
}

function propertyEnd(parts: Part[], steps: Step[], type: EntityType): Resource {
  const [first, ...more] = parts as [Part, ...Part[]]
  const value = more.at(-1)?.text === '$value'
  if (value) more.pop()
  const bracket = first.text.indexOf('[')
  const name = bracket < 0 ? first.text : first.text.slice(0, bracket)
  const property = isId(name) ? 'id' : name === '@iot.selfLink' ? 'selfLink' : propertyOf(type, name)
  if (!property) throw notFound(`${type.name} has no property or relation "${name.slice(0, 60)}"`, first.at)
  const keys: string[] = []
  const addIndices = (part: Part, from: number) => {
    const indices = part.text.slice(from)
    if (!/^(\[\d{1,9}\])*$/.test(indices)) throw notFound(`"${part.text.slice(0, 60)}" is not understood`, part.at)
    for (const [, n] of indices.matchAll(/\[(\d+)\]/g)) keys.push(n!)
  }
  if (bracket >= 0) addIndices(first, bracket)
  for (const part of more) {
    const open = part.text.indexOf('[')
    keys.push(open < 0 ? part.text : part.text.slice(0, open))
    if (open >= 0) addIndices(part, open)
  }
  if (keys.length > 0 && (property === 'id' || property === 'selfLink' || property.accepts === 'string')) {
    throw notFound(`${name} has nothing inside`, first.at)
  }
  return { kind: 'property', steps, property, keys, label: (more.at(-1) ?? first).text, value }
}

/** The tables and conditions of a chain of entities; the last hop is the entity the chain ends at. */
export function chain(builder: Builder, steps: readonly Step[]): { hops: Hop[]; where: Sql[]; last: Hop } {
  const hops: Hop[] = []
  const where: Sql[] = []
  for (const { type, navigation, id } of steps) {
    const hop = navigation ? builder.hop(navigation, hops.at(-1)!.alias) : builder.source(type)
    hops.push(hop)
    where.push(...hop.where)
    if (id !== null) where.push(sql`${sql.ref(`${hop.alias}.id`)} = ${id}::int8`)
  }
  return { hops, where, last: hops.at(-1)! }
}

/** SQL for the id and dataset of the entity a chain ends at; no row when it does not exist or may not be seen. */
export function chainEnd(builder: Builder, steps: readonly Step[]): Sql<{ id: number; dataset: number }> {
  const { hops, where, last } = chain(builder, steps)
  const type = steps.at(-1)!.type
  const dataset = type.owned
    ? sql.ref(`${last.alias}.dataset`)
    : sql`(select od.dataset from datastream od where od.id = ${sql.ref(`${last.alias}.datastream`)})`
  return sql`select ${sql.ref(`${last.alias}.id`)} as id, ${dataset} as dataset from ${fromAll(hops)} where ${and(where)} limit 1`
}

export const describeSteps = (steps: readonly Step[]): string =>
  steps.map(({ type, navigation, id }) => `${navigation?.name ?? type.set}${id === null ? '' : `(${id})`}`).join('/')
