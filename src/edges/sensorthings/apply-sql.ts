import { type Sql, sql } from '../../kernel/db/index.ts'
import type { Apply, Bucket, GroupKey } from './apply.ts'
import type { AggregateItem, OrderItem } from './ast.ts'
import { and, type Builder, type Hop } from './builder.ts'
import { Compiler } from './compile.ts'
import { bad } from './errors.ts'
import type { EntityType } from './model.ts'
import { as, type Value } from './values.ts'

/** A statement whose rows are the groups; columns `g0…` are the keys, `a0…` the aggregates. */
export interface Grouped {
  keys: { sql: Sql; names: string[]; kind: 'json' | 'plain' }[]
  aggregates: { sql: Sql; alias: string }[]
  from: Sql
  where: Sql
}

/** The groups of a set from its rows. */
export function groupRows(builder: Builder, type: EntityType, source: Hop, apply: Apply): Grouped {
  const compiler = () => new Compiler(builder, type, source.alias, '$apply')
  const where = [...source.where, ...apply.filters.map((filter) => compiler().filter(filter))]
  return {
    keys: apply.keys.map((key) => ({ names: key.names, ...keyColumn(key, compiler()) })),
    aggregates: apply.aggregates.map((item) => ({
      alias: item.alias,
      sql: aggregate(item, item.expr === null ? null : compiler().order(resolved(item, apply))),
    })),
    from: source.from,
    where: and(where),
  }
}

/** An alias made by compute stands for its expression. */
function resolved({ expr }: AggregateItem, { computed }: Apply): NonNullable<AggregateItem['expr']> {
  const name = expr!.type === 'path' && expr.segments.length === 1 ? expr.segments[0]!.name : ''
  return computed.get(name) ?? expr!
}

function keyColumn(key: GroupKey, compiler: Compiler): { sql: Sql; kind: 'json' | 'plain' } {
  if (key.bucket) return { sql: bucketOf(key.bucket, timeOf(compiler, key)), kind: 'plain' }
  const value = compiler.order(key.expr!)
  switch (value.kind) {
    case 'json':
      return { sql: value.raw, kind: 'json' }
    case 'time':
      return { sql: value.start, kind: 'plain' }
    case 'number':
    case 'id':
    case 'string':
    case 'boolean':
    case 'date':
      return { sql: value.sql, kind: 'plain' }
    default:
      throw bad('$apply: this cannot be grouped by', key.pos)
  }
}

function timeOf(compiler: Compiler, { bucket, pos }: GroupKey): Sql {
  const value = compiler.order({ type: 'path', segments: bucket!.path, pos })
  return as(value, 'time', pos).start
}

/**
 * The beginning of the bucket an instant falls in, by the wall clock of the zone: days of 23 and 25 hours are days. Up to
 * an hour it is counted through, so that the hour that comes twice makes two buckets.
 */
export function bucketOf({ unit, minutes, zone }: Bucket, at: Sql): Sql {
  if (unit !== 'minutes') return sql`date_trunc(${sql.lit(unit)}, ${at}, ${zone}::text)`
  const length = sql`make_interval(mins => ${minutes}::int4)`
  if (minutes <= 60) return sql`date_bin(${length}, ${at}, timestamp '2000-01-01' at time zone ${zone}::text)`
  const local = sql`date_bin(${length}, ${at} at time zone ${zone}::text, timestamp '2000-01-01')`
  return sql`(${local} at time zone ${zone}::text)`
}

function aggregate({ method, pos }: AggregateItem, value: Value | null): Sql {
  if (value === null) return sql`count(*)::int8`
  if (method === 'countdistinct') return sql`count(distinct ${distinct(value, pos)})::int8`
  if ((method === 'min' || method === 'max') && value.kind === 'time') return sql`${sql.raw(method)}(${value.start})`
  const number = as(value, 'number', pos).sql
  if (method === 'average') return sql`avg(${number})`
  if (method === 'sum' || method === 'min' || method === 'max') return sql`${sql.raw(method)}(${number})`
  return sql`percentile_cont(${Number(method.slice(1)) / 100}::float8) within group (order by ${number})`
}

function distinct(value: Value, pos: number): Sql {
  if (value.kind === 'json') return value.raw
  if (value.kind === 'time') return value.start
  if (value.kind === 'null' || value.kind === 'geometry') throw bad('$apply: this cannot be counted', pos)
  return value.sql
}

/** The page of groups that was asked for: sorted by `$orderby` (names of the answer), else by the keys. */
export function groupedPage(
  grouped: Grouped,
  orderby: readonly OrderItem[],
  top: number,
  skip: number,
): Sql<Record<string, unknown>> {
  const keys = grouped.keys.map((key, i) => sql`${key.sql} as ${sql.ref(`g${i}`)}`)
  const aggregates = grouped.aggregates.map((item, i) => sql`${item.sql} as ${sql.ref(`a${i}`)}`)
  const columns = [...keys, ...aggregates]
  const by = grouped.keys.map((_, i) => sql.raw(String(i + 1)))
  const group = by.length === 0 ? sql`` : sql` group by ${sql.join(by)}`
  const order = [...orderby.map((item) => orderColumn(grouped, item)), ...grouped.keys.map((_, i) => sql.ref(`g${i}`))]
  const sorted = order.length === 0 ? sql`` : sql` order by ${sql.join(order)}`
  const inner = sql`select ${sql.join(columns)} from ${grouped.from} where ${grouped.where}${group}`
  return sql`select * from (${inner}) as grouped${sorted} limit ${top + 1} offset ${skip}`
}

/** How many groups there are. */
export function groupCount(grouped: Grouped): Sql<{ n: number }> {
  if (grouped.keys.length === 0) return sql`select 1::int8 as n`
  const keys = grouped.keys.map((key, i) => sql`${key.sql} as ${sql.ref(`g${i}`)}`)
  const by = grouped.keys.map((_, i) => sql.raw(String(i + 1)))
  return sql`select count(*)::int8 as n from (select ${sql.join(keys)} from ${grouped.from} where ${grouped.where} group by ${sql.join(by)}) as grouped`
}

function orderColumn(grouped: Grouped, { expr, desc }: OrderItem): Sql {
  const name = expr.type === 'path' ? expr.segments.map((segment) => segment.name).join('/') : ''
  const key = grouped.keys.findIndex(({ names }) => names.join('/') === name)
  const item = grouped.aggregates.findIndex(({ alias }) => alias === name)
  if (key < 0 && item < 0) throw bad('$orderby: after $apply only names of its answer can be sorted by', expr.pos)
  const column = sql.ref(key >= 0 ? `g${key}` : `a${item}`)
  return desc ? sql`${column} desc nulls last` : sql`${column} nulls first`
}
