import { type Queryable, type Sql, sql } from '../../kernel/db/index.ts'
import type { Expr } from './ast.ts'
import { and, type Builder, type Hop } from './builder.ts'
import { Compiler } from './compile.ts'
import { navigationOf, SENSING_MODEL } from './model.ts'
import { afterRow, orderKeys } from './order.ts'
import type { Query } from './query.ts'

const OBSERVATION = SENSING_MODEL.named('Observation')

/** Longest time window, in days, in which looking datastream by datastream beats reading whole partitions. */
const WINDOW_DAYS = 62

/**
 * Without $orderby observations come by datastream and time. They are gathered datastream by datastream then: always
 * when there is no condition, and when the condition keeps to a short time window of the index and to the row itself.
 * Any other condition the database serves better by its own plan: matches may be rare, or found from related entities.
 */
export function isByDatastream({ orderby, filter }: Query): boolean {
  return orderby.length === 0 && keepsToIndex(filter)
}

/** Is there no condition, or one that a short stretch of each datastream's index answers? */
export const keepsToIndex = (filter: Expr | null): boolean =>
  filter === null || (!leavesRow(filter) && windowDays(filter) <= WINDOW_DAYS)

/** Length of the time window that a condition's `and` parts leave; Infinity without both ends. */
function windowDays(filter: Expr): number {
  const parts = filter.type === 'op' && filter.op === 'and' ? filter.args : [filter]
  let [from, to] = [-Infinity, Infinity]
  for (const part of parts) {
    if (part.type !== 'op' || part.args.length !== 2) continue
    const [left, right] = part.args as [Expr, Expr]
    if (left.type !== 'path' || left.segments.length !== 1 || left.segments[0]!.name !== 'phenomenonTime') continue
    if (right.type !== 'time' || right.end !== null) continue
    const at = Date.parse(right.value)
    if (part.op === 'ge' || part.op === 'gt') from = Math.max(from, at)
    else if (part.op === 'le' || part.op === 'lt') to = Math.min(to, at)
  }
  const days = (to - from) / 86_400_000
  return Number.isNaN(days) ? Infinity : days
}

function leavesRow(expr: Expr): boolean {
  switch (expr.type) {
    case 'path':
      return navigationOf(OBSERVATION, expr.segments[0]!.name) !== undefined
    case 'lambda':
      return true
    case 'in':
      return leavesRow(expr.value) || expr.list.some(leavesRow)
    case 'op':
    case 'call':
      return expr.args.some(leavesRow)
    default:
      return false
  }
}

/**
 * Observations of one visible datastream after the other, from `start` on, each asked for no more rows than the page
 * needs. However many rows lie in datastreams that may not be seen, none of them is looked at.
 */
export function observationsByDatastream(
  builder: Builder,
  query: Query,
  start: { datastream: number; skip: number },
): Hop {
  const [alias, each, inner] = [builder.alias('e'), builder.alias('d'), builder.alias('o')]
  const id = sql.ref(`${each}.id`)
  const conditions: Sql[] = [sql`${sql.ref(`${inner}.datastream`)} = ${id}`]
  if (query.filter) conditions.push(new Compiler(builder, OBSERVATION, inner, '$filter').filter(query.filter))
  let from = start.datastream
  if (query.after) {
    const keys = orderKeys(OBSERVATION, inner, [], new Compiler(builder, OBSERVATION, inner, '$orderby'), false)
    conditions.push(afterRow(keys, query.after))
    from = Number(query.after[0])
  }
  const count = (query.after ? 0 : start.skip) + query.top + 1
  const streams = sql`(select d.id from datastream d join datastream_state s on s.datastream = d.id
    where d.dataset = any(${builder.visible}::int4[]) and s.n > 0 and d.id >= ${from}::int8 order by d.id) as ${sql.ref(each)}`
  const rows = sql`lateral (select * from observation as ${sql.ref(inner)} where ${and(conditions)}
    order by ${sql.ref(`${inner}.t`)}, ${sql.ref(`${inner}.id`)} limit ${count}) as ${sql.ref(alias)}`
  return { alias, from: sql`${streams}, ${rows}`, where: [], sorted: [id] }
}

/** Without any condition the counters tell where a deep $skip leads. */
export const canJump = (query: Query): boolean => !query.filter && !query.after && query.skip >= 1_000

/** The datastream a $skip ends in, and how many rows are to be passed over from its first one on. */
export async function jump(
  db: Queryable,
  builder: Builder,
  skip: number,
): Promise<{ datastream: number; skip: number }> {
  const [row] = await db.run<{ datastream: number; before: number }>(
    sql`select c.datastream, c.before::int8 as before from (
        select s.datastream, s.n, sum(s.n) over (order by s.datastream) - s.n as before
        from datastream_state s join datastream d on d.id = s.datastream where d.dataset = any(${builder.visible}::int4[])) c
      where c.before + c.n > ${skip}::int8 order by c.datastream limit 1`,
  )
  return row ? { datastream: row.datastream, skip: skip - row.before } : { datastream: 2_147_483_647, skip: 0 }
}
