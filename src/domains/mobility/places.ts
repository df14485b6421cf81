import type { Queryable } from '../../kernel/db/index.ts'

/** A stop, car park, sharing or charging station that is known by name. */
export interface NamedPlace {
  mode: 'stop' | 'parking' | 'sharing' | 'charging'
  /** Key of the dataset. */
  dataset: number
  /** stop_id, or what the source calls it. */
  key: string
  name: string
  lon: number
  lat: number
  /** The Thing whose datastreams hold its values; null where there is none, and of a stop. */
  thing: number | null
}

const MOST_WORDS = 8
/** Fewer letters are in too many names to help: of such a word names hold a beginning. */
const LEAST_LETTERS = 3

/**
 * Places whose name holds every word (one of one or two letters: at the beginning of a word), those that begin with the
 * first before others; only with a position, platforms of a station left out. No more than `limit`. By the index of
 * letters where the database has one (`migrations/0064_names.sql`).
 */
export function placesNamed(
  db: Queryable,
  visible: readonly number[],
  query: string,
  limit: number,
): Promise<NamedPlace[]> {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean).slice(0, MOST_WORDS)
  if (words.length === 0) return Promise.resolve([])
  const escaped = words.map((word) => word.replace(/[\\%_]/g, '\\$&'))
  const values: unknown[] = [visible]
  const value = (item: unknown) => `$${values.push(item)}`
  // One condition a word: an index of letters cannot look for "all of".
  const holds = (name: string) =>
    words
      .map((word, i) => {
        const text = escaped[i]!
        if ([...word].length >= LEAST_LETTERS) return `lower(${name}) like ${value(`%${text}%`)}`
        return `(lower(${name}) like ${value(`${text}%`)} or lower(${name}) like ${value(`% ${text}%`)})`
      })
      .join(' and ')
  const [featureHolds, stopHolds] = [holds('f.name'), holds('s.name')]
  return db.query<NamedPlace>(
    // The positions are worked out of what is answered, not of all that fit.
    `select mode, dataset, key, name, st_x(st_pointonsurface(geom)) as lon, st_y(st_pointonsurface(geom)) as lat, thing
       from (
       select f.concept as mode, f.dataset, f.natural_key as key, f.name, f.geom, f.thing
         from feature f where f.dataset = any($1::int4[]) and f.concept in ('parking', 'sharing', 'charging')
          and f.gone_at is null and f.geom is not null and ${featureHolds}
       union all
       select 'stop', v.dataset, s.stop_id, s.name, s.geom, null::int4
         from gtfs_version v join gtfs_stop s on s.version = v.version
        where v.dataset = any($1::int4[]) and v.state = 'current' and s.location_type < 2 and s.parent is null
          and s.geom is not null and ${stopHolds}) found
     order by lower(name) like ${value(`${escaped[0]}%`)} desc, mode = 'stop' desc, length(name), name, key
     limit ${value(limit)}`,
    values,
  )
}

const PAGES: Readonly<Record<NamedPlace['mode'], string>> = {
  stop: '/haltestellen/',
  parking: '/parken/',
  sharing: '/leihstationen/',
  charging: '/laden/',
}

/** The page of a place by its id outside (`dataset:key`); colons may stand in a path, and are easier to read. */
export const placePage = (mode: NamedPlace['mode'], id: string): string =>
  PAGES[mode] + encodeURIComponent(id).replaceAll('%3A', ':')

/** The place whose values a Thing holds: its mode, and what its source calls it. */
export async function placeOfThing(
  db: Queryable,
  dataset: number,
  thing: number,
): Promise<Pick<NamedPlace, 'mode' | 'key'> | null> {
  const [found] = await db.query<Pick<NamedPlace, 'mode' | 'key'>>(
    `select concept as mode, natural_key as key from feature
      where thing = $2 and dataset = $1 and concept in ('parking', 'sharing', 'charging') and gone_at is null limit 1`,
    [dataset, thing],
  )
  return found ?? null
}

/** What a dataset holds for mobility: places and roadworks by concept, and whether a timetable serves. */
export async function mobilityOf(
  db: Queryable,
  dataset: number,
): Promise<{ timetable: boolean; features: { concept: string; n: number }[] }> {
  const [features, [served]] = await Promise.all([
    db.query<{ concept: string; n: number }>(
      `select concept, count(*)::int as n from feature
        where dataset = $1 and gone_at is null and concept in ('parking', 'sharing', 'charging', 'roadworks')
        group by concept order by concept`,
      [dataset],
    ),
    db.query<{ timetable: boolean }>(
      `select exists (select 1 from gtfs_version where dataset = $1 and state <> 'loading') as timetable`,
      [dataset],
    ),
  ])
  return { timetable: served!.timetable, features }
}
