import { type Sql, sql } from '../../kernel/db/index.ts'
import { bad } from './errors.ts'
import { before, during, finishes, meets, overlaps, starts } from './periods.ts'
import { as, instant, type Period, type Value, type Wanted } from './values.ts'

/** A function of $filter and $orderby: what it takes, and the SQL it becomes. */
interface StaFunction {
  takes: readonly (Wanted | 'any')[]
  /** How many of `takes` may be left out, from the end. */
  optional?: number
  make: (args: Value[], pos: number) => Value
}

type Sqls = Sql[]
const number = (s: Sql): Value => ({ kind: 'number', sql: s })
const string = (s: Sql): Value => ({ kind: 'string', sql: s })
const boolean = (s: Sql): Value => ({ kind: 'boolean', sql: s })

/** Functions over plain values: the SQL of each argument is handed over. */
function plain(
  takes: readonly Wanted[],
  result: (s: Sql) => Value,
  make: (...args: Sqls) => Sql,
  optional = 0,
): StaFunction {
  return { takes, optional, make: (args) => result(make(...args.map((arg) => (arg as { sql: Sql }).sql))) }
}

/** A part of an instant in UTC; of an interval its start. */
const part = (field: string): StaFunction => ({
  takes: ['time'],
  make: ([time]) => number(sql`extract(${sql.raw(field)} from (${(time as Period).start} at time zone 'UTC'))::float8`),
})

const temporal = (make: (a: Period, b: Period, pos: number) => Sql): StaFunction => ({
  takes: ['time', 'time'],
  make: ([a, b], pos) => boolean(make(a as Period, b as Period, pos)),
})

const spatial = (name: string): StaFunction =>
  plain(['geometry', 'geometry'], boolean, (a, b) => sql`${sql.raw(name)}(${a}, ${b})`)

/** Text without the pattern characters of LIKE: `position` and `starts_with` compare literally. */
const FUNCTIONS: Record<string, StaFunction> = {
  substringof: plain(['string', 'string'], boolean, (part_, whole) => sql`position(${part_} in ${whole}) > 0`),
  contains: plain(['string', 'string'], boolean, (whole, part_) => sql`position(${part_} in ${whole}) > 0`),
  startswith: plain(['string', 'string'], boolean, (whole, start) => sql`starts_with(${whole}, ${start})`),
  endswith: plain(['string', 'string'], boolean, (whole, end) => sql`right(${whole}, length(${end})) = ${end}`),
  length: plain(['string'], number, (s) => sql`length(${s})::float8`),
  indexof: plain(['string', 'string'], number, (whole, part_) => sql`(position(${part_} in ${whole}) - 1)::float8`),
  substring: plain(
    ['string', 'number', 'number'],
    string,
    (s, from, count) =>
      count
        ? sql`substr(${s}, greatest(0, least(${from}, 1e9))::int4 + 1, greatest(0, least(${count}, 1e9))::int4)`
        : sql`substr(${s}, greatest(0, least(${from}, 1e9))::int4 + 1)`,
    1,
  ),
  tolower: plain(['string'], string, (s) => sql`lower(${s})`),
  toupper: plain(['string'], string, (s) => sql`upper(${s})`),
  trim: plain(['string'], string, (s) => sql`btrim(${s}, E' \t\r\n')`),
  concat: plain(['string', 'string'], string, (a, b) => sql`(${a} || ${b})`),

  year: part('year'),
  month: part('month'),
  day: part('day'),
  hour: part('hour'),
  minute: part('minute'),
  second: { takes: ['time'], make: ([t]) => number(sql`floor(extract(second from ${(t as Period).start}))::float8`) },
  fractionalseconds: {
    takes: ['time'],
    make: ([t]) => number(sql`(extract(second from ${(t as Period).start}) % 1)::float8`),
  },
  date: {
    takes: ['time'],
    make: ([t]) => ({ kind: 'date', sql: sql`((${(t as Period).start} at time zone 'UTC')::date)` }),
  },
  time: {
    takes: ['time'],
    make: ([t]) => ({ kind: 'timeOfDay', sql: sql`((${(t as Period).start} at time zone 'UTC')::time)` }),
  },
  // Times are kept and answered in UTC.
  totaloffsetminutes: {
    takes: ['time'],
    make: ([t]) => number(sql`case when ${(t as Period).start} is not null then 0::float8 end`),
  },
  now: { takes: [], make: () => instant(sql`now()`) },
  mindatetime: { takes: [], make: () => instant(sql`'0001-01-01T00:00:00Z'::timestamptz`) },
  maxdatetime: { takes: [], make: () => instant(sql`'9999-12-31T23:59:59.999999Z'::timestamptz`) },

  before: temporal(before),
  after: temporal((a, b) => before(b, a)),
  meets: temporal(meets),
  during: temporal(during),
  overlaps: temporal(overlaps),
  starts: temporal(starts),
  finishes: temporal(finishes),

  // numeric rounds half away from zero as OData asks; float8 would round half to even.
  round: plain(['number'], number, (n) => sql`round((${n})::numeric)::float8`),
  floor: plain(['number'], number, (n) => sql`floor(${n})`),
  ceiling: plain(['number'], number, (n) => sql`ceil(${n})`),

  // In the units of the reference system, degrees (OGC 18-088 Table 24).
  'geo.distance': plain(['geometry', 'geometry'], number, (a, b) => sql`st_distance(${a}, ${b})`),
  'geo.length': plain(['geometry'], number, (g) => sql`st_length(${g})`),
  'geo.intersects': spatial('st_intersects'),
  st_equals: spatial('st_equals'),
  st_disjoint: spatial('st_disjoint'),
  st_touches: spatial('st_touches'),
  st_within: spatial('st_within'),
  st_overlaps: spatial('st_overlaps'),
  st_crosses: spatial('st_crosses'),
  st_intersects: spatial('st_intersects'),
  st_contains: spatial('st_contains'),
  st_relate: {
    takes: ['geometry', 'geometry', 'string'],
    make: ([a, b, pattern], pos) => {
      const mask = (pattern as { literal?: string }).literal
      if (mask === undefined || !/^[TF*012]{9}$/i.test(mask)) {
        throw bad('st_relate: the pattern is nine of the characters T F * 0 1 2, as a string', pos)
      }
      return boolean(
        sql`st_relate(${(a as { sql: Sql }).sql}, ${(b as { sql: Sql }).sql}, ${mask.toUpperCase()}::text)`,
      )
    },
  },
}

/** Applies a function to compiled arguments. Throws 400 for an unknown name, a wrong number or type of arguments. */
export function applyFunction(name: string, args: { value: Value; pos: number }[], pos: number): Value {
  const key = name.toLowerCase()
  const fn = Object.hasOwn(FUNCTIONS, key) ? FUNCTIONS[key]! : undefined
  if (!fn) throw bad(`unknown function "${name}"`, pos)
  const most = fn.takes.length
  const least = most - (fn.optional ?? 0)
  if (args.length < least || args.length > most) {
    const wanted = least === most ? `${most}` : `${least} to ${most}`
    throw bad(`${name} takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${args.length}`, pos)
  }
  const converted = args.map(({ value, pos: where }, i) => {
    const wanted = fn.takes[i]!
    return wanted === 'any' ? value : as(value, wanted, where)
  })
  return fn.make(converted, pos)
}
