import { seedOf, smooth } from './noise.ts'
import { rainBetween, seasonOf } from './weather.ts'
import { DAY, HOUR, MINUTE, type Moment, QUARTER, type World } from './world.ts'

/** How a weather station differs from the open field. */
export interface Site {
  key: string
  /** Kelvin warmer on average. */
  warmer: number
  /** Kelvin warmer at night, as built-up ground keeps the heat. */
  nights: number
  /** Share of the wind that reaches it. */
  wind: number
  /** Minutes the rain comes later than at the western edge. */
  later: number
}

const rounded = (value: number, digits: number): number => {
  const scale = 10 ** digits
  return Math.round(value * scale) / scale
}

/** °C to a tenth. */
export function airTemperature(site: Site, { at, sky }: Moment): number {
  const own = 0.35 * smooth(seedOf(`${site.key} temperature`), at / (2 * HOUR))
  return rounded(sky.temperature + site.warmer + site.nights * (1 - sky.daylight) + own, 1)
}

/** % without decimals. */
export function relativeHumidity(site: Site, { at, sky }: Moment): number {
  const own = 2 * smooth(seedOf(`${site.key} humidity`), at / (3 * HOUR))
  const drier = 3 * (site.warmer + site.nights * (1 - sky.daylight))
  return rounded(Math.min(100, Math.max(18, sky.humidity - drier + own)), 0)
}

/** km/h to a tenth, mean of the last minutes. */
export function windSpeed(site: Site, { at, sky }: Moment): number {
  const gusty = 1 + 0.25 * smooth(seedOf(`${site.key} wind`), at / (7 * MINUTE))
  return rounded(Math.max(0, sky.wind * site.wind * gusty), 1)
}

/** Millimetres in the quarter of an hour that begins at `at`, to a tenth as a tipping bucket counts. */
export function precipitation(site: Site, { at }: Moment): number {
  const local = 1 + 0.15 * smooth(seedOf(`${site.key} rain`), at / HOUR)
  return rounded(rainBetween(at, at + QUARTER, site.later * MINUTE) * local, 1)
}

export interface Gauge {
  key: string
  /** Ordinary level, cm. */
  base: number
  /** Higher in winter by this much, cm. */
  winter: number
  /** Hours after which rain shows most. */
  delay: number
  /** cm per mm/h that arrives. */
  gain: number
}

/** cm. Rain arrives after `delay` hours and runs off slowly: a gamma curve over the hours before. */
export function waterLevel({ key, base, winter, delay, gain }: Gauge, world: World, { at }: Moment): number {
  const now = at / HOUR
  const hour = Math.floor(now)
  let arriving = 0
  for (let back = 1; back <= delay * 8; back++) {
    const age = now - (hour - back) - 0.5
    arriving += (world.rain.at(hour - back) * age * Math.exp(-age / delay)) / (delay * delay)
  }
  const own = 1.5 * smooth(seedOf(key), at / (5 * HOUR)) + 3 * smooth(seedOf(`${key} slow`), at / (9 * DAY))
  return Math.round(base - winter * seasonOf(at) + gain * arriving + own)
}

/** Rooms of the town hall: heated in winter, used on working days. */
export function roomTemperature(key: string, { at, hour, info, sky }: Moment): number {
  const used = info.kind !== 'sunday' && info.kind !== 'saturday' && hour > 7 && hour < 18
  const summer = Math.max(0, sky.temperature - 20) * 0.3
  const own = 0.4 * smooth(seedOf(key), at / (3 * HOUR))
  return rounded(20.2 + (used ? 1.1 : -0.6) + summer + own, 1)
}

export function roomHumidity(key: string, { at, sky }: Moment): number {
  return rounded(44 + 9 * sky.season + 4 * smooth(seedOf(`${key} humidity`), at / (7 * HOUR)), 0)
}
