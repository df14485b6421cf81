import type { Database } from '../../kernel/db/index.ts'
import type { NewObservation, Sensing, SourceWriter } from '../sensing/index.ts'
import { Bays } from './bays.ts'
import type { Definition } from './definition.ts'
import { Entities } from './entities.ts'
import type { FileMapper, Mapper } from './mapper.ts'
import { type Entry, FileError, type Format, type Progress, type RunFigures } from './model.ts'
import { limitsOf } from './origin.ts'
import { RunFeatures } from './run-features.ts'

const PROGRESS_MS = 500

/**
 * A batch ends with its file once it is this full. Files of an archive come in any order: a batch of one file is one
 * stretch of time for each series, and the writer need not compare it with what lies between two far months.
 */
const FILE_SHARE = 0.25

/** Features that are handed on at once. */
const FEATURES = 2000

/** Rows a batch writes at once: the embedded engine copies each between threads, so its batches are smaller. */
function batchRows(db: Database): number {
  return db.engine === 'embedded' ? 5000 : 20_000
}

/**
 * The stretch from files to stored values. Parsing goes on while a batch is being written; never more than one is under
 * way, so the order of the file is kept and memory stays bounded.
 */
export class Run {
  readonly mapper: Mapper
  accepted = 0
  unchanged = 0
  corrected = 0
  readonly #writer: SourceWriter
  readonly #entities: Entities
  readonly #features: RunFeatures
  readonly #bays: Bays | undefined
  readonly #format: Format
  readonly #rows: number
  #underWay: Promise<void> = Promise.resolve()
  #failure: { error: unknown } | undefined

  constructor(
    deps: { db: Database; sensing: Sensing },
    definition: Definition,
    format: Format,
    mapper: Mapper,
    run: { id: number; dataset: number },
  ) {
    this.mapper = mapper
    this.#format = format
    this.#writer = deps.sensing.writer({ id: run.id })
    this.#entities = new Entities(deps, definition, run.dataset)
    this.#features = new RunFeatures(deps.db, { dataset: run.dataset, source: definition.id, run: run.id })
    this.#bays = definition.sum && new Bays(deps, definition, run)
    this.#rows = batchRows(deps.db)
  }

  /** Reads one file to its end. Throws {@link FileError} when the file is not what the definition describes. */
  async file(entry: Entry, mapped: FileMapper, signal?: AbortSignal, onBatch?: () => void): Promise<void> {
    const { format } = this.mapper.definition
    const context = { name: entry.path, maxDocumentBytes: limitsOf(this.mapper.definition).document, signal }
    try {
      for await (const batch of this.#format.parse(entry.bytes, format, context)) {
        await mapped.map(batch)
        if (this.mapper.ready.length >= this.#rows || this.mapper.newFeatures.length >= FEATURES)
          await this.flush(false)
        onBatch?.()
      }
    } finally {
      mapped.end()
    }
    if (this.mapper.ready.length >= this.#rows * FILE_SHARE) await this.flush(true)
  }

  /** Hands over what is mapped, in whole batches unless `all`; resolves when the batch before it is stored. */
  async flush(all: boolean): Promise<void> {
    const { mapper } = this
    if (mapper.newFeatures.length > 0) {
      const features = mapper.newFeatures
      mapper.newFeatures = []
      await this.#features.keep(features)
    }
    if (mapper.newStreams.length > 0) {
      const streams = mapper.newStreams
      mapper.newStreams = []
      await this.#entities.ensure(streams)
      if (mapper.concept) await this.#features.tie(mapper.concept.id, streams)
    }
    for (const { observation, stream } of mapper.waiting) observation.datastream = stream.id
    mapper.waiting = []
    const rows = mapper.ready
    let at = 0
    while (rows.length - at >= this.#rows || (all && at < rows.length)) {
      const batch = rows.slice(at, at + this.#rows)
      at += batch.length
      await this.#settled()
      this.#underWay = this.#write(batch)
    }
    mapper.ready = rows.slice(at)
  }

  async #write(rows: NewObservation[]): Promise<void> {
    try {
      const { accepted, unchanged } = await this.#writer.write(rows)
      this.accepted += accepted
      this.unchanged += unchanged
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  async #settled(): Promise<void> {
    await this.#underWay
    if (this.#failure) throw this.#failure.error
  }

  /** Everything is read: writes the rest and settles the values that contradict what was stored. */
  async finish(): Promise<void> {
    await this.flush(true)
    await this.#settled()
    const { accepted, unchanged, corrected } = await this.#writer.finish()
    this.accepted += accepted
    this.unchanged += unchanged
    this.corrected += corrected
    if (this.#bays && this.mapper.areas.size > 0) {
      const names = new Map(this.mapper.areas)
      this.mapper.areas.clear()
      await this.#bays.sumUp(names)
    }
  }

  /** The whole input was read without damage: features it does not name are gone. */
  async complete(): Promise<void> {
    if (this.mapper.concept) await this.#features.complete(this.mapper.concept.id)
  }

  figures(): RunFigures {
    const { read, rejections } = this.mapper
    return {
      read,
      accepted: this.accepted + this.#features.accepted,
      unchanged: this.unchanged + this.#features.unchanged,
      corrected: this.corrected + this.#features.corrected,
      rejected: rejections.total,
      rejections: rejections.list(),
    }
  }
}

/** Reads all files. One that is no good among several is rejected and the others go on; a single one fails the run. */
export async function readAll(
  run: Run,
  entries: AsyncIterable<Entry>,
  several: boolean,
  report: (progress: Omit<Progress, 'share'>) => void,
  signal?: AbortSignal,
): Promise<number> {
  const started = Date.now()
  const { mapper } = run
  let last = 0
  let files = 0
  for await (const entry of entries) {
    signal?.throwIfAborted()
    files++
    const tell = () => {
      signal?.throwIfAborted()
      const now = Date.now()
      if (now - last < PROGRESS_MS) return
      last = now
      report({ rows: mapper.rows, values: mapper.read, seconds: (now - started) / 1000, file: entry.path })
    }
    try {
      const arrival = mapper.definition.time.arrival ? started : undefined
      await run.file(entry, mapper.file(entry.path, undefined, arrival), signal, tell)
    } catch (error) {
      if (!(error instanceof FileError) || !several)
        throw error instanceof FileError ? new FileError(`${entry.path}: ${error.message}`) : error
      mapper.read++
      mapper.rejections.add(`the file cannot be used: ${error.message}`, 1, 0, '', null, entry.path)
    }
  }
  report({ rows: mapper.rows, values: mapper.read, seconds: (Date.now() - started) / 1000 })
  return files
}
