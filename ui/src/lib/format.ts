import type { Lang } from './messages.ts'
import type { Zone } from './zone.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Numbers, dates and ages as people write them in the page's language, always in the city's time zone. */
export class Format {
  readonly lang: Lang
  readonly zone: Zone
  readonly #locale: string
  readonly #numbers = new Map<number, Intl.NumberFormat>()
  readonly #dates = new Map<string, Intl.DateTimeFormat>()
  readonly #relative: Intl.RelativeTimeFormat

  constructor(lang: Lang, zone: Zone) {
    this.lang = lang
    this.zone = zone
    this.#locale = lang === 'de' ? 'de-DE' : 'en-GB'
    this.#relative = new Intl.RelativeTimeFormat(this.#locale, { numeric: 'always' })
  }

  /** `1.234,5`: counts without decimals, measured values with as many as tell something (or as asked). */
  number(value: number, digits?: number): string {
    const d = digits ?? (Number.isInteger(value) ? 0 : Math.abs(value) < 10 ? 2 : 1)
    let f = this.#numbers.get(d)
    if (!f) {
      f = new Intl.NumberFormat(this.#locale, { maximumFractionDigits: d, minimumFractionDigits: digits ?? 0 })
      this.#numbers.set(d, f)
    }
    return f.format(value).replace('-', '−')
  }

  /** A share as `99,2 %`; `signed` puts + or − in front. */
  percent(share: number, signed = false): string {
    const value = share * 100
    if (share > 0 && share < 0.0005) return `< ${this.percent(0.001, signed)}`
    const digits = Math.abs(value) >= 100 || Math.abs(value) === 0 ? 0 : 1
    const text = this.number(Math.abs(value), digits)
    const sign = signed ? (value > 0 ? '+' : value < 0 ? '−' : '±') : value < 0 ? '−' : ''
    return `${sign}${text}${this.lang === 'de' ? '\u00a0' : ''}%`
  }

  /** A value with its unit, thin where the unit is a symbol: `21,4 °C`, `112 Fahrräder`. */
  quantity(value: number, unit: string, digits?: number): string {
    return unit ? `${this.number(value, digits)}\u00a0${unit}` : this.number(value, digits)
  }

  /** `Do, 20.8.2026` · `Thu, 20 Aug 2026` */
  date(at: number): string {
    return this.lang === 'de'
      ? `${this.weekday(at)}, ${this.#get({ day: 'numeric', month: 'numeric', year: 'numeric' }).format(at)}`
      : this.#get({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }).format(at)
  }

  /** `20.8.2026` · `20 Aug 2026` */
  day(at: number): string {
    return this.#get({ day: 'numeric', month: this.lang === 'de' ? 'numeric' : 'short', year: 'numeric' }).format(at)
  }

  /** `20.8.` · `20 Aug` */
  shortDay(at: number): string {
    return this.#get({ day: 'numeric', month: this.lang === 'de' ? 'numeric' : 'short' }).format(at)
  }

  weekday(at: number, width: 'short' | 'long' = 'short'): string {
    return this.#get({ weekday: width }).format(at).replace('.', '')
  }

  /** `Januar 2019` · `Jan 2019` when narrow */
  month(at: number, width: 'long' | 'short' = 'long'): string {
    return this.#get({ month: width, year: 'numeric' }).format(at)
  }

  monthName(at: number): string {
    return this.#get({ month: 'short' }).format(at).replace('.', '')
  }

  year(at: number): string {
    return String(this.zone.wall(at).year)
  }

  /** `14:15` */
  clock(at: number): string {
    return this.#get({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
  }

  /** `14:15 Uhr` · `14:15` */
  time(at: number): string {
    return this.lang === 'de' ? `${this.clock(at)}\u00a0Uhr` : this.clock(at)
  }

  dateTime(at: number): string {
    return `${this.date(at)}, ${this.time(at)}`
  }

  /**
   * `14:00–14:15 Uhr`; midnight at the end of a day is 24:00. The end is read off just before it, so that the hour
   * before the clocks change does not seem to last two, and the hour that comes twice says which one it is.
   */
  span(from: number, to: number): string {
    const { zone } = this
    const last = zone.wall(to - 1)
    const minutes = last.hour * 60 + last.minute + 1
    const two = (n: number): string => String(n).padStart(2, '0')
    const text = `${this.clock(from)}–${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
    const clock = zone.wall(from).hour
    const summer = zone.wall(from + HOUR).hour === clock && zone.offset(from + HOUR) < zone.offset(from)
    const winter = zone.wall(from - HOUR).hour === clock && zone.offset(from - HOUR) > zone.offset(from)
    const which = summer ? this.#words.summer : winter ? this.#words.winter : ''
    return `${text}${this.lang === 'de' ? '\u00a0Uhr' : ''}${which}`
  }

  get #words(): { summer: string; winter: string } {
    return this.lang === 'de'
      ? { summer: ' (Sommerzeit)', winter: ' (Normalzeit)' }
      : { summer: ' (summer time)', winter: ' (standard time)' }
  }

  /** The days of a half-open range: `14.–20. August 2026`, `1. Juli – 20. August 2026`, `14. August 2026`. */
  days(from: number, to: number): string {
    const last = to - 1
    const long = this.#get({ day: 'numeric', month: 'long', year: 'numeric' })
    if (this.zone.isoDate(from) === this.zone.isoDate(last)) return long.format(from)
    return long.formatRange(from, last).replace(/\u2009/g, ' ')
  }

  /** A half-open range in few letters: `14.8.–20.8.2026`, `20.8.2026`, `20.8.2026, 06:00–09:30`. */
  range(from: number, to: number): string {
    const last = to - 1
    const { zone } = this
    const whole = zone.startOfDay(from) === from
    if (zone.isoDate(from) === zone.isoDate(last)) {
      return whole ? this.day(from) : `${this.day(from)}, ${this.clock(from)}–${this.clock(to)}`
    }
    const sameYear = zone.wall(from).year === zone.wall(last).year
    return `${sameYear ? this.shortDay(from) : this.day(from)} – ${this.day(last)}`
  }

  /** `vor 4 Minuten`; exact to the unit that matters, never "in 0 seconds". */
  age(at: number, now: number): string {
    const minutes = Math.max(0, Math.floor((now - at) / MINUTE))
    if (minutes < 1) return this.lang === 'de' ? 'gerade eben' : 'just now'
    if (minutes < 90) return this.#relative.format(-minutes, 'minute')
    const hours = Math.round(minutes / 60)
    if (hours < 36) return this.#relative.format(-hours, 'hour')
    const days = Math.round(hours / 24)
    if (days < 60) return this.#relative.format(-days, 'day')
    if (days < 730) return this.#relative.format(-Math.round(days / 30.44), 'month')
    return this.#relative.format(-Math.round(days / 365.25), 'year')
  }

  #get(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const key = JSON.stringify(options)
    let f = this.#dates.get(key)
    if (!f) {
      f = new Intl.DateTimeFormat(this.#locale, { ...options, timeZone: this.zone.name })
      this.#dates.set(key, f)
    }
    return f
  }
}
