import type { Access, Actor } from '../../domains/access/index.ts'
import {
  asMeasured,
  type EntityChanged,
  type ObservationsStored,
  type StoredObservation,
} from '../../domains/sensing/index.ts'
import { Lanes } from '../../kernel/lanes.ts'
import type { Log } from '../../kernel/log.ts'
import { counter } from '../../kernel/metrics.ts'
import type { Change, Entity, Feed, TopicPort } from './ports.ts'

/** Changes a topic may be behind; beyond, the oldest are dropped and counted. */
const BEHIND_LIMIT = 20_000
/** Topics that need the database, together. */
const QUERIED_LIMIT = 5_000
/** Statements for topics that run at once: what is asked by people comes first. */
const AT_ONCE = 2
/** How long changes gather before a property is read again. */
const PROPERTY_MS = 100
/** The same for what follows observations of whole sets. */
const FOLLOWED_MS = 1_000

const dropped = counter('zahnrad_mqtt_events_dropped_total', 'Changes not told to subscribers of a topic', ['reason'])

/**
 * Which changes a topic tells: all, only those of what was there already (an Observation that is stored is none), or of
 * Datastreams that their Observations changed them.
 */
export type On = 'all' | 'changed' | 'followed'

/** The entity of a message. */
export interface About {
  id?: number
  /** As it was read; not of an Observation told as it was stored. */
  entity?: Entity
  /** Of an Observation as it was stored what it belongs to (`Datastreams(7)`), and its FeatureOfInterest. */
  parent?: string
  feature?: number
}

/** Whoever listens to a topic. */
export interface Listener {
  readonly actor: Actor
  send(topic: string, payload: string, about: About): void
}

interface Topic<L extends Listener> {
  topic: string
  feed: Feed
  on: On
  listeners: Set<L>
  behind: Map<number, Change>
  reading: boolean
  /** Of a property: what was last told, by what its listeners see. */
  last: Map<string, string>
}

/**
 * Tells the listeners of topics what was committed. Observations as they are stored come from memory; what has a filter,
 * relations or is changed is read in one statement for each topic and each set of rights among its listeners, whatever
 * their number, and what comes meanwhile waits for the next.
 */
export class Deliveries<L extends Listener> {
  readonly #topics = new Map<string, Topic<L>>()
  readonly #plain = new Map<number | null, Set<Topic<L>>>()
  readonly #byType = new Map<string, Set<Topic<L>>>()
  readonly #derived = new Set<Topic<L>>()
  readonly #port: TopicPort
  readonly #access: Access
  readonly #log: Log
  readonly #lanes = new Lanes(AT_ONCE)

  constructor({ port, access, log }: { port: TopicPort; access: Access; log: Log }) {
    this.#port = port
    this.#access = access
    this.#log = log
  }

  get size(): number {
    let size = 0
    for (const { listeners } of this.#topics.values()) size += listeners.size
    return size
  }

  /** Subscribes; throws why not. A topic tells all its listeners the same changes. */
  async add(topic: string, listener: L, on: On = 'all'): Promise<void> {
    const feed = await this.#port.open(listener.actor, topic)
    let known = this.#topics.get(topic)
    if (!known) {
      if (!feed.plain && this.#queried() >= QUERIED_LIMIT)
        throw new Error('too many topics with query options are open')
      known = { topic, feed, on, listeners: new Set(), behind: new Map(), reading: false, last: new Map() }
      this.#topics.set(topic, known)
      if (feed.plain) into(this.#plain, feed.plain.datastream, known)
      if (feed.derived || on === 'followed') this.#derived.add(known)
      if (on !== 'followed') into(this.#byType, feed.type, known)
    }
    known.listeners.add(listener)
    if (feed.property) await this.#learn(known, listener.actor)
  }

  remove(topic: string, listener: L): void {
    const known = this.#topics.get(topic)
    if (!known?.listeners.delete(listener) || known.listeners.size > 0) return
    this.#topics.delete(topic)
    if (known.feed.plain) outOf(this.#plain, known.feed.plain.datastream, known)
    this.#derived.delete(known)
    outOf(this.#byType, known.feed.type, known)
  }

  /** Rights changed: calls `denied` for each listener of a topic that its actor may no longer see. */
  async recheck(denied: (listener: L) => void): Promise<void> {
    for (const { topic, listeners } of [...this.#topics.values()]) {
      const known = new Map<string, boolean>()
      for (const listener of [...listeners]) {
        const rights = this.#rightsOf(listener.actor)
        if (!known.has(rights)) known.set(rights, await this.#allowed(topic, listener.actor))
        if (!known.get(rights)) denied(listener)
      }
    }
  }

  #allowed(topic: string, actor: Actor): Promise<boolean> {
    return this.#port.open(actor, topic).then(
      () => true,
      () => false,
    )
  }

  /** After the commit of observations of one datastream. */
  stored({ dataset, datastream, rows, features }: ObservationsStored): void {
    if (this.#topics.size === 0) return
    const texts = new Map<string, string[]>()
    for (const key of [datastream, null]) {
      for (const topic of this.#plain.get(key) ?? []) this.#tell(topic, dataset, rows, features, texts)
    }
    for (const topic of this.#byType.get('Observation') ?? []) {
      if (topic.feed.plain || topic.on === 'changed' || (topic.feed.root !== null && topic.feed.root !== dataset))
        continue
      if (topic.feed.id === null) this.#note(topic, rows)
    }
    for (const topic of this.#derived) {
      if (topic.on === 'followed' && topic.feed.root !== null && topic.feed.root !== dataset) continue
      if (topic.feed.id === null || topic.feed.id === datastream) this.#note(topic, [{ id: datastream }])
    }
  }

  /** After the commit of another change. */
  changed({ dataset, type, id, change }: EntityChanged): void {
    if (type === 'Observation') for (const topic of this.#derived) if (topic.feed.property) this.#note(topic, [{ id }])
    if (change === 'deleted') return
    for (const topic of this.#byType.get(type) ?? []) {
      const { feed } = topic
      if (feed.id !== null && feed.id !== id) continue
      // A relation may lead from one dataset into another, but a dataset's root shows its own.
      if (feed.root === null || feed.root === dataset) this.#note(topic, [{ id }])
    }
  }

  #tell(
    topic: Topic<L>,
    dataset: number,
    rows: readonly StoredObservation[],
    features: ObservationsStored['features'],
    texts: Map<string, string[]>,
  ) {
    const { feed, listeners } = topic
    if (feed.root !== null && feed.root !== dataset) return
    const published: L[] = []
    const measured: L[] = []
    for (const listener of listeners) {
      if (!this.#access.visible(listener.actor).includes(dataset)) continue
      const full = this.#access.measured(listener.actor).includes(dataset)
      const list = full ? measured : published
      list.push(listener)
    }
    if (published.length + measured.length === 0) return
    let shown = texts.get(feed.form)
    if (!shown) {
      shown = rows.map((row) => JSON.stringify(feed.format(row)))
      texts.set(feed.form, shown)
    }
    rows.forEach((row, i) => {
      const parent = `${row.x?.m === 1 ? 'MultiDatastreams' : 'Datastreams'}(${row.datastream})`
      const about = { id: row.id, parent, feature: row.foi ?? features.find(({ from }) => from <= row.t)?.id }
      for (const listener of published) listener.send(topic.topic, shown[i]!, about)
      if (measured.length === 0) return
      const text = 'measured' in row ? JSON.stringify(feed.format(asMeasured(row))) : shown[i]!
      for (const listener of measured) listener.send(topic.topic, text, about)
    })
  }

  #note(topic: Topic<L>, changes: readonly Change[]): void {
    // The newest of what one entity went through: it is read as it then is.
    for (const { id, datastream, t } of changes) topic.behind.set(id, { id, datastream, t })
    for (const id of topic.behind.keys()) {
      if (topic.behind.size <= BEHIND_LIMIT) break
      topic.behind.delete(id)
      dropped.inc({ reason: 'too many changes' })
    }
    if (topic.reading) return
    topic.reading = true
    const begin = () => void this.#read(topic)
    if (topic.feed.property) setTimeout(begin, PROPERTY_MS).unref()
    else if (topic.on === 'followed') setTimeout(begin, FOLLOWED_MS).unref()
    else setImmediate(begin)
  }

  async #read(topic: Topic<L>): Promise<void> {
    while (topic.behind.size > 0 && topic.listeners.size > 0) {
      const changes = [...topic.behind.values()]
      topic.behind = new Map()
      for (const [rights, listeners] of this.#groups(topic)) {
        try {
          const entities = await this.#lanes.run(() => topic.feed.read(listeners[0]!.actor, changes))
          this.#send(topic, rights, listeners, entities)
        } catch (error) {
          dropped.inc({ reason: 'not read' }, changes.length)
          this.#log.warn({ topic: topic.topic, error: (error as Error).message }, 'mqtt topic could not be read')
        }
      }
    }
    topic.reading = false
  }

  #send({ topic, feed, last, listeners: still }: Topic<L>, rights: string, listeners: readonly L[], found: object[]) {
    for (const entity of found) {
      const text = JSON.stringify(entity)
      const about = { id: (entity as { '@iot.id'?: number })['@iot.id'], entity: entity as Entity }
      if (feed.property) {
        if (last.get(rights) === text) continue
        last.set(rights, text)
      }
      // Whoever's rights changed while it was read sees nothing of it.
      for (const listener of listeners)
        if (still.has(listener) && this.#rightsOf(listener.actor) === rights) listener.send(topic, text, about)
    }
  }

  /** What a property is when somebody begins to listen: only another value is news. */
  async #learn(topic: Topic<L>, actor: Actor): Promise<void> {
    const rights = this.#rightsOf(actor)
    if (topic.last.has(rights)) return
    const [entity] = await topic.feed.read(actor, [])
    if (entity && !topic.last.has(rights)) topic.last.set(rights, JSON.stringify(entity))
  }

  #groups({ listeners }: Topic<L>): Map<string, L[]> {
    const groups = new Map<string, L[]>()
    for (const listener of listeners) {
      const rights = this.#rightsOf(listener.actor)
      const group = groups.get(rights)
      if (group) group.push(listener)
      else groups.set(rights, [listener])
    }
    return groups
  }

  #rightsOf(actor: Actor): string {
    return `${this.#access.visible(actor).join()}|${this.#access.measured(actor).join()}`
  }

  #queried(): number {
    let n = 0
    for (const { feed } of this.#topics.values()) if (!feed.plain) n++
    return n
  }
}

function into<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const set = map.get(key)
  if (set) set.add(value)
  else map.set(key, new Set([value]))
}

function outOf<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const set = map.get(key)
  set?.delete(value)
  if (set?.size === 0) map.delete(key)
}
