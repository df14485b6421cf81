/** Readers for times as files write them: compiled once for a definition, then a few steps of arithmetic a row. */

/** Reused result of a {@link TimeReader}. */
export interface ReadTime {
  /** Milliseconds: of the wall clock when `local`, else since 1970 UTC. */
  ms: number
  /** 0–999 microseconds beyond `ms`. */
  micros: number
  local: boolean
}

/** Reads a text into `out`; answers false when the text is not such a time. */
export type TimeReader = (text: string, out: ReadTime) => boolean

const daysInMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Milliseconds of a wall-clock time as if it were UTC; NaN when there is no such date. `24:00` is the next midnight. */
function wallMs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  ms: number,
): number {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth[month - 1]!) return Number.NaN
  if (month === 2 && day === 29 && (year % 4 !== 0 || (year % 100 === 0 && year % 400 !== 0))) return Number.NaN
  if (hour > 24 || minute > 59 || second > 59 || (hour === 24 && (minute > 0 || second > 0 || ms > 0)))
    return Number.NaN
  return dayNumber(year, month, day) * 86_400_000 + ((hour * 60 + minute) * 60 + second) * 1000 + ms
}

/** Days since 1970-01-01 in the Gregorian calendar, by counting years that begin in March. */
function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

type Field = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'ms'
type Step = { literal: string } | { field: Field; slot: number; least: number; most: number; add: number }

const tokens: [string, Field, number, number, number][] = [
  ['YYYY', 'year', 4, 4, 0],
  ['YY', 'year', 2, 2, 2000],
  ['MM', 'month', 2, 2, 0],
  ['M', 'month', 1, 2, 0],
  ['DD', 'day', 2, 2, 0],
  ['D', 'day', 1, 2, 0],
  ['HH', 'hour', 2, 2, 0],
  ['H', 'hour', 1, 2, 0],
  ['mm', 'minute', 2, 2, 0],
  ['m', 'minute', 1, 2, 0],
  ['ss', 'second', 2, 2, 0],
  ['s', 'second', 1, 2, 0],
  ['SSS', 'ms', 3, 3, 0],
]
const slots: Field[] = ['year', 'month', 'day', 'hour', 'minute', 'second', 'ms']

/**
 * Compiles a format: `iso`, `epoch`, `epoch-ms`, or letters (`YYYY-MM-DD HH:mm`, `D.M.YY H:mm`). Throws Error with a
 * sentence when the letters do not give a date.
 */
export function compileTimeFormat(format: string): TimeReader {
  if (format === 'iso') return readIso
  if (format === 'epoch') return (text, out) => readEpoch(text, 1000, out)
  if (format === 'epoch-ms') return (text, out) => readEpoch(text, 1, out)
  const steps = compileSteps(format)
  const values = new Int32Array(7)
  return (text, out) => {
    values.fill(0)
    values[1] = 1
    values[2] = 1
    let at = 0
    for (const step of steps) {
      if ('literal' in step) {
        if (!text.startsWith(step.literal, at)) return false
        at += step.literal.length
        continue
      }
      let value = 0
      const from = at
      while (at - from < step.most) {
        const digit = text.charCodeAt(at) - 48
        if (!(digit >= 0 && digit <= 9)) break
        value = value * 10 + digit
        at++
      }
      if (at - from < step.least) return false
      values[step.slot] = value + step.add
    }
    if (at !== text.length) return false
    out.ms = wallMs(values[0]!, values[1]!, values[2]!, values[3]!, values[4]!, values[5]!, values[6]!)
    out.micros = 0
    out.local = true
    return !Number.isNaN(out.ms)
  }
}

function compileSteps(format: string): Step[] {
  const steps: Step[] = []
  const seen = new Set<Field>()
  let at = 0
  while (at < format.length) {
    const token = tokens.find(([letters]) => format.startsWith(letters, at))
    if (!token) {
      const letter = format[at]!
      if (/[A-Za-z]/.test(letter) && letter !== 'T' && letter !== 'Z') {
        throw new Error(
          `"${letter}" is not a letter of a time format: use YYYY YY MM M DD D HH H mm m ss s SSS, or iso, epoch, epoch-ms`,
        )
      }
      steps.push({ literal: letter })
      at++
      continue
    }
    const [letters, field, least, most, add] = token
    if (seen.has(field)) throw new Error(`the ${field} stands twice in the time format`)
    seen.add(field)
    steps.push({ field, slot: slots.indexOf(field), least, most, add })
    at += letters.length
  }
  for (const field of ['year', 'month', 'day'] as const) {
    if (!seen.has(field)) throw new Error(`the time format has no ${field}`)
  }
  return steps
}

function readEpoch(text: string, factor: number, out: ReadTime): boolean {
  if (!/^-?\d{1,17}(\.\d{1,9})?$/.test(text)) return false
  const ms = Number(text) * factor
  if (!(ms > -62_135_596_800_000 && ms < 253_402_300_800_000)) return false
  out.ms = Math.floor(ms)
  out.micros = Math.round((ms - out.ms) * 1000)
  if (out.micros === 1000) {
    out.ms++
    out.micros = 0
  }
  out.local = false
  return true
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** ISO 8601 date and time: `T` or a blank between, seconds and fraction optional, `Z`, `+01`, `+0100` or `+01:00` optional. */
function readIso(text: string, out: ReadTime): boolean {
  const length = text.length
  if (length < 10 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return false
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  let hour = 0
  let minute = 0
  let second = 0
  let ms = 0
  out.micros = 0
  out.local = true
  let at = 10
  if (at < length) {
    const between = text.charCodeAt(10)
    if ((between !== 84 && between !== 116 && between !== 32) || text.charCodeAt(13) !== 58) return false
    hour = twoDigits(text, 11)
    minute = twoDigits(text, 14)
    at = 16
    if (text.charCodeAt(at) === 58) {
      second = twoDigits(text, 17)
      at = 19
      const mark = text.charCodeAt(at)
      if (mark === 46 || mark === 44) {
        let digits = 0
        let fraction = 0
        at++
        for (; at < length; at++) {
          const digit = text.charCodeAt(at) - 48
          if (!(digit >= 0 && digit <= 9)) break
          if (digits < 6) fraction = fraction * 10 + digit
          digits++
        }
        if (digits === 0) return false
        for (let missing = digits; missing < 6; missing++) fraction *= 10
        ms = Math.floor(fraction / 1000)
        out.micros = fraction % 1000
      }
    }
  }
  let shift = 0
  if (at < length) {
    const zone = isoZone(text, at)
    if (Number.isNaN(zone)) return false
    shift = zone
    out.local = false
  }
  const wall = wallMs(year, month, day, hour, minute, second, ms)
  if (Number.isNaN(wall)) return false
  out.ms = wall - shift
  return true
}

/** Milliseconds of an ISO zone at the end of a text; NaN when it is none. */
function isoZone(text: string, at: number): number {
  const mark = text.charCodeAt(at)
  const rest = text.length - at
  if ((mark === 90 || mark === 122) && rest === 1) return 0
  if (mark !== 43 && mark !== 45) return Number.NaN
  const hours = twoDigits(text, at + 1)
  let minutes = 0
  if (rest === 5) minutes = twoDigits(text, at + 3)
  else if (rest === 6 && text.charCodeAt(at + 3) === 58) minutes = twoDigits(text, at + 4)
  else if (rest !== 3) return Number.NaN
  if (hours > 15 || minutes > 59) return Number.NaN
  return (mark === 45 ? -1 : 1) * (hours * 60 + minutes) * 60_000
}
