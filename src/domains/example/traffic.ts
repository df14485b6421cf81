import type { DayInfo, DayKind } from './calendar.ts'
import { normal, poisson, seedOf, smooth } from './noise.ts'
import { type Moment, QUARTER } from './world.ts'

/** A hump of the day's curve: height, local hour of its top, width in hours. */
type Hump = readonly [height: number, hour: number, width: number]
type Week = Readonly<Record<DayKind, readonly Hump[]>>

/** What a counter stands at decides its rhythm. */
export type Character = 'commuting' | 'leisure' | 'university' | 'shifts' | 'shopping' | 'station' | 'arterial'

const WEEKS: Readonly<Record<Character, Week>> = {
  commuting: {
    workday: [
      [1, 7.6, 0.7],
      [0.35, 12.7, 2.2],
      [0.85, 16.9, 1.4],
      [0.25, 20, 2],
    ],
    friday: [
      [0.9, 7.6, 0.7],
      [0.45, 12.5, 2],
      [0.8, 15.5, 1.6],
      [0.3, 20.5, 2.2],
    ],
    saturday: [
      [0.25, 10.5, 2],
      [0.45, 14.5, 3],
      [0.2, 20.5, 2.5],
    ],
    sunday: [
      [0.4, 14.8, 3],
      [0.12, 20, 2.2],
    ],
  },
  leisure: {
    workday: [
      [0.3, 8, 1],
      [0.35, 13, 3],
      [0.7, 17.8, 2],
    ],
    friday: [
      [0.25, 8, 1],
      [0.5, 14, 3],
      [0.8, 17, 2],
    ],
    saturday: [
      [1.3, 14.5, 3],
      [0.3, 19, 2],
    ],
    sunday: [
      [1.9, 14.8, 2.8],
      [0.3, 19, 2],
    ],
  },
  university: {
    workday: [
      [0.9, 8.1, 0.8],
      [0.5, 10, 0.8],
      [0.55, 12.3, 1.2],
      [0.5, 14, 1],
      [0.7, 16.5, 1.6],
      [0.25, 19, 2],
    ],
    friday: [
      [0.8, 8.1, 0.8],
      [0.5, 10, 0.8],
      [0.5, 12.5, 1.2],
      [0.35, 14.5, 1.5],
      [0.1, 19, 2],
    ],
    saturday: [[0.1, 13, 4]],
    sunday: [[0.08, 15, 4]],
  },
  shifts: {
    workday: [
      [0.8, 5.7, 0.35],
      [0.9, 7.2, 0.6],
      [0.25, 11, 2],
      [0.6, 13.8, 0.5],
      [0.8, 16.2, 0.8],
      [0.35, 21.8, 0.35],
    ],
    friday: [
      [0.8, 5.7, 0.35],
      [0.9, 7.2, 0.6],
      [0.25, 11, 2],
      [0.7, 13.8, 0.7],
      [0.4, 15.5, 0.9],
      [0.3, 21.8, 0.35],
    ],
    saturday: [
      [0.2, 5.8, 0.4],
      [0.2, 13.8, 0.6],
      [0.06, 11, 3],
    ],
    sunday: [[0.06, 14, 4]],
  },
  shopping: {
    workday: [
      [0.55, 10.8, 1.6],
      [0.7, 13, 1.5],
      [1, 16.6, 2],
      [0.3, 19.6, 1.5],
    ],
    friday: [
      [0.6, 10.8, 1.6],
      [0.8, 13, 1.5],
      [1.1, 16.6, 2],
      [0.5, 20, 1.8],
    ],
    saturday: [
      [0.8, 11, 1.3],
      [1.7, 14.2, 2.2],
      [0.8, 17.2, 1.6],
      [0.4, 20.5, 2],
    ],
    sunday: [
      [0.45, 15, 2.2],
      [0.2, 19, 2],
    ],
  },
  station: {
    workday: [
      [1, 7.5, 0.8],
      [0.4, 12.5, 2.5],
      [1, 16.9, 1.4],
      [0.3, 20.5, 2],
    ],
    friday: [
      [0.85, 7.5, 0.8],
      [0.6, 13, 2],
      [1.2, 16, 1.8],
      [0.5, 20.5, 2],
    ],
    saturday: [
      [0.35, 10, 2],
      [0.55, 14.5, 3],
      [0.35, 20, 2.5],
    ],
    sunday: [
      [0.3, 11, 2],
      [0.6, 17, 2.5],
      [0.45, 20, 2],
    ],
  },
  arterial: {
    workday: [
      [1, 7.6, 0.8],
      [0.62, 12.5, 2.6],
      [1, 16.6, 1.5],
      [0.35, 20, 2.2],
      [0.05, 24, 2.5],
    ],
    friday: [
      [0.92, 7.6, 0.8],
      [0.7, 12.5, 2],
      [1.25, 15.4, 1.9],
      [0.45, 20, 2.2],
      [0.07, 24, 2.5],
    ],
    saturday: [
      [0.35, 9.5, 1.8],
      [0.7, 12.5, 2.4],
      [0.55, 17, 2.5],
      [0.3, 21, 2],
      [0.09, 24, 2.5],
    ],
    sunday: [
      [0.5, 14.5, 3],
      [0.4, 18, 2],
      [0.15, 21, 2],
      [0.06, 24, 2.5],
    ],
  },
}

/** Nowhere is ever quite empty. */
const NIGHT = 0.008

/** How much fewer come: `rain` in heavy rain (negative: more), `warmth` how strongly the temperature counts. */
const FEELING = {
  bicycle: { rain: 0.5, warmth: 1 },
  pedestrian: { rain: 0.3, warmth: 0.35 },
  car: { rain: -0.06, warmth: 0 },
} as const

export type Mode = keyof typeof FEELING

/** Pleasure in being outside by temperature, °C → factor. */
const COMFORT: readonly [number, number][] = [
  [-12, 0.25],
  [-5, 0.38],
  [0, 0.5],
  [5, 0.66],
  [10, 0.82],
  [15, 0.97],
  [20, 1.1],
  [26, 1.12],
  [32, 0.98],
  [38, 0.75],
]

export function comfortOf(temperature: number): number {
  const first = COMFORT[0]!
  if (temperature <= first[0]) return first[1]
  for (let i = 1; i < COMFORT.length; i++) {
    const [to, b] = COMFORT[i]!
    const [from, a] = COMFORT[i - 1]!
    if (temperature <= to) return a + ((b - a) * (temperature - from)) / (to - from)
  }
  return COMFORT.at(-1)![1]
}

const hump = (hour: number, [height, top, width]: Hump): number => {
  const away = Math.abs(hour - top) / width
  return away > 4 ? 0 : height * Math.exp(-0.5 * away * away)
}
const curve = (humps: readonly Hump[], hour: number): number => humps.reduce((sum, one) => sum + hump(hour, one), 0)

const MARKET: readonly Hump[] = [[1.1, 10, 1.6]]
const CHRISTMAS_MARKET: readonly Hump[] = [
  [0.5, 13.5, 1.8],
  [1.5, 18, 2],
]

export interface Counted {
  /** Seed of the noise: the station's key. */
  key: string
  mode: Mode
  character: Character
  /** Expected on an ordinary working day at 17 °C without rain. */
  perDay: number
  /** Share of the weekly and the Christmas market's visitors who pass here. */
  markets?: number
}

/** Expected count per quarter of an hour that begins at a moment; the noise comes on top. */
export class Counter {
  readonly #spec: Counted
  readonly #seed: number
  readonly #perUnit: number

  constructor(spec: Counted) {
    this.#spec = spec
    this.#seed = seedOf(spec.key)
    let day = 0
    for (let quarter = 0; quarter < 96; quarter++)
      day += curve(WEEKS[spec.character].workday, quarter / 4 + 0.125) + NIGHT
    this.#perUnit = spec.perDay / day
  }

  expected(moment: Moment): number {
    const { character, markets = 0 } = this.#spec
    const { info, hour: start } = moment
    const hour = start + 0.125
    const week = WEEKS[character]
    const day = curve(week[info.kind], hour) + curve(week[info.eve], hour + 24)
    let rate = (day + NIGHT) * workFactor(character, info, hour)
    if (markets > 0) {
      if (info.market) rate += markets * curve(MARKET, hour)
      if (info.christmasMarket && hour > 10 && hour < 22) rate += markets * curve(CHRISTMAS_MARKET, hour)
    }
    return this.#perUnit * rate * this.#weather(moment)
  }

  /** What is counted in the quarter of an hour that begins at `moment`. */
  count(moment: Moment): number {
    const seed = this.#seed
    const daily = 1 + 0.045 * normal(seed ^ 0x1f3d, moment.day)
    const slow = 1 + 0.09 * smooth(seed ^ 0x77aa, moment.at / (9 * QUARTER))
    return poisson(this.expected(moment) * daily * slow, seed, moment.at / QUARTER)
  }

  #weather({ sky }: Moment): number {
    const { mode, character } = this.#spec
    const { rain, warmth } = FEELING[mode]
    const leisure = character === 'leisure'
    const sheltered = character === 'station' ? 0.3 : 1
    const wet = Math.min(1, sky.rain / 1.2)
    let factor = 1 - wet * (leisure ? Math.min(0.85, rain * 1.8) : rain * sheltered)
    factor *= comfortOf(sky.temperature) ** (warmth * sheltered * (leisure ? 1.6 : 1))
    if (mode === 'bicycle') factor *= 1 - 0.012 * Math.max(0, Math.min(30, sky.wind - 18))
    if (leisure) factor *= 0.25 + 0.75 * sky.daylight
    return factor
  }
}

/** What holidays of schools, universities and firms, and shops that close early, make of a day. */
function workFactor(character: Character, info: DayInfo, hour: number): number {
  const working = info.kind === 'workday' || info.kind === 'friday'
  let factor = 1
  switch (character) {
    case 'commuting':
    case 'station':
    case 'arterial':
      if (working && !info.school) factor *= info.summerHolidays ? 0.8 : 0.87
      if (info.quiet) factor *= 0.7
      if (info.bridge) factor *= 0.75
      break
    case 'shifts':
      if (working && info.summerHolidays) factor *= 0.82
      if (info.quiet || info.bridge) factor *= 0.45
      break
    case 'university':
      if (!info.lectures) factor *= 0.42
      if (info.bridge || info.quiet) factor *= 0.5
      break
    case 'shopping':
      if (info.advent && info.kind !== 'sunday') factor *= 1.3
      if (info.summerHolidays) factor *= 0.94
      break
    case 'leisure':
      if (!info.school && working) factor *= 1.2
      break
  }
  if (info.half) factor *= hour < 14 ? 0.9 : 0.3
  return factor
}

/** Share of a two-way count that goes into town: more in the morning, fewer in the evening. */
export function inward(moment: Moment): number {
  const hour = moment.hour + 0.125
  const strength = moment.info.kind === 'sunday' ? 0.05 : moment.info.kind === 'saturday' ? 0.08 : 0.17
  return 0.5 + strength * (hump(hour, [1, 8, 2]) - hump(hour, [1, 17, 2.4]))
}
