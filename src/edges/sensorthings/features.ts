import { type Queryable, sql } from '../../kernel/db/index.ts'
import { bad } from './errors.ts'

/**
 * An Observation has exactly one FeatureOfInterest (OGC 18-088 §8.2.7). One that names none gets that of its datastream,
 * which is made of the Location of the Thing. Throws 400 where a datastream has none and its Thing stands nowhere; `rows`
 * are the datastreams of observations without a feature, each with the place in the request it is about.
 */
export async function requireFeatures(
  tx: Queryable,
  rows: readonly { datastream: number; where: string }[],
): Promise<void> {
  if (rows.length === 0) return
  const without = await tx.run<{ id: number }>(
    sql`select d.id from datastream d where d.id = any(${[...new Set(rows.map((row) => row.datastream))]}::int4[])
      and not exists (select 1 from datastream_foi f where f.datastream = d.id)
      and not exists (select 1 from thing_location l where l.thing = d.thing)`,
  )
  const first = rows.find(({ datastream }) => without.some(({ id }) => id === datastream))
  if (first)
    throw bad(
      `${first.where}FeatureOfInterest is missing (mandatory for Observation), and the Thing of the Datastream has no Location to make one of`,
    )
}
