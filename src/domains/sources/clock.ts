/** Local time → instant and back, fast enough for millions of rows: `Intl` is asked a few times a local day, not a row. */

const DAY = 86_400_000

interface DayOffset {
  /** Milliseconds to add to UTC for local time, before and after the change. */
  before: number
  after: number
  /** Instant of the change; +Infinity when the surroundings of the day have none. */
  change: number
}

export interface Clock {
  readonly zone: string
  /** Milliseconds since 1970 of the instant, or NaN with `gap`, or the earlier one with `later` set. Result is reused. */
  resolve(local: number): ClockResult
  /** Milliseconds to add to an instant to get its local time. */
  offset(instant: number): number
  /** The same wall time `days` later; a time that does not exist there moves past the change. */
  addDays(instant: number, days: number): number
}

export interface ClockResult {
  at: number
  /** NaN unless the local time happens twice. */
  later: number
}

const fixedOffset = /^(?:UTC|GMT|Z)?(?:([+-])(\d{2}):?(\d{2}))?$/

/** A clock for an IANA zone (`Europe/Berlin`), `UTC`, or a fixed offset (`+01:00`). Throws RangeError for anything else. */
export function clockOf(zone: string): Clock {
  const fixed = zone === '' ? null : fixedOffset.exec(zone)
  if (fixed) {
    const minutes = fixed[1] ? (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3])) : 0
    return new FixedClock(zone, minutes * 60_000)
  }
  return new ZoneClock(zone)
}

class FixedClock implements Clock {
  readonly zone: string
  readonly #offset: number
  readonly #result: ClockResult = { at: 0, later: Number.NaN }
  constructor(zone: string, offset: number) {
    this.zone = zone
    this.#offset = offset
  }
  resolve(local: number): ClockResult {
    this.#result.at = local - this.#offset
    return this.#result
  }
  offset(): number {
    return this.#offset
  }
  addDays(instant: number, days: number): number {
    return instant + days * DAY
  }
}

class ZoneClock implements Clock {
  readonly zone: string
  readonly #format: Intl.DateTimeFormat
  readonly #days = new Map<number, DayOffset>()
  readonly #result: ClockResult = { at: 0, later: Number.NaN }
  #lastDay = Number.NaN
  #last: DayOffset = { before: 0, after: 0, change: Number.POSITIVE_INFINITY }

  constructor(zone: string) {
    this.zone = zone
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    })
  }

  resolve(local: number): ClockResult {
    const day = this.#day(Math.floor(local / DAY))
    const result = this.#result
    result.later = Number.NaN
    const before = local - day.before
    if (day.change === Number.POSITIVE_INFINITY) {
      result.at = before
      return result
    }
    const after = local - day.after
    const first = before < day.change
    const second = after >= day.change
    result.at = first ? before : second ? after : Number.NaN
    if (first && second) result.later = after
    return result
  }

  offset(instant: number): number {
    const day = this.#day(Math.floor(instant / DAY))
    return instant < day.change ? day.before : day.after
  }

  addDays(instant: number, days: number): number {
    const local = instant + this.offset(instant) + days * DAY
    const { at } = this.resolve(local)
    return Number.isNaN(at) ? local - this.#day(Math.floor(local / DAY)).before : at
  }

  #day(day: number): DayOffset {
    if (day === this.#lastDay) return this.#last
    let found = this.#days.get(day)
    if (!found) {
      found = this.#measure(day)
      if (this.#days.size > 40_000) this.#days.clear()
      this.#days.set(day, found)
    }
    this.#lastDay = day
    this.#last = found
    return found
  }

  /** Offsets a day before and two days after the UTC day's start; where they differ, the change is found by halving. */
  #measure(day: number): DayOffset {
    let low = (day - 1) * DAY
    let high = (day + 2) * DAY
    const before = this.#ask(low)
    const after = this.#ask(high)
    if (before === after) return { before, after, change: Number.POSITIVE_INFINITY }
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000
      if (this.#ask(middle) === before) low = middle
      else high = middle
    }
    return { before, after, change: high }
  }

  #ask(instant: number): number {
    let year = 0
    let month = 0
    let day = 0
    let hour = 0
    let minute = 0
    let second = 0
    for (const { type, value } of this.#format.formatToParts(instant)) {
      if (type === 'year') year = Number(value)
      else if (type === 'month') month = Number(value)
      else if (type === 'day') day = Number(value)
      else if (type === 'hour') hour = Number(value)
      else if (type === 'minute') minute = Number(value)
      else if (type === 'second') second = Number(value)
      else if (type === 'era' && value === 'BC') year = 1 - year
    }
    const local = new Date(0)
    local.setUTCFullYear(year, month - 1, day)
    local.setUTCHours(hour, minute, second, 0)
    return local.getTime() - Math.floor(instant / 1000) * 1000
  }
}

let prefixDay = Number.NaN
let prefix = ''
const clockTexts: string[] = []

/** `2026-08-20T12:15:00Z`; milliseconds and `micros` (0–999) only where there are any. Years 0–9999. */
export function isoText(instant: number, micros = 0): string {
  const day = Math.floor(instant / DAY)
  if (day !== prefixDay) {
    prefix = new Date(day * DAY).toISOString().slice(0, 11)
    prefixDay = day
  }
  const rest = instant - day * DAY
  const second = Math.floor(rest / 1000)
  clockTexts[second] ??= clockText(second)
  const text = `${prefix}${clockTexts[second]}`
  const fraction = (rest - second * 1000) * 1000 + micros
  return fraction === 0 ? `${text}Z` : `${text}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}Z`
}

function clockText(second: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`
}
