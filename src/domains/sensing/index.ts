import type { Database, Queryable } from '../../kernel/db/index.ts'
import { Signal } from '../../kernel/signal.ts'
import { Appender, withIds } from './append.ts'
import { byDatastream } from './batch.ts'
import { noted } from './changes.ts'
import { type DatastreamInfo, Datastreams, lastMove, lastMoves, type Moved, stayHere } from './datastreams.ts'
import { editThing, type ThingPatch } from './edit.ts'
import { type DatastreamPatch, editDatastream } from './edit-datastream.ts'
import { ensureFeatures } from './entities.ts'
import { ObservationIds } from './ids.ts'
import { insertObservations, Partitions } from './insert.ts'
import { insertGuarded } from './insert-guarded.ts'
import type { EntityChanged, NewObservation, ObservationsStored, StoredObservation } from './model.ts'
import { ALONE, type Peers } from './peers.ts'
import { removeBefore, removeValues } from './removal.ts'
import { SmallCounts } from './small-counts.ts'
import { SourceWriter } from './writer.ts'

export { Overloaded } from './append.ts'
export { noted } from './changes.ts'
export { type Compacted, Compaction } from './compaction.ts'
export type { DatastreamInfo } from './datastreams.ts'
export { type EditableThing, type Place, type ThingFields, type ThingPatch, thingForEdit } from './edit.ts'
export {
  type DatastreamFields,
  type DatastreamPatch,
  datasetOfDatastream,
  datastreamsForEdit,
  type EditableDatastream,
  propertiesOf,
} from './edit-datastream.ts'
export {
  ensureDatastream,
  ensureFeatures,
  ensureObservedProperty,
  ensureSensor,
  ensureThing,
  moveFeatures,
} from './entities.ts'
export { measuredReader, measuredWithin } from './measured.ts'
export * from './model.ts'
export type { Peers } from './peers.ts'
export { forgetMeasured } from './publish.ts'
export * from './read.ts'
export { recompute, type Touched } from './recompute.ts'
export { secretOf } from './rounding.ts'
export type { SettleCounts, SourceWriter, WriteCounts } from './writer.ts'

/**
 * The one store of measured truth. Everything that writes an observation goes through here: single posts and MQTT by
 * group commit (`append`), deep inserts inside a transaction (`appendIn`), sources by difference (`writer`).
 */
export class Sensing {
  /** After commit: one event per datastream and batch. No event without a commit. */
  readonly stored = new Signal<ObservationsStored>()
  /** After commit: an entity was created, changed or deleted. */
  readonly changed = new Signal<EntityChanged>()
  readonly smallCounts: SmallCounts
  readonly #db: Database
  readonly #peers: Peers
  readonly #ids: ObservationIds
  readonly #partitions: Partitions
  readonly #appender: Appender
  readonly #datastreams: Datastreams

  constructor(db: Database, peers: Peers = ALONE) {
    this.#db = db
    this.#peers = peers
    this.#ids = new ObservationIds(db)
    this.#partitions = new Partitions(db)
    this.#datastreams = new Datastreams(db)
    this.smallCounts = new SmallCounts(db, peers)
    this.#appender = new Appender(db, this.#ids, this.#partitions, this.smallCounts, (rows) => this.announce(rows))
  }

  /** Stores observations durably (group commit) and resolves with their ids, in order. Datastreams must exist. */
  async append(rows: NewObservation[]): Promise<number[]> {
    let seen = 0
    const moved = new Map<number, Moved>()
    for (const { datastream } of rows) {
      // Rows come grouped: one look per datastream, not per row.
      if (datastream === seen) continue
      seen = datastream
      const info = await this.datastream(datastream)
      if (info && !info.hasFeature) await this.#makeFeatures(rows)
      const move = info && lastMove(info.features)
      if (move) moved.set(datastream, move)
    }
    stayHere(rows, moved)
    return this.#appender.append(rows)
  }

  /** Stores observations inside the caller's transaction; after its commit the caller {@link announce}s the answer. */
  async appendIn(tx: Queryable, rows: NewObservation[]): Promise<StoredObservation[]> {
    await this.#partitions.ensure(rows, tx)
    const unnamed = [...new Set(rows.filter((row) => row.foi == null).map((row) => row.datastream))]
    if (unnamed.length > 0) stayHere(rows, await lastMoves(tx, unnamed))
    const stored = await withIds(this.#ids, rows, tx)
    const shown = await this.smallCounts.writing(this.#insert(tx, stored))
    await ensureFeatures(tx, unnamed)
    return shown
  }

  async #insert(tx: Queryable, rows: StoredObservation[]): Promise<StoredObservation[]> {
    const guards = await this.smallCounts.guards(rows, tx)
    if (guards) return insertGuarded(tx, rows, guards)
    await insertObservations(tx, rows)
    return rows
  }

  /** Tells subscribers of committed rows, in every process. Whoever writes on and on waits for the answer. */
  async announce(rows: readonly StoredObservation[]): Promise<void> {
    if (rows.length === 0) return
    this.announceHere(rows)
    await this.#peers.stored(rows)
  }

  /** Tells subscribers in this process of rows committed here or elsewhere. */
  announceHere(rows: readonly StoredObservation[]): void {
    if (this.stored.size === 0 || rows.length === 0) return
    for (const [datastream, group] of byDatastream(rows)) {
      this.datastream(datastream).then(
        (info) => info && this.stored.emit({ dataset: info.dataset, datastream, rows: group, features: info.features }),
        // The values are stored; who listens learns of them with the next one, or by asking.
        () => {},
      )
    }
  }

  /** Tells subscribers of entities a committed transaction made or changed. */
  tell(changes: readonly EntityChanged[]): void {
    for (const change of changes) this.changed.emit(change)
  }

  datastream(id: number): Promise<DatastreamInfo | null> {
    return this.#datastreams.get(id)
  }

  datastreams(ids: readonly number[]): Promise<Map<number, DatastreamInfo>> {
    return this.#datastreams.load(ids)
  }

  /** Drops what is remembered about datastreams: call after entities were changed by SQL. */
  forget(): void {
    this.forgetHere()
    this.#peers.forget()
  }

  /** The same after another process changed them. */
  forgetHere(): void {
    this.#datastreams.forget()
    this.smallCounts.forget()
  }

  /** Changes what people edit of a Thing, if nobody else did since the version `ifMatch`. */
  async editThing(visible: readonly number[], id: number, patch: ThingPatch, ifMatch: string | undefined) {
    const { result, changes } = await this.#db.transaction(async (tx) => {
      const result = await editThing(tx, visible, id, patch, ifMatch)
      return { result, changes: noted(tx) }
    })
    this.#edited(result.after.dataset, 'Thing', id)
    this.tell(changes)
    return result
  }

  /** Changes what people edit of a Datastream, if nobody else did since the version `ifMatch`. */
  async editDatastream(visible: readonly number[], id: number, patch: DatastreamPatch, ifMatch: string | undefined) {
    const result = await this.#db.transaction((tx) => editDatastream(tx, visible, id, patch, ifMatch))
    this.#edited(result.after.dataset, 'Datastream', id)
    return result
  }

  /** Deletes all series of a dataset with their values; slow where there are millions, but others are served meanwhile. */
  async removeValues(dataset: number): Promise<void> {
    await removeValues(this.#db, dataset)
    this.forget()
  }

  /** Deletes values of a dataset that ended before an instant (ISO 8601); answers how many. */
  async removeBefore(dataset: number, before: string): Promise<number> {
    const removed = await removeBefore(this.#db, dataset, before)
    if (removed > 0) this.forget()
    return removed
  }

  #edited(dataset: number, type: string, id: number): void {
    this.forget()
    this.changed.emit({ dataset, type, id, change: 'updated' })
  }

  /** A writer for one run of a source: one value per datastream and time and, with `beside`, per value of that parameter. */
  writer({ id, beside }: { id: number; beside?: string }): SourceWriter {
    return new SourceWriter(this.#db, this.#partitions, this.smallCounts, (rows) => this.announce(rows), id, beside)
  }

  /** Observations waiting to be written: for metrics and back-pressure. */
  get waiting(): number {
    return this.#appender.waiting
  }

  /** Resolves when all observations handed in are written. */
  drain(): Promise<void> {
    return this.#appender.drain()
  }

  async #makeFeatures(rows: readonly NewObservation[]): Promise<void> {
    const ids = [...new Set(rows.filter((row) => row.foi == null).map((row) => row.datastream))]
    const infos = await this.datastreams(ids)
    const needed = [...infos.values()].filter((info) => !info.hasFeature)
    if (needed.length === 0) return
    const changes = await this.#db.transaction(async (tx) => {
      await ensureFeatures(
        tx,
        needed.map((info) => info.id),
      )
      return noted(tx)
    })
    const renewed = [...(await this.#datastreams.renew(needed.map((info) => info.id))).values()]
    for (const info of renewed) info.hasFeature = true
    if (renewed.some(({ features }) => features.length > 0)) this.#peers.forget()
    this.tell(changes)
  }
}
