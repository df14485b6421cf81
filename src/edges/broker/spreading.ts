import { createHash } from 'node:crypto'
import type { Actor } from '../../domains/access/index.ts'
import type { ObservationsStored } from '../../domains/sensing/index.ts'
import type { About, On } from './deliveries.ts'
import type { Entity, Feed, Spread, TopicPort } from './ports.ts'

/** Their times and area follow their Observations. */
const FOLLOWING = ['Datastreams', 'MultiDatastreams']
const FOLLOWING_OPTIONS = '?$select=id,phenomenonTime,resultTime,observedArea'
/** Entities whose values are remembered, and features that are known to be there or not. */
const REMEMBERED = 10_000

interface Role {
  /** `''`, or `d/{dataset}/`. */
  root: string
  set: string
  on: On
  /** Absent where observations are told as they come. */
  spread?: Spread
}

/**
 * Topics for a broker that does not say who listens to what: every set, and from what comes there each entity, its changed
 * properties and the relations it is at the end of.
 */
export class Spreading {
  readonly #port: TopicPort
  readonly #actor: Actor
  readonly #roles = new Map<string, Role>()
  /** Of each entity what was last told of its properties. */
  readonly #last = new Map<string, Map<string, string>>()
  /** By root and id: may everybody see the feature? */
  readonly #features = new Map<string, boolean>()
  readonly #feeds = new Map<string, Promise<Feed>>()

  constructor(port: TopicPort, actor: Actor) {
    this.#port = port
    this.#actor = actor
  }

  /** The topics of a root to listen to here, and to which changes. */
  topics(root: string): { topic: string; on: On }[] {
    const found: { topic: string; on: On }[] = []
    const add = (role: Role, options = '') => {
      const topic = `${root}v1.1/${role.set}${options}`
      this.#roles.set(topic, role)
      found.push({ topic, on: role.on })
    }
    for (const { set, spread } of this.#port.spreads()) {
      if (set === 'Observations') {
        add({ root, set, on: 'all' })
        add({ root, set, on: 'changed', spread }, spread.options)
      } else add({ root, set, on: 'all', spread }, spread.options)
      if (FOLLOWING.includes(set)) add({ root, set, on: 'followed', spread }, FOLLOWING_OPTIONS)
    }
    return found
  }

  /** What a message on a topic of ours becomes at the broker. */
  messages(topic: string, payload: string, about: About): [topic: string, payload: string][] {
    const role = this.#roles.get(topic)
    if (!role) return [[topic, payload]]
    const { root, set, on, spread } = role
    const base = `${root}v1.1/`
    if (!spread) {
      const found: [string, string][] = [[`${base}${set}`, payload]]
      if (!about.parent) return [...found, [`${base}${set}(${about.id})`, payload]]
      found.push([`${base}${about.parent}/${set}`, payload])
      if (about.feature && this.#features.get(`${root}${about.feature}`))
        found.push([`${base}FeaturesOfInterest(${about.feature})/${set}`, payload])
      return found
    }
    if (!about.entity) return []
    const { entity, topics } = spread.split(about.entity)
    const own = `${base}${set}(${about.id})`
    const news = this.#news(own, entity, on).map(([name, value]): [string, string] => [
      `${own}/${name}`,
      JSON.stringify({ [name]: value }),
    ])
    if (on === 'followed') return news
    const text = JSON.stringify(entity)
    const places = [...(on === 'all' ? [`${base}${set}`, own] : []), ...topics.map((one) => `${base}${one}`)]
    return [...places.map((place): [string, string] => [place, text]), ...news]
  }

  /**
   * Finds out which features of these observations everybody may see at these roots; undefined where that is known. One
   * statement for all that are new.
   */
  learn({ rows, features }: ObservationsStored, roots: readonly string[]): Promise<void> | undefined {
    const ids = new Set(features.map(({ id }) => id))
    for (const { foi } of rows) if (foi != null) ids.add(foi)
    const unknown = roots.flatMap((root) => {
      const missing = [...ids].filter((id) => !this.#features.has(`${root}${id}`))
      return missing.length > 0 ? [{ root, missing }] : []
    })
    if (unknown.length === 0) return undefined
    return Promise.all(
      unknown.map(async ({ root, missing }) => {
        const feed = await this.#feed(`${root}v1.1/FeaturesOfInterest?$select=id`)
        const found = await feed.read(
          this.#actor,
          missing.map((id) => ({ id })),
        )
        const seen = new Set(found.map((one) => (one as Entity)['@iot.id']))
        for (const id of missing) remember(this.#features, `${root}${id}`, seen.has(id))
      }),
    ).then(() => {})
  }

  /** Rights changed: what may be seen is asked again. */
  forget(): void {
    this.#features.clear()
    this.#feeds.clear()
  }

  #feed(topic: string): Promise<Feed> {
    let feed = this.#feeds.get(topic)
    if (!feed) {
      feed = this.#port.open(this.#actor, topic)
      this.#feeds.set(topic, feed)
    }
    return feed
  }

  /** Properties with another value than the one told before; of an entity not told of yet all. */
  #news(own: string, entity: Entity, on: On): [name: string, value: unknown][] {
    const last = this.#last.get(own) ?? new Map<string, string>()
    remember(this.#last, own, last)
    const news: [string, unknown][] = []
    const tell = (name: string, value: unknown) => {
      const text = JSON.stringify(value) ?? 'null'
      const kept = text.length > 44 ? createHash('sha256').update(text).digest('base64') : text
      if (last.get(name) === kept) return
      last.set(name, kept)
      news.push([name, value ?? null])
    }
    for (const [name, value] of Object.entries(entity)) if (!name.includes('@')) tell(name, value)
    // What it no longer has is null; what follows observations brings only a part of the entity.
    if (on !== 'followed') for (const name of last.keys()) if (!(name in entity)) tell(name, null)
    return news
  }
}

/** Sets a key and drops the oldest where there are too many. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > REMEMBERED) map.delete(map.keys().next().value!)
}
