import { sql } from '../../kernel/db/index.ts'
import type { Expr, OrderItem } from './ast.ts'
import { and, type Builder, type Hop } from './builder.ts'
import { Compiler } from './compile.ts'
import { SENSING_MODEL } from './model.ts'
import { keepsToIndex } from './observation-order.ts'
import { afterRow, isOfDatastream, type Key, keysOfItems, notBeforeRow, orderBy, orderKeys } from './order.ts'
import type { Query } from './query.ts'

const OBSERVATION = SENSING_MODEL.named('Observation')
const DATASTREAM = SENSING_MODEL.named('Datastream')

/**
 * Are observations sorted by something of their Datastream first, and then (if at all) by time? The datastreams are sorted
 * then, not their observations.
 */
export function isByRelation({ orderby, filter }: Query): boolean {
  const [time, id, ...more] = orderby.slice(leading(orderby))
  if (leading(orderby) === 0 || more.length > 0 || !keepsToIndex(filter)) return false
  if (!time) return true
  return named(time, 'phenomenonTime') && (!id || (id.desc === time.desc && named(id, 'id', '@iot.id')))
}

function leading(orderby: readonly OrderItem[]): number {
  const end = orderby.findIndex((item) => !isOfDatastream(item))
  return end < 0 ? orderby.length : end
}

const named = ({ expr }: OrderItem, ...names: string[]): boolean =>
  expr.type === 'path' && expr.segments.length === 1 && names.includes(expr.segments[0]!.name)

/** Observations of one visible datastream after the other, in the order of the relation, no more of each than a page needs. */
export function observationsByRelation(builder: Builder, query: Query): Hop {
  const [alias, each, inner] = [builder.alias('e'), builder.alias('d'), builder.alias('o')]
  const count = leading(query.orderby)
  const rest = query.orderby.slice(count)
  const own = builder.alias('d')
  const keys = keysOfItems(query.orderby.slice(0, count).map(below), new Compiler(builder, DATASTREAM, own, '$orderby'))
  // Observations of a MultiDatastream have no Datastream.
  const keyed = keys.map(
    (key): Key => ({
      ...key,
      nullable: true,
      column: undefined,
      sql: sql`case when ${sql.ref(`${own}.kind`)} = 'single' then ${key.sql} end`,
    }),
  )
  const columns = keyed.map((key, i) => sql`${key.sql} as ${sql.ref(`k${i}`)}`)
  const outer = keyed.map((key, i): Key => ({ ...key, sql: sql.ref(`${each}.k${i}`) }))
  const ofEach: Key = { sql: sql.ref(`${each}.id`), desc: outer.at(-1)!.desc, nullable: false, cast: 'int8' }
  const sorted = rest.length > 0 ? outer : [...outer, ofEach]
  const ownId = { ...ofEach, sql: sql.ref(`${own}.id`) }
  const conditions = [sql`${sql.ref(`${inner}.datastream`)} = ${sql.ref(`${each}.id`)}`]
  const compiler = new Compiler(builder, OBSERVATION, inner, '$orderby')
  const ofRows = orderKeys(OBSERVATION, inner, rest.length > 0 ? rest : query.orderby, compiler, false)
  // Without a time of its own the order goes on by datastream, time and id.
  const innerKeys = rest.length > 0 ? ofRows : ofRows.slice(-2)
  if (query.filter) conditions.push(new Compiler(builder, OBSERVATION, inner, '$filter').filter(query.filter))
  const seen = [sql`${sql.ref(`${own}.dataset`)} = any(${builder.visible}::int4[])`, sql`s.n > 0`]
  if (query.after) {
    conditions.push(afterRow([...sorted, ...innerKeys], query.after))
    seen.push(notBeforeRow(rest.length > 0 ? keyed : [...keyed, ownId], query.after))
  }
  const most = (query.after ? 0 : query.skip) + query.top + 1
  const streams = sql`(select ${sql.ref(`${own}.id`)} as id, ${sql.join(columns)} from datastream as ${sql.ref(own)}
    join datastream_state s on s.datastream = ${sql.ref(`${own}.id`)} where ${and(seen)}
    order by ${orderBy(rest.length > 0 ? keyed : [...keyed, ownId])}) as ${sql.ref(each)}`
  const rows = sql`lateral (select * from observation as ${sql.ref(inner)} where ${and(conditions)}
    order by ${orderBy(innerKeys)} limit ${most}) as ${sql.ref(alias)}`
  return { alias, from: sql`${streams}, ${rows}`, where: [], sorted: sorted.map((key) => key.sql) }
}

/** `Datastream/Thing/name` of an Observation is `Thing/name` of its Datastream. */
function below({ expr, desc }: OrderItem): OrderItem {
  const { segments } = expr as Extract<Expr, { type: 'path' }>
  return { expr: { type: 'path', segments: segments.slice(1), pos: expr.pos }, desc }
}
