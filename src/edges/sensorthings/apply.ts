import type { AggregateItem, ApplyStep, Expr, Segment } from './ast.ts'
import { bad } from './errors.ts'
import { propertyOf, SENSING_MODEL } from './model.ts'
import { parse } from './parse.ts'

/** A time bucket: `bucket(phenomenonTime,duration'P1D','Europe/Berlin')`. */
export interface Bucket {
  path: Segment[]
  unit: 'minutes' | 'day' | 'week' | 'month' | 'quarter' | 'year'
  /** Length, where the unit is minutes: an hour is 60. */
  minutes: number
  zone: string
}

/** What groups are made by: a bucket or a computed value under its alias, or a path. */
export interface GroupKey {
  /** As the answer shows it: `day`, or `Datastream/name`. */
  names: string[]
  bucket: Bucket | null
  expr: Expr | null
  pos: number
}

/** `$apply` checked: rows are filtered, grouped, and each group is aggregated (OData Aggregation 4.0, the part the contracts name). */
export interface Apply {
  filters: Expr[]
  keys: GroupKey[]
  aggregates: AggregateItem[]
  /** Aliases of computed values that aggregates may use. */
  computed: Map<string, Expr>
}

const METHODS = /^(sum|min|max|average|countdistinct|p(0[5-9]|[1-9]\d))$/
const MAX_KEYS = 10
const MAX_AGGREGATES = 50

/** Reads `$apply`. Throws 400 with the position for what is not understood or cannot be combined so. */
export function readApply(text: string): Apply {
  const steps = parse('Apply', '$apply', text)
  const apply: Apply = { filters: [], keys: [], aggregates: [], computed: new Map() }
  const buckets = new Map<string, Bucket>()
  let done = false
  for (const step of steps) {
    if (done) throw no('nothing can follow groupby or aggregate', step.pos)
    switch (step.kind) {
      case 'filter':
        apply.filters.push(step.expr)
        break
      case 'compute':
        for (const { expr, alias, pos } of step.items) {
          if (buckets.has(alias) || apply.computed.has(alias)) throw no(`"${alias}" is computed twice`, pos)
          if (expr.type === 'call' && expr.name.toLowerCase() === 'bucket') buckets.set(alias, readBucket(expr))
          else apply.computed.set(alias, expr)
        }
        break
      default:
        apply.keys = keysOf(step, buckets, apply.computed)
        apply.aggregates = checkAggregates(step.aggregates, apply.keys)
        done = true
    }
  }
  if (!done) throw no('groupby or aggregate is missing', text.length)
  return apply
}

const no = (message: string, pos: number) => bad(`$apply: ${message}`, pos)

function keysOf(step: ApplyStep, buckets: Map<string, Bucket>, computed: Map<string, Expr>): GroupKey[] {
  if (step.kind !== 'groupby') return []
  if (step.paths.length > MAX_KEYS) throw no(`more than ${MAX_KEYS} values to group by`, step.pos)
  return step.paths.map(({ segments, pos }) => {
    const names = segments.map((segment) => segment.name)
    const only = names.length === 1 ? names[0]! : ''
    if (buckets.has(only)) return { names, bucket: buckets.get(only)!, expr: null, pos }
    if (computed.has(only)) return { names, bucket: null, expr: computed.get(only)!, pos }
    return { names, bucket: null, expr: { type: 'path', segments, pos }, pos }
  })
}

function checkAggregates(items: readonly AggregateItem[], keys: readonly GroupKey[]): AggregateItem[] {
  if (items.length > MAX_AGGREGATES) throw no(`more than ${MAX_AGGREGATES} aggregates`, items[0]!.pos)
  const names = new Set(keys.map((key) => key.names[0]!))
  for (const { method, alias, expr, pos } of items) {
    if (expr !== null && !METHODS.test(method))
      throw no(`"${method}" is none of sum, min, max, average, countdistinct, p05 to p99`, pos)
    if (names.has(alias)) throw no(`the name "${alias}" is given twice`, pos)
    names.add(alias)
  }
  return [...items]
}

const ZONE = /^[A-Za-z][A-Za-z0-9_+\-/]{0,60}$/

function readBucket({ args, pos }: Extract<Expr, { type: 'call' }>): Bucket {
  const [path, duration, zone] = args
  if (path?.type !== 'path' || duration?.type !== 'duration' || (zone !== undefined && zone.type !== 'string'))
    throw no("bucket(phenomenonTime,duration'P1D','Europe/Berlin') is expected", pos)
  const name = zone?.type === 'string' ? zone.value : 'UTC'
  if (!ZONE.test(name) || !isZone(name)) throw no(`"${name.slice(0, 60)}" is not a time zone`, zone?.pos ?? pos)
  return { path: path.segments, zone: name, ...readLength(duration.value, duration.pos) }
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

const WHOLE: Record<string, Bucket['unit']> = {
  P1D: 'day',
  P7D: 'week',
  P1W: 'week',
  P1M: 'month',
  P3M: 'quarter',
  P12M: 'year',
  P1Y: 'year',
}

function readLength(text: string, pos: number): Pick<Bucket, 'unit' | 'minutes'> {
  const unit = Object.hasOwn(WHOLE, text) ? WHOLE[text] : undefined
  if (unit) return { unit, minutes: 0 }
  const [, hours, minutes] = /^PT(?:(\d{1,2})H)?(?:(\d{1,4})M)?$/.exec(text) ?? []
  const total = Number(hours ?? 0) * 60 + Number(minutes ?? 0)
  if (text === 'PT24H') return { unit: 'day', minutes: 0 }
  if (total === 0 || 1_440 % total !== 0)
    throw no(`a bucket lasts P1D, P1W, P1M, P3M, P1Y, or hours and minutes that divide a day; not "${text}"`, pos)
  return { unit: 'minutes', minutes: total }
}

const OBSERVATION = SENSING_MODEL.named('Observation')

/** Is this expression an Observation's own property of that name? */
export const isOwn = (expr: Expr | null, name: string): boolean =>
  expr?.type === 'path' &&
  expr.segments.length === 1 &&
  expr.segments[0]!.name === name &&
  propertyOf(OBSERVATION, name) !== undefined
