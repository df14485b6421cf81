import { iso, type NewObservation } from '../sensing/index.ts'
import { liveStep, type Series, type Town } from './town.ts'
import { MINUTE, QUARTER, type World } from './world.ts'

export interface Stretch {
  /** Milliseconds since 1970, on a full quarter of an hour; `to` is exclusive. */
  from: number
  to: number
  /** Nothing that a device could not know at this instant. */
  now: number
  /** Is this a day with a value each minute, where devices send one? Else each quarter of an hour. */
  fine(localDay: number): boolean
}

/** One value on its way, before anyone wrote it. */
export interface Reading {
  series: Series
  datastream: number
  at: number
  value: number
}

/** Does a device know at `now` what it says for `at`? */
export function isKnown({ interval, station }: Series, at: number, now: number): boolean {
  return at + (interval ? QUARTER : 0) + station.delay <= now && at < station.brokenFrom
}

/** All readings of a quarter of an hour, oldest first within each series. */
function* quarterOf(
  city: Town,
  world: World,
  ids: ReadonlyMap<Series, number>,
  start: number,
  { now, fine }: Stretch,
): Generator<Reading> {
  const isFine = fine(world.localDay(start))
  const end = isFine ? start + QUARTER : start + 1
  for (let at = start; at < end; at += MINUTE) {
    for (const series of city.series) {
      if (at > start && liveStep(series) !== MINUTE) continue
      const datastream = ids.get(series)
      if (datastream === undefined || !isKnown(series, at, now)) continue
      const value = series.value(world.moment(at))
      if (value !== null) yield { series, datastream, at, value }
    }
  }
}

/** Readings of a stretch in batches of about `size`, whole quarters of an hour each. */
export function* readings(
  city: Town,
  world: World,
  ids: ReadonlyMap<Series, number>,
  stretch: Stretch,
  size: number,
): Generator<Reading[]> {
  let batch: Reading[] = []
  for (let start = stretch.from; start < stretch.to; start += QUARTER) {
    for (const reading of quarterOf(city, world, ids, start, stretch)) batch.push(reading)
    if (batch.length >= size) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

/** Readings as the store takes them. Their texts are made once for each instant. */
export function observations(batch: readonly Reading[]): NewObservation[] {
  let last = Number.NaN
  let t = ''
  let tEnd = ''
  return batch.map(({ series, datastream, at, value }) => {
    if (at !== last) {
      last = at
      t = iso(at)
      tEnd = iso(at + QUARTER)
    }
    return { datastream, t, tEnd: series.interval ? tEnd : null, v: value }
  })
}
