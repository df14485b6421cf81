import { moveFeatures } from '../../domains/sensing/index.ts'
import { sql } from '../../kernel/db/index.ts'
import type { Work } from './changes.ts'

/**
 * Puts a Thing at Locations (several = encodings of one place): they replace the former ones, a HistoricalLocation is
 * made, and later observations get a feature made of the new place (OGC 18-088 §8.2.2, §8.2.3, §8.2.8).
 */
export async function placeThing(work: Work, thing: number, locations: readonly number[]): Promise<void> {
  if (locations.length === 0) return
  const { tx } = work
  const [history] = await tx.run<{ id: number; dataset: number; time: string }>(
    sql`insert into historical_location (dataset, thing, time) select dataset, id, now() from thing where id = ${thing}::int4 returning id, dataset, time`,
  )
  await linkPlaces(work, history!.id, locations)
  work.changed.push({ dataset: history!.dataset, type: 'HistoricalLocation', id: history!.id, change: 'created' })
  await moveTo(work, thing, locations, null)
}

/** The Locations of a HistoricalLocation, in place of those it had. */
export async function setHistory(work: Work, history: number, locations: readonly number[]): Promise<void> {
  await work.tx.run(sql`delete from historical_location_location where historical_location = ${history}::int4`)
  await linkPlaces(work, history, locations)
}

export async function linkPlaces(work: Work, history: number, locations: readonly number[]): Promise<void> {
  await work.tx.run(
    sql`insert into historical_location_location (historical_location, location)
      select ${history}::int4, l from unnest(${locations}::int4[]) l on conflict do nothing`,
  )
}

/** A HistoricalLocation later than all others of its Thing moves the Thing; a past one does not. */
export async function followHistory(work: Work, history: number): Promise<void> {
  const [latest] = await work.tx.run<{ thing: number; time: string; locations: number[] }>(
    sql`select h.thing, h.time, array(select l.location from historical_location_location l where l.historical_location = h.id order by l.location) as locations
      from historical_location h where h.id = ${history}::int4
        and not exists (select 1 from historical_location o where o.thing = h.thing and o.id <> h.id and o.time >= h.time)`,
  )
  if (latest && latest.locations.length > 0) await moveTo(work, latest.thing, latest.locations, latest.time)
}

async function moveTo({ tx }: Work, thing: number, locations: readonly number[], time: string | null): Promise<void> {
  await tx.run(sql`delete from thing_location where thing = ${thing}::int4`)
  await tx.run(
    sql`insert into thing_location (thing, location) select ${thing}::int4, l from unnest(${locations}::int4[]) l on conflict do nothing`,
  )
  await moveFeatures(tx, thing, time ?? undefined)
}

/**
 * A Location got another geometry: features made of it stay what they were for the observations they belong to, and the
 * Things that stand there get new ones from now on.
 */
export async function locationMoved({ tx }: Work, location: number): Promise<void> {
  await tx.run(sql`update feature_of_interest set made_from = null where made_from = ${location}::int4`)
  const things = await tx.run<{ thing: number }>(
    sql`select thing from thing_location where location = ${location}::int4`,
  )
  for (const { thing } of things) await moveFeatures(tx, thing)
}
