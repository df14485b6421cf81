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
}

export interface Platform {
  stop: number
  stopId: string
  name: string
  platform: string | null
}

interface Row extends Omit<Stop, 'platforms' | 'version'> {
  version: number
  stop: number
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
  const { stop, ...about } = found[0]!
  return { ...about, platforms: await platformsOf(db, about.version, stop) }
}

function withId(db: Queryable, datasets: readonly number[], stopId: string): Promise<Row[]> {
  return db.query<Row>(
    `select v.dataset, v.version, v.completed_at as since, v.source, v.time_zone as zone, s.stop, s.stop_id as "stopId",
            coalesce(s.name, s.stop_id) as name, st_x(s.geom) as lon, st_y(s.geom) as lat
     from gtfs_version v join gtfs_stop s on s.version = v.version and s.stop_id = $2
     where v.state = 'current' and v.dataset = any($1::int4[]) order by v.dataset`,
    [datasets, stopId],
  )
}

/** A station's platforms, or the stop itself. */
function platformsOf(db: Queryable, version: number, stop: number): Promise<Platform[]> {
  return db.query<Platform>(
    `select stop, stop_id as "stopId", coalesce(name, stop_id) as name, nullif(platform_code, '') as platform
     from gtfs_stop where version = $1 and (stop = $2 or parent = $2 and location_type = 0) order by stop`,
    [version, stop],
  )
}
