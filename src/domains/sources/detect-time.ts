import { clockOf } from './clock.ts'
import { compileTimeFormat, type ReadTime } from './time-format.ts'

const DATES = ['YYYY.MM.DD', 'YYYY/MM/DD', 'D.M.YYYY', 'D.M.YY', 'D/M/YYYY', 'D/M/YY', 'D-M-YYYY', 'M/D/YYYY', 'M/D/YY']
const CLOCKS = ['H:mm', 'H:mm:ss']
const JOINS = [' ', ', ', 'T']
const COMPACT = ['YYYYMMDDHHmmss', 'YYYYMMDDHHmm', 'YYYYMMDDHH', 'YYYYMMDD']

/** Exact forms before loose ones: `DD.MM.YYYY` where every day has two digits says more than `D.M.YYYY`. */
const CANDIDATES: readonly string[] = [
  'iso',
  ...DATES.flatMap((date) => [date, ...JOINS.flatMap((join) => CLOCKS.map((clock) => date + join + clock))]).flatMap(
    (form) => {
      const exact = form
        .replace(/(?<!D)D(?!D)/, 'DD')
        .replace(/(?<!M)M(?!M)/, 'MM')
        .replace(/(?<!H)H(?!H)/, 'HH')
      return exact === form ? [form] : [exact, form]
    },
  ),
  ...COMPACT,
]
const READERS = CANDIDATES.map((format) => ({ format, read: compileTimeFormat(format) }))
const EARLIEST = Date.UTC(1900, 0, 1)
const LATEST = Date.UTC(2100, 0, 1)

export interface TimeForm {
  format: string
  /** Share of the texts it reads. */
  share: number
  /** With zone in each text: no zone needs to be known. */
  zoned: boolean
  /** All at midnight. */
  dateOnly: boolean
}

/** The form of times these texts have; null when they are none. */
export function timeFormatOf(texts: readonly string[]): TimeForm | null {
  const out: ReadTime = { ms: 0, micros: 0, local: true }
  let best: TimeForm | null = null
  for (const { format, read } of READERS) {
    let good = 0
    let zoned = 0
    let midnight = 0
    for (const text of texts) {
      if (!read(text, out) || out.ms < EARLIEST || out.ms > LATEST) continue
      if (COMPACT.includes(format) && (out.ms < Date.UTC(1970, 0, 1) || out.ms > Date.UTC(2060, 0, 1))) continue
      good++
      if (!out.local) zoned++
      if (out.ms % 86_400_000 === 0) midnight++
    }
    const share = good / texts.length
    if (share > (best?.share ?? 0.9) + 1e-9 || (best === null && share >= 0.9)) {
      best = { format, share, zoned: zoned === good, dateOnly: midnight === good && !/[Hm]/.test(format) }
      if (format === 'iso') best.dateOnly = texts.every((text) => text.length === 10)
    }
    if (best?.share === 1) return best
  }
  return best ?? epochOf(texts)
}

function epochOf(texts: readonly string[]): TimeForm | null {
  const values = texts.map((text) => (/^\d{9,13}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN))
  const between = (low: number, high: number) =>
    values.filter((value) => value >= low && value <= high).length / values.length
  // 2001 to 2065.
  for (const [format, factor] of [
    ['epoch', 1],
    ['epoch-ms', 1000],
  ] as const) {
    const share = between(1e9 * factor, 3e9 * factor)
    if (share >= 0.98) return { format, share, zoned: true, dateOnly: false }
  }
  return null
}

/** Are these times of day, `7:15`, `07:15:00`, `24:00`? */
export function areClocks(texts: readonly string[]): boolean {
  return texts.length > 0 && texts.every((text) => /^([01]?\d|2[0-4]):[0-5]\d(:[0-5]\d)?$/.test(text))
}

const MINUTE = 60_000
const DAY = 86_400_000
const PERIODS: [number, string][] = [
  [MINUTE, '1m'],
  [5 * MINUTE, '5m'],
  [6 * MINUTE, '6m'],
  [10 * MINUTE, '10m'],
  [15 * MINUTE, '15m'],
  [20 * MINUTE, '20m'],
  [30 * MINUTE, '30m'],
  [60 * MINUTE, '1h'],
  [120 * MINUTE, '2h'],
  [180 * MINUTE, '3h'],
  [360 * MINUTE, '6h'],
  [720 * MINUTE, '12h'],
  [DAY, '1d'],
  [7 * DAY, '7d'],
]

/** The distance most neighbours have, as a duration; null where there is no usual one. Milliseconds → how often. */
export function periodOf(distances: ReadonlyMap<number, number>): { period: string; share: number } | null {
  let total = 0
  let most = 0
  let usual = 0
  for (const [distance, count] of distances) {
    total += count
    if (count > most) [most, usual] = [count, distance]
  }
  const found = PERIODS.find(([ms]) => ms === usual)
  return found && most / total >= 0.6 ? { period: found[1], share: most / total } : null
}

/** What the nights of the clock change hold, in times without a zone. */
export class ChangeNights {
  readonly #zone: string
  readonly #spring = new Map<number, { inside: boolean; before: boolean; after: boolean }>()
  #year = Number.NaN
  #gap: number | null = null

  constructor(zone: string) {
    this.#zone = zone
  }

  /** `local`: milliseconds of the wall clock. */
  add(local: number): void {
    const date = new Date(local)
    if (date.getUTCMonth() !== 2 || date.getUTCDate() < 25) return
    const year = date.getUTCFullYear()
    if (year !== this.#year) {
      this.#year = year
      this.#gap = springGap(this.#zone, year)
    }
    if (this.#gap === null) return
    const distance = local - this.#gap
    if (distance < -3 * 60 * MINUTE || distance >= 4 * 60 * MINUTE) return
    const night = this.#spring.get(year) ?? { inside: false, before: false, after: false }
    if (distance < 0) night.before = true
    else if (distance < 60 * MINUTE) night.inside = true
    else night.after = true
    this.#spring.set(year, night)
  }

  /** Years whose skipped hour is there, and years where it is missing though there are values around it. */
  result(): { present: number[]; absent: number[] } {
    const nights = [...this.#spring]
    return {
      present: nights.filter(([, night]) => night.inside).map(([year]) => year),
      absent: nights.filter(([, night]) => !night.inside && night.before && night.after).map(([year]) => year),
    }
  }
}

/** Wall clock time, in ms, of the beginning of the hour a zone skips in March; null when it skips none. */
function springGap(zone: string, year: number): number | null {
  const clock = clockOf(zone)
  for (let day = 25; day <= 31; day++) {
    for (let hour = 0; hour < 5; hour++) {
      const local = Date.UTC(year, 2, day, hour)
      if (Number.isNaN(clock.resolve(local).at)) return local
    }
  }
  return null
}
