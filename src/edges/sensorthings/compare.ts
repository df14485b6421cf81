import { type Sql, sql } from '../../kernel/db/index.ts'
import { bad } from './errors.ts'
import { before, different, notAfter, same } from './periods.ts'
import { as, convert, describeKind, type Json, numberOf, type Period, type Value } from './values.ts'

const SYMBOL: Record<string, string> = { eq: '=', ne: '<>', lt: '<', le: '<=', gt: '>', ge: '>=' }
const MIRROR: Record<string, string> = { eq: 'eq', ne: 'ne', lt: 'gt', le: 'ge', gt: 'lt', ge: 'le' }

/** True where there is no value. */
function isMissing(value: Value): Sql {
  switch (value.kind) {
    case 'null':
      return sql`true`
    case 'json':
      return value.missing
    case 'time':
      return sql`(${value.start} is null)`
    case 'geometry':
      return sql`(${value.raw ?? value.sql} is null)`
    default:
      return sql`(${value.sql} is null)`
  }
}

/**
 * `a op b`, true to the types: numbers compare as numbers, texts as texts (code point order), times as times. A JSON
 * value compares with what it is in each row and is unequal to anything of another type. Throws 400 at `pos` where the
 * types can never be compared.
 */
export function compare(op: string, a: Value, b: Value, pos: number): Sql {
  if (a.kind === 'null' || b.kind === 'null') {
    const other = a.kind === 'null' ? b : a
    if (op === 'eq') return isMissing(other)
    if (op === 'ne') return sql`not ${isMissing(other)}`
    return sql`false`
  }
  if (a.kind === 'time' || b.kind === 'time') {
    const [x, y] = [convert(a, 'time'), convert(b, 'time')]
    if (x && y) return compareTimes(op, x as Period, y as Period)
    throw mismatch(a, b, pos)
  }
  if (a.kind === 'json') return compareJson(op, a, b, pos)
  if (b.kind === 'json') return compareJson(MIRROR[op]!, b, a, pos)
  const symbol = sql.raw(SYMBOL[op]!)
  if (a.kind === 'id' || b.kind === 'id') {
    const other = a.kind === 'id' ? b : a
    if (a.kind === b.kind) return sql`(${(a as { sql: Sql }).sql} ${symbol} ${(b as { sql: Sql }).sql})`
    const id = (a.kind === 'id' ? a : b) as { sql: Sql }
    const value = as(other, 'number', pos)
    const [x, y] = a.kind === 'id' ? [id.sql, value.sql] : [value.sql, id.sql]
    return sql`(${x} ${symbol} ${y})`
  }
  if (a.kind === 'number' || b.kind === 'number') {
    const [x, y] = [convert(a, 'number'), convert(b, 'number')]
    if (!x || !y) throw mismatch(a, b, pos)
    return sql`(${(x as { sql: Sql }).sql} ${symbol} ${(y as { sql: Sql }).sql})`
  }
  if (a.kind === 'geometry' || b.kind === 'geometry')
    throw bad('geometries are compared with st_equals and its kind', pos)
  if (a.kind !== b.kind) throw mismatch(a, b, pos)
  if (a.kind === 'string' && op !== 'eq' && op !== 'ne') {
    return sql`(${a.sql} collate "C" ${symbol} ${(b as { sql: Sql }).sql} collate "C")`
  }
  return sql`(${a.sql} ${symbol} ${(b as { sql: Sql }).sql})`
}

function compareTimes(op: string, a: Period, b: Period): Sql {
  switch (op) {
    case 'eq':
      return same(a, b)
    case 'ne':
      return different(a, b)
    case 'lt':
      return before(a, b)
    case 'gt':
      return before(b, a)
    case 'le':
      return notAfter(a, b)
    default:
      return notAfter(b, a)
  }
}

/** A JSON value against something: equal only to its own type, and ordered only within it. */
function compareJson(op: string, a: Json, b: Value, pos: number): Sql {
  const pairs: [Sql, Sql][] = []
  if (b.kind === 'json') {
    if (op === 'eq') return sql`(${a.raw} = ${b.raw} and not ${a.missing})`
    if (op === 'ne') return sql`(${a.raw} <> ${b.raw})`
    pairs.push([a.number, b.number], [sql`(${a.text}) collate "C"`, sql`(${b.text}) collate "C"`])
  } else if (b.kind === 'number' || b.kind === 'id') pairs.push([a.number, as(b, 'number', pos).sql])
  else if (b.kind === 'boolean') pairs.push([a.boolean, b.sql])
  else if (b.kind === 'string') {
    pairs.push([sql`(${a.text}) collate "C"`, sql`${b.sql} collate "C"`])
    const number = numberOf(b.literal)
    if (number !== null) pairs.push([a.number, sql`${number}::float8`])
  } else throw mismatch(a, b, pos)
  if (op === 'ne') {
    const differs = pairs.map(([x, y]) => sql`(${x}) is distinct from ${y}`)
    return sql`(not ${a.missing} and ${sql.join(differs, sql` and `)})`
  }
  const symbol = sql.raw(SYMBOL[op]!)
  if (pairs.length === 1) return sql`(${pairs[0]![0]} ${symbol} ${pairs[0]![1]})`
  // null (another type) or false: never null as a whole where the value is of one of the types
  return sql`(coalesce(${sql.join(
    pairs.map(([x, y]) => sql`(${x} ${symbol} ${y})`),
    sql`, `,
  )}))`
}

const mismatch = (a: Value, b: Value, pos: number) =>
  bad(`${describeKind(a)} cannot be compared with ${describeKind(b)}`, pos)
