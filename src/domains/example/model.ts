import { seriesKey } from './entities.ts'
import type { ExampleState, Stored } from './store.ts'
import { liveStep, type Series, Town } from './town.ts'
import { QUARTER, World } from './world.ts'

/** A city as it was made once: the same state gives the same city with the same values. */
export interface Model {
  world: World
  city: Town
}

export function modelOf({ timeZone, created }: Pick<ExampleState, 'timeZone' | 'created'>): Model {
  const world = new World(timeZone)
  return { world, city: new Town(world, created) }
}

/** Where each series stands in the database. A series somebody deleted is missing and stays so. */
export interface Standing {
  ids: Map<Series, number>
  /** Milliseconds since 1970 of the newest value; missing = none. */
  last: Map<Series, number>
}

export function standingOf({ city }: Model, stored: readonly Stored[]): Standing {
  const byKey = new Map(stored.map((row) => [`${row.dataset} ${row.key}`, row]))
  const ids = new Map<Series, number>()
  const last = new Map<Series, number>()
  for (const series of city.series) {
    const row = byKey.get(`${series.station.dataset} ${seriesKey(series.station.key, series.key)}`)
    if (!row) continue
    ids.set(series, row.datastream)
    if (row.last !== null) last.set(series, Date.parse(row.last))
  }
  return { ids, last }
}

/** The newest time a series could have a value for at `now`. */
export function newestOf(series: Series, now: number): number {
  const known = now - series.station.delay - (series.interval ? QUARTER : 0)
  const step = liveStep(series)
  const end = Math.min(known, series.station.brokenFrom - 1)
  return Math.floor(end / step) * step
}
