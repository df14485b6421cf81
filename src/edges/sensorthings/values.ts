import { type Sql, sql } from '../../kernel/db/index.ts'
import { bad } from './errors.ts'
import { parseInstant } from './times.ts'

/** A typed SQL expression: what a property, a literal or a function of $filter and $orderby stands for. */
export type Value =
  | { kind: 'number'; sql: Sql; notNull?: boolean }
  | { kind: 'id'; sql: Sql; notNull?: boolean }
  | { kind: 'string'; sql: Sql; notNull?: boolean; literal?: string }
  | { kind: 'boolean'; sql: Sql }
  | Period
  | { kind: 'duration'; sql: Sql }
  | { kind: 'date'; sql: Sql; literal?: string }
  | { kind: 'timeOfDay'; sql: Sql }
  | { kind: 'geometry'; sql: Sql; raw?: Sql }
  | Json
  | { kind: 'null' }

/**
 * An instant (`end` null), an interval (`end` never null in a row) or, with `mixed`, either by row: an Observation's
 * phenomenonTime is an instant where its `end` column is null.
 */
export interface Period {
  kind: 'time'
  start: Sql
  end: Sql | null
  mixed?: boolean
  notNull?: boolean
  /** The column of the row itself that `start` is. */
  column?: string
}

/** A value whose type is known only row by row. Each face is null where the value is of another type. */
export interface Json {
  kind: 'json'
  number: Sql
  text: Sql
  boolean: Sql
  /** The value as jsonb. */
  raw: Sql
  /** True where there is no value or JSON null. */
  missing: Sql
  numberNotNull?: boolean
}

/** The faces of a jsonb expression. */
export function json(raw: Sql): Json {
  return {
    kind: 'json',
    number: sql`case when jsonb_typeof(${raw}) = 'number' then (${raw} #>> '{}')::float8 end`,
    text: sql`case when jsonb_typeof(${raw}) = 'string' then ${raw} #>> '{}' end`,
    boolean: sql`case when jsonb_typeof(${raw}) = 'boolean' then (${raw} #>> '{}')::boolean end`,
    raw,
    missing: sql`coalesce(jsonb_typeof(${raw}), 'null') = 'null'`,
  }
}

export const describeKind = (value: Value): string =>
  ({
    number: 'a number',
    id: 'an id',
    string: 'a string',
    boolean: 'true or false',
    time: 'a time',
    duration: 'a duration',
    date: 'a date',
    timeOfDay: 'a time of day',
    geometry: 'a geometry',
    json: 'a JSON value',
    null: 'null',
  })[value.kind]

export type Wanted = 'number' | 'string' | 'boolean' | 'time' | 'duration' | 'geometry' | 'date' | 'timeOfDay'

/** A string that looks like an instant; the month and day are checked, so that the cast cannot fail but for 30 February. */
const ISO_TEXT =
  '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])([T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d+)?)?(Z|[+-]\\d{2}:?\\d{2})?)?$'

/** Reads `value` as the wanted type, or throws 400 at `pos`. JSON values become null where they are of another type. */
export function as<W extends Wanted>(value: Value, wanted: W, pos: number): Extract<Value, { kind: W }> {
  const done = convert(value, wanted)
  if (!done) throw bad(`${describeWanted(wanted)} is expected here, not ${describeKind(value)}`, pos)
  return done as Extract<Value, { kind: W }>
}

const describeWanted = (wanted: Wanted) => describeKind({ kind: wanted } as Value)

export function convert(value: Value, wanted: Wanted): Value | null {
  if (value.kind === wanted) return value
  if (value.kind === 'null') return null
  if (wanted === 'number') {
    if (value.kind === 'id') return { kind: 'number', sql: sql`${value.sql}::float8`, notNull: value.notNull }
    if (value.kind === 'json') return { kind: 'number', sql: value.number, notNull: value.numberNotNull }
    const number = value.kind === 'string' ? numberOf(value.literal) : null
    return number === null ? null : { kind: 'number', sql: sql`${number}::float8`, notNull: true }
  }
  if (wanted === 'time') {
    const text = value.kind === 'string' || value.kind === 'date' ? value.literal : undefined
    if (text !== undefined) {
      const iso = parseInstant(text.length === 10 ? `${text}T00:00:00Z` : text)
      return iso === null ? null : instant(sql`${iso}::timestamptz`)
    }
    if (value.kind === 'date') return instant(sql`(${value.sql}::timestamp at time zone 'UTC')`)
    if (value.kind === 'json') {
      return instant(sql`case when ${value.text} ~ ${ISO_TEXT} then (${value.text})::timestamptz end`)
    }
    return null
  }
  if (value.kind === 'json') {
    if (wanted === 'string') return { kind: 'string', sql: value.text }
    if (wanted === 'boolean') return { kind: 'boolean', sql: value.boolean }
  }
  if (wanted === 'date' && value.kind === 'time') {
    return { kind: 'date', sql: sql`(${value.start} at time zone 'UTC')::date` }
  }
  return null
}

export const instant = (start: Sql): Period => ({ kind: 'time', start, end: null })

/** The number a text stands for, or null. Used where a number is written in quotes: it is still compared as a number. */
export function numberOf(text: string | undefined): number | null {
  if (text === undefined || !/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return null
  const number = Number(text)
  return Number.isFinite(number) ? number : null
}
