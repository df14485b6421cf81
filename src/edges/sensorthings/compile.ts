import { type Sql, sql } from '../../kernel/db/index.ts'
import type { Expr, Literal, Segment } from './ast.ts'
import { and, type Builder, fromAll, type Hop } from './builder.ts'
import { compare } from './compare.ts'
import { bad } from './errors.ts'
import { applyFunction } from './functions.ts'
import { type EntityType, isId, navigationOf, propertyOf } from './model.ts'
import { parseDuration, parseInstant } from './times.ts'
import { as, convert, describeKind, instant, json, type Period, type Value } from './values.ts'
import { checkWkt } from './wkt.ts'

/** Most terms one expression may have: bounds the statement it becomes. */
const MAX_TERMS = 5_000
const MAX_DEPTH = 250

/** Where names are looked up: the entity a filter is about, and the variables of the lambdas around. */
interface Row {
  type: EntityType
  alias: string
}

/** One comparison (or other smallest boolean part): the tables its paths lead through, joined in one EXISTS around it. */
interface Leaf {
  hops: Map<string, Hop & { type: EntityType }>
  /** The first step that leads to several entities. */
  many: Segment | null
}

/** Compiles $filter and $orderby expressions about one entity type into SQL. */
export class Compiler {
  readonly #builder: Builder
  readonly #root: Row
  readonly #option: string
  #terms = 0
  #depth = 0

  constructor(builder: Builder, type: EntityType, alias: string, option: string) {
    this.#builder = builder
    this.#root = { type, alias }
    this.#option = option
  }

  /** A condition for WHERE. */
  filter(expr: Expr): Sql {
    return this.#condition(expr, new Map())
  }

  /** An expression to sort by: what it needs of other entities becomes a subselect; a path over to-many relations is a 400. */
  order(expr: Expr): Value {
    const leaf: Leaf = { hops: new Map(), many: null }
    const value = this.#value(expr, new Map(), leaf)
    if (leaf.many) {
      const { name, pos } = leaf.many
      const instead = this.#option === '$orderby' ? `; sort those themselves: $expand=${name}($orderby=…)` : ''
      throw this.#bad(`${name} leads to several entities, there is no one value of them to go by${instead}`, pos)
    }
    if (leaf.hops.size === 0) return value
    const hops = [...leaf.hops.values()]
    return picked(value, (s) => sql`(select ${s} from ${fromAll(hops)} where ${and(hops.flatMap((hop) => hop.where))})`)
  }

  #bad(message: string, pos: number) {
    return bad(`${this.#option}: ${message}`, pos)
  }

  #enter(): void {
    if (++this.#terms > MAX_TERMS) throw this.#bad(`more than ${MAX_TERMS} terms`, 0)
    if (++this.#depth > MAX_DEPTH) throw this.#bad(`more than ${MAX_DEPTH} operations inside each other`, 0)
  }

  #condition(expr: Expr, variables: Map<string, Row>): Sql {
    this.#enter()
    try {
      if (expr.type === 'op') {
        if (expr.op === 'and' || expr.op === 'or') {
          const parts = expr.args.map((arg) => sql`(${this.#condition(arg, variables)})`)
          return sql.join(parts, expr.op === 'and' ? sql` and ` : sql` or `)
        }
        if (expr.op === 'not') return sql`not (${this.#condition(expr.args[0]!, variables)})`
      }
      if (expr.type === 'lambda') return this.#lambda(expr, variables)
      return this.#leaf(expr, variables)
    } finally {
      this.#depth--
    }
  }

  /** The smallest part that is true or false, with one EXISTS around it when its paths leave the row. */
  #leaf(expr: Expr, variables: Map<string, Row>): Sql {
    const leaf: Leaf = { hops: new Map(), many: null }
    const value = this.#value(expr, variables, leaf)
    const condition = convert(value, 'boolean')
    if (condition?.kind !== 'boolean') {
      throw this.#bad(`a condition is expected here, not ${describeKind(value)}`, expr.pos)
    }
    if (leaf.hops.size === 0) return condition.sql
    const hops = [...leaf.hops.values()]
    const ties = hops.flatMap((hop) => hop.where)
    const found = sql`exists (select 1 from ${fromAll(hops)} where ${and([...ties, condition.sql])})`
    // "Datastreams/id eq null" also holds where there is no Datastream at all.
    if (expr.type === 'op' && expr.op === 'eq' && expr.args.some((arg) => arg.type === 'null')) {
      return sql`(${found} or not exists (select 1 from ${fromAll(hops)} where ${and(ties)}))`
    }
    return found
  }

  #lambda(expr: Extract<Expr, { type: 'lambda' }>, variables: Map<string, Row>): Sql {
    const leaf: Leaf = { hops: new Map(), many: null }
    const { row, rest } = this.#walk(expr.segments, variables, leaf)
    const last = expr.segments.at(-1)!
    if (rest.length > 0 || leaf.hops.size === 0) throw this.#bad(`"${last.name}" is not a relation`, last.pos)
    const hops = [...leaf.hops.values()]
    const ties = hops.flatMap((hop) => hop.where)
    if (expr.body === null) return sql`exists (select 1 from ${fromAll(hops)} where ${and(ties)})`
    const inner = new Map(variables)
    inner.set(expr.variable!, row)
    const body = this.#condition(expr.body, inner)
    if (expr.which === 'any') return sql`exists (select 1 from ${fromAll(hops)} where ${and([...ties, body])})`
    return sql`not exists (select 1 from ${fromAll(hops)} where ${and([...ties, sql`(${body}) is not true`])})`
  }

  #value(expr: Expr, variables: Map<string, Row>, leaf: Leaf): Value {
    this.#enter()
    try {
      switch (expr.type) {
        case 'op':
          return this.#operation(expr, variables, leaf)
        case 'call': {
          const args = expr.args.map((arg) => ({ value: this.#value(arg, variables, leaf), pos: arg.pos }))
          return this.#named(() => applyFunction(expr.name, args, expr.pos))
        }
        case 'in': {
          const value = this.#value(expr.value, variables, leaf)
          const options = expr.list.map((item) =>
            this.#named(() => compare('eq', value, this.#value(item, variables, leaf), item.pos)),
          )
          return { kind: 'boolean', sql: sql`(${sql.join(options, sql` or `)})` }
        }
        case 'lambda':
          return { kind: 'boolean', sql: this.#lambda(expr, variables) }
        case 'path': {
          const { row, rest } = this.#walk(expr.segments, variables, leaf)
          return this.#property(row, rest, expr.segments)
        }
        default:
          return this.#literal(expr)
      }
    } finally {
      this.#depth--
    }
  }

  /** Puts the option's name in front of messages of shared helpers. */
  #named<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (error instanceof Error && error.name === 'StaError' && !error.message.startsWith(this.#option)) {
        error.message = `${this.#option}: ${error.message}`
      }
      throw error
    }
  }

  #operation(expr: Extract<Expr, { type: 'op' }>, variables: Map<string, Row>, leaf: Leaf): Value {
    if (expr.op === 'and' || expr.op === 'or' || expr.op === 'not') {
      return { kind: 'boolean', sql: sql`(${this.#condition(expr, variables)})` }
    }
    const [a, b] = expr.args.map((arg) => this.#value(arg, variables, leaf)) as [Value, Value]
    return this.#named(() => {
      if (expr.op === 'neg') return negative(a, expr.args[0]!.pos)
      if (expr.op in ARITHMETIC) return arithmetic(expr.op, a, b, expr.args[0]!.pos, expr.args[1]!.pos)
      return { kind: 'boolean', sql: compare(expr.op, a, b, expr.pos) }
    })
  }

  /** Follows relations from the row (or a lambda variable) and returns where it ends and what of the path is left. */
  #walk(segments: Segment[], variables: Map<string, Row>, leaf: Leaf): { row: Row; rest: Segment[] } {
    let row = this.#root
    let path = ''
    let i = 0
    const variable = variables.get(segments[0]!.name)
    if (variable) {
      row = variable
      path = `${segments[0]!.name}:`
      i = 1
    }
    for (; i < segments.length; i++) {
      const navigation = navigationOf(row.type, segments[i]!.name)
      if (!navigation || segments[i]!.index) break
      path += `/${navigation.name}`
      let hop = leaf.hops.get(path)
      if (!hop) {
        hop = { ...this.#builder.hop(navigation, row.alias), type: navigation.to }
        leaf.hops.set(path, hop)
        if (navigation.many) leaf.many ??= segments[i]!
      }
      row = hop
    }
    return { row, rest: segments.slice(i) }
  }

  /** What the rest of a path means on its row: a property, perhaps further into its JSON; nothing left = the id. */
  #property(row: Row, rest: Segment[], path: Segment[]): Value {
    const id: Value = { kind: 'id', sql: sql.ref(`${row.alias}.id`), notNull: true }
    const first = rest[0]
    if (!first) return id
    if (isId(first.name) && rest.length === 1) return id
    const property = propertyOf(row.type, first.name)
    if (!property || first.index) throw this.#bad(`${row.type.name} has no property "${first.name}"`, first.pos)
    const value = property.value(row.alias)
    if (rest.length === 1) return value
    const raw = value.kind === 'json' ? value.raw : value.kind === 'geometry' ? value.raw : undefined
    if (!raw) throw this.#bad(`${first.name} has nothing inside that "${rest[1]!.name}" could name`, rest[1]!.pos)
    if (path.length > 50) throw this.#bad('a path of more than 50 steps', path[50]!.pos)
    const keys = rest.slice(1).map((segment) => segment.name)
    return json(sql`(${raw} #> ${keys}::text[])`)
  }

  #literal(literal: Literal): Value {
    switch (literal.type) {
      case 'null':
        return { kind: 'null' }
      case 'boolean':
        return { kind: 'boolean', sql: sql`${literal.value}::boolean` }
      case 'string':
        return { kind: 'string', sql: sql`${literal.value}::text`, literal: literal.value, notNull: true }
      case 'number': {
        const number = Number(literal.value)
        if (!Number.isFinite(number)) throw this.#bad(`${literal.value} is too large a number`, literal.pos)
        return { kind: 'number', sql: sql`${number}::float8`, notNull: true }
      }
      case 'time':
        return this.#time(literal)
      case 'date': {
        if (parseInstant(`${literal.value}T00:00:00Z`) === null)
          throw this.#bad(`${literal.value} is not a day`, literal.pos)
        return { kind: 'date', sql: sql`${literal.value}::date`, literal: literal.value }
      }
      case 'timeOfDay': {
        if (parseInstant(`2000-01-01T${literal.value}Z`) === null)
          throw this.#bad(`${literal.value} is not a time of day`, literal.pos)
        return { kind: 'timeOfDay', sql: sql`${literal.value}::time` }
      }
      case 'duration':
        return { kind: 'duration', sql: this.#duration(literal.value, literal.pos) }
      case 'geometry': {
        const wkt = this.#named(() => checkWkt(literal.value, literal.pos))
        return { kind: 'geometry', sql: sql`st_makevalid(st_geomfromtext(${wkt}, 4326))` }
      }
    }
  }

  #time(literal: Extract<Literal, { type: 'time' }>): Period {
    const { value, end: other, durationAt, pos } = literal
    if (other === null) return instant(this.#instant(value, pos))
    if (durationAt === 'start') {
      const end = this.#instant(other, pos)
      return { kind: 'time', start: sql`(${end} - ${this.#duration(value, pos)})`, end }
    }
    const start = this.#instant(value, pos)
    const end = durationAt === 'end' ? sql`(${start} + ${this.#duration(other, pos)})` : this.#instant(other, pos)
    return { kind: 'time', start, end }
  }

  #instant(text: string, pos: number): Sql {
    const iso = parseInstant(text)
    if (iso === null) throw this.#bad(`"${text}" is not an instant between the years 1 and 9999`, pos)
    return sql`${iso}::timestamptz`
  }

  #duration(text: string, pos: number): Sql {
    const duration = parseDuration(text)
    if (duration === null) throw this.#bad(`"${text}" is not an ISO 8601 duration`, pos)
    return sql`${duration}::interval`
  }
}

/** A value that `pick` fetches from where it stands. */
function picked(value: Value, pick: (s: Sql) => Sql): Value {
  switch (value.kind) {
    case 'null':
      return value
    case 'time':
      return instant(pick(value.start))
    case 'json':
      return {
        ...value,
        number: pick(value.number),
        text: pick(value.text),
        boolean: pick(value.boolean),
        raw: pick(value.raw),
        missing: pick(value.missing),
        numberNotNull: false,
      }
    case 'geometry':
      return { kind: 'geometry', sql: pick(value.sql), raw: value.raw && pick(value.raw) }
    default:
      return { ...value, sql: pick(value.sql), notNull: false } as Value
  }
}

function negative(value: Value, pos: number): Value {
  if (value.kind === 'duration') return { kind: 'duration', sql: sql`(- ${value.sql})` }
  const { sql: number, notNull } = as(value, 'number', pos)
  return { kind: 'number', sql: sql`(- ${number})`, notNull }
}

const ARITHMETIC: Record<string, string> = { add: '+', sub: '-', mul: '*', div: '/', mod: '%' }

function arithmetic(op: string, a: Value, b: Value, posA: number, posB: number): Value {
  const symbol = sql.raw(ARITHMETIC[op]!)
  if (op === 'add' || op === 'sub') {
    if (a.kind === 'time' && b.kind === 'duration') {
      const shift = (s: Sql) => sql`(${s} ${symbol} ${b.sql})`
      return { ...a, column: undefined, start: shift(a.start), end: a.end && shift(a.end) }
    }
    if (op === 'add' && a.kind === 'duration' && b.kind === 'time') return arithmetic(op, b, a, posB, posA)
    if (a.kind === 'duration' && b.kind === 'duration')
      return { kind: 'duration', sql: sql`(${a.sql} ${symbol} ${b.sql})` }
    if (op === 'sub' && a.kind === 'time' && b.kind === 'time')
      return { kind: 'duration', sql: sql`(${a.start} - ${b.start})` }
  }
  if ((op === 'mul' || op === 'div') && a.kind === 'duration') {
    return { kind: 'duration', sql: sql`(${a.sql} ${symbol} ${divisor(op, as(b, 'number', posB).sql)})` }
  }
  const x = as(a, 'number', posA).sql
  const y = divisor(op, as(b, 'number', posB).sql)
  // float8 has no modulo; numeric keeps the sign of the dividend as OData asks. By way of text, which keeps all digits.
  if (op === 'mod')
    return { kind: 'number', sql: sql`((${x})::float8::text::numeric % (${y})::float8::text::numeric)::float8` }
  return { kind: 'number', sql: sql`(${x} ${symbol} ${y})` }
}

/** Dividing by zero is no value rather than an error that depends on the rows met. */
const divisor = (op: string, s: Sql): Sql => (op === 'div' || op === 'mod' ? sql`nullif(${s}, 0)` : s)
