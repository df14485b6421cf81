import type { Queryable } from '../../kernel/db/index.ts'
import { IS_STATION } from '../sensing/index.ts'

export interface ThingTexts {
  id: number
  dataset: number
  name: string
  description: string
  properties: Record<string, unknown> | null
  places: string[]
  /** Name of a series, key and name of what it observes. */
  series: [name: string, key: string | null, property: string][]
}

/**
 * The texts of all stations of some datasets. Only what belongs to the station's own dataset: an index serves everyone
 * who may see that dataset, and must not tell of another.
 */
export async function thingTexts(db: Queryable, datasets: readonly number[]): Promise<ThingTexts[]> {
  // Put together here: joined in one statement, a fresh database without statistics takes minutes for 10,000 stations.
  const things = await db.query<Omit<ThingTexts, 'places' | 'series'>>(
    `select t.id, t.dataset, t.name, t.description, t.properties from thing t where t.dataset = any($1::int4[]) and ${IS_STATION}`,
    [datasets],
  )
  const all = new Map(things.map((thing): [number, ThingTexts] => [thing.id, { ...thing, places: [], series: [] }]))
  const places = await db.query<{ thing: number; dataset: number; name: string }>(
    `select tl.thing, l.dataset, l.name from location l join thing_location tl on tl.location = l.id
      where l.dataset = any($1::int4[])`,
    [datasets],
  )
  for (const { thing, dataset, name } of places) {
    const own = all.get(thing)
    if (own?.dataset === dataset) own.places.push(name)
  }
  const properties = await db.query<{ id: number; dataset: number; key: string | null; name: string }>(
    'select id, dataset, natural_key as key, name from observed_property where dataset = any($1::int4[])',
    [datasets],
  )
  const observed = new Map(properties.map((property) => [property.id, property]))
  const series = await db.query<{ thing: number; dataset: number; property: number; name: string }>(
    'select thing, dataset, observed_property as property, name from datastream where dataset = any($1::int4[])',
    [datasets],
  )
  for (const { thing, dataset, property, name } of series) {
    const own = all.get(thing)
    const what = observed.get(property)
    if (own?.dataset === dataset && what?.dataset === dataset) own.series.push([name, what.key, what.name])
  }
  return [...all.values()]
}

/** What changes when anything does that is searched for: one line per dataset. */
export async function fingerprints(db: Queryable, datasets: readonly number[]): Promise<Map<number, string>> {
  const rows = await db.query<{ dataset: number; mark: string }>(
    `select dataset, string_agg(kind || ' ' || n || ' ' || coalesce(newest::text, ''), ', ' order by kind) as mark
       from (select dataset, 't' as kind, count(*) as n, max(changed_at) as newest from thing
              where dataset = any($1::int4[]) group by dataset
             union all
             select dataset, 'l', count(*), max(changed_at) from location where dataset = any($1::int4[]) group by dataset
             union all
             select dataset, 'd', count(*), max(changed_at) from datastream where dataset = any($1::int4[]) group by dataset
             union all
             select dataset, 'p', count(*), max(changed_at) from observed_property
              where dataset = any($1::int4[]) group by dataset) as all_of_them
      group by dataset`,
    [datasets],
  )
  return new Map(rows.map(({ dataset, mark }) => [dataset, mark]))
}
