import { recompute, type Touched } from '../../domains/sensing/index.ts'
import { type Sql, sql } from '../../kernel/db/index.ts'
import { allow, type Work } from './changes.ts'
import { type Found, narrowAreas } from './insert.ts'
import type { EntityType } from './model.ts'
import { deleteCapabilities } from './tasking.ts'

/** Deleting a datastream's observations may touch millions of rows. */
const LIMIT = { timeoutMs: 600_000 }

/**
 * DELETE of one entity with what cannot be without it (OGC 18-088 §10.4, Table 26): Thing → Datastreams,
 * HistoricalLocations; Location → HistoricalLocations; Sensor, ObservedProperty → Datastreams; Datastream and
 * FeatureOfInterest → Observations. Sums and counters follow.
 */
export async function deleteEntity(work: Work, type: EntityType, self: Found): Promise<void> {
  allow(work.context, type.right ?? 'delete', self.dataset)
  const { tx } = work
  const id = sql`${self.id}::int4`
  switch (type.name) {
    case 'Observation':
      await deleteObservation(work, self.id)
      break
    case 'FeatureOfInterest':
      await deleteFeatureObservations(work, self.id)
      break
    case 'Location':
      await tx.run(
        sql`delete from historical_location where id in (select historical_location from historical_location_location where location = ${id})`,
      )
      break
    case 'Datastream':
    case 'MultiDatastream':
      await deleteObservations(work, sql`d.id = ${id}`)
      break
    case 'Actuator':
      await deleteCapabilities(work, 'actuator', id)
      break
    case 'Thing':
      await deleteCapabilities(work, 'thing', id)
      await deleteObservations(work, sql`d.thing = ${id}`)
      break
    case 'Sensor':
      await deleteObservations(work, sql`d.sensor = ${id}`)
      break
    case 'ObservedProperty':
      await deleteObservations(work, sql`d.observed_property = ${id} or ${usesProperty(id)}`)
      await tx.run(sql`delete from datastream d where ${usesProperty(id)}`)
      break
  }
  // Rows that point here go with it by their foreign keys; observations have none, they went before.
  if (type.name !== 'Observation') await tx.run(sql`delete from ${sql.table(type.table)} where id = ${id}`)
  work.changed.push({ dataset: self.dataset, type: type.name, id: self.id, change: 'deleted' })
}

/** A MultiDatastream that has the ObservedProperty as a component. */
const usesProperty = (id: Sql): Sql =>
  sql`d.id in (select p.datastream from multi_datastream_property p where p.observed_property = ${id})`

/** All observations of the datastreams `d` that `which` names; what is derived of them goes with the datastreams. */
async function deleteObservations(work: Work, which: Sql): Promise<void> {
  const streams = await work.tx.run<Found>(sql`select d.id, d.dataset from datastream d where ${which} for update`)
  if (streams.length === 0) return
  for (const { dataset } of streams) allow(work.context, 'delete', dataset)
  await work.tx.run(sql`delete from observation where datastream = any(${streams.map((s) => s.id)}::int4[])`, LIMIT)
  for (const { id, dataset } of streams) work.changed.push({ dataset, type: 'Datastream', id, change: 'deleted' })
}

async function deleteObservation({ tx }: Work, id: number): Promise<void> {
  const rows = await tx.run<{ datastream: number; t: string; foi: number | null }>(
    sql`delete from observation where id = ${id}::int8 returning datastream, t, foi`,
  )
  await narrowAreas({ tx }, rows)
  await recompute(
    tx,
    rows.map(({ datastream, t }) => ({ datastream, from: t, to: t, grown: -1 })),
  )
}

/** Observations that name the feature, and those of the times when it is a datastream's default. */
async function deleteFeatureObservations(work: Work, feature: number): Promise<void> {
  const foi = sql`${feature}::int4`
  const touched = await work.tx.run<Touched & { dataset: number }>(
    sql`with gone as (
        delete from observation o where o.foi = ${foi} or (o.foi is null
          and o.datastream = any(array(select df.datastream from datastream_foi df where df.foi = ${foi}))
          and (select df.foi from datastream_foi df where df.datastream = o.datastream and df.valid_from <= o.t order by df.valid_from desc limit 1) = ${foi})
        returning o.datastream, o.t)
      select g.datastream, min(g.t) as from, max(g.t) as to, min(d.dataset) as dataset from gone g join datastream d on d.id = g.datastream group by g.datastream`,
    LIMIT,
  )
  for (const { dataset } of touched) allow(work.context, 'delete', dataset)
  await recompute(work.tx, touched)
  await narrowAreas(
    work,
    touched.map(({ datastream }) => ({ datastream, foi: feature })),
  )
}
