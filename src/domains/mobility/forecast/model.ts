/** The forecast of the next hour as arithmetic: values at full hours in, a model and its measured error out. */

const HOUR = 3_600_000
/** The usual comes from so many days. */
export const LEARN_DAYS = 56
/** Before the first day that is tested so many must have been. */
const LEAST_DAYS = 14
const TEST_DAYS = 28
const LEAST_TEST_DAYS = 7
/** Values of the same hour and weekday that make a usual one; of the same hour on all working days, where there are fewer. */
const LEAST_SAME = 3
const LEAST_POOLED = 5
/** A forecast is told only when it is better by so much, over so many hours, and on so many of the days. */
const LEAST_GAIN = 0.05
const LEAST_PAIRS = 72
const LEAST_BETTER_DAYS = 0.6

export const SLOTS = 168

/** A value at a full hour. */
export interface Sample {
  /** Hours since 1970. */
  hour: number
  value: number
}

/** Where an hour (since 1970) stands in the local week: Monday 0:00 is 0; public holidays are Sundays. */
export type SlotOf = (hour: number) => number

export interface Usual {
  /** By slot; null where too few are known. */
  values: (number | null)[]
  weight: number
}

export interface Judged extends Usual {
  pairs: number
  error: number
  errorAsNow: number
  shown: boolean
}

/** Values in `[from, to)`, in order of time; gaps are allowed. */
function learn(samples: readonly Sample[], slotOf: SlotOf, from: number, to: number): Usual {
  const sums = new Float64Array(SLOTS)
  const counts = new Uint32Array(SLOTS)
  const own = samples.filter(({ hour }) => hour >= from && hour < to)
  for (const { hour, value } of own) {
    const slot = slotOf(hour)
    sums[slot]! += value
    counts[slot]!++
  }
  const values = Array.from({ length: SLOTS }, (_, slot): number | null => {
    if (counts[slot]! >= LEAST_SAME) return sums[slot]! / counts[slot]!
    if (slot >= 5 * 24) return null
    let [sum, n] = [0, 0]
    for (let day = 0; day < 5; day++) {
      sum += sums[day * 24 + (slot % 24)]!
      n += counts[day * 24 + (slot % 24)]!
    }
    return n >= LEAST_POOLED ? sum / n : null
  })
  let [both, before] = [0, 0]
  for (let i = 1; i < own.length; i++) {
    if (own[i]!.hour !== own[i - 1]!.hour + 1) continue
    const [a, b] = [values[slotOf(own[i - 1]!.hour)], values[slotOf(own[i]!.hour)]]
    if (a == null || b == null) continue
    both += (own[i - 1]!.value - a) * (own[i]!.value - b)
    before += (own[i - 1]!.value - a) ** 2
  }
  return { values, weight: before > 0 ? Math.min(1, Math.max(0, both / before)) : 0 }
}

/**
 * Learns what is usual and measures it: each of the last days is forecast hour by hour with what was known before that
 * day, and compared with what happened and with "as now". Null where there is too little history.
 * `samples` in order of time, one an hour at most.
 */
export function judge(samples: readonly Sample[], slotOf: SlotOf): Judged | null {
  const first = samples[0]?.hour
  const last = samples.at(-1)?.hour
  if (first === undefined || last === undefined) return null
  const end = last + 1
  const testDays = Math.min(TEST_DAYS, Math.floor((end - first) / 24) - LEAST_DAYS)
  if (testDays < LEAST_TEST_DAYS) return null
  let [pairs, error, errorAsNow, days, betterDays] = [0, 0, 0, 0, 0]
  for (let day = testDays; day > 0; day--) {
    const from = end - day * 24
    const usual = learn(samples, slotOf, from - LEARN_DAYS * 24, from)
    let [own, asNow, n] = [0, 0, 0]
    for (let i = 1; i < samples.length; i++) {
      const [now, next] = [samples[i - 1]!, samples[i]!]
      if (now.hour < from || now.hour >= from + 24 || next.hour !== now.hour + 1) continue
      const said = forecast(usual, slotOf, now.value, now.hour)
      if (said === null) continue
      own += Math.abs(said - next.value)
      asNow += Math.abs(now.value - next.value)
      n++
    }
    // Where both are equally right, as in a night without change, a day tells nothing.
    if (own !== asNow) days++
    if (own < asNow) betterDays++
    pairs += n
    error += own
    errorAsNow += asNow
  }
  if (pairs === 0) return null
  const shown =
    pairs >= LEAST_PAIRS &&
    error < errorAsNow &&
    error <= (1 - LEAST_GAIN) * errorAsNow &&
    betterDays >= LEAST_BETTER_DAYS * days
  return {
    ...learn(samples, slotOf, end - LEARN_DAYS * 24, end),
    pairs,
    error: error / pairs,
    errorAsNow: errorAsNow / pairs,
    shown,
  }
}

/**
 * The value an hour after `value`, which was measured at `hour` (hours since 1970, need not be full): the usual of then,
 * moved by what is left of today's difference. Never below 0. Null where the usual is not known.
 */
export function forecast({ values, weight }: Usual, slotOf: SlotOf, value: number, hour: number): number | null {
  const now = usualAt(values, slotOf, hour)
  const next = usualAt(values, slotOf, hour + 1)
  return now === null || next === null ? null : Math.max(0, next + weight * (value - now))
}

/** Between two full hours the usual is taken along a straight line. */
function usualAt(values: readonly (number | null)[], slotOf: SlotOf, hour: number): number | null {
  const whole = Math.floor(hour)
  const before = values[slotOf(whole)] ?? null
  if (hour === whole || before === null) return before
  const after = values[slotOf(whole + 1)] ?? null
  return after === null ? null : before + (hour - whole) * (after - before)
}

/** Where hours stand in the local week; asked for the same hours many times. */
export function slotsOf(wallClock: (at: number) => number, holidays: ReadonlySet<string>): SlotOf {
  const known = new Map<number, number>()
  return (hour) => {
    let slot = known.get(hour)
    if (slot === undefined) {
      const wall = new Date(wallClock(hour * HOUR))
      const holiday = holidays.has(wall.toISOString().slice(0, 10))
      slot = (holiday ? 6 : (wall.getUTCDay() + 6) % 7) * 24 + wall.getUTCHours()
      known.set(hour, slot)
    }
    return slot
  }
}
