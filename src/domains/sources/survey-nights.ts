import { type Clock, clockOf } from './clock.ts'

const HOUR = 3_600_000
/** Values a side needs for saying that hourly ones are expected in between. */
const ENOUGH = 3
const MOST = 100

/** A night in which the clocks change, as the values show it. */
export interface Night {
  /** The instant of the change. */
  at: string
  change: 'forward' | 'back'
  /** Series with values on both sides of it. */
  series: number
  /** Of these, back: with neither, only the first, only the second of the two like hours; forward: with a gap around it. */
  missing: { both: number; first: number; second: number; around: number }
}

/** Per series: values in the three hours before, the hour before and after the change, the three hours after. */
type Counts = Map<number, [before: number, first: number, second: number, after: number]>

/** Watches the nights of the clock change: an hour that is missing or doubled there is the classic of wrong zones. */
export class Nights {
  readonly #clock: Clock
  readonly #series: Counts[] = []
  readonly #changes = new Map<number, number[]>()
  #from = 0
  #to = 0
  #inYear: number[] = []

  /** Where the file's own clock never changes, the nights of the city's are watched. */
  constructor(zone: string | undefined, city: string) {
    this.#clock = clockOf(zone?.includes('/') ? zone : city)
  }

  counts(): Counts {
    const counts: Counts = new Map()
    this.#series.push(counts)
    return counts
  }

  add(counts: Counts, ms: number): void {
    if (!(ms >= this.#from && ms < this.#to)) this.#turnTo(ms)
    for (const change of this.#inYear) {
      const hours = Math.floor((ms - change) / HOUR)
      if (hours < -4 || hours > 3) continue
      let night = counts.get(change)
      if (!night) {
        night = [0, 0, 0, 0]
        counts.set(change, night)
      }
      night[hours < -1 ? 0 : hours === -1 ? 1 : hours === 0 ? 2 : 3]++
    }
  }

  result(): Night[] {
    const nights = new Map<number, Night>()
    for (const counts of this.#series) {
      for (const [change, [before, first, second, after]] of counts) {
        if (before < ENOUGH || after < ENOUGH) continue
        const back = this.#clock.offset(change) < this.#clock.offset(change - 1)
        let night = nights.get(change)
        if (!night) {
          const missing = { both: 0, first: 0, second: 0, around: 0 }
          night = { at: new Date(change).toISOString(), change: back ? 'back' : 'forward', series: 0, missing }
          nights.set(change, night)
        }
        night.series++
        if (first > 0 && second > 0) continue
        night.missing[!back ? 'around' : first > 0 ? 'second' : second > 0 ? 'first' : 'both']++
      }
    }
    return [...nights.values()].sort((a, b) => (a.at < b.at ? -1 : 1)).slice(0, MOST)
  }

  #turnTo(ms: number): void {
    const year = new Date(ms).getUTCFullYear()
    this.#from = Date.UTC(year, 0, 1)
    this.#to = Date.UTC(year + 1, 0, 1)
    let changes = this.#changes.get(year)
    if (!changes) {
      changes = changesIn(this.#clock, this.#from, this.#to)
      this.#changes.set(year, changes)
    }
    this.#inYear = changes
  }
}

/** Instants at which the clock is set, to the hour, the only way it is done. */
function changesIn(clock: Clock, from: number, to: number): number[] {
  const found: number[] = []
  for (let day = from; day < to; day += 24 * HOUR) {
    if (clock.offset(day) === clock.offset(day + 24 * HOUR)) continue
    let at = day + HOUR
    while (clock.offset(at) === clock.offset(day)) at += HOUR
    found.push(at)
  }
  return found
}
