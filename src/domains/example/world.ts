import { Calendar, type DayInfo } from './calendar.ts'
import { LocalClock } from './clock.ts'
import { RainHours, type Sky, skyAt } from './weather.ts'

export const MINUTE = 60_000
export const QUARTER = 15 * MINUTE
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** Everything values depend on at one instant; made once and shared by all series. */
export interface Moment {
  /** Milliseconds since 1970. */
  at: number
  /** Days since 1970-01-01 of the local day. */
  day: number
  /** Local time of day in hours, 0…24. */
  hour: number
  info: DayInfo
  sky: Sky
}

/** The example city's clock, calendar and weather. */
export class World {
  readonly #clock: LocalClock
  readonly #calendar = new Calendar()
  readonly rain = new RainHours()
  #last: Moment | undefined

  constructor(timeZone: string) {
    this.#clock = new LocalClock(timeZone)
  }

  moment(at: number): Moment {
    if (this.#last?.at === at) return this.#last
    const { day, minute } = this.#clock.local(at)
    this.#last = { at, day, hour: minute / 60, info: this.#calendar.day(day), sky: skyAt(at) }
    return this.#last
  }

  /** Days since 1970-01-01 of the local day an instant falls in. */
  localDay(at: number): number {
    return this.#clock.local(at).day
  }
}
