import type { Database } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { Signal } from '../../kernel/signal.ts'
import { type DatasetFields, type DatasetPatch, editDataset } from './edit.ts'
import { type Audience, type Dataset, type DatasetState, isPublic, type Space } from './model.ts'
import * as spaces from './spaces.ts'
import {
  allDatasets,
  type DatasetSpec,
  type DatasetSummary,
  deleteDataset,
  lessPublicLinks,
  setDatasetAudience,
  setDatasetSpace,
  setDatasetState,
  summariseDatasets,
  upsertDataset,
} from './store.ts'

export { City, DEFAULT_PROFILE } from './city.ts'
export { type CityMistake, type CityProfile, CityProfileSchema } from './city-rules.ts'
export { type DatasetFields, type DatasetPatch, datasetVersion } from './edit.ts'
export { holidaysOf } from './holidays.ts'
export { LICENCES, type Licence, licenceOf } from './licences.ts'
export { LOGO_BYTES, type Logo } from './logo.ts'
export * from './model.ts'
export type { SpaceSpec } from './spaces.ts'
export type { DatasetSpec, DatasetSummary } from './store.ts'

/** The datasets of this platform. They are few and asked for with every request, so a copy is kept in memory. */
export class Catalog {
  /** After commit: a dataset was created or changed, above all its state. */
  readonly changed = new Signal<Dataset>()
  readonly #db: Database
  #all: Dataset[] = []
  #byKey = new Map<number, Dataset>()
  #byId = new Map<string, Dataset>()
  #spaces: Space[] = []
  #following = false

  private constructor(db: Database) {
    this.#db = db
  }

  static async load(db: Database): Promise<Catalog> {
    const catalog = new Catalog(db)
    await catalog.reload()
    return catalog
  }

  async reload(): Promise<void> {
    this.#all = await allDatasets(this.#db)
    this.#byKey = new Map(this.#all.map((dataset) => [dataset.key, dataset]))
    this.#byId = new Map(this.#all.map((dataset) => [dataset.id, dataset]))
    this.#spaces = await spaces.allSpaces(this.#db)
  }

  all(): readonly Dataset[] {
    return this.#all
  }

  byId(id: string): Dataset | undefined {
    return this.#byId.get(id)
  }

  byKey(key: number): Dataset | undefined {
    return this.#byKey.get(key)
  }

  /** The dataset, or a 404 that names it. */
  require(id: string): Dataset {
    const dataset = this.#byId.get(id)
    if (!dataset) throw new Problem(404, 'dataset-unknown', `There is no dataset "${id}".`)
    return dataset
  }

  /** Creates the dataset as a draft, or updates its describing fields; its state stays. */
  async ensure(spec: DatasetSpec): Promise<Dataset> {
    const dataset = await upsertDataset(this.#db, spec)
    await this.reload()
    this.changed.emit(dataset)
    return dataset
  }

  /** A new, empty draft; 409 where the id is taken. */
  async create(spec: DatasetSpec): Promise<Dataset> {
    if (this.#byId.has(spec.id))
      throw new Problem(409, 'dataset-exists', `There is already a dataset "${spec.id}": choose another id.`)
    return this.ensure(spec)
  }

  /** Changes describing fields if nobody else did since the version `ifMatch`; answers what they were and are. */
  async edit(
    id: string,
    patch: DatasetPatch,
    ifMatch: string | undefined,
  ): Promise<{ before: DatasetFields; after: DatasetFields; dataset: Dataset }> {
    const { key } = this.require(id)
    const result = await this.#db.transaction((tx) => editDataset(tx, key, patch, ifMatch))
    await this.reload()
    this.changed.emit(result.dataset)
    return result
  }

  /** Forgets a dataset whose values are gone (see `Sensing.removeValues`); entities go with it. */
  async remove(id: string): Promise<void> {
    const dataset = this.require(id)
    await deleteDataset(this.#db, dataset.key)
    await this.reload()
    this.changed.emit({ ...dataset, state: 'withdrawn' })
  }

  /**
   * Changes the state; takes effect at once for every new answer. Releasing a dataset whose entities link to something
   * less public is refused (409) and says to what.
   */
  async setState(id: string, state: DatasetState): Promise<Dataset> {
    const dataset = this.require(id)
    if (state === 'released') await this.#requireLinksAsPublic(dataset, dataset.audience)
    const changed = await setDatasetState(this.#db, dataset.key, state)
    await this.reload()
    this.changed.emit(changed)
    return changed
  }

  /** Changes whom a release is for; takes effect at once. Refused like a release when a link would be less public. */
  async setAudience(id: string, audience: Audience): Promise<Dataset> {
    const dataset = this.require(id)
    if (dataset.state === 'released') await this.#requireLinksAsPublic(dataset, audience)
    const changed = await setDatasetAudience(this.#db, dataset.key, audience)
    await this.reload()
    this.changed.emit(changed)
    return changed
  }

  async #requireLinksAsPublic({ id, key }: Dataset, audience: Audience): Promise<void> {
    const links = await lessPublicLinks(this.#db, key, audience)
    if (links.length === 0) return
    const list = links.map((link) => `${link.count} × ${link.kind} in "${link.dataset}"`).join(', ')
    throw new Problem(
      409,
      'links-less-public',
      `Dataset "${id}" links to entities of datasets that are not released: ${list}. Release those first.`,
    )
  }

  /** Reads all again after another process may have changed something, and tells of each dataset that is another now. */
  async follow(): Promise<void> {
    const before = this.#byKey
    await this.reload()
    this.#following = true
    try {
      for (const dataset of this.#all)
        if (JSON.stringify(dataset) !== JSON.stringify(before.get(dataset.key))) this.changed.emit(dataset)
      for (const [key, dataset] of before)
        if (!this.#byKey.has(key)) this.changed.emit({ ...dataset, state: 'withdrawn' })
    } finally {
      this.#following = false
    }
  }

  /** While `changed` tells of what another process did. */
  get following(): boolean {
    return this.#following
  }

  /** Looks at a dataset again after others changed what it hangs on, and tells who acts by it. */
  async refresh(key: number): Promise<void> {
    await this.reload()
    const dataset = this.#byKey.get(key)
    if (dataset) this.changed.emit(dataset)
  }

  spaces(): readonly Space[] {
    return this.#spaces
  }

  /** The data space, or a 404 that names it. */
  requireSpace(id: string): Space {
    const space = this.#spaces.find((one) => one.id === id)
    if (!space) throw new Problem(404, 'space-unknown', `There is no data space "${id}".`)
    return space
  }

  /** Creates or changes a data space. */
  async saveSpace(spec: spaces.SpaceSpec): Promise<Space> {
    const space = await spaces.upsertSpace(this.#db, spec)
    await this.reload()
    return space
  }

  /** Removes a space; its datasets stay, without the rights they had by it. */
  async removeSpace(id: string): Promise<void> {
    const { key } = this.requireSpace(id)
    const inside = this.#all.filter((dataset) => dataset.space === key)
    await spaces.deleteSpace(this.#db, key)
    await this.reload()
    for (const { key } of inside) this.changed.emit(this.#byKey.get(key)!)
  }

  /** Puts a dataset into a space (null: into none); it is in one at most. */
  async setSpace(id: string, space: string | null): Promise<Dataset> {
    const { key } = this.require(id)
    const changed = await setDatasetSpace(this.#db, key, space === null ? null : this.requireSpace(space).key)
    await this.reload()
    this.changed.emit(changed)
    return changed
  }

  summary(): Promise<DatasetSummary[]> {
    return summariseDatasets(this.#db)
  }

  /** May an entity of dataset `from` link to one of dataset `to`? Not to something less public than itself. */
  mayLink(from: number, to: number): boolean {
    if (from === to) return true
    const target = this.#byKey.get(to)
    if (!target) return false
    return isPublic(target) || (target.state === 'released' && this.#byKey.get(from)?.audience === 'restricted')
  }
}
