import type { Due } from './devices.ts'
import { type Model, newestOf, type Standing } from './model.ts'
import { seedOf } from './noise.ts'
import { observations } from './rows.ts'
import { liveStep, type Series } from './town.ts'

/** A device sends again what it could not send; more than this many values per series the platform writes itself. */
const DEVICE_MEMORY = 20

/** Devices do not all speak in the same second: milliseconds a station waits after its value is there. */
const patienceOf = ({ station }: Series): number => (seedOf(station.key) % 40) * 1000

/** Was any series silent for longer than a device remembers? */
export function isLongSilent({ ids, last }: Standing, now: number): boolean {
  return [...ids.keys()].some((series) => {
    const stood = last.get(series)
    return stood !== undefined && (newestOf(series, now) - stood) / liveStep(series) > DEVICE_MEMORY
  })
}

/** What the devices have to say at `now`, as they publish it (docs/using/mqtt.md). Series without any value stay silent. */
export function dueMessages({ world }: Model, { ids, last }: Standing, now: number): Due[] {
  const due: Due[] = []
  for (const [series, datastream] of ids) {
    const stood = last.get(series)
    if (stood === undefined) continue
    const step = liveStep(series)
    const newest = newestOf(series, now - patienceOf(series))
    for (let at = Math.floor(stood / step) * step + step; at <= newest; at += step) {
      const value = series.value(world.moment(at))
      if (value === null) continue
      const [row] = observations([{ series, datastream, at, value }])
      const phenomenonTime = row!.tEnd === null ? row!.t : `${row!.t}/${row!.tEnd}`
      due.push({
        topic: `v1.1/Datastreams(${datastream})/Observations`,
        payload: JSON.stringify({ phenomenonTime, result: value }),
        sent: () => void last.set(series, Math.max(at, last.get(series) ?? at)),
      })
    }
  }
  return due
}
