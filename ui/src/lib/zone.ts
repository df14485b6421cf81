/** The wall clock of a zone at an instant. `weekday` is 1 (Monday) … 7 (Sunday), `month` 1 … 12. */
export interface Wall {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  weekday: number
}

const HOUR = 3_600_000

/**
 * Arithmetic in the city's time zone, from the browser's own zone data. Instants are epoch milliseconds. A day here
 * has 23, 24 or 25 hours; nothing adds 86,400,000 ms and hopes.
 */
export class Zone {
  readonly name: string
  readonly #parts: Intl.DateTimeFormat
  readonly #offsets = new Map<number, number>()

  constructor(name: string) {
    this.name = name
    this.#parts = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
  }

  /** Milliseconds the wall clock is ahead of UTC. Kept per quarter of an hour: no zone changes at a finer step. */
  offset(at: number): number {
    const key = Math.floor(at / (HOUR / 4))
    const known = this.#offsets.get(key)
    if (known !== undefined) return known
    const start = key * (HOUR / 4)
    const f: Record<string, number> = {}
    for (const part of this.#parts.formatToParts(start)) f[part.type] = Number(part.value)
    const wall = Date.UTC(f.year!, f.month! - 1, f.day!, f.hour!, f.minute!)
    const offset = wall - start
    this.#offsets.set(key, offset)
    return offset
  }

  wall(at: number): Wall {
    const d = new Date(at + this.offset(at))
    return {
      year: d.getUTCFullYear(),
      month: d.getUTCMonth() + 1,
      day: d.getUTCDate(),
      hour: d.getUTCHours(),
      minute: d.getUTCMinutes(),
      weekday: d.getUTCDay() || 7,
    }
  }

  /**
   * The instant at which the wall clock shows this. A time that occurs twice is the earlier one; one that does not
   * occur is moved forward by the hour that is skipped. Fields may overflow (day 32 is the 1st of the next month).
   */
  instant(year: number, month: number, day: number, hour = 0, minute = 0): number {
    const wall = Date.UTC(year, month - 1, day, hour, minute)
    const before = this.offset(wall - 24 * HOUR)
    const after = this.offset(wall + 24 * HOUR)
    const first = wall - before
    if (this.offset(first) === before) return first
    const second = wall - after
    return this.offset(second) === after ? second : first
  }

  startOfDay(at: number): number {
    const w = this.wall(at)
    return this.instant(w.year, w.month, w.day)
  }

  /** The same time of day, so many calendar days later. */
  addDays(at: number, days: number): number {
    const w = this.wall(at)
    return this.instant(w.year, w.month, w.day + days, w.hour, w.minute) + (at % 60_000)
  }

  addMonths(at: number, months: number): number {
    const w = this.wall(at)
    const lastDay = new Date(Date.UTC(w.year, w.month - 1 + months + 1, 0)).getUTCDate()
    return this.instant(w.year, w.month + months, Math.min(w.day, lastDay), w.hour, w.minute)
  }

  /** `YYYY-MM-DD` of the local day. */
  isoDate(at: number): string {
    const w = this.wall(at)
    return `${String(w.year).padStart(4, '0')}-${String(w.month).padStart(2, '0')}-${String(w.day).padStart(2, '0')}`
  }

  /** Midnight at the start of a `YYYY-MM-DD`; null when it is not a date. */
  parseDate(text: string): number | null {
    const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
    if (!m) return null
    const at = this.instant(Number(m[1]), Number(m[2]), Number(m[3]))
    return this.isoDate(at) === text ? at : null
  }

  /** `YYYY-MM-DDTHH:mm` of the wall clock, as fields for date and time hold it. */
  isoMinute(at: number): string {
    const { hour, minute } = this.wall(at)
    return `${this.isoDate(at)}T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
  }

  /** The instant at which the wall clock shows `YYYY-MM-DDTHH:mm`; null when it is no such time. */
  parseMinute(text: string): number | null {
    const m = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})/.exec(text)
    if (!m || this.parseDate(m[1]!) === null || Number(m[2]) > 23 || Number(m[3]) > 59) return null
    const [year, month, day] = m[1]!.split('-').map(Number)
    return this.instant(year!, month!, day!, Number(m[2]), Number(m[3]))
  }
}
