import type { Queryable } from '../../kernel/db/index.ts'
import { type Catalog, type City, DEFAULT_PROFILE, isSimulated } from '../catalog/index.ts'
import type { Example } from '../example/index.ts'
import type { Sources } from '../sources/index.ts'

export const STEPS = ['city', 'source', 'release'] as const
export type Step = (typeof STEPS)[number]

export interface SetupStatus {
  /** What is done already, whoever did it and however: read from the data, not from what somebody clicked. */
  done: Record<Step, boolean>
  /** Somebody said that they need no reminder. */
  dismissed: boolean
}

export interface SetupDeps {
  db: Queryable
  city: City
  catalog: Catalog
  sources: Pick<Sources, 'list'>
  example: Pick<Example, 'isOwnProfile'>
}

/** The way from an empty platform to the first public data of one's own, in three steps. The example city never counts. */
export class Setup {
  readonly #deps: SetupDeps

  constructor(deps: SetupDeps) {
    this.#deps = deps
  }

  async status(): Promise<SetupStatus> {
    const { db, city, catalog, sources, example } = this.#deps
    const own = catalog.all().filter((dataset) => !isSimulated(dataset))
    const ids = new Set(own.map(({ id }) => id))
    const foreign = new Set(catalog.all().flatMap(({ id }) => (ids.has(id) ? [] : [id])))
    const filled = (await catalog.summary()).filter(({ id, things }) => things > 0 && ids.has(id))
    const [row] = await db.query<{ value: { dismissed?: boolean } }>(`select value from setting where name = 'setup'`)
    const named = city.profile.name !== DEFAULT_PROFILE.name && !(await example.isOwnProfile(city.profile))
    return {
      done: {
        city: city.file !== null || named,
        source: filled.length > 0 || (await sources.list()).some(({ dataset }) => !foreign.has(dataset)),
        release: filled.some(({ state }) => state === 'released'),
      },
      dismissed: row?.value.dismissed ?? false,
    }
  }

  /** Is there something left to do that nobody has put aside? */
  async isOpen(): Promise<boolean> {
    const { done, dismissed } = await this.status()
    return !dismissed && STEPS.some((step) => !done[step])
  }

  async dismiss(dismissed: boolean): Promise<void> {
    await this.#deps.db.query(
      `insert into setting (name, value) values ('setup', $1::jsonb)
       on conflict (name) do update set value = excluded.value, changed_at = now()`,
      [JSON.stringify({ dismissed })],
    )
  }
}
