import type { Field } from './file-spec.ts'
import type { NoticeCode } from './notice-codes.ts'

/** Seconds since noon minus 12 h; `H:MM:SS` and `HH:MM:SS`, hours beyond 24 too. Undefined: no time. */
export function secondsOf(text: string): number | undefined {
  const length = text.length
  if (length < 7 || length > 9) return undefined
  if (text.charCodeAt(length - 3) !== COLON || text.charCodeAt(length - 6) !== COLON) return undefined
  let hours = 0
  for (let at = 0; at < length - 6; at++) {
    const digit = text.charCodeAt(at) - ZERO
    if (digit < 0 || digit > 9) return undefined
    hours = hours * 10 + digit
  }
  const minutes = pair(text, length - 5)
  const seconds = pair(text, length - 2)
  if (minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) return undefined
  return hours * 3600 + minutes * 60 + seconds
}

const ZERO = 48
const COLON = 58

function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO
  const ones = text.charCodeAt(at + 1) - ZERO
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones
}

/** `20261124` as `2026-11-24`. Undefined: no date, or one before 1950 or after 2200. */
export function dateOf(text: string): string | undefined {
  if (!/^\d{8}$/.test(text)) return undefined
  const iso = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`
  const year = Number(text.slice(0, 4))
  if (year < 1950 || year > 2200) return undefined
  const time = new Date(`${iso}T00:00:00Z`)
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(iso) ? iso : undefined
}

const INTEGER = /^[+-]?\d{1,15}$/
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/
const INT4 = 2_147_483_647

const zones = new Map<string, boolean>()

/** Is this a zone the clock knows? */
export function isTimeZone(name: string): boolean {
  let known = zones.get(name)
  if (known === undefined) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: name })
      known = /^[A-Za-z]/.test(name)
    } catch {
      known = false
    }
    zones.set(name, known)
  }
  return known
}

function isLanguage(tag: string): boolean {
  if (tag === 'mul') return true
  try {
    return Intl.getCanonicalLocales(tag.replaceAll('_', '-')).length === 1
  } catch {
    return false
  }
}

/**
 * Of several words none is in mixed case, or the only one is in lower case: hard to read, and read out letter by letter.
 * One word in capitals (ZOB, BART) and what stands beside numbers is a name.
 */
export function isOneCase(text: string): boolean {
  const words = text.split(/[^\p{L}]+/u).filter((word) => word.length > 1)
  if (words.length === 1) return /^\p{Ll}+$/u.test(text)
  return words.length > 1 && words.every((word) => /\p{Lu}/u.test(word) !== /\p{Ll}/u.test(word))
}

const currencies = new Set(Intl.supportedValuesOf('currency'))

/** How many decimals amounts of a currency have (ISO 4217); undefined for none that is known. */
export function decimalsOf(currency: string): number | undefined {
  if (!currencies.has(currency)) return undefined
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits
}

/** Ids are to be of printable ASCII alone. */
export const isPrintable = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

/** What a cell says, or the notice it deserves. */
export type Parsed = { value: string | number } | { code: NoticeCode; drop?: boolean }

const number = (value: number, least: number, greatest = INT4): Parsed =>
  value < least || value > greatest ? { code: 'number_out_of_range' } : { value }

/** Reads one cell that is not empty, by the type of its field. */
export function parse(field: Field, text: string): Parsed {
  switch (field.type) {
    case 'id':
    case 'text':
      return { value: text }
    case 'phone':
      return /[0-9A-Za-z]/.test(text) ? { value: text } : { code: 'invalid_phone_number' }
    case 'url':
      return /^https?:\/\/[^\s/?#]+/i.test(text) && URL.canParse(text) ? { value: text } : { code: 'invalid_url' }
    case 'email':
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? { value: text } : { code: 'invalid_email' }
    case 'language':
      return isLanguage(text) ? { value: text } : { code: 'invalid_language_code' }
    case 'timezone':
      return isTimeZone(text) ? { value: text } : { code: 'invalid_timezone' }
    case 'color':
      return /^[0-9A-Fa-f]{6}$/.test(text) ? { value: text } : { code: 'invalid_color' }
    case 'currency':
      return decimalsOf(text) === undefined ? { code: 'invalid_currency' } : { value: text }
    case 'amount':
      if (FLOAT.test(text) && Number(text) < 0) return { code: 'number_out_of_range' }
      return FLOAT.test(text) ? { value: text } : { code: 'invalid_float' }
    case 'date': {
      const value = dateOf(text)
      return value === undefined ? { code: 'invalid_date' } : { value }
    }
    case 'time': {
      const value = secondsOf(text)
      return value === undefined ? { code: 'invalid_time' } : { value }
    }
    case 'integer':
    case 'natural':
    case 'positive':
    case 'other': {
      if (!INTEGER.test(text)) return { code: 'invalid_integer' }
      if (field.type === 'other' && Number(text) === 0) return { code: 'number_out_of_range' }
      return number(Number(text), field.type === 'natural' ? 0 : field.type === 'positive' ? 1 : -INT4)
    }
    case 'enum': {
      if (!INTEGER.test(text)) return { code: 'invalid_integer' }
      const value = Number(text)
      const [least, greatest] = field.values!
      if (value >= least && value <= greatest) return { value }
      // Extended route types (Google's, by hundreds) are in wide use and told apart by their first digits.
      if (field.name === 'route_type' && value >= 100 && value <= 1799) return { value }
      return { code: 'unexpected_enum_value' }
    }
    default: {
      if (!FLOAT.test(text)) return { code: 'invalid_float' }
      const value = Number(text)
      if (field.type === 'latitude') return number(value, -90, 90)
      if (field.type === 'longitude') return number(value, -180, 180)
      if (field.type === 'above' && value === 0) return { code: 'number_out_of_range' }
      return field.type === 'distance' || field.type === 'above'
        ? number(value, 0, Number.MAX_VALUE)
        : number(value, -Number.MAX_VALUE, Number.MAX_VALUE)
    }
  }
}
