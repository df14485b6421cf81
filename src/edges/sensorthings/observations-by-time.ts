import { type Sql, sql } from '../../kernel/db/index.ts'
import type { OrderItem } from './ast.ts'
import { and, type Builder, type Hop } from './builder.ts'
import { Compiler } from './compile.ts'
import { SENSING_MODEL } from './model.ts'
import { afterRow, orderKeys } from './order.ts'
import type { Query } from './query.ts'

const OBSERVATION = SENSING_MODEL.named('Observation')

/** Most rows the short way is taken for; beyond, sorting everything is cheaper. */
const MOST = 1_101

const isPath = ({ expr }: OrderItem, ...names: string[]): boolean =>
  expr.type === 'path' && expr.segments.length === 1 && names.includes(expr.segments[0]!.name)

/** Are these observations of all datastreams by time, newest or oldest first? */
export function isByTime({ orderby, filter, after, skip, top }: Query): boolean {
  if (filter || (after ? 0 : skip) + top + 1 > MOST) return false
  const [first, second, ...more] = orderby
  if (!first || more.length > 0 || !isPath(first, 'phenomenonTime')) return false
  return !second || (second.desc === first.desc && isPath(second, 'id', '@iot.id'))
}

/**
 * The first observations by time of all datastreams that may be seen, from the start or from where the page before ended.
 * Each datastream tells when its first one is: from its state, or by one look into the index. Those of the page are not
 * beyond the count-th of these times, and belong to a datastream whose first one is not (its ties included). No index over time
 * alone is needed, and the cost depends on the number of datastreams, not of rows.
 */
export function observationsByTime(builder: Builder, query: Query): Hop {
  const { desc } = query.orderby[0]!
  const count = (query.after ? 0 : query.skip) + query.top + 1
  const [alias, state] = [builder.alias('e'), builder.alias('s')]
  const direction = sql.raw(desc ? 'desc' : 'asc')
  const beyond = (row: string): Sql => {
    const keys = orderKeys(OBSERVATION, row, query.orderby, new Compiler(builder, OBSERVATION, row, '$orderby'), false)
    return afterRow(keys, query.after!)
  }
  const s = (column: string) => sql.ref(`${state}.${column}`)
  const visible = sql`exists (select 1 from datastream d where d.id = ${s('datastream')} and d.dataset = any(${builder.visible}::int4[]))`
  const [stored, other] = desc ? [s('last_t'), s('t_min')] : [s('t_min'), s('last_t')]
  let firsts = sql`select ${s('datastream')}, ${stored} as t from datastream_state as ${sql.ref(state)} where ${stored} is not null and ${visible}`
  if (query.after) {
    const look = builder.alias('o')
    firsts = sql`select ${s('datastream')}, f.t from datastream_state as ${sql.ref(state)}, lateral (
        select ${sql.ref(`${look}.t`)} from observation as ${sql.ref(look)} where ${and([sql`${sql.ref(`${look}.datastream`)} = ${s('datastream')}`, beyond(look)])}
        order by ${sql.ref(`${look}.t`)} ${direction}, ${sql.ref(`${look}.id`)} ${direction} limit 1) f
      where ${other} ${sql.raw(desc ? '<=' : '>=')} ${String(query.after[0])}::timestamptz and ${visible}`
  }
  const row = builder.alias('o')
  const t = sql.ref(`${row}.t`)
  const conditions = [
    sql`${sql.ref(`${row}.datastream`)} = firsts.datastream`,
    sql`${t} ${sql.raw(desc ? '>=' : '<=')} bound.t`,
    ...(query.after ? [beyond(row)] : []),
  ]
  const from = sql`(with firsts as materialized (
      select * from (${firsts}) x order by x.t ${direction} fetch first ${sql.lit(count)} rows with ties),
    bound as (select case when count(*) >= ${count} then ${sql.raw(desc ? 'min' : 'max')}(t) else ${desc ? '-infinity' : 'infinity'}::timestamptz end as t from firsts)
    select o.* from firsts, bound, lateral (
      select * from observation as ${sql.ref(row)} where ${and(conditions)}
      order by ${t} ${direction}, ${sql.ref(`${row}.id`)} ${direction} limit ${count}) o) as ${sql.ref(alias)}`
  // What may be seen was decided where the datastreams were taken.
  return { alias, from, where: [] }
}
