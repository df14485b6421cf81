import type { Database } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Sensing } from '../sensing/index.ts'
import type { Definition } from './definition.ts'
import { forgetDeliveries, noteDelivery, type Sender } from './deliveries.ts'
import type { ApplyingFeed, Feed, ItemFeed } from './feed.ts'
import { FeedRun } from './feed-run.ts'
import { countRun } from './figures.ts'
import { beyondLimit } from './limit.ts'
import { Mapper } from './mapper.ts'
import { FileError, type Format, type RunFigures } from './model.ts'
import { limitsOf } from './origin.ts'
import { Rejections, ROWS_KEPT } from './rejections.ts'
import { Run } from './run.ts'
import { keepRejected } from './run-log.ts'
import { noteGood, startRun, updateRun } from './store.ts'

export interface Message {
  payload: Uint8Array
  /** Further placeholders: the topic and its levels. */
  constants: ReadonlyMap<string, string>
  arrival: number
  /** Whoever sent it is told what became of it: it is written by itself. */
  alone: boolean
  /** Who sent it. */
  by: Sender
}

/** What became of a message, and the receipt that proves it. */
export type Delivered = RunFigures & { receipt: string }

const MAX_GROUP = 500
const MAX_WAITING = 20_000

const FIGURES = ['read', 'accepted', 'unchanged', 'corrected', 'rejected'] as const

/** What became of messages. */
interface Written {
  figures: RunFigures
  rejections: Rejections
}

interface Waiting {
  message: Message
  resolve: (figures: Delivered) => void
  reject: (error: unknown) => void
}

/**
 * What is pushed to one source. Messages that arrive while a group is being written form the next one (group commit).
 * A message whose sender waits for figures is a group of its own.
 * All of a day count as one run of the log.
 */
export class Pushes {
  readonly #deps: { db: Database; sensing: Sensing; defaultZone: () => string }
  readonly #source: { definition: Definition; version: number; dataset: number; stored: boolean }
  readonly #reader: Format | Feed
  #waiting: Waiting[] = []
  #busy: Promise<void> | undefined
  #day = ''
  #run = 0
  #total: RunFigures = empty()
  #rejections = new Rejections()
  /** Rejected rows kept of today's run. */
  #kept = 0

  constructor(
    deps: { db: Database; sensing: Sensing; defaultZone: () => string },
    source: { definition: Definition; version: number; dataset: number; stored: boolean },
    reader: Format | Feed,
  ) {
    this.#deps = deps
    this.#source = source
    this.#reader = reader
  }

  /** Resolves after commit with the figures of the group the message was in; alone in it, they are its own. */
  push(message: Message): Promise<Delivered> {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new Problem(
        503,
        'overloaded',
        `More than ${MAX_WAITING} messages for this source wait to be written: try again.`,
      )
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, resolve, reject })
      this.#busy ??= this.#work()
    })
  }

  get waiting(): number {
    return this.#waiting.length
  }

  async drain(): Promise<void> {
    while (this.#busy) await this.#busy
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup()
      try {
        const figures = await this.#write(group.map(({ message }) => message))
        for (const { resolve } of group) resolve(figures)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#busy = undefined
  }

  /** The oldest message, and those of the same sender up to one that is written by itself. */
  #nextGroup(): Waiting[] {
    const waiting = this.#waiting
    const [first] = waiting
    if (first!.message.alone) return waiting.splice(0, 1)
    const { by } = first!.message
    const group: Waiting[] = []
    const rest: Waiting[] = []
    let at = 0
    for (; at < waiting.length && group.length < MAX_GROUP && !waiting[at]!.message.alone; at++) {
      const one = waiting[at]!
      const { actor, key } = one.message.by
      if (actor === by.actor && key === by.key) group.push(one)
      else rest.push(one)
    }
    this.#waiting = rest.length === 0 ? waiting.slice(at) : [...rest, ...waiting.slice(at)]
    return group
  }

  async #write(messages: Message[]): Promise<Delivered> {
    await this.#todaysRun()
    if ('read' in this.#reader) {
      const all: Written[] = []
      for (const message of messages) all.push(await this.#say(this.#reader, message))
      return this.#note(all, messages)
    }
    if ('apply' in this.#reader) {
      const all: Written[] = []
      for (const message of messages) all.push(await this.#apply(this.#reader, message))
      return this.#note(all, messages)
    }
    return this.#note([await this.#map(this.#reader, messages)], messages)
  }

  /** A message of a feed that stores what it reads by itself. */
  async #apply(feed: ApplyingFeed, { payload, constants }: Message): Promise<Written> {
    const { definition, dataset } = this.#source
    const name = constants.get('topic') ?? 'message'
    const rejections = new Rejections()
    try {
      const role = feed.detect({ name, head: payload.subarray(0, 64 * 1024) })?.role ?? 'main'
      const figures = await feed.apply([{ role, name, path: '', bytes: once(payload) }], definition.format, {
        name,
        maxDocumentBytes: limitsOf(definition).document,
        db: this.#deps.db,
        origin: name,
        limits: { maxEntries: limitsOf(definition).entries, maxBytes: limitsOf(definition).unpacked },
        source: definition.id,
        part: null,
        dataset,
        run: this.#run,
        every: null,
        timeZone: this.#deps.defaultZone(),
        dated: () => {},
        progress: () => {},
      })
      return { figures, rejections }
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      rejections.add(error.message, 1, 1, '', Buffer.from(payload.subarray(0, 60)).toString('utf8'))
      return { figures: { ...empty(), read: 1, rejected: 1, rejections: rejections.list() }, rejections }
    }
  }

  /** A message of a feed: what it says is applied as if it had been fetched. */
  async #say(feed: ItemFeed, { payload, constants }: Message): Promise<Written> {
    const { definition, dataset } = this.#source
    const name = constants.get('topic') ?? 'message'
    const run = new FeedRun(this.#deps, definition, { id: this.#run, dataset })
    try {
      const role = feed.detect({ name, head: payload.subarray(0, 64 * 1024) })?.role ?? 'main'
      await run.read(feed, [{ role, name, bytes: once(payload) }], undefined, () => {})
      await run.finish()
      await run.complete()
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await run.finish()
      run.refuse(error.message, Buffer.from(payload.subarray(0, 60)).toString('utf8'))
    }
    return { figures: run.figures(), rejections: run.rejections }
  }

  async #map(format: Format, messages: Message[]): Promise<Written> {
    const { definition, dataset } = this.#source
    const mapper = new Mapper(definition, this.#deps.defaultZone())
    const run = new Run(this.#deps, definition, format, mapper, { id: this.#run, dataset })
    for (const { payload, constants, arrival } of messages) {
      const path = constants.get('topic') ?? 'message'
      try {
        await run.file({ path, bytes: once(payload) }, mapper.file(path, constants, arrival))
      } catch (error) {
        if (!(error instanceof FileError)) throw error
        mapper.read++
        mapper.rejections.add(error.message, 1, 1, '', Buffer.from(payload.subarray(0, 200)).toString('utf8'))
      }
    }
    await run.finish()
    return { figures: run.figures(), rejections: mapper.rejections }
  }

  /** Adds to today's line of the log what a group did, and answers it. */
  async #note(written: readonly Written[], messages: readonly Message[]): Promise<Delivered> {
    const { db } = this.#deps
    const { definition, dataset } = this.#source
    const merged = new Rejections()
    const figures = empty()
    for (const { figures: one } of written) {
      for (const field of FIGURES) figures[field] += one[field]
      for (const { reason, count, examples } of one.rejections) merged.merge(reason, count, examples)
    }
    figures.rejections = merged.list()
    for (const field of FIGURES) this.#total[field] += figures[field]
    for (const { reason, count, examples } of figures.rejections) this.#rejections.merge(reason, count, examples)
    const rejected = written.flatMap(({ rejections }) => rejections.rows).slice(0, ROWS_KEPT - this.#kept)
    await keepRejected(db, { id: this.#run, source: definition.id }, rejected, this.#kept)
    this.#kept += rejected.length
    countRun(
      definition.id,
      figures.read > 0 && figures.rejected === figures.read ? 'failed' : 'ok',
      figures,
      messages.length,
    )
    const outcome = beyondLimit(definition, this.#total.read, this.#total.rejected) ? 'rejections' : 'ok'
    await updateRun(db, this.#run, { ...this.#total, rejections: this.#rejections.list() }, outcome)
    if (this.#source.stored && figures.read > figures.rejected)
      await noteGood(db, { source: definition.id, part: null }, dataset)
    const receipt = await noteDelivery(db, {
      source: definition.id,
      dataset,
      way: definition.from.mqtt ? 'mqtt' : 'webhook',
      by: messages[0]!.by,
      topic: messages.at(-1)!.constants.get('topic') ?? null,
      messages: messages.length,
      bytes: messages.reduce((sum, { payload }) => sum + payload.length, 0),
      figures,
    })
    return { ...figures, receipt }
  }

  async #todaysRun(): Promise<void> {
    const day = new Date().toISOString().slice(0, 10)
    if (day === this.#day) return
    const { definition, version, dataset } = this.#source
    const origin = definition.from.mqtt ? definition.from.mqtt.topic : 'webhook'
    await forgetDeliveries(this.#deps.db, definition.id)
    this.#run = await startRun(this.#deps.db, {
      source: definition.id,
      part: null,
      version,
      dataset,
      trigger: 'push',
      origin,
    })
    this.#day = day
    this.#total = empty()
    this.#rejections = new Rejections()
    this.#kept = 0
  }
}

function empty(): RunFigures {
  return { read: 0, accepted: 0, unchanged: 0, corrected: 0, rejected: 0, rejections: [] }
}

async function* once(payload: Uint8Array): AsyncIterable<Uint8Array> {
  yield payload
}
