import type { Queryable } from '../../kernel/db/index.ts'

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
export function thingTexts(db: Queryable, datasets: readonly number[]): Promise<ThingTexts[]> {
  return db.query<ThingTexts>(
    `select t.id, t.dataset, t.name, t.description, t.properties,
            coalesce(l.places, '[]') as places, coalesce(s.series, '[]') as series
       from thing t
       left join (
         select tl.thing, jsonb_agg(distinct l.name) as places
           from thing_location tl join location l on l.id = tl.location
           join thing o on o.id = tl.thing and o.dataset = l.dataset
          where l.dataset = any($1::int4[])
          group by tl.thing) l on l.thing = t.id
       left join (
         select d.thing, jsonb_agg(distinct jsonb_build_array(d.name, p.natural_key, p.name)) as series
           from datastream d join observed_property p on p.id = d.observed_property and p.dataset = d.dataset
           join thing o on o.id = d.thing and o.dataset = d.dataset
          where d.dataset = any($1::int4[])
          group by d.thing) s on s.thing = t.id
      where t.dataset = any($1::int4[])`,
    [datasets],
  )
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
