import type { Queryable } from '../../kernel/db/index.ts'
import type { Answer } from './answer.ts'
import type { Apply } from './apply.ts'
import { groupRollups } from './apply-rollup.ts'
import { type Grouped, groupCount, groupedPage, groupRows } from './apply-sql.ts'
import { builderOf, type Context, readerOf } from './context.ts'
import type { Row } from './model.ts'
import type { Resource } from './path.ts'
import type { Query } from './query.ts'
import { cell } from './tabular.ts'
import { showInstant } from './times.ts'

type SetResource = Extract<Resource, { kind: 'set' }>

/**
 * GET of a set with `$apply`: its groups (OData Extension for Data Aggregation 4.0). `$filter` narrows the rows before.
 * From the hourly sums where these give the same answer.
 */
export async function readGroups(
  context: Context,
  resource: SetResource,
  query: Query,
  parent: number | undefined,
  address: string,
): Promise<Answer> {
  const db = readerOf(context)
  const apply: Apply = { ...query.apply!, filters: [...(query.filter ? [query.filter] : []), ...query.apply!.filters] }
  const grouped = await groupsOf(context, db, resource, apply, parent)
  const [rows, total] = await Promise.all([
    db.run<Row>(groupedPage(grouped, query.orderby, query.top, query.skip)),
    query.count ? db.run<{ n: number }>(groupCount(grouped)) : null,
  ])
  const more = rows.length > query.top
  if (more) rows.length = query.top
  const next = more && query.top > 0 ? nextPage(address, query) : null
  const headers = next ? { link: `<${next}>; rel="next"` } : undefined
  if (query.resultFormat === 'csv')
    return { status: 200, headers, type: 'text/csv; charset=utf-8', text: csvOfGroups(grouped, rows) }
  return {
    status: 200,
    body: {
      ...(total ? { '@iot.count': total[0]!.n } : {}),
      ...(next ? { '@iot.nextLink': next } : {}),
      value: rows.map((row) => groupOf(grouped, row)),
    },
  }
}

async function groupsOf(
  context: Context,
  db: Queryable,
  { type, navigation }: SetResource,
  apply: Apply,
  parent: number | undefined,
): Promise<Grouped> {
  if (type.name === 'Observation' && navigation?.via.kind === 'reverse') {
    const fast = await groupRollups(db, parent!, apply)
    if (fast) return fast
  }
  const builder = builderOf(context)
  const source = navigation ? builder.hop(navigation, parent!) : builder.source(type)
  return groupRows(builder, type, source, apply)
}

/** `Datastream/name` becomes `{"Datastream": {"name": …}}`. */
function groupOf(grouped: Grouped, row: Row): Record<string, unknown> {
  const group: Record<string, unknown> = {}
  grouped.keys.forEach(({ names }, i) => {
    let at = group
    for (const name of names.slice(0, -1)) {
      at[name] ??= {}
      at = at[name] as Record<string, unknown>
    }
    const last = names.at(-1)!
    at[last === 'id' ? '@iot.id' : last] = shown(row[`g${i}`])
  })
  grouped.aggregates.forEach(({ alias }, i) => {
    group[alias] = shown(row[`a${i}`])
  })
  return group
}

const shown = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:/.test(value) ? showInstant(value) : (value ?? null)

function csvOfGroups(grouped: Grouped, rows: readonly Row[]): string {
  const names = [...grouped.keys.map((key) => key.names.join('/')), ...grouped.aggregates.map(({ alias }) => alias)]
  const columns = [...grouped.keys.map((_, i) => `g${i}`), ...grouped.aggregates.map((_, i) => `a${i}`)]
  const lines = rows.map((row) => columns.map((column) => cell(shown(row[column]))).join(','))
  return `${[names.map(cell).join(','), ...lines].join('\r\n')}\r\n`
}

/** Groups are counted through: few, and the same while nothing is written. */
function nextPage(address: string, query: Query): string {
  const options = [...query.raw].filter(([name]) => name !== 'skip' && name !== 'top')
  const kept = options.map(
    ([name, value]) => `$${name === 'resultformat' ? 'resultFormat' : name}=${encodeURIComponent(value)}`,
  )
  return `${address}?${[...kept, `$top=${query.top}`, `$skip=${query.skip + query.top}`].join('&')}`
}
