import type { DayKind } from './calendar.ts'
import { normal, seedOf, smooth } from './noise.ts'
import { HOUR, MINUTE, type Moment } from './world.ts'

/** From one local hour to another a share of the spaces is taken; `edge` hours long come and go. */
type Stay = readonly [share: number, from: number, to: number, edge: number]

export type Use = 'shopping' | 'commuting' | 'university' | 'evening' | 'hospital'

const STAYS: Readonly<Record<Use, Readonly<Record<DayKind, readonly Stay[]>>>> = {
  shopping: {
    workday: [
      [0.5, 9.5, 18.6, 0.55],
      [0.2, 10.8, 13.6, 0.5],
      [0.16, 15, 18, 0.6],
      [0.12, 18.5, 22.5, 0.5],
    ],
    friday: [
      [0.55, 9.3, 19, 0.55],
      [0.2, 10.8, 13.6, 0.5],
      [0.2, 14.5, 18.2, 0.6],
      [0.25, 18.5, 23, 0.5],
    ],
    saturday: [
      [0.7, 9.6, 18.4, 0.6],
      [0.3, 11, 16.6, 0.7],
      [0.25, 18.4, 23.3, 0.5],
    ],
    sunday: [
      [0.2, 12, 18.5, 1],
      [0.12, 18, 22, 0.6],
    ],
  },
  commuting: {
    workday: [
      [0.78, 7, 17, 0.6],
      [0.1, 9, 15, 1],
    ],
    friday: [
      [0.72, 7, 15.2, 0.7],
      [0.1, 9, 14, 1],
    ],
    saturday: [[0.3, 10, 18, 1.2]],
    sunday: [[0.16, 11, 19, 1.4]],
  },
  university: {
    workday: [[0.82, 8, 17, 0.7]],
    friday: [[0.68, 8, 14.6, 0.8]],
    saturday: [[0.12, 10, 16, 1]],
    sunday: [[0.07, 11, 17, 1]],
  },
  evening: {
    workday: [
      [0.22, 8.5, 17, 0.8],
      [0.45, 18.9, 22.3, 0.3],
    ],
    friday: [
      [0.2, 8.5, 16, 0.8],
      [0.75, 18.9, 23, 0.3],
    ],
    saturday: [
      [0.3, 11, 17, 1],
      [0.85, 18.9, 23.2, 0.3],
    ],
    sunday: [
      [0.15, 11, 16, 1],
      [0.5, 16.8, 20.5, 0.3],
    ],
  },
  hospital: {
    workday: [
      [0.5, 6.2, 16, 0.5],
      [0.25, 14, 19.3, 0.6],
    ],
    friday: [
      [0.48, 6.2, 15.4, 0.5],
      [0.25, 14, 19.3, 0.6],
    ],
    saturday: [
      [0.2, 6.2, 15, 0.6],
      [0.38, 14, 18.6, 0.6],
    ],
    sunday: [
      [0.18, 6.2, 15, 0.6],
      [0.42, 14, 18.2, 0.6],
    ],
  },
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x))
const stay = (hour: number, [share, from, to, edge]: Stay): number =>
  share * (logistic((hour - from) / (edge * 0.5)) - logistic((hour - to) / (edge * 0.5)))

export interface CarPark {
  key: string
  use: Use
  capacity: number
  /** 1 = as planned; above: often full. */
  demand: number
}

const BASE = 0.08

/** Free spaces at a moment: what the day asks for, less than none is none. */
export function freeSpaces({ key, use, capacity, demand }: CarPark, moment: Moment): number {
  const { info, hour, sky } = moment
  const seed = seedOf(key)
  let taken = STAYS[use][info.kind].reduce((sum, one) => sum + stay(hour, one), BASE)
  if (use === 'shopping' && info.advent) taken *= 1.18
  if (use === 'shopping' && info.market && hour > 7 && hour < 14) taken += 0.08
  if (use === 'university' && !info.lectures) taken *= 0.5
  if (use === 'commuting' && !info.school && info.kind !== 'sunday') taken *= 0.84
  if (info.half && hour > 14) taken *= 0.5
  taken *= demand * (1 + 0.05 * normal(seed ^ 0x2b1d, moment.day)) * (1 + Math.min(0.05, sky.rain * 0.03))
  taken += 0.035 * smooth(seed, moment.at / (0.8 * HOUR)) + 0.008 * smooth(seed ^ 0x91, moment.at / (4 * MINUTE))
  return Math.min(capacity, Math.max(0, Math.round(capacity * (1 - taken))))
}
