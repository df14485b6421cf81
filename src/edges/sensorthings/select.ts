import { type Sql, sql } from '../../kernel/db/index.ts'
import { and, type Builder, type Hop } from './builder.ts'
import { Compiler } from './compile.ts'
import type { EntityType, Navigation, Property, Row } from './model.ts'
import { afterRow, type Key, orderBy, orderKeys } from './order.ts'
import type { Expand, Query } from './query.ts'

/** How to read the rows of one (sub)query: what the formatter needs to know. */
export interface Shape {
  type: EntityType
  query: Query
  properties: readonly Property[]
  showId: boolean
  showSelfLink: boolean
  /** Navigations shown as links. */
  links: readonly Navigation[]
  expands: readonly ExpandShape[]
  keys: readonly Key[]
}

interface ExpandShape {
  navigation: Navigation
  shape: Shape
  /** Column holding the row (to-one) or the array of rows (to-many, one more than the page when there is a next). */
  column: string
  countColumn: string | null
  /** The rows come from the stored latest value, and say in `more` whether there are others. */
  latest: boolean
}

export interface Select {
  sql: Sql<Row>
  shape: Shape
}

/** What a subquery is about, besides its source: the datastream its observations are known to belong to. */
export interface Scope {
  /** All rows belong to one datastream. */
  fixedDatastream: boolean
  /** Rows to pass over, where others than the query's: some were already jumped. */
  skip?: number
}

/**
 * SQL for the rows of a set: filtered, sorted, one row more than the page (so that it is known whether there is a next),
 * with expanded relations as JSON columns. One statement whatever the nesting.
 */
export function selectRows(builder: Builder, type: EntityType, query: Query, source: Hop, scope: Scope): Select {
  const { alias } = source
  const conditions = [...source.where]
  if (query.filter) conditions.push(new Compiler(builder, type, alias, '$filter').filter(query.filter))
  const keys = orderKeys(
    type,
    alias,
    query.orderby,
    new Compiler(builder, type, alias, '$orderby'),
    scope.fixedDatastream,
  )
  source.sorted?.forEach((expression, i) => {
    keys[i]!.sql = expression
  })
  if (source.rank && query.orderby.length === 0)
    keys.unshift({ sql: source.rank, desc: false, nullable: false, cast: 'int8' })
  if (query.after) conditions.push(afterRow(keys, query.after))
  const { columns, shape } = selectColumns(builder, type, query, alias, keys)
  const rows = scope.skip ?? query.skip
  const skip = query.after || rows === 0 ? sql`` : sql` offset ${rows}`
  return {
    sql: sql`select ${columns} from ${source.from} where ${and(conditions)} order by ${orderBy(keys)} limit ${query.top + 1}${skip}`,
    shape,
  }
}

/** SQL for the one row a source leads to; with `versioned` its column `version` changes with every change of the row. */
export function selectOne(builder: Builder, type: EntityType, query: Query, source: Hop, versioned = false): Select {
  const { columns, shape } = selectColumns(builder, type, query, source.alias, [])
  const version = versioned ? sql`, ${sql.ref(`${source.alias}.xmin`)}::text as version` : sql``
  return { sql: sql`select ${columns}${version} from ${source.from} where ${and(source.where)} limit 1`, shape }
}

/** SQL for the number of rows of a set, before paging. Unfiltered observations are counted by their stored counters. */
export function countRows(
  builder: Builder,
  type: EntityType,
  query: Query,
  source: Hop,
  scope: Scope & { counted?: Sql<{ n: number }> },
): Sql<{ n: number }> {
  if (!query.filter && scope.counted) return scope.counted
  const conditions = [...source.where]
  if (query.filter) conditions.push(new Compiler(builder, type, source.alias, '$filter').filter(query.filter))
  return sql`select count(*)::int8 as n from ${source.from} where ${and(conditions)}`
}

/** Counter of one datastream's observations; `datastream` is an expression for its id. */
export const countOfDatastream = (datastream: Sql): Sql<{ n: number }> =>
  sql`select coalesce((select s.n from datastream_state s where s.datastream = ${datastream}), 0)::int8 as n`

/** Counter of all observations the statement may see. */
export const countOfAll = (builder: Builder): Sql<{ n: number }> =>
  sql`select coalesce(sum(s.n), 0)::int8 as n from datastream_state s join datastream d on d.id = s.datastream where d.dataset = any(${builder.visible}::int4[])`

function selectColumns(
  builder: Builder,
  type: EntityType,
  query: Query,
  alias: string,
  keys: Key[],
): { columns: Sql; shape: Shape } {
  const { select } = query
  const properties = select ? type.properties.filter((p) => select.has(p.name)) : type.properties
  const expanded = new Set(query.expand.map((e) => e.navigation))
  const links = type.navigations.filter((n) => !expanded.has(n) && (!select || select.has(n.name)))
  const columns = new Map<string, Sql>([['id', sql.ref(`${alias}.id`)]])
  for (const property of properties) {
    for (const column of property.columns) {
      if (typeof column === 'string') columns.set(column, sql.ref(`${alias}.${column}`))
      else if (!columns.has(column.name)) columns.set(column.name, column.sql(alias))
    }
  }
  // The data array groups by datastream whatever is selected.
  if (query.resultFormat === 'dataArray') columns.set('datastream', sql.ref(`${alias}.datastream`))
  if (query.resultFormat === 'dataArray' || links.some((navigation) => navigation.shown))
    columns.set('x', sql.ref(`${alias}.x`))
  if (query.resultFormat === 'geojson') columns.set('place', placeOf(builder, type, alias))
  const named = keys.map((key, i): Key => {
    if (key.column) {
      if (!columns.has(key.column)) columns.set(key.column, key.sql)
      return key
    }
    columns.set(`k${i}`, sql`(${key.sql})::text`)
    return { ...key, column: `k${i}` }
  })
  const expands = query.expand.map((expand, i) => expandColumn(builder, expand, alias, i, columns))
  const shape: Shape = {
    type,
    query,
    properties,
    showId: !select || select.has('id'),
    showSelfLink: !select || select.has('selfLink'),
    links,
    expands,
    keys: named,
  }
  const list = [...columns].map(([name, s]) => sql`${s} as ${sql.ref(name)}`)
  return { columns: sql.join(list), shape }
}

/** Where an entity is, as GeoJSON: its own geometry, or that of what says where it is and may be seen. */
function placeOf(builder: Builder, type: EntityType, alias: string): Sql {
  return sql`st_asgeojson(${geometryOf(builder, type, alias)}, 7)::json`
}

function geometryOf(builder: Builder, type: EntityType, alias: string): Sql {
  const own = type.properties.find((property) => property.accepts === 'geometry' && !property.readOnly)
  if (own) return sql.ref(`${alias}.geom`)
  const way = {
    Observation: 'FeatureOfInterest',
    Datastream: 'Thing',
    MultiDatastream: 'Thing',
    TaskingCapability: 'Thing',
    Task: 'TaskingCapability',
    Thing: 'Locations',
    HistoricalLocation: 'Locations',
  }[type.name]
  const navigation = type.navigations.find(({ name }) => name === way)
  if (!navigation) return sql`null::geometry`
  const hop = builder.hop(navigation, alias)
  const geometry = geometryOf(builder, navigation.to, hop.alias)
  return sql`(select ${geometry} from ${hop.from} where ${and(hop.where)} order by ${sql.ref(`${hop.alias}.id`)} limit 1)`
}

function expandColumn(
  builder: Builder,
  expand: Expand,
  parent: string,
  index: number,
  columns: Map<string, Sql>,
): ExpandShape {
  const { navigation, query } = expand
  const type = navigation.to
  const column = `e${index}`
  const base = { navigation, column, countColumn: null, latest: false }
  if (!navigation.many) {
    const one = selectOne(builder, type, query, builder.hop(navigation, parent))
    columns.set(column, sql`(select row_to_json(r) from (${one.sql}) r)`)
    return { ...base, shape: one.shape }
  }
  const ofDatastream = navigation.via.kind === 'reverse' && type.name === 'Observation'
  const latest = ofDatastream && isLatest(query)
  const rows = latest
    ? latestRow(builder, type, query, sql.ref(`${parent}.id`))
    : selectRows(builder, type, query, builder.hop(navigation, parent), { fixedDatastream: ofDatastream })
  columns.set(column, sql`(select coalesce(json_agg(r), '[]') from (${rows.sql}) r)`)
  let countColumn: string | null = null
  if (query.count) {
    countColumn = `n${index}`
    const counted = ofDatastream ? countOfDatastream(sql.ref(`${parent}.id`)) : undefined
    columns.set(
      countColumn,
      sql`(${countRows(builder, type, query, builder.hop(navigation, parent), { fixedDatastream: ofDatastream, counted })})`,
    )
  }
  return { navigation, column, countColumn, latest, shape: rows.shape }
}

/** Is this "the newest observation": one row, newest first, no condition? That is stored, not searched. */
export function isLatest(query: Query): boolean {
  if (
    query.filter ||
    query.skip > 0 ||
    query.after ||
    query.top !== 1 ||
    query.orderby.length === 0 ||
    query.orderby.length > 2
  )
    return false
  // The stored value has no FeatureOfInterest of its own to follow.
  if (query.resultFormat === 'geojson') return false
  if (query.expand.some((expand) => expand.navigation.name === 'FeatureOfInterest')) return false
  const names = query.orderby.map(({ expr, desc }) =>
    desc && expr.type === 'path' && expr.segments.length === 1 ? expr.segments[0]!.name : '',
  )
  return names[0] === 'phenomenonTime' && (names.length === 1 || names[1] === 'id' || names[1] === '@iot.id')
}

/** The stored latest observation of a datastream, in the columns of the observation table, and whether there are `more`. */
export function latestRow(builder: Builder, type: EntityType, query: Query, datastream: Sql): Select {
  const alias = builder.alias('e')
  const source: Hop = {
    alias,
    from: sql`(select s.last_id as id, s.last_t as t, s.last_t_end as t_end, s.last_v as v, s.datastream, null::int4 as foi,
      s.last_q as q, s.last_x as x, s.n > 1 as more from datastream_state s where s.datastream = ${datastream} and s.last_id is not null) as ${sql.ref(alias)}`,
    where: [],
  }
  const keys = orderKeys(type, alias, query.orderby, new Compiler(builder, type, alias, '$orderby'), true)
  const { columns, shape } = selectColumns(builder, type, query, alias, keys)
  return { sql: sql`select ${columns}, ${sql.ref(`${alias}.more`)} from ${source.from}`, shape }
}
