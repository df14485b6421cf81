import { type Queryable, sql } from '../../kernel/db/index.ts'
import { bad } from './errors.ts'

/** The only observationType a MultiDatastream has (OGC 18-088 Table 26). */
export const COMPLEX = 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation'

/** How many values a result of this MultiDatastream has. */
export async function componentsOf(tx: Queryable, datastream: number): Promise<number> {
  const [row] = await tx.run<{ n: number }>(
    sql`select jsonb_array_length(data_types)::int4 as n from datastream where id = ${datastream}::int4`,
  )
  return row!.n
}

/** The ObservedProperties of a MultiDatastream, in this order, in place of those it had. */
export async function setComponents(tx: Queryable, datastream: number, properties: readonly number[]): Promise<void> {
  await tx.run(sql`delete from multi_datastream_property where datastream = ${datastream}::int4`)
  await tx.run(
    sql`insert into multi_datastream_property (datastream, position, observed_property)
      select ${datastream}::int4, p.position, p.id from unnest(${properties}::int4[]) with ordinality as p (id, position)`,
  )
}

/** As many units as types as ObservedProperties (OGC 18-088 §13.2), or 400. */
export async function checkComponents(tx: Queryable, datastream: number, where: string): Promise<void> {
  const [row] = await tx.run<{ types: number; units: number; properties: number }>(
    sql`select jsonb_array_length(data_types)::int4 as types, jsonb_array_length(unit)::int4 as units,
        (select count(*)::int4 from multi_datastream_property p where p.datastream = d.id) as properties
      from datastream d where d.id = ${datastream}::int4`,
  )
  const { types, units, properties } = row!
  if (types === units && units === properties) return
  throw bad(
    `${where}multiObservationDataTypes, unitOfMeasurements and ObservedProperties must be equally many, not ${types}, ${units} and ${properties}`,
  )
}
