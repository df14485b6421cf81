import type { Queryable } from '../../kernel/db/index.ts'

/** A series of counts in a dataset that protects small ones. */
export interface Guard {
  datastream: number
  dataset: number
  k: number
  /** Published in steps of k, whatever its size: the series of its dataset hang together in more ways than one. */
  steps: boolean
  /** The other counts of its Thing and property, of which it is the total; empty = an ordinary count. */
  parts: number[]
  /** Longest stretch one of its values may cover: how far before a part's value its total may begin. */
  reach: string
}

/** A total that covers months must be declared with its period. */
const REACH = `case when d.period_s is null then interval '32 days'
                    else greatest(d.period_s * 1.1, 93600) * interval '1 second' end`

const SELECT = `select d.id as datastream, d.dataset, s.k, coalesce(p.steps, false) as steps,
    case when d.role = 'total' then array(
      select b.id from datastream b where b.dataset = d.dataset and b.thing = d.thing
         and b.observed_property = d.observed_property and b.aggregate = 'sum' and b.kind = 'single'
         and coalesce(b.role, '') <> 'total' order by b.id) else '{}' end as parts,
    (${REACH})::text as reach
  from datastream d join dataset_sheet s on s.dataset = d.dataset and s.k > 1
  left join dataset_protection p on p.dataset = d.dataset
 where d.aggregate = 'sum' and d.kind = 'single'`

/**
 * The measured value kept beside a row, if any. The limit keeps it one look-up by the primary key for each row: after a
 * large import the planner knows nothing of the tables yet, and may choose to read all of one for each row of the other.
 */
export const measuredBeside = (alias: string, row: string): string =>
  `left join lateral (select b.id, b.v from observation_measured b
     where b.datastream = ${row}.datastream and b.id = ${row}.id limit 1) as ${alias} on true`

/** Those of these series whose small counts are protected. */
export async function guardsOf(tx: Queryable, datastreams: readonly number[]): Promise<Map<number, Guard>> {
  const rows = await tx.query<Guard>(`${SELECT} and d.id = any($1::int4[])`, [datastreams])
  return new Map(rows.map((row) => [row.datastream, row]))
}

/** The protected totals these series are, or are parts of. */
export async function totalsOf(tx: Queryable, datastreams: readonly number[]): Promise<Guard[]> {
  const rows = await tx.query<Guard>(
    `${SELECT} and d.role = 'total' and exists (
       select 1 from datastream g where g.id = any($1::int4[]) and g.dataset = d.dataset and g.thing = d.thing
          and g.observed_property = d.observed_property) order by d.id`,
    [datastreams],
  )
  return rows.filter((row) => row.parts.length > 0)
}
