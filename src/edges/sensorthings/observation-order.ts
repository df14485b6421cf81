import { type Queryable, sql } from '../../kernel/db/index.ts'
import type { Builder, Hop } from './builder.ts'
import type { Query } from './query.ts'

/** Most newest rows the short way is taken for; beyond, sorting everything is cheaper. */
const MOST = 1_101

/** Is this "the newest observations of all", first page? */
export function isNewestFirst(query: Query): boolean {
  if (query.filter || query.after || query.skip + query.top + 1 > MOST) return false
  const [first, second, ...more] = query.orderby
  if (
    !first?.desc ||
    first.expr.type !== 'path' ||
    first.expr.segments[0]!.name !== 'phenomenonTime' ||
    more.length > 0
  )
    return false
  if (first.expr.segments.length > 1) return false
  if (!second) return true
  const { expr, desc } = second
  return (
    desc && expr.type === 'path' && expr.segments.length === 1 && ['id', '@iot.id'].includes(expr.segments[0]!.name)
  )
}

/**
 * The newest `count` observations of all datastreams that may be seen, from the stored latest times: each of them is at
 * or after the count-th newest latest time, and belongs to a datastream whose latest is (its ties included). No index
 * over time alone is needed, and the cost does not depend on the number of rows.
 */
export function newestObservations(builder: Builder, count: number): Hop {
  const alias = builder.alias('e')
  const from = sql`(with newest as materialized (
      select s.datastream, s.last_t from datastream_state s join datastream d on d.id = s.datastream
      where d.dataset = any(${builder.visible}::int4[]) and s.last_t is not null
      order by s.last_t desc fetch first ${sql.lit(count)} rows with ties),
    bound as (select case when count(*) >= ${count} then min(last_t) else '-infinity' end as t from newest)
    select o.* from newest, bound, lateral (
      select * from observation o where o.datastream = newest.datastream and o.t >= bound.t order by o.t desc, o.id desc limit ${count}) o) as ${sql.ref(alias)}`
  // What may be seen was decided where the datastreams were taken.
  return { alias, from, where: [] }
}

/** Without condition and $orderby the order is datastream, time: the counters tell where a deep $skip leads. */
export const canJump = (query: Query): boolean =>
  !query.filter && !query.after && query.orderby.length === 0 && query.skip >= 1_000

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
