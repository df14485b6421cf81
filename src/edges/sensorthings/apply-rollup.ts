import { type Queryable, type Sql, sql } from '../../kernel/db/index.ts'
import { type Apply, type Bucket, isOwn } from './apply.ts'
import { bucketOf, type Grouped } from './apply-sql.ts'
import type { AggregateItem, Expr } from './ast.ts'
import { and } from './builder.ts'
import { parseInstant } from './times.ts'

const HOUR = 3_600_000
/** Longest interval an Observation may cover for its hour to decide about a time limit. */
const LONGEST = "interval '32 days'"

/** Half-open [from, to) in UTC; null = open. */
interface Span {
  from: string | null
  to: string | null
}

/**
 * The groups of one Datastream's Observations from its hourly sums, where these give the same answer as the rows: time
 * buckets of whole hours, sum, min, max, average and count of the result, limits at full hours. Null where they do not.
 */
export async function groupRollups(db: Queryable, datastream: number, apply: Apply): Promise<Grouped | null> {
  const span = spanOf(apply.filters)
  if (!span || apply.keys.length > 1 || !apply.keys.every(({ bucket }) => bucket && fits(bucket))) return null
  if (!apply.aggregates.every(isSummed)) return null
  if (!(await sameAnswer(db, datastream, apply, span))) return null
  const conditions: Sql[] = [sql`r.datastream = ${datastream}::int4`, sql`r.variant = 0`]
  if (span.from) conditions.push(sql`r.hour >= ${span.from}::timestamptz`)
  if (span.to) conditions.push(sql`r.hour < ${span.to}::timestamptz`)
  return {
    keys: apply.keys.map(({ names, bucket }) => ({ names, kind: 'plain', sql: bucketOf(bucket!, sql`r.hour`) })),
    aggregates: apply.aggregates.map((item) => ({ alias: item.alias, sql: summed(item) })),
    from: sql`rollup_hour r`,
    where: and(conditions),
  }
}

/** Hours of UTC make up the bucket: its zone is whole hours off, as far as its name's history since 1970 goes. */
function fits({ path, unit, minutes, zone }: Bucket): boolean {
  if (path.length !== 1 || path[0]!.name !== 'phenomenonTime') return false
  if (unit === 'minutes' && minutes % 60 !== 0) return false
  return WHOLE_HOURS.test(zone)
}

/** Zones whose offsets have been whole hours since 1970. Others are answered from the rows, which is right everywhere. */
const WHOLE_HOURS =
  /^(UTC|Etc\/UTC|Europe\/(Berlin|Vienna|Zurich|Paris|Brussels|Amsterdam|Luxembourg|Copenhagen|Prague|Warsaw|Rome|Madrid|London|Busingen))$/

const isSummed = (item: AggregateItem): boolean =>
  item.expr === null || (isOwn(item.expr, 'result') && ['sum', 'min', 'max', 'average'].includes(item.method))

function summed({ expr, method }: AggregateItem): Sql {
  if (expr === null) return sql`coalesce(sum(r.n), 0)::int8`
  if (method === 'sum') return sql`sum(r.sum)`
  if (method === 'average') return sql`sum(r.sum) / nullif(sum(r.n), 0)`
  return method === 'min' ? sql`min(r.min)` : sql`max(r.max)`
}

/** The time limits of conditions joined by `and`, when they are nothing else and at full hours. */
function spanOf(filters: readonly Expr[]): Span | null {
  const span: Span = { from: null, to: null }
  const parts = filters.flatMap((filter) => conjuncts(filter))
  for (const part of parts) {
    if (part.type !== 'op' || !isOwn(part.args[0] ?? null, 'phenomenonTime')) return null
    const right = part.args[1]
    if (right?.type !== 'time' || right.end !== null) return null
    const at = parseInstant(right.value)
    if (at === null || Date.parse(at) % HOUR !== 0) return null
    if (part.op === 'ge') span.from = span.from !== null && span.from > at ? span.from : at
    else if (part.op === 'lt') span.to = span.to !== null && span.to < at ? span.to : at
    else return null
  }
  return span
}

const conjuncts = (expr: Expr): Expr[] =>
  expr.type === 'op' && expr.op === 'and' ? expr.args.flatMap(conjuncts) : [expr]

/**
 * What the hourly sums do not know: Observations that are no numbers (they count), and intervals that reach over the
 * upper limit (`lt` means "ends before").
 */
async function sameAnswer(db: Queryable, datastream: number, apply: Apply, span: Span): Promise<boolean> {
  const [row] = await db.run<{ numeric: boolean; over: boolean }>(
    sql`select coalesce((select s.n from datastream_state s where s.datastream = ${datastream}::int4), 0)
          = coalesce((select sum(r.n) from rollup_hour r where r.datastream = ${datastream}::int4 and r.variant = 0), 0) as numeric,
        ${
          span.to === null
            ? sql`false`
            : sql`exists (select 1 from observation o where o.datastream = ${datastream}::int4 and o.t < ${span.to}::timestamptz
                and o.t >= ${span.to}::timestamptz - ${sql.raw(LONGEST)} and o.t_end > ${span.to}::timestamptz)`
        } as over`,
  )
  if (row!.over) return false
  return row!.numeric || !(apply.aggregates.some(({ expr }) => expr === null) || apply.keys.length > 0)
}
