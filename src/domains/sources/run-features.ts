import type { Database } from '../../kernel/db/index.ts'
import { endFeatures, type FeatureSpec, type KeptFeature, tieToThings, upsertFeatures } from '../features/index.ts'
import type { StreamRef } from './model.ts'

const BATCH = 500

/** The features one run names: kept in batches, tied to the Things of their values, and ended when no longer named. */
export class RunFeatures {
  accepted = 0
  unchanged = 0
  corrected = 0
  readonly #db: Database
  readonly #origin: { dataset: number; source: string; run: number }
  readonly #named = new Map<string, Set<string>>()
  readonly #kept = new Map<string, KeptFeature>()

  constructor(db: Database, origin: { dataset: number; source: string; run: number }) {
    this.#db = db
    this.#origin = origin
  }

  /** Features named in this run. */
  get count(): number {
    return this.#kept.size
  }

  /** What became of a feature that was kept in this run. */
  of(concept: string, key: string): KeptFeature | undefined {
    return this.#kept.get(`${concept}\n${key}`)
  }

  /** Stores features, each key once. */
  async keep(specs: readonly FeatureSpec[]): Promise<void> {
    for (let at = 0; at < specs.length; at += BATCH) {
      const batch = specs.slice(at, at + BATCH)
      const kept = await this.#db.transaction((tx) => upsertFeatures(tx, this.#origin, batch))
      for (const feature of kept) {
        this.#kept.set(`${feature.concept}\n${feature.key}`, feature)
        const named = this.#named.get(feature.concept) ?? new Set()
        this.#named.set(feature.concept, named.add(feature.key))
        if (feature.change === 'created') this.accepted++
        else if (feature.change === 'updated') this.corrected++
        else this.unchanged++
      }
    }
  }

  /** The Things of these streams hold the changing values of the features of the same key. */
  async tie(concept: string, streams: readonly StreamRef[]): Promise<void> {
    const ties = new Map(streams.map(({ thing }) => [thing.key, { concept, key: thing.key, thing: thing.id }]))
    await tieToThings(this.#db, this.#origin.dataset, [...ties.values()])
  }

  /** Every feature of the concept was named: the others of the source are gone. A run that named none ends none. */
  async complete(concept: string): Promise<number> {
    const named = this.#named.get(concept)
    if (!named) return 0
    return endFeatures(this.#db, this.#origin, concept, [...named])
  }
}
