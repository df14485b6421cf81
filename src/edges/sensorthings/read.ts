import { type Sql, sql } from '../../kernel/db/index.ts'
import type { Answer } from './answer.ts'
import { fromAll } from './builder.ts'
import { builderOf, type Context, missing, readerOf, resolve } from './context.ts'
import { formatDataArray } from './data-array.ts'
import { bad } from './errors.ts'
import { type Entity, formatEntity, inside, nextLink } from './format.ts'
import { Gate, mostRows } from './gate.ts'
import type { EntityType, Row } from './model.ts'
import { canJump, isByDatastream, jump, observationsByDatastream } from './observation-order.ts'
import { isByRelation, observationsByRelation } from './observations-by-relation.ts'
import { isByTime, observationsByTime } from './observations-by-time.ts'
import { chain, type Resource, type Step } from './path.ts'
import { askReferences, checkEntityOptions, type Query, readQuery } from './query.ts'
import { readGroups } from './read-groups.ts'
import {
  countOfAll,
  countOfDatastream,
  countRows,
  isLatest,
  latestRow,
  type Select,
  selectOne,
  selectRows,
} from './select.ts'
import { csvOf, geojsonOf } from './tabular.ts'

const gate = new Gate()

type SetResource = Extract<Resource, { kind: 'set' }>

/** GET of a set (OGC 18-088 §9.2.2), `/$ref` and `/$count` of it. */
export async function readSet(context: Context, resource: SetResource, options: Map<string, string>): Promise<Answer> {
  const query = readQuery(resource.type, options)
  const parent = resource.parents.length > 0 ? await resolve(context, resource.parents) : null
  if (resource.as === 'count' && query.apply)
    throw bad('$apply does not go with $count in the path; $count=true counts groups')
  if (resource.as === 'count') return { status: 200, text: String(await count(context, resource, query, parent?.id)) }
  if (query.apply) {
    if (resource.as !== 'entities') throw bad('$apply does not go with $ref')
    return readGroups(context, resource, query, parent?.id, `${context.base}/${pathOf(resource)}`)
  }
  if (resource.as === 'ref') askReferences(query)
  const read = () => readEntities(context, resource, query, parent?.id)
  // A transaction under way must not wait: what is ahead may need its connection.
  return context.group ? read() : gate.pass(mostRows(query), read)
}

async function readEntities(
  context: Context,
  resource: SetResource,
  query: Query,
  parent: number | undefined,
): Promise<Answer> {
  const [page, total] = await Promise.all([
    readPage(context, resource, query, parent),
    query.count ? count(context, resource, query, parent) : undefined,
  ])
  const body: Entity = {}
  if (total !== undefined) body['@iot.count'] = total
  const { rows, shape, more } = page
  const address = `${context.base}/${pathOf(resource)}`
  const next = more ? nextLink(address, shape, rows.at(-1)) : null
  // Where the form of the answer has no place for it, the way to the next page stands in a header (RFC 8288).
  const headers = next ? { link: `<${next}>; rel="next"` } : undefined
  if (query.resultFormat === 'csv')
    return { status: 200, headers, type: 'text/csv; charset=utf-8', text: csvOf(shape, rows, context.base) }
  if (query.resultFormat === 'geojson') {
    const text = JSON.stringify(geojsonOf(shape, rows, context.base, next))
    return { status: 200, headers, type: 'application/geo+json; charset=utf-8', text }
  }
  if (next) body['@iot.nextLink'] = next
  body.value =
    query.resultFormat === 'dataArray'
      ? formatDataArray(shape, rows, context.base)
      : rows.map((row) => formatEntity(shape, row, context.base))
  return { status: 200, body }
}

interface Page {
  rows: Row[]
  shape: Select['shape']
  more: boolean
}

async function readPage(
  context: Context,
  resource: SetResource,
  query: Query,
  parent: number | undefined,
): Promise<Page> {
  const { type, navigation } = resource
  const builder = builderOf(context)
  const ofDatastream = isOfDatastream(resource)
  if (ofDatastream && isLatest(query)) {
    const { sql: rowSql, shape } = latestRow(builder, type, query, sql`${parent!}::int4`)
    const rows = await readerOf(context).run<Row>(rowSql)
    return { rows, shape, more: rows[0]?.more === true }
  }
  let source = navigation ? builder.hop(navigation, parent!) : builder.source(type)
  let { skip } = query
  if (type.name === 'Observation' && !navigation) {
    if (isByTime(query)) source = observationsByTime(builder, query)
    else if (isByRelation(query)) source = observationsByRelation(builder, query)
    else if (isByDatastream(query)) {
      const start = canJump(query) ? await jump(readerOf(context), builder, skip) : { datastream: 0, skip }
      skip = start.skip
      source = observationsByDatastream(builder, query, start)
    }
  }
  const scope = { fixedDatastream: ofDatastream, skip }
  const { sql: rowsSql, shape } = selectRows(builder, type, query, source, scope)
  // Nothing is to be shown (and nothing follows): who asks so wants to know how many there are.
  if (query.top === 0) return { rows: [], shape, more: false }
  const rows = await readerOf(context).run<Row>(rowsSql)
  const more = rows.length > query.top
  if (more) rows.length = query.top
  return { rows, shape, more }
}

async function count(
  context: Context,
  resource: SetResource,
  query: Query,
  parent: number | undefined,
): Promise<number> {
  const { type, navigation } = resource
  const builder = builderOf(context)
  let counted: Sql<{ n: number }> | undefined
  if (isOfDatastream(resource)) counted = countOfDatastream(sql`${parent!}::int4`)
  else if (type.name === 'Observation' && !navigation) counted = countOfAll(builder)
  const source = navigation ? builder.hop(navigation, parent!) : builder.source(type)
  const [row] = await readerOf(context).run<{ n: number }>(
    countRows(builder, type, query, source, { fixedDatastream: false, counted }),
  )
  return row!.n
}

const isOfDatastream = ({ type, navigation }: SetResource): boolean =>
  type.name === 'Observation' && navigation?.via.kind === 'reverse'

const pathOf = ({ parents, navigation, type, as }: SetResource): string =>
  [...parents.map(stepText), navigation?.name ?? type.set, ...(as === 'ref' ? ['$ref'] : [])].join('/')

const stepText = ({ type, navigation, id }: Step): string =>
  `${navigation?.name ?? type.set}${id === null ? '' : `(${id})`}`

/** GET of one entity (OGC 18-088 §9.2.3), or its `/$ref`. */
export async function readEntity(
  context: Context,
  steps: Step[],
  options: Map<string, string>,
  ref: boolean,
): Promise<Answer> {
  checkEntityOptions(options)
  const type = steps.at(-1)!.type
  const query = readQuery(type, options)
  if (ref) askReferences(query)
  const read = () => entityBody(context, steps, type, query)
  const { entity, version } = await (context.group ? read() : gate.pass(mostRows({ ...query, top: 1 }), read))
  return { status: 200, body: entity, headers: etagHeader(version) }
}

interface Read {
  entity: Entity
  /** Changes with every change of the row; null where the way to it does not tell. */
  version: string | null
}

/** `ETag` for `If-Match` (RFC 9110 §13.1.1): weak, for one entity has several representations ($select, $expand). */
export const etagOf = (version: string): string => `W/"${version}"`

const etagHeader = (version: string | null): Record<string, string> | undefined =>
  version === null ? undefined : { etag: etagOf(version) }

async function entityBody(context: Context, steps: Step[], type: EntityType, query: Query): Promise<Read> {
  const builder = builderOf(context)
  const { hops, where, last } = chain(builder, steps)
  // Observations found by their feature come through a subselect, which has no row version.
  const versioned = steps.at(-1)!.navigation?.via.kind !== 'featureObservations'
  const source = { alias: last.alias, from: fromAll(hops), where }
  const { sql: oneSql, shape } = selectOne(builder, type, query, source, versioned)
  const [row] = await readerOf(context).run<Row>(oneSql)
  if (!row) throw missing(steps)
  return { entity: formatEntity(shape, row, context.base), version: (row.version as string | undefined) ?? null }
}

/** The entity with this id as GET without options gives it; null when it does not exist or may not be seen. */
export async function readById(context: Context, type: EntityType, id: number): Promise<Read | null> {
  const builder = builderOf(context)
  const source = builder.source(type)
  source.where.push(sql`${sql.ref(`${source.alias}.id`)} = ${id}::int8`)
  const { sql: oneSql, shape } = selectOne(builder, type, readQuery(type, new Map()), source, true)
  const [row] = await readerOf(context).run<Row>(oneSql)
  return row ? { entity: formatEntity(shape, row, context.base), version: row.version as string } : null
}

type PropertyResource = Extract<Resource, { kind: 'property' }>

/** GET of a property (§9.2.4), a place inside its JSON, or its raw `$value` (§9.2.5); nothing there is 204. */
export async function readProperty(
  context: Context,
  resource: PropertyResource,
  options: Map<string, string>,
): Promise<Answer> {
  for (const name of options.keys()) throw bad(`query option "$${name.slice(0, 40)}" does not apply to a property`)
  const { steps, property, keys, label, value } = resource
  const type = steps.at(-1)!.type
  const query = readQuery(type, new Map())
  query.select = new Set([typeof property === 'string' ? property : property.name])
  const { entity } = await entityBody(context, steps, type, query)
  const name = property === 'id' ? '@iot.id' : property === 'selfLink' ? '@iot.selfLink' : property.name
  let found: unknown = entity[name]
  for (const key of keys) found = inside(found, key)
  if (found === undefined || found === null) return { status: 204 }
  if (value) return { status: 200, text: typeof found === 'string' ? found : JSON.stringify(found) }
  return { status: 200, body: { [keys.length > 0 ? label : name]: found } }
}
