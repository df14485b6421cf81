import { type Sql, sql } from '../../kernel/db/index.ts'
import type { OrderItem } from './ast.ts'
import { and } from './builder.ts'
import type { Compiler } from './compile.ts'
import { bad } from './errors.ts'
import type { EntityType } from './model.ts'

/** One column of the sort. Its value in the last row of a page goes into the nextLink as text. */
export interface Key {
  sql: Sql
  desc: boolean
  nullable: boolean
  /** PostgreSQL type the text of a token is cast back to. */
  cast: 'float8' | 'int8' | 'text' | 'timestamptz' | 'boolean' | 'date' | 'time' | 'interval'
  /** The fetched column that already holds it. */
  column?: string
}

/**
 * The sort of a set: what was asked for, then what makes it a total order, so that no page repeats or loses a row.
 * Observations without $orderby, or sorted by their Datastream alone, come by datastream and time, which the index serves at
 * any depth.
 */
export function orderKeys(
  type: EntityType,
  alias: string,
  items: readonly OrderItem[],
  compiler: Compiler,
  fixed: boolean,
): Key[] {
  const keys = keysOfItems(items, compiler)
  const desc = keys.at(-1)?.desc ?? false
  const id: Key = {
    sql: sql.ref(`${alias}.id`),
    desc,
    nullable: false,
    cast: 'int8',
    column: 'id',
  }
  if (type.name === 'Observation' && items.every(isOfDatastream)) {
    const t: Key = { sql: sql.ref(`${alias}.t`), desc, nullable: false, cast: 'timestamptz', column: 't' }
    const datastream: Key = {
      sql: sql.ref(`${alias}.datastream`),
      desc,
      nullable: false,
      cast: 'int8',
      column: 'datastream',
    }
    keys.push(...(fixed ? [t] : [datastream, t]))
  }
  keys.push(id)
  return keys
}

/** Is what an Observation is sorted by the same for all of its Datastream? */
export const isOfDatastream = ({ expr }: OrderItem): boolean =>
  expr.type === 'path' && expr.segments.length > 1 && expr.segments[0]!.name === 'Datastream'

/** The sort as it was asked for alone. */
export function keysOfItems(items: readonly OrderItem[], compiler: Compiler): Key[] {
  return items.flatMap(({ expr, desc }) => keysOf(compiler.order(expr), desc, expr.pos))
}

function keysOf(value: ReturnType<Compiler['order']>, desc: boolean, pos: number): Key[] {
  switch (value.kind) {
    case 'number':
      return [{ sql: value.sql, desc, nullable: !value.notNull, cast: 'float8' }]
    case 'id':
      return [{ sql: value.sql, desc, nullable: !value.notNull, cast: 'int8' }]
    case 'string':
      return [{ sql: sql`(${value.sql}) collate "C"`, desc, nullable: !value.notNull, cast: 'text' }]
    case 'time':
      return [{ sql: value.start, desc, nullable: !value.notNull, cast: 'timestamptz', column: value.column }]
    case 'boolean':
      return [{ sql: value.sql, desc, nullable: true, cast: 'boolean' }]
    case 'date':
      return [{ sql: value.sql, desc, nullable: true, cast: 'date' }]
    case 'timeOfDay':
      return [{ sql: value.sql, desc, nullable: true, cast: 'time' }]
    case 'duration':
      return [{ sql: value.sql, desc, nullable: true, cast: 'interval' }]
    case 'json':
      // Of mixed values first those that are not numbers, by their text, then the numbers.
      return [
        { sql: value.number, desc, nullable: true, cast: 'float8' },
        { sql: sql`(${value.text}) collate "C"`, desc, nullable: true, cast: 'text' },
      ]
    case 'geometry':
      // Places have no order of their own: by what was posted, as text, so that the same come together.
      return [{ sql: sql`(${value.raw ?? value.sql})::text collate "C"`, desc, nullable: true, cast: 'text' }]
    default:
      throw bad('$orderby: this cannot be sorted by', pos)
  }
}

/** Null comes first ascending and last descending (OData 4.01 §11.2.6.2). */
export function orderBy(keys: readonly Key[]): Sql {
  const parts = keys.map(({ sql: key, desc, nullable }) => {
    const nulls = nullable ? (desc ? sql` nulls last` : sql` nulls first`) : sql``
    return sql`${key}${desc ? sql` desc` : sql``}${nulls}`
  })
  return sql.join(parts, sql`, `)
}

/**
 * The rows after the one whose key values are `after`. Besides the exact condition it states what an index or a
 * partition can use: a row comparison over the leading keys of one direction, and the first key alone.
 */
export function afterRow(keys: readonly Key[], after: readonly unknown[]): Sql {
  if (after.length !== keys.length)
    throw bad('$skiptoken: does not belong to this $orderby; follow @iot.nextLink as it was given', 0)
  const values = keys.map((key, i) => checkToken(key, after[i]))
  const hints: Sql[] = []
  let uniform = 0
  while (uniform < keys.length && !keys[uniform]!.nullable && keys[uniform]!.desc === keys[0]!.desc) uniform++
  if (uniform > 0) {
    const than = sql.raw(keys[0]!.desc ? '<' : '>')
    const left = sql.join(keys.slice(0, uniform).map((key) => key.sql))
    const right = sql.join(values.slice(0, uniform) as Sql[])
    hints.push(sql`${keys[0]!.sql} ${than}= ${values[0]!}`)
    if (uniform === keys.length) return and([...hints, sql`(${left}) ${than} (${right})`])
    if (uniform > 1) hints.push(sql`(${left}) ${than}= (${right})`)
  }
  const alternatives = keys.map((key, i) =>
    and([...keys.slice(0, i).map((k, j) => equal(k, values[j]!)), beyond(key, values[i]!)]),
  )
  return and([
    ...hints,
    sql.join(
      alternatives.map((a) => sql`(${a})`),
      sql` or `,
    ),
  ])
}

/** The rows that are not before the one whose values of these leading keys are `from`. */
export function notBeforeRow(keys: readonly Key[], from: readonly unknown[]): Sql {
  const values = keys.map((key, i) => checkToken(key, from[i]))
  const same = and(keys.map((key, i) => equal(key, values[i]!)))
  return sql`(${same}) or (${afterRow(keys, from.slice(0, keys.length))})`
}

const equal = (key: Key, value: Sql | null): Sql =>
  value === null ? sql`${key.sql} is null` : sql`${key.sql} = ${value}`

function beyond(key: Key, value: Sql | null): Sql {
  if (value === null) return key.desc ? sql`false` : sql`${key.sql} is not null`
  if (!key.desc) return sql`${key.sql} > ${value}`
  return key.nullable ? sql`(${key.sql} < ${value} or ${key.sql} is null)` : sql`${key.sql} < ${value}`
}

const SHAPES: Partial<Record<Key['cast'], RegExp>> = {
  int8: /^-?\d{1,18}$/,
  float8: /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i,
  timestamptz: /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00(:00)?)$/,
  boolean: /^(t|f|true|false)$/,
}

function checkToken(key: Key, value: unknown): Sql | null {
  if (value === null && key.nullable) return null
  if (typeof value !== 'string' || SHAPES[key.cast]?.test(value) === false) {
    throw bad('$skiptoken: does not belong to this $orderby; follow @iot.nextLink as it was given', 0)
  }
  const cast = sql`${value}::${sql.raw(key.cast)}`
  return key.cast === 'text' ? sql`${cast} collate "C"` : cast
}
