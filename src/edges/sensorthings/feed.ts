import type { Actor } from '../../domains/access/index.ts'
import type { EntityChanged, StoredObservation } from '../../domains/sensing/index.ts'
import { sql } from '../../kernel/db/index.ts'
import { fromAll } from './builder.ts'
import { builderOf, type Context, readerOf, resolve } from './context.ts'
import { bad, StaError } from './errors.ts'
import { formatEntity } from './format.ts'
import type { EntityType, Row } from './model.ts'
import { chain, parsePath, type Resource, type Step } from './path.ts'
import { type Query, readQuery, splitOptions } from './query.ts'
import { type Select, selectOne, selectRows } from './select.ts'

/** Most entities one statement reads for a topic; with $expand each brings others along. */
const PAGE = 1_000
const PAGE_EXPANDED = 100
/** Only what chooses or shapes entities makes sense for what is told one by one. */
const OPTIONS = new Set(['select', 'expand', 'filter'])

type Watched = Extract<Resource, { kind: 'set' | 'entity' | 'property' }>

/**
 * What a subscription to a topic delivers (OGC 18-088 §14.2): the entities of a set, one entity, or one property, each
 * when it is made or changed, as GET gives it; `$select`, `$expand` and `$filter` as in HTTP.
 */
export interface Feed {
  /** Name of the type of the entities it is about. */
  readonly type: string
  /** The only entity it is about, where the topic names it by its own set. */
  readonly id: number | null
  /** Key of the dataset whose root the topic is of; null = the general root. */
  readonly root: number | null
  /** Set where observations are told as they are stored, without a query: of one Datastream, or (null) of all. */
  readonly plain: { datastream: number | null } | null
  /** The same for topics whose `format` gives the same. */
  readonly form: string
  /** It is a property: told when its value differs from the one before, whatever made it so. */
  readonly property: boolean
  /** The value is also changed by observations: phenomenonTime, resultTime, observedArea of a Datastream. */
  readonly derived: boolean
  /** The JSON of a stored observation, for `plain`. */
  format(row: StoredObservation): object
  /** What of these entities it delivers to the actor, in one statement for each thousand. Rights are those of now. */
  read(actor: Actor, changes: readonly Change[]): Promise<object[]>
}

/** An entity that was made or changed; of an Observation perhaps where it lies, which finds it faster. */
export type Change = Pick<EntityChanged, 'id'> & Partial<Pick<StoredObservation, 'datastream' | 't'>>

/** Where a topic's requests run: made anew for each reading, for rights change. */
export type ContextOf = (actor: Actor) => Context

/**
 * Reads a topic below its root (`Things(1)/Datastreams?$select=name`). Throws 400 or 404 for what is no topic or is not
 * there for the actor.
 */
export async function openFeed(contextOf: ContextOf, actor: Actor, path: string): Promise<Feed> {
  const question = path.indexOf('?')
  const context = contextOf(actor)
  const resource = parsePath(question < 0 ? path : path.slice(0, question), context.model)
  if (!isWatched(resource)) throw bad('subscriptions are to sets, entities and properties')
  const options = splitOptions(question < 0 ? '' : path.slice(question + 1))
  const steps = stepsOf(resource)
  const { type } = steps.at(-1)!
  const query = queryOf(resource, type, options)
  const parents = resource.kind === 'set' ? resource.parents : steps
  if (parents.length > 0) await resolve(context, parents)
  const { sql: text, shape } = select(context, resource, steps, query, [])
  const property = resource.kind === 'property' ? resource : null
  const first = steps.length === 1 ? steps[0]!.id : null
  const names = property && (typeof property.property === 'string' ? property.property : property.property.name)
  // Finds what the database would refuse before somebody relies on it.
  if (query.filter || query.expand.length > 0) await readerOf(context).run(text)
  return {
    type: type.name,
    id: first,
    root: context.root,
    plain: plainOf(resource, query),
    form: `${context.base} ${query.select ? JSON.stringify([[...query.select].sort(), ...query.places]) : '*'}`,
    property: property !== null,
    derived: property !== null && typeof property.property !== 'string' && property.property.readOnly === true,
    format: (row) =>
      formatEntity(
        shape,
        { id: row.id, t: row.t, t_end: row.tEnd, v: row.v, q: row.q ?? null, x: row.x ?? null },
        context.base,
      ),
    async read(actor, changes) {
      const inner = unlessHidden(() => contextOf(actor))
      if (!inner) return []
      if (property) return readValue(inner, resource, steps, query, names!)
      const page = query.expand.length > 0 ? PAGE_EXPANDED : PAGE
      const entities: object[] = []
      for (let at = 0; at < changes.length; at += page) {
        const { sql: text, shape } = select(inner, resource, steps, query, changes.slice(at, at + page))
        const rows = await readerOf(inner).run<Row>(text)
        entities.push(...rows.map((row) => formatEntity(shape, row, inner.base)))
      }
      return entities
    },
  }
}

const isWatched = (resource: Resource): resource is Watched =>
  resource.kind === 'property'
    ? resource.keys.length === 0 && !resource.value
    : resource.kind === 'entity'
      ? !resource.ref
      : resource.kind === 'set' && resource.as === 'entities'

function stepsOf(resource: Watched): Step[] {
  if (resource.kind !== 'set') return resource.steps
  const { parents, navigation, type } = resource
  return [...parents, { type, navigation, id: null }]
}

function queryOf(resource: Watched, type: EntityType, options: Map<string, string>): Query {
  for (const name of options.keys()) {
    if (!OPTIONS.has(name)) throw bad(`query option "$${name.slice(0, 40)}" does not apply to a subscription`)
    if (resource.kind === 'property') throw bad('a property is delivered as it is, without query options')
  }
  const query = readQuery(type, options)
  if (resource.kind === 'property') {
    const { property } = resource
    if (property === 'id' || property === 'selfLink') throw bad('an id never changes')
    query.select = new Set([property.name])
  }
  return query
}

/** Observations of a Datastream or of all, as they come: nothing to look up. */
function plainOf(resource: Watched, query: Query): Feed['plain'] {
  if (resource.kind !== 'set' || resource.type.name !== 'Observation') return null
  if (query.filter || query.expand.length > 0) return null
  const { parents, navigation } = resource
  if (parents.length === 0) return { datastream: null }
  return parents.length === 1 && navigation?.via.kind === 'reverse' ? { datastream: parents[0]!.id } : null
}

function select(
  context: Context,
  resource: Watched,
  steps: readonly Step[],
  query: Query,
  changes: readonly Change[],
): Select {
  const builder = builderOf(context)
  const { hops, where, last } = chain(builder, steps)
  const type = steps.at(-1)!.type
  const source = { alias: last.alias, from: fromAll(hops), where }
  if (resource.kind === 'property') return selectOne(builder, type, query, source)
  const column = (name: string) => sql.ref(`${last.alias}.${name}`)
  where.push(sql`${column('id')} = any(${changes.map(({ id }) => id)}::int8[])`)
  // An observation's id alone is found slowly; where and when it was narrows it down.
  if (type.name === 'Observation' && changes.length > 0 && changes.every(({ t }) => t !== undefined)) {
    const times = changes.map(({ t }) => Date.parse(t!))
    const [from, to] = [Math.min(...times), Math.max(...times) + 1]
    const streams = [...new Set(changes.map(({ datastream }) => datastream!))]
    where.push(sql`${column('datastream')} = any(${streams}::int4[])`)
    where.push(sql`${column('t')} >= ${new Date(from).toISOString()}::timestamptz`)
    where.push(sql`${column('t')} <= ${new Date(to).toISOString()}::timestamptz`)
  }
  return selectRows(builder, type, { ...query, top: changes.length }, source, { fixedDatastream: false })
}

async function readValue(
  context: Context,
  resource: Watched,
  steps: readonly Step[],
  query: Query,
  name: string,
): Promise<object[]> {
  const { sql: text, shape } = select(context, resource, steps, query, [])
  const [row] = await readerOf(context).run<Row>(text)
  return row ? [{ [name]: formatEntity(shape, row, context.base)[name] ?? null }] : []
}

function unlessHidden(make: () => Context): Context | null {
  try {
    return make()
  } catch (error) {
    if (error instanceof StaError) return null
    throw error
  }
}
