const HOUR = 3_600_000
const DAY = 86_400_000
const MINUTE = 60_000

/** Local wall clock of an instant: the day as a number of days since 1970-01-01, and minutes since its local midnight. */
export interface LocalTime {
  day: number
  minute: number
}

/** Instant → local time for millions of calls: `Intl` is asked once per hour that occurs. Zones change on full hours. */
export class LocalClock {
  readonly #format: Intl.DateTimeFormat
  readonly #offsets = new Map<number, number>()

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
  }

  local(at: number): LocalTime {
    const wall = at + this.#offset(Math.floor(at / HOUR))
    const day = Math.floor(wall / DAY)
    return { day, minute: (wall - day * DAY) / MINUTE }
  }

  #offset(hour: number): number {
    let offset = this.#offsets.get(hour)
    if (offset === undefined) {
      const parts: Record<string, number> = {}
      for (const { type, value } of this.#format.formatToParts(hour * HOUR)) parts[type] = Number(value)
      const wall = Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!)
      offset = wall - hour * HOUR
      this.#offsets.set(hour, offset)
    }
    return offset
  }
}
