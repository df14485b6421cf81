import { seedOf, smooth } from './noise.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const YEAR = 365.2425 * DAY
/** Midsummer warmth comes on 20 July (UTC, 2000). */
const WARMEST = Date.UTC(2000, 6, 20)

const COLD_FRONTS = seedOf('weather fronts')
const LARGE = seedOf('weather large')
const WET_SLOW = seedOf('weather wet slow')
const WET_MIDDLE = seedOf('weather wet middle')
const WET_FAST = seedOf('weather wet fast')
const GUSTS = seedOf('weather gusts')
const WIND_SLOW = seedOf('weather wind slow')
const WIND_FAST = seedOf('weather wind fast')

/** Wetness above which it rains; with the slope below: about a tenth of all hours and 550–800 mm a year. */
const RAIN_FROM = 0.4
const RAIN_SLOPE = 7

/** The weather over the city at an instant. */
export interface Sky {
  /** °C, 2 m above ground in the open. */
  temperature: number
  /** mm per hour. */
  rain: number
  /** km/h. */
  wind: number
  /** Relative humidity, %. */
  humidity: number
  /** −1 midwinter … 1 midsummer. */
  season: number
  /** Is it light outside? 0 night … 1 day. */
  daylight: number
}

/** −1 in the coldest week … 1 in the warmest. */
export const seasonOf = (at: number): number => Math.cos((2 * Math.PI * (at - WARMEST)) / YEAR)

/** How wet the air is, about −1…1: drives clouds, rain, humidity. */
function wetness(at: number): number {
  const hours = at / HOUR
  return 0.56 * smooth(WET_SLOW, hours / 37) + 0.3 * smooth(WET_MIDDLE, hours / 11) + 0.14 * smooth(WET_FAST, hours / 3)
}

function rainOf(at: number, wet: number, season: number): number {
  if (wet <= RAIN_FROM) return 0
  const burst = 1 + 0.7 * smooth(GUSTS, at / (HOUR / 3))
  return RAIN_SLOPE * (wet - RAIN_FROM) ** 1.25 * burst * (1 + 0.25 * season)
}

/** Rain in mm per hour at an instant. */
export const rainAt = (at: number): number => rainOf(at, wetness(at), seasonOf(at))

/** The one weather everything in the city follows: a pure function of time. */
export function skyAt(at: number): Sky {
  const days = at / DAY
  const season = seasonOf(at)
  const wet = wetness(at)
  const rain = rainOf(at, wet, season)
  const cloud = Math.min(1, Math.max(0, 0.45 + 1.4 * wet))
  // Solar time: ten and a half degrees east of Greenwich are 42 minutes.
  const hour = ((at + 0.7 * HOUR) / HOUR) % 24
  const diurnal = Math.cos((2 * Math.PI * (hour - 15)) / 24)
  const swing = (4.2 + 2.4 * season) * (1 - 0.6 * cloud)
  const fronts = 6 * smooth(COLD_FRONTS, days / 4.5) + 4.5 * smooth(LARGE, days / 12)
  const temperature = 9.6 + 9.2 * season + fronts + swing * diurnal - Math.min(2, rain)
  const wind = Math.max(
    0.4,
    10 + 3 * diurnal + 9 * smooth(WIND_SLOW, days / 0.8) + 5 * smooth(WIND_FAST, days * 6) + 3 * Math.max(0, wet),
  )
  const humidity = Math.min(99, Math.max(26, 77 + 26 * wet - (1.1 + 0.7 * season) * swing * diurnal - 4 * season))
  const half = 6.1 + 2.2 * season
  return { temperature, rain, wind, humidity, season, daylight: ramp(half - Math.abs(hour - 12), -0.5, 0.7) }
}

/** Rises from 0 at `from` to 1 at `to`. */
export function ramp(x: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (x - from) / (to - from)))
}

/** Millimetres of rain in each full hour (UTC, hours since 1970), remembered: water levels look days back. */
export class RainHours {
  readonly #hours = new Map<number, number>()

  at(hour: number): number {
    let found = this.#hours.get(hour)
    if (found === undefined) {
      found = 0
      for (let part = 0; part < 4; part++) found += rainAt((hour + 0.125 + part / 4) * HOUR) / 4
      this.#hours.set(hour, found)
    }
    return found
  }
}

/** Millimetres between two instants up to an hour apart, at a place the rain reaches `shift` ms later. */
export function rainBetween(from: number, to: number, shift: number): number {
  const step = (to - from) / 3
  let sum = 0
  for (let part = 0; part < 3; part++) sum += rainAt(from + (part + 0.5) * step - shift)
  return (sum / 3) * ((to - from) / HOUR)
}
