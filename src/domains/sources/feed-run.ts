import type { Database } from '../../kernel/db/index.ts'
import {
  CONCEPTS,
  type ConceptSeries,
  type FeatureSpec,
  findFeatures,
  geometryProblem,
  keepDocument,
  knownStreams,
} from '../features/index.ts'
import { iso, type NewObservation, type Sensing, type SourceWriter } from '../sensing/index.ts'
import type { Definition } from './definition.ts'
import { Entities } from './entities.ts'
import type { FeedInput, FeedItem, ItemFeed } from './feed.ts'
import { FileError, type RunFigures, type StreamRef, type ThingRef } from './model.ts'
import { limitsOf } from './origin.ts'
import { observationTypes } from './refs.ts'
import { Rejections } from './rejections.ts'
import { RunFeatures } from './run-features.ts'

const BATCH = 2000
const MOST_FEATURES = 500_000
/** A value may be this far ahead of the clock here. */
const SKEW_MS = 3_600_000

type Feature = Extract<FeedItem, { kind: 'feature' }>
type Value = Extract<FeedItem, { kind: 'value' }>

/**
 * Applies what a feed says: features are kept, values become observations of datastreams at the Thing of their feature.
 * Figures count features and values. Datastreams that are known and whose feature did not change cost no query.
 */
export class FeedRun {
  readonly rejections = new Rejections()
  /** Greatest time of a value, ISO. */
  newest = ''
  #read = 0
  #accepted = 0
  #unchanged = 0
  #corrected = 0
  readonly #deps: { db: Database; sensing: Sensing }
  readonly #definition: Definition
  readonly #dataset: number
  readonly #writer: SourceWriter
  readonly #entities: Entities
  readonly #features: RunFeatures
  readonly #specs = new Map<string, FeatureSpec>()
  readonly #things = new Map<string, ThingRef>()
  readonly #stored = new Map<string, Promise<Map<string, FeatureSpec>>>()
  readonly #streams = new Map<string, number>()
  readonly #completed = new Set<string>()
  /** Streams described in this run. */
  readonly #described = new Set<string>()
  #documents: Extract<FeedItem, { kind: 'document' }>[] = []
  #waiting: Feature[] = []
  #values: Value[] = []

  constructor(deps: { db: Database; sensing: Sensing }, definition: Definition, run: { id: number; dataset: number }) {
    this.#deps = deps
    this.#definition = definition
    this.#dataset = run.dataset
    this.#writer = deps.sensing.writer({ id: run.id })
    this.#entities = new Entities(deps, definition, run.dataset)
    this.#features = new RunFeatures(deps.db, { dataset: run.dataset, source: definition.id, run: run.id })
  }

  /** Reads the inputs to their end. Throws {@link FileError} when they are of no use; what was stored before stays. */
  async read(feed: ItemFeed, inputs: FeedInput[], signal: AbortSignal | undefined, tell: (rows: number) => void) {
    const { format, id } = this.#definition
    for (const { concept, key, property, datastream } of await knownStreams(this.#deps.db, this.#dataset, id))
      this.#streams.set(`${concept}\n${key}\n${property}`, datastream)
    const context = { name: inputs[0]?.name ?? '', maxDocumentBytes: limitsOf(this.#definition).document, signal }
    for await (const item of feed.read(inputs, format, context)) {
      signal?.throwIfAborted()
      this.#take(item)
      if (this.#waiting.length >= BATCH || this.#values.length >= BATCH) {
        await this.#flush()
        tell(this.#read)
      }
    }
    await this.#flush()
    tell(this.#read)
  }

  #take(item: FeedItem): void {
    if (item.kind === 'complete') {
      this.#completed.add(item.concept)
      return
    }
    if (item.kind === 'document') {
      this.#documents.push(item)
      return
    }
    this.#read++
    if (item.kind === 'reject') this.#reject(item.reason, item.column ?? '', item.value, item.row)
    else if (item.kind === 'value') this.#values.push(item)
    else this.#takeFeature(item)
  }

  #takeFeature(item: Feature): void {
    const { concept, key, properties, valid } = item
    const name = `${concept}\n${key}`
    const reason = !CONCEPTS.has(concept)
      ? `there is no concept "${concept}"`
      : key === ''
        ? 'the feature has no id'
        : this.#specs.has(name)
          ? 'the feature is named twice'
          : null
    if (reason !== null) {
      this.#reject(reason, 'id', key || item.name)
      return
    }
    if (this.#specs.size >= MOST_FEATURES) throw new FileError(`the feed names more than ${MOST_FEATURES} features`)
    const misplaced = item.geometry && geometryProblem(item.geometry)
    if (misplaced) {
      this.#read++
      this.#reject(misplaced, 'geometry', key)
    }
    const geometry = misplaced ? null : item.geometry
    const spec = { concept, key, name: item.name || key, geometry, properties, ...(valid ? { valid } : {}) }
    this.#specs.set(name, spec)
    this.#waiting.push({ kind: 'feature', ...spec })
  }

  #reject(reason: string, column: string, value: unknown, row = 0): void {
    this.rejections.add(reason, 1, row, column, value)
  }

  async #flush(): Promise<void> {
    const features = this.#waiting
    this.#waiting = []
    await this.#features.keep(features)
    for (const document of this.#documents.splice(0)) await keepDocument(this.#deps.db, this.#dataset, document)
    const values = this.#values
    this.#values = []
    const ready = await this.#observations(values)
    const { accepted, unchanged } = await this.#writer.write(ready)
    this.#accepted += accepted
    this.#unchanged += unchanged
  }

  async #observations(values: readonly Value[]): Promise<NewObservation[]> {
    const ready: { observation: NewObservation; stream: string }[] = []
    const made = new Map<string, StreamRef>()
    const latest = Date.now() + SKEW_MS
    for (const item of values) {
      const { concept, key, series, value } = item
      const kind = CONCEPTS.get(concept)?.series[series]
      const thing = kind && (await this.#thing(concept, key))
      if (!kind) this.#reject(`${concept} has no values of the kind "${series}"`, series, key)
      else if (!thing)
        this.#reject('nothing of this id was described: the static file is missing or does not name it', 'id', key)
      else {
        const at = Date.parse(item.time)
        const result = typed(value, kind.type)
        if (Number.isNaN(at)) this.#reject('not a time with its offset', 'time', item.time)
        else if (at > latest) this.#reject('the time lies in the future', 'time', item.time)
        else if (result === undefined) this.#reject(`not a ${kind.type} value`, series, value)
        else {
          const t = iso(at)
          const stream = `${concept}\n${key}\n${kind.property}`
          if (!this.#isKnown(concept, key, stream) && !made.has(stream)) made.set(stream, streamOf(thing, series, kind))
          const observation =
            typeof result === 'number'
              ? { datastream: 0, t, tEnd: null, v: result }
              : { datastream: 0, t, tEnd: null, v: null, x: { r: result } }
          ready.push({ observation, stream })
          if (t > this.newest) this.newest = t
        }
      }
    }
    await this.#make(made)
    for (const { observation, stream } of ready) observation.datastream = this.#streams.get(stream)!
    return ready.map(({ observation }) => observation)
  }

  /** A stream whose feature changed is described anew, once a run. */
  #isKnown(concept: string, key: string, stream: string): boolean {
    if (!this.#streams.has(stream)) return false
    const kept = this.#features.of(concept, key)
    return kept === undefined || kept.change === 'unchanged' || this.#described.has(stream)
  }

  async #make(made: ReadonlyMap<string, StreamRef>): Promise<void> {
    if (made.size === 0) return
    const refs = [...made.values()]
    for (let at = 0; at < refs.length; at += 500) await this.#entities.ensure(refs.slice(at, at + 500))
    const byConcept = new Map<string, StreamRef[]>()
    for (const [name, ref] of made) {
      this.#streams.set(name, ref.id)
      this.#described.add(name)
      const concept = name.slice(0, name.indexOf('\n'))
      byConcept.set(concept, [...(byConcept.get(concept) ?? []), ref])
    }
    for (const [concept, streams] of byConcept) await this.#features.tie(concept, streams)
  }

  /** The Thing of a feature named in this run or stored by an earlier one; null for neither. */
  async #thing(concept: string, key: string): Promise<ThingRef | null> {
    const name = `${concept}\n${key}`
    const known = this.#things.get(name)
    if (known) return known
    const spec = this.#specs.get(name) ?? (await this.#storedOf(concept)).get(key)
    if (!spec) return null
    const thing = thingOf(spec)
    this.#things.set(name, thing)
    return thing
  }

  /** What earlier runs stored, read once where a feed names only states. */
  #storedOf(concept: string): Promise<Map<string, FeatureSpec>> {
    let stored = this.#stored.get(concept)
    if (!stored) {
      const dataset = this.#dataset
      const query = { concept, visible: [dataset], dataset, limit: MOST_FEATURES }
      stored = findFeatures(this.#deps.db, query).then((all) => new Map(all.map((one) => [one.key, one])))
      this.#stored.set(concept, stored)
    }
    return stored
  }

  /** The whole file is of no use. */
  refuse(reason: string, value: unknown): void {
    this.#read++
    this.#reject(reason, '', value, 1)
  }

  /** Settles values that contradict what was stored. */
  async finish(): Promise<void> {
    const { accepted, unchanged, corrected } = await this.#writer.finish()
    this.#accepted += accepted
    this.#unchanged += unchanged
    this.#corrected += corrected
  }

  /** After a good run: what complete feeds no longer name is gone. Throws FileError where nothing at all was of use. */
  async complete(): Promise<void> {
    const { read, rejected, rejections } = this.figures()
    if (read > 0 && rejected === read) throw new FileError(`nothing of it can be used: ${rejections[0]!.reason}`)
    for (const concept of this.#completed) await this.#features.complete(concept)
  }

  figures(): RunFigures {
    const { accepted, unchanged, corrected } = this.#features
    return {
      read: this.#read,
      accepted: this.#accepted + accepted,
      unchanged: this.#unchanged + unchanged,
      corrected: this.#corrected + corrected,
      rejected: this.rejections.total,
      rejections: this.rejections.list(),
    }
  }
}

function thingOf({ key, name, geometry, properties }: FeatureSpec): ThingRef {
  const description = typeof properties.description === 'string' ? properties.description : ''
  const location = geometry ? { geometry } : null
  return { id: 0, key, name, description, properties, location, streams: new Map() }
}

function streamOf(thing: ThingRef, key: string, kind: ConceptSeries): StreamRef {
  const { property, name, description, unit, type, aggregate } = kind
  const definition = `urn:zahnrad:property:${property}`
  return {
    id: 0,
    key,
    thing,
    name,
    description: '',
    observedProperty: { key: property, name, definition, description },
    unit,
    observationType: observationTypes[type],
    aggregate,
    periodSeconds: null,
    role: null,
    properties: null,
  }
}

function typed(value: unknown, type: ConceptSeries['type']): number | string | boolean | undefined {
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value) ? value : undefined
  if (type === 'boolean') return typeof value === 'boolean' ? value : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}
