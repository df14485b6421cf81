import { recompute, type Touched } from '../../domains/sensing/index.ts'
import { sql } from '../../kernel/db/index.ts'
import type { Answer } from './answer.ts'
import { and } from './builder.ts'
import { allow, inTransaction, type Work } from './changes.ts'
import { Compiler } from './compile.ts'
import { builderOf, type Context, resolve } from './context.ts'
import { bad, StaError } from './errors.ts'
import { narrowAreas } from './insert.ts'
import type { Resource } from './path.ts'
import { readQuery } from './query.ts'
import { deleteEntity } from './remove.ts'

type SetResource = Extract<Resource, { kind: 'set' }>

/** Most entities (not Observations) one request deletes, each with what hangs on it. */
const MAX_ENTITIES = 10_000
const LIMIT = { timeoutMs: 600_000 }

/**
 * DELETE of a set with `$filter`: every entity of it the caller sees and that fits, all or none, where the caller may
 * delete each. 400 without a filter: nobody empties a set by forgetting one. Answers how many went.
 */
export async function removeSet(
  context: Context,
  resource: SetResource,
  options: Map<string, string>,
): Promise<Answer> {
  for (const name of options.keys()) {
    if (name !== 'filter') throw bad(`query option "$${name.slice(0, 40)}" does not apply to DELETE`)
  }
  const query = readQuery(resource.type, options)
  if (!query.filter) throw bad('DELETE of a set needs a $filter; `$filter=id gt 0` means all')
  const filter = query.filter
  const { type, navigation, parents } = resource
  const parent = parents.length > 0 ? await resolve(context, parents) : null
  const count = await inTransaction(context, null, async (work) => {
    const builder = builderOf(context)
    const source = navigation ? builder.hop(navigation, parent!.id) : builder.source(type)
    const where = and([...source.where, new Compiler(builder, type, source.alias, '$filter').filter(filter)])
    const column = (name: string) => sql.ref(`${source.alias}.${name}`)
    if (type.name === 'Observation') {
      const matched = sql`select ${column('id')} as id, ${column('t')} as t, ${column('datastream')} as datastream from ${source.from} where ${where}`
      return removeObservations(work, matched)
    }
    const rows = await work.tx.run<{ id: number; dataset: number }>(
      sql`select ${column('id')} as id, ${column('dataset')} as dataset from ${source.from} where ${where} order by 1 limit ${MAX_ENTITIES + 1}`,
    )
    if (rows.length > MAX_ENTITIES)
      throw new StaError(413, `more than ${MAX_ENTITIES} ${type.set} fit the filter: narrow it and delete in steps`)
    for (const row of rows) await deleteEntity(work, type, row)
    return rows.length
  })
  return { status: 200, body: { '@iot.count': count } }
}

async function removeObservations(work: Work, matched: ReturnType<typeof sql>): Promise<number> {
  const touched = await work.tx.run<Touched & { dataset: number; n: number; fois: number[] | null }>(
    sql`with matched as (${matched}),
      gone as (delete from observation o using matched m where o.id = m.id and o.t = m.t and o.datastream = m.datastream returning o.datastream, o.t, o.foi)
      select g.datastream, min(g.t) as from, max(g.t) as to, count(*)::int8 as n, min(d.dataset) as dataset,
        array_agg(distinct g.foi) filter (where g.foi is not null) as fois
      from gone g join datastream d on d.id = g.datastream group by g.datastream`,
    LIMIT,
  )
  // Whoever may not delete in one of the datasets deletes nothing: the transaction ends here.
  for (const { dataset } of touched) allow(work.context, 'delete', dataset)
  await recompute(work.tx, touched)
  await narrowAreas(
    work,
    touched.flatMap(({ datastream, fois }) => (fois ?? []).map((foi) => ({ datastream, foi }))),
  )
  for (const { dataset, datastream } of touched)
    work.changed.push({ dataset, type: 'Datastream', id: datastream, change: 'updated' })
  return touched.reduce((sum, { n }) => sum + n, 0)
}
