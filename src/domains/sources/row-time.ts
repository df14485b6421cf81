import { type Clock, isoText } from './clock.ts'
import type { Duration } from './duration.ts'
import type { Cell } from './model.ts'
import { compileTimeFormat, type ReadTime, type TimeReader } from './time-format.ts'

/** The time of one row after another: read once for all its values, and not again while the text stays the same. */
export class RowTime {
  /** ISO start of the current row's values. */
  start = ''
  /** ISO end; null for an instant. */
  end: string | null = null
  /** The local time happens twice; then `laterStart` and `laterEnd` are the second meaning. */
  twice = false
  local = 0
  laterStart = ''
  laterEnd: string | null = null
  /** Why the last read failed. */
  reason = ''

  readonly #clock: Clock
  readonly #reader: TimeReader
  readonly #format: string
  readonly #period: Duration | undefined
  readonly #stamp: 'start' | 'end'
  readonly #arrival: number | undefined
  readonly #read: ReadTime = { ms: 0, micros: 0, local: true }
  #last: Cell
  #lastGood = false

  constructor(
    clock: Clock,
    format: string,
    period: Duration | undefined,
    stamp: 'start' | 'end',
    arrival: number | undefined,
  ) {
    this.#clock = clock
    this.#reader = compileTimeFormat(format)
    this.#format = format
    this.#period = period
    this.#stamp = stamp
    this.#arrival = arrival
  }

  /** Reads a cell. False: `reason` says why it is no time. */
  read(cell: Cell): boolean {
    if (cell === this.#last && cell !== undefined) return this.#lastGood
    this.#last = cell
    this.#lastGood = this.#readFresh(cell)
    return this.#lastGood
  }

  #readFresh(cell: Cell): boolean {
    this.twice = false
    if (cell === undefined && this.#arrival !== undefined) return this.#set(this.#arrival, 0)
    if (cell === undefined || cell === null || cell === '') return this.#fail('the time is empty')
    const text = typeof cell === 'string' ? cell : String(cell)
    const read = this.#read
    if (!this.#reader(text, read) && !this.#reader(text.trim(), read)) {
      return this.#fail(`not a time of the form ${this.#format}`)
    }
    if (!read.local) return this.#set(read.ms, read.micros)
    const { at, later } = this.#clock.resolve(read.ms)
    if (Number.isNaN(at))
      return this.#fail(`a local time that does not exist in ${this.#clock.zone}: the clocks went forward`)
    if (!Number.isNaN(later)) {
      this.#set(later, read.micros)
      this.laterStart = this.start
      this.laterEnd = this.end
      this.twice = true
      this.local = read.ms
    }
    return this.#set(at, read.micros)
  }

  #set(instant: number, micros: number): true {
    const period = this.#period
    if (period === undefined) {
      this.start = isoText(instant, micros)
      this.end = null
    } else if (this.#stamp === 'start') {
      this.start = isoText(instant, micros)
      this.end = isoText(this.#shift(instant, 1), micros)
    } else {
      this.start = isoText(this.#shift(instant, -1), micros)
      this.end = isoText(instant, micros)
    }
    return true
  }

  #shift(instant: number, sign: 1 | -1): number {
    const { days, seconds } = this.#period!
    return days > 0 ? this.#clock.addDays(instant, sign * days) : instant + sign * seconds * 1000
  }

  #fail(reason: string): false {
    this.reason = reason
    return false
  }
}
