import { bad } from './errors.ts'

const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?\s*(?:([Zz])|([+-])(\d{2}):?(\d{2})?)?$/
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const FIRST = -62135596800000 // 0001-01-01T00:00:00Z

/**
 * Reads an ISO 8601 instant and returns it in UTC with microseconds only where there are any
 * (`2026-08-20T12:15:00Z`), or null when the text is not one. A time without zone is UTC (OGC 18-088 §8.1 asks for
 * a zone; refusing it would lock out half of the devices). Years 1 – 9999, no 30 February, no 25 o'clock.
 */
export function parseInstant(text: string): string | null {
  if (isPlain(text)) return text
  if (text.length === 24 && text.endsWith('.000Z')) {
    const short = `${text.slice(0, 19)}Z`
    if (isPlain(short)) return short
  }
  const m = INSTANT.exec(text)
  if (!m) return null
  const [year, month, day, hour, minute] = [Number(m[1]), Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5])]
  const second = m[6] ? Number(m[6]) : 0
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > DAYS[month - 1]!) return null
  if (month === 2 && day === 29 && (year % 4 !== 0 || (year % 100 === 0 && year % 400 !== 0))) return null
  if (hour > 24 || minute > 59 || second > 59 || (hour === 24 && (minute > 0 || second > 0))) return null
  let ms = Date.UTC(2000, month - 1, day, hour, minute, second)
  if (year !== 2000) ms = new Date(ms).setUTCFullYear(year, month - 1, day) + (hour === 24 ? 86_400_000 : 0)
  if (m[9]) {
    const offset = (Number(m[10]) * 60 + Number(m[11] ?? 0)) * 60_000
    if (Number(m[10]) > 18 || Number(m[11] ?? 0) > 59) return null
    ms += m[9] === '+' ? -offset : offset
  }
  return written(ms, m[7] ?? '')
}

/** An instant by its whole seconds (in milliseconds) and the digits after them; null beyond the years 1 to 9999. */
function written(ms: number, fraction: string): string | null {
  if (!(ms >= FIRST && ms <= LAST)) return null
  const micros = fraction.padEnd(6, '0').slice(0, 6).replace(/0+$/, '')
  return `${new Date(ms).toISOString().slice(0, 19)}${micros ? `.${micros}` : ''}Z`
}

const ZERO = 48
const digit = (text: string, at: number): number => text.charCodeAt(at) - ZERO

/** Is it `2026-08-20T12:15:00Z`, in range and before the 29th? Then it is already what it would become: nearly all are. */
function isPlain(text: string): boolean {
  if (text.length !== 20 || text[19] !== 'Z' || text[10] !== 'T') return false
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return false
  for (let i = 0; i < 19; i++) {
    if (i === 4 || i === 7 || i === 10 || i === 13 || i === 16) continue
    const d = digit(text, i)
    if (d < 0 || d > 9) return false
  }
  const month = digit(text, 5) * 10 + digit(text, 6)
  const day = digit(text, 8) * 10 + digit(text, 9)
  const hour = digit(text, 11) * 10 + digit(text, 12)
  if (text.charCodeAt(0) === ZERO || month < 1 || month > 12 || day < 1 || day > 28) return false
  return hour < 24 && digit(text, 14) < 6 && digit(text, 17) < 6
}

const DURATION =
  /^(-)?P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,10}(?:\.\d{1,6})?)S)?)?$/

function durationParts(text: string): RegExpExecArray | null {
  const m = DURATION.exec(text)
  return m?.slice(2).some((part) => part !== undefined) ? m : null
}

/** An ISO 8601 duration (`P1DT2H`), upper bound a thousand years, as an interval of PostgreSQL; null when the text is not one. */
export function parseDuration(text: string): string | null {
  const m = durationParts(text)
  if (!m) return null
  const sign = m[1] ?? ''
  const units = ['years', 'months', 'weeks', 'days', 'hours', 'mins', 'secs']
  return m
    .slice(2)
    .map((part, i) => (part === undefined ? '' : `${sign}${part} ${units[i]}`))
    .filter(Boolean)
    .join(' ')
}

/**
 * The instant (of {@link parseInstant}) a duration after another, or before it with `sign` -1: months by the calendar (a day
 * the month does not have is its last), then days, then hours, as PostgreSQL adds an interval in UTC. Null when there is none.
 */
function moved(iso: string, duration: string, sign: 1 | -1): string | null {
  const m = durationParts(duration)
  if (!m) return null
  const direction = m[1] ? -sign : sign
  const [years, months, weeks, days, hours, minutes] = m.slice(2, 8).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const [seconds, micros] = (m[8] ?? '0').split('.') as [string, string | undefined]
  const date = new Date(`${iso.slice(0, 19)}Z`)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + direction * (years * 12 + months) + 1, 0)
  date.setUTCDate(Math.min(day, date.getUTCDate()))
  const added = (weeks * 7 + days) * 86_400 + hours * 3_600 + minutes * 60 + Number(seconds)
  const fraction = Number(iso.slice(20, -1).padEnd(6, '0')) + direction * Number((micros ?? '').padEnd(6, '0'))
  const whole = Math.floor(fraction / 1e6)
  return written(date.getTime() + (direction * added + whole) * 1_000, String(fraction - whole * 1e6).padStart(6, '0'))
}

export interface Period {
  start: string
  /** null = an instant. */
  end: string | null
}

/**
 * Reads `instant`, or an interval of ISO 8601: `start/end`, `start/duration` or `duration/end` (OGC 18-088 Table 1,
 * TM_Object). Throws 400 with `where` and the reason.
 */
export function parsePeriod(value: unknown, where: string): Period {
  if (typeof value !== 'string') throw bad(`${where}: an ISO 8601 time or interval as a string is expected`)
  const slash = value.indexOf('/')
  if (slash < 0) return { start: readInstant(value, where), end: null }
  const [first, second] = [value.slice(0, slash), value.slice(slash + 1)]
  const start = isDuration(first) ? readMoved(readInstant(second, where), first, -1, where) : readInstant(first, where)
  const end = isDuration(second) ? readMoved(start, second, 1, where) : readInstant(second, where)
  const order = compareIso(start, end)
  if (order > 0) throw bad(`${where}: the interval ends before it starts: ${value}`)
  return { start, end: order === 0 ? null : end }
}

const isDuration = (text: string): boolean => /^-?P/.test(text)

function readMoved(iso: string, duration: string, sign: 1 | -1, where: string): string {
  const there = moved(iso, duration, sign)
  if (there !== null) return there
  if (parseDuration(duration) === null) throw bad(`${where}: "${duration.slice(0, 60)}" is not an ISO 8601 duration`)
  throw bad(`${where}: ${duration.slice(0, 60)} leads beyond the years 1 to 9999`)
}

export function readInstant(value: unknown, where: string): string {
  const iso = typeof value === 'string' ? parseInstant(value) : null
  if (iso === null) {
    const shown = typeof value === 'string' ? `"${value.slice(0, 60)}"` : typeof value
    throw bad(`${where}: ${shown} is not an ISO 8601 instant between the years 1 and 9999`)
  }
  return iso
}

/** Orders two texts of {@link parseInstant}. */
function compareIso(a: string, b: string): number {
  const x = a.slice(0, -1)
  const y = b.slice(0, -1)
  return x < y ? -1 : x > y ? 1 : 0
}

/** A time as the database gives it (driver: `…Z`; inside JSON: `…+00:00`) as the API shows it. */
export function showInstant(value: unknown): string | null {
  if (typeof value !== 'string') return null
  if (value.endsWith('Z')) return value
  if (value.endsWith('+00:00')) return `${value.slice(0, -6).replace(' ', 'T')}Z`
  return parseInstant(value) ?? value
}

/** Now, in the form of {@link parseInstant}. */
export const nowIso = (): string => new Date().toISOString().replace(/\.?0+Z$/, 'Z')
