import type { Database, Queryable } from '../../kernel/db/index.ts'
import {
  ensureDatastream,
  ensureFeatures,
  ensureObservedProperty,
  ensureSensor,
  ensureThing,
  noted,
  type Sensing,
} from '../sensing/index.ts'
import type { Definition } from './definition.ts'
import type { StreamRef } from './model.ts'

/** Makes sure the database knows what a run meets: things, their places, datastreams; each once a run. */
export class Entities {
  readonly #db: Database
  readonly #sensing: Sensing
  readonly #definition: Definition
  readonly #dataset: number
  readonly #properties = new Map<string, number>()
  #sensor = 0

  constructor(deps: { db: Database; sensing: Sensing }, definition: Definition, dataset: number) {
    this.#db = deps.db
    this.#sensing = deps.sensing
    this.#definition = definition
    this.#dataset = dataset
  }

  /** Creates or updates the entities of `streams` in one transaction and sets their `id`s. */
  async ensure(streams: readonly StreamRef[]): Promise<void> {
    if (streams.length === 0) return
    const made = await this.#db.transaction(async (tx) => {
      const sensor = await this.#ensureSensor(tx)
      const properties = new Map(this.#properties)
      const things = new Map<string, number>()
      const ids: number[] = []
      for (const stream of streams) {
        const { thing } = stream
        if (thing.id === 0 && !things.has(thing.key)) things.set(thing.key, await ensureThing(tx, this.#dataset, thing))
        const property = stream.observedProperty
        if (!properties.has(property.key))
          properties.set(property.key, await ensureObservedProperty(tx, this.#dataset, property))
        ids.push(
          await ensureDatastream(tx, this.#dataset, {
            ...stream,
            key: `${thing.key}/${stream.key}`,
            thing: thing.id || things.get(thing.key)!,
            sensor,
            observedProperty: properties.get(property.key)!,
            source: this.#definition.id,
          }),
        )
      }
      await ensureFeatures(tx, ids)
      return { ids, sensor, properties, things, changes: noted(tx) }
    })
    // A new series may decide how others are published.
    this.#sensing.forget()
    this.#sensor = made.sensor
    for (const [key, id] of made.properties) this.#properties.set(key, id)
    streams.forEach((stream, index) => {
      stream.id = made.ids[index]!
      stream.thing.id ||= made.things.get(stream.thing.key) ?? 0
    })
    this.#sensing.forget()
    this.#sensing.tell(made.changes)
  }

  async #ensureSensor(tx: Queryable): Promise<number> {
    if (this.#sensor !== 0) return this.#sensor
    const { sensor, id, title, dataset } = this.#definition
    return ensureSensor(tx, this.#dataset, {
      key: id,
      name: sensor?.name ?? title,
      description: sensor?.description ?? title,
      encodingType: 'text/html',
      metadata: sensor?.metadata ?? dataset.homepage ?? '',
    })
  }
}
