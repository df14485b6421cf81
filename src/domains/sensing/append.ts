import { type Database, type Queryable, SqlError } from '../../kernel/db/index.ts'
import type { ObservationIds } from './ids.ts'
import { insertObservations, type Partitions } from './insert.ts'
import { insertGuarded } from './insert-guarded.ts'
import type { NewObservation, StoredObservation } from './model.ts'
import type { SmallCounts } from './small-counts.ts'

/** Most rows one statement takes: bounds memory and the time others wait on the embedded engine. */
const BATCH_ROWS = 5_000
/** Rows that must wait before a second batch is written beside the first: below that, larger batches gain more. */
const SECOND_LANE_ROWS = 1_000
/** Rows waiting beyond which callers are told to slow down. */
const QUEUE_ROWS = 200_000
const LIMIT_MS = 120_000
const LIMIT = { timeoutMs: LIMIT_MS }

interface Request {
  rows: NewObservation[]
  resolve: (ids: number[]) => void
  reject: (error: unknown) => void
}

/** More observations are waiting than the database takes: the caller should try again in a moment (HTTP 503). */
export class Overloaded extends Error {
  override name = 'Overloaded'
}

/**
 * Group commit: requests that arrive while a batch is being written form the next batch, so one commit serves many.
 * A request is answered only after its rows are committed; a request that cannot be stored fails alone.
 *
 * Under bulk load a server takes two batches at once, but never two of the same datastream: values of one datastream
 * are written, and announced, in the order in which they came.
 */
export class Appender {
  readonly #db: Database
  readonly #ids: ObservationIds
  readonly #partitions: Partitions
  readonly #counts: SmallCounts
  readonly #committed: (rows: StoredObservation[]) => Promise<void>
  readonly #lanes: number
  #queue: Request[] = []
  #queuedRows = 0
  #inFlight = 0
  #busy = new Set<number>()
  #waking = false
  #idle: (() => void)[] = []

  constructor(
    db: Database,
    ids: ObservationIds,
    partitions: Partitions,
    counts: SmallCounts,
    committed: (rows: StoredObservation[]) => Promise<void>,
  ) {
    this.#db = db
    this.#ids = ids
    this.#partitions = partitions
    this.#counts = counts
    this.#committed = committed
    this.#lanes = db.engine === 'server' ? 2 : 1
  }

  get waiting(): number {
    return this.#queuedRows
  }

  /** Stores `rows` durably and resolves with their ids, in order. */
  append(rows: NewObservation[]): Promise<number[]> {
    if (this.#queuedRows + rows.length > QUEUE_ROWS && this.#queuedRows > 0) {
      return Promise.reject(
        new Overloaded('More observations are waiting than the database takes: try again in a moment.'),
      )
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ rows, resolve, reject })
      this.#queuedRows += rows.length
      this.#wake()
    })
  }

  /** Resolves when everything handed in so far is written (or failed). */
  async drain(): Promise<void> {
    if (this.#queue.length === 0 && this.#inFlight === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Lets the requests of this turn of the event loop gather first. */
  #wake(): void {
    if (this.#waking) return
    this.#waking = true
    setImmediate(() => {
      this.#waking = false
      this.#pump()
    })
  }

  #pump(): void {
    while (this.#inFlight < this.#lanes) {
      const batch = this.#next()
      if (batch.length === 0) break
      const touched = new Set(batch.flatMap((request) => request.rows.map((row) => row.datastream)))
      for (const datastream of touched) this.#busy.add(datastream)
      this.#inFlight++
      void this.#write(batch).finally(() => {
        this.#inFlight--
        for (const datastream of touched) this.#busy.delete(datastream)
        this.#wake()
      })
    }
    if (this.#queue.length === 0 && this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** The next requests from the front of the queue; beside a batch in flight only a large one of other datastreams. */
  #next(): Request[] {
    if (this.#inFlight > 0 && this.#queuedRows < SECOND_LANE_ROWS) return []
    let count = 0
    let size = 0
    for (const { rows } of this.#queue) {
      if (count > 0 && size + rows.length > BATCH_ROWS) break
      if (this.#inFlight > 0 && rows.some((row) => this.#busy.has(row.datastream))) break
      size += rows.length
      count++
    }
    this.#queuedRows -= size
    return this.#queue.splice(0, count)
  }

  async #write(batch: Request[]): Promise<void> {
    let stored: StoredObservation[]
    try {
      stored = await this.#counts.writing(this.#store(batch))
    } catch (error) {
      // One bad row must not take the others with it: each request on its own then.
      if (batch.length > 1 && error instanceof SqlError) {
        for (const request of batch) await this.#write([request])
      } else for (const request of batch) request.reject(error)
      return
    }
    let at = 0
    for (const { rows, resolve } of batch) {
      resolve(stored.slice(at, at + rows.length).map((row) => row.id))
      at += rows.length
    }
    // Who stores faster than others are told waits here, with the batch's place.
    await this.#committed(stored)
  }

  async #store(batch: Request[]): Promise<StoredObservation[]> {
    const rows = batch.length === 1 ? batch[0]!.rows : batch.flatMap((request) => request.rows)
    const stored = await withIds(this.#ids, rows)
    await this.#partitions.ensure(stored)
    const guards = await this.#counts.guards(stored, this.#db)
    if (guards)
      return retryingDeadlock(() => this.#db.transaction((tx) => insertGuarded(tx, stored, guards, LIMIT_MS), LIMIT))
    // A request larger than a batch still commits as one.
    if (stored.length <= BATCH_ROWS) await retryingDeadlock(() => insertObservations(this.#db, stored))
    else {
      await this.#db.transaction(async (tx) => {
        for (let at = 0; at < stored.length; at += BATCH_ROWS)
          await insertObservations(tx, stored.slice(at, at + BATCH_ROWS))
      })
    }
    return stored
  }
}

/** Gives every row its id. */
export async function withIds(
  ids: ObservationIds,
  rows: readonly NewObservation[],
  via?: Queryable,
): Promise<StoredObservation[]> {
  const taken = await ids.take(rows.length, via)
  return rows.map((row, i) => ({
    id: taken[i]!,
    datastream: row.datastream,
    t: row.t,
    tEnd: row.tEnd,
    v: row.v,
    q: row.q ?? null,
    foi: row.foi ?? null,
    x: row.x ?? null,
  }))
}

/** Writers lock in the same order, so a deadlock is rare; the loser of one simply tries again. */
export async function retryingDeadlock<R>(work: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= 5 || !(error instanceof SqlError && (error.code === '40P01' || error.code === '40001')))
        throw error
    }
  }
}
