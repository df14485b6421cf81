import { readFile } from 'node:fs/promises'
import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import { parse } from 'yaml'
import type { Queryable } from '../../kernel/db/index.ts'
import { SetupError } from '../../kernel/problem.ts'

const longitude = Type.Number({ minimum: -180, maximum: 180 })
const latitude = Type.Number({ minimum: -90, maximum: 90 })

export const CityProfileSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 120 }),
    /** Official key (AGS or ARS). */
    key: Type.Union([Type.String({ pattern: '^\\d{2,12}$' }), Type.Null()]),
    timeZone: Type.String(),
    /** West, south, east, north in degrees; null = the extent of the data. */
    bounds: Type.Union([Type.Tuple([longitude, latitude, longitude, latitude]), Type.Null()]),
    languages: Type.Array(Type.Enum(['de', 'en']), { minItems: 1 }),
    contact: Type.Union([Type.String({ maxLength: 300 }), Type.Null()]),
    map: Type.Object(
      { style: Type.Union([Type.String(), Type.Null()]), attribution: Type.Union([Type.String(), Type.Null()]) },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)

/** Who this instance belongs to. No city is hard-coded; this is configuration. */
export type CityProfile = Static<typeof CityProfileSchema>

const DEFAULT: CityProfile = {
  name: 'Meine Stadt',
  key: null,
  timeZone: 'Europe/Berlin',
  bounds: null,
  languages: ['de', 'en'],
  contact: null,
  map: { style: null, attribution: null },
}

/** The city profile: from `CITY_FILE` when that is set (read at every start), else from the database. */
export class City {
  /** Where the profile comes from; with a file the form only shows it. */
  readonly origin: 'file' | 'database'
  readonly #db: Queryable
  #profile: CityProfile

  private constructor(db: Queryable, profile: CityProfile, origin: 'file' | 'database') {
    this.#db = db
    this.#profile = profile
    this.origin = origin
  }

  static async load(db: Queryable, file?: string): Promise<City> {
    if (file) return new City(db, await readProfile(file), 'file')
    const city = new City(db, DEFAULT, 'database')
    await city.reload()
    return city
  }

  get profile(): CityProfile {
    return this.#profile
  }

  /** Reads the stored profile again, after it was changed; a file stays as it was at the start. */
  async reload(): Promise<void> {
    if (this.origin === 'file') return
    const [row] = await this.#db.query<{ value: Partial<CityProfile> }>(`select value from setting where name = 'city'`)
    this.#profile = { ...DEFAULT, ...row?.value }
  }
}

async function readProfile(file: string): Promise<CityProfile> {
  const wrong = (why: string) => new SetupError(`The city profile ${file} (CITY_FILE) ${why}.`)
  const text = await readFile(file, 'utf8').catch((error) => {
    throw wrong(`cannot be read (${error.code})`)
  })
  let given: unknown
  try {
    given = parse(text)
  } catch (error) {
    throw wrong(`is not valid YAML: ${(error as Error).message.split('\n')[0]}`)
  }
  if (typeof given !== 'object' || given === null) throw wrong('is empty')
  const map = { ...DEFAULT.map, ...(given as { map?: object }).map }
  const profile = { ...DEFAULT, ...given, map }
  const [error] = Value.Errors(CityProfileSchema, profile)
  if (error)
    throw wrong(`has a wrong value at "${error.instancePath.slice(1).replaceAll('/', '.') || 'top'}": ${error.message}`)
  try {
    new Intl.DateTimeFormat('en', { timeZone: profile.timeZone })
  } catch {
    throw wrong(`names an unknown time zone "${profile.timeZone}": write one like Europe/Berlin`)
  }
  return profile as CityProfile
}
