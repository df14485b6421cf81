import { readFile } from 'node:fs/promises'
import Value from 'typebox/value'
import { parse } from 'yaml'
import { type Database, SqlError } from '../../kernel/db/index.ts'
import { Problem, SetupError } from '../../kernel/problem.ts'
import { Signal } from '../../kernel/signal.ts'
import { type CityProfile, CityProfileSchema, mistakesOf } from './city-rules.ts'
import { NO_LEGAL } from './legal.ts'
import { checkLogo, type Logo } from './logo.ts'

export const DEFAULT_PROFILE: CityProfile = {
  name: 'Meine Stadt',
  key: null,
  timeZone: 'Europe/Berlin',
  bounds: null,
  languages: ['de', 'en'],
  contact: null,
  map: { style: null, attribution: null },
  legal: NO_LEGAL,
}

/** The city profile: from `CITY_FILE` when that is set (read at every start), else from the database. */
export class City {
  /** The file the profile comes from, which the form then only shows; null = the database. */
  readonly file: string | null
  /** After the profile or the logo changed. What depends on them is to be read anew. */
  readonly changed = new Signal<CityProfile>()
  readonly #db: Database
  #profile: CityProfile
  #logo: Logo | null = null

  private constructor(db: Database, profile: CityProfile, file: string | null) {
    this.#db = db
    this.#profile = profile
    this.file = file
  }

  static async load(db: Database, file?: string): Promise<City> {
    const city = new City(db, file ? await readProfile(file) : DEFAULT_PROFILE, file ?? null)
    await city.reload()
    return city
  }

  /** As it is at this moment: never keep a copy, staff may change it at any time. */
  get profile(): CityProfile {
    return this.#profile
  }

  get logo(): Logo | null {
    return this.#logo
  }

  /** Reads profile and logo again, after they were changed; a file stays as it was at the start. */
  async reload(): Promise<void> {
    const [logo] = await this.#db.query<{ bytes: Uint8Array }>('select bytes from city_logo')
    this.#logo = logo ? checkLogo(Buffer.from(logo.bytes)) : null
    if (this.file === null) {
      const [row] = await this.#db.query<{ value: Partial<CityProfile> }>(
        `select value from setting where name = 'city'`,
      )
      this.#profile = { ...DEFAULT_PROFILE, ...row?.value, legal: { ...NO_LEGAL, ...row?.value.legal } }
    }
    this.changed.emit(this.#profile)
  }

  /**
   * Keeps a new profile; in effect at once. Throws Problem 409 when a file decides, 422 with each `mistakes` by field.
   */
  async save(profile: CityProfile): Promise<void> {
    if (this.file !== null)
      throw new Problem(
        409,
        'city-file-decides',
        `The city profile comes from the file ${this.file} (CITY_FILE): change it there and start the platform again.`,
      )
    const mistakes = mistakesOf(profile)
    if (!mistakes.some(({ field }) => field === 'timeZone') && !(await this.#knowsZone(profile.timeZone)))
      mistakes.push({
        field: 'timeZone',
        code: 'zone-unknown',
        message: `"${profile.timeZone}" is not known to the database`,
      })
    if (mistakes.length > 0) {
      const list = mistakes.map(({ field, message }) => `${field} ${message}`).join('; ')
      throw new Problem(422, 'city-invalid', `The city profile is not saved: ${list}.`, { mistakes })
    }
    await this.#db.query(
      `insert into setting (name, value) values ('city', $1::jsonb)
       on conflict (name) do update set value = excluded.value, changed_at = now()`,
      [JSON.stringify(profile)],
    )
    await this.reload()
  }

  /** Days and weeks are cut by the database: it has to know the zone too. */
  async #knowsZone(name: string): Promise<boolean> {
    try {
      await this.#db.query('select now() at time zone $1::text', [name])
      return true
    } catch (error) {
      if (error instanceof SqlError) return false
      throw error
    }
  }

  /** Keeps a logo, or none. Throws Problem 413, 422 when the file is no picture we take. */
  async saveLogo(bytes: Buffer | null): Promise<void> {
    if (bytes === null) await this.#db.query('delete from city_logo')
    else {
      const logo = checkLogo(bytes)
      await this.#db.query(
        `insert into city_logo (type, bytes) values ($1, $2)
         on conflict (id) do update set type = excluded.type, bytes = excluded.bytes, changed_at = now()`,
        [logo.type, logo.bytes],
      )
    }
    await this.reload()
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
  const map = { ...DEFAULT_PROFILE.map, ...(given as { map?: object }).map }
  const legal = { ...NO_LEGAL, ...(given as { legal?: object }).legal }
  const profile = { ...DEFAULT_PROFILE, ...given, map, legal }
  const [error] = Value.Errors(CityProfileSchema, profile)
  if (error)
    throw wrong(`has a wrong value at "${error.instancePath.slice(1).replaceAll('/', '.') || 'top'}": ${error.message}`)
  const [mistake] = mistakesOf(profile as CityProfile)
  if (mistake) throw wrong(`has a wrong value: "${mistake.field}" ${mistake.message}`)
  return profile as CityProfile
}
