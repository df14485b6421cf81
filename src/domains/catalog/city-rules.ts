import Type, { type Static } from 'typebox'
import { LegalSchema } from './legal.ts'

const longitude = Type.Number({ minimum: -180, maximum: 180 })
const latitude = Type.Number({ minimum: -90, maximum: 90 })

export const CityProfileSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 120 }),
    /** Official key (AGS or ARS). */
    key: Type.Union([Type.String({ pattern: '^\\d{2,12}$' }), Type.Null()]),
    timeZone: Type.String({ maxLength: 60 }),
    /** West, south, east, north in degrees; null = the extent of the data. */
    bounds: Type.Union([Type.Tuple([longitude, latitude, longitude, latitude]), Type.Null()]),
    languages: Type.Array(Type.Enum(['de', 'en']), { minItems: 1, maxItems: 2 }),
    contact: Type.Union([Type.String({ maxLength: 300 }), Type.Null()]),
    map: Type.Object(
      { style: Type.Union([Type.String(), Type.Null()]), attribution: Type.Union([Type.String(), Type.Null()]) },
      { additionalProperties: false },
    ),
    legal: LegalSchema,
  },
  { additionalProperties: false },
)

/** Who this instance belongs to. No city is hard-coded; this is configuration. */
export type CityProfile = Static<typeof CityProfileSchema>

export interface CityMistake {
  field: keyof CityProfile
  /** Stable, for pages that say it in their own words. */
  code: 'name-empty' | 'key-length' | 'key-land' | 'zone-unknown' | 'bounds-order' | 'language-twice' | 'date-unknown'
  message: string
}

/** Digits of a Land, a Kreis, a Gemeinde (AGS), a Verband and a Gemeinde (ARS). */
const KEY_LENGTHS = [2, 5, 8, 9, 12]
/** Degrees; about ten metres. */
const LEAST_EXTENT = 0.0001

/** What a schema cannot say. Empty = nothing is wrong. */
export function mistakesOf(profile: CityProfile): CityMistake[] {
  const mistakes: CityMistake[] = []
  const wrong = (field: CityMistake['field'], code: CityMistake['code'], message: string) =>
    mistakes.push({ field, code, message })
  if (profile.name.trim() === '') wrong('name', 'name-empty', 'is empty: write the name people know')
  if (profile.key !== null) {
    const land = Number(profile.key.slice(0, 2))
    if (!KEY_LENGTHS.includes(profile.key.length))
      wrong(
        'key',
        'key-length',
        `has ${profile.key.length} digits: a municipality's key has 8 (AGS) or 12 (ARS), a district's 5`,
      )
    else if (land < 1 || land > 16)
      wrong('key', 'key-land', `begins with ${profile.key.slice(0, 2)}: keys begin with 01 to 16, the Land`)
  }
  if (!isTimeZone(profile.timeZone))
    wrong('timeZone', 'zone-unknown', `is an unknown time zone "${profile.timeZone}": write one like Europe/Berlin`)
  if (profile.bounds) {
    const [west, south, east, north] = profile.bounds
    if (east - west < LEAST_EXTENT)
      wrong('bounds', 'bounds-order', `must have its west (${west}) left of its east (${east})`)
    if (north - south < LEAST_EXTENT)
      wrong('bounds', 'bounds-order', `must have its south (${south}) below its north (${north})`)
  }
  if (new Set(profile.languages).size < profile.languages.length)
    wrong('languages', 'language-twice', 'names a language twice')
  const day = profile.legal.statementDate
  if (day !== null && !isDay(day)) wrong('legal', 'date-unknown', `names a day that does not exist, ${day}`)
  return mistakes
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

/**
 * Offsets such as "+01:00" are none: they know no summer time, and PostgreSQL reads their sign the other way round.
 */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
