import type { Queryable } from '../../../kernel/db/index.ts'
import { Problem } from '../../../kernel/problem.ts'

/** A stop or station of a timetable, with the platforms one leaves from. */
export interface Stop {
  /** Key of the dataset. */
  dataset: number
  version: number
  /** When this version of the timetable came to serve. */
  since: string
  source: string
  zone: string
  stopId: string
  name: string
  lon: number | null
  lat: number | null
  platforms: readonly Platform[]
  /** Some trips of this timetable have frequencies. */
  frequent: boolean
}

export interface Platform {
  stop: number
  stopId: string
  name: string
  platform: string | null
}

/**
 * Finds a stop by `{dataset}:{stop_id}`, or by the bare id where only one timetable has it; ids may hold colons. Throws
 * Problem 404 `stop-unknown`, 400 `stop-ambiguous` with the full names. `datasets` is what the caller may see, by id.
 */
export async function findStop(db: Queryable, datasets: ReadonlyMap<string, number>, given: string): Promise<Stop> {
  const colon = given.indexOf(':')
  const named = colon > 0 ? datasets.get(given.slice(0, colon)) : undefined
  let found = named === undefined ? [] : await withId(db, [named], given.slice(colon + 1))
  if (found.length === 0) found = await withId(db, [...datasets.values()], given)
  if (found.length === 0) throw new Problem(404, 'stop-unknown', `There is no stop "${given}" in any timetable here.`)
  if (found.length > 1) {
    const ids = new Map([...datasets].map(([id, key]) => [key, id]))
    const names = found.map((row) => `${ids.get(row.dataset)}:${given}`)
    throw new Problem(
      400,
      'stop-ambiguous',
      `Several timetables have a stop "${given}": say which, ${names.join(' or ')}.`,
      {
        stops: names,
      },
    )
  }
  return found[0]!
}

/** With a station's platforms, or the stop itself. */
function withId(db: Queryable, datasets: readonly number[], stopId: string): Promise<Stop[]> {
  return db.query<Stop>(
    `select v.dataset, v.version, v.completed_at as since, v.source, v.time_zone as zone, s.stop_id as "stopId",
            coalesce(s.name, s.stop_id) as name, st_x(s.geom) as lon, st_y(s.geom) as lat,
            exists (select from gtfs_frequency f where f.version = v.version) as frequent,
            (select jsonb_agg(jsonb_build_object('stop', p.stop, 'stopId', p.stop_id, 'name', coalesce(p.name, p.stop_id),
                       'platform', nullif(p.platform_code, '')) order by p.stop)
               from gtfs_stop p where p.version = v.version
                and (p.stop = s.stop or p.parent = s.stop and p.location_type = 0)) as platforms
     from gtfs_version v join gtfs_stop s on s.version = v.version and s.stop_id = $2
     where v.state = 'current' and v.dataset = any($1::int4[]) order by v.dataset`,
    [datasets, stopId],
  )
}
