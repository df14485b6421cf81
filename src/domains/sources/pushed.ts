import type { Database } from '../../kernel/db/index.ts'
import type { Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { Signal } from '../../kernel/signal.ts'
import type { Access, Actor } from '../access/index.ts'
import type { Sensing } from '../sensing/index.ts'
import { checkDefinition } from './check.ts'
import type { Definition } from './definition.ts'
import { BROKER, SECRET, senderOf } from './deliveries.ts'
import type { Feed } from './feed.ts'
import type { Format } from './model.ts'
import { withEnvironment } from './origin.ts'
import { isSecretOf, makePushSecret, pushSecrets } from './push-secrets.ts'
import { type Delivered, type Message, Pushes } from './pushes.ts'
import { allSources } from './store.ts'
import { topicMatches, topicPlaceholders } from './topics.ts'

interface Deps {
  db: Database
  sensing: Sensing
  access: Pick<Access, 'require' | 'audit'>
  log: Log
  timeZone: () => string
  environment: Record<string, string | undefined>
  readerOf: (definition: Definition) => Format | Feed
  datasetOf: (definition: Definition) => Promise<number>
}

export interface PushedSource {
  id: string
  /** Key of the dataset it writes to: who may create there may push. */
  dataset: number
  definition: Definition
}

interface Loaded extends PushedSource {
  version: number
  pushes: Pushes
}

/** A topic filter some source wants, at the own broker or at another one. */
export interface WantedTopic {
  source: string
  topic: string
  broker: { url: string; username?: string; password?: string } | null
}

/** The sources others push to (webhook, mqtt). Kept in memory, as every message asks for them. */
export class PushedSources {
  /** The set of sources or their topics changed. */
  readonly changed = new Signal<void>()
  readonly #deps: Deps
  #sources = new Map<string, Loaded>()
  #secrets = new Map<string, Buffer>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Reads the stored definitions again; called whenever one is added, removed or paused. */
  async reload(): Promise<void> {
    const { db, sensing, timeZone, readerOf, datasetOf } = this.#deps
    const next = new Map<string, Loaded>()
    const secrets = await pushSecrets(db)
    for (const row of await allSources(db)) {
      if (row.paused) continue
      const known = this.#sources.get(row.id)
      if (known?.version === row.version) {
        next.set(row.id, known)
        continue
      }
      const definition = checkDefinition(row.yaml, row.id)
      if (!definition.from.webhook && !definition.from.mqtt) continue
      const dataset = await datasetOf(definition)
      const source = { definition, version: row.version, dataset, stored: true }
      const pushes = new Pushes({ db, sensing, defaultZone: timeZone }, source, readerOf(definition))
      next.set(row.id, { id: row.id, definition, dataset, version: row.version, pushes })
    }
    this.#sources = next
    this.#secrets = secrets
    this.changed.emit()
  }

  /** The source others post to under this id, or undefined. */
  webhook(id: string): PushedSource | undefined {
    const source = this.#sources.get(id)
    return source?.definition.from.webhook ? source : undefined
  }

  /** Is this the secret the definition asks for, or the one made for the source? False where it has none. */
  secretFits(source: PushedSource, given: string | undefined): boolean {
    if (given === undefined) return false
    const made = this.#secrets.get(source.id)
    if (made && isSecretOf(made, given)) return true
    const secret = source.definition.from.webhook?.secret
    return secret !== undefined && isSecretOf(withEnvironment(secret, this.#deps.environment), given)
  }

  /** A new secret for pushing to this source, shown this once; the one made before ends. 404 where nothing is pushed. */
  async makeSecret(id: string, actor: Actor): Promise<string> {
    const { db, access } = this.#deps
    access.require(actor, 'manage', 'platform')
    if (!this.webhook(id))
      throw new Problem(404, 'source-unknown', `No source "${id}" takes webhooks here: add it first.`)
    const secret = await makePushSecret(db, id)
    await access.audit(actor, 'source.secret', id)
    await this.reload()
    return secret
  }

  async #push(id: string, message: Omit<Message, 'arrival'>): Promise<Delivered> {
    const source = this.#sources.get(id)
    if (!source) throw new Error(`There is no source "${id}" that is pushed to.`)
    return source.pushes.push({ ...message, arrival: Date.now() })
  }

  /** Which topics are wanted, of the own broker (`broker: null`) and of others. */
  topics(): WantedTopic[] {
    return [...this.#sources.values()].flatMap(({ id, definition }): WantedTopic[] => {
      const { mqtt } = definition.from
      if (!mqtt) return []
      const secret = (text: string | undefined) =>
        text === undefined ? undefined : withEnvironment(text, this.#deps.environment)
      try {
        const broker =
          mqtt.broker === undefined
            ? null
            : { url: mqtt.broker, username: secret(mqtt.username), password: secret(mqtt.password) }
        return [{ source: id, topic: mqtt.topic, broker }]
      } catch (error) {
        this.#deps.log.warn({ source: id, cause: (error as Error).message }, 'mqtt source cannot be connected')
        return []
      }
    })
  }

  /** Sources of the own broker that want this topic. */
  wanting(topic: string): PushedSource[] {
    return [...this.#sources.values()].filter(({ definition: { from } }) => {
      return from.mqtt !== undefined && from.mqtt.broker === undefined && topicMatches(from.mqtt.topic, topic)
    })
  }

  /** A message posted to a source, by somebody or with its secret (no actor); resolves after commit with what became of it. */
  post(source: string, payload: Uint8Array, by: Actor | null = null): Promise<Delivered> {
    return this.#push(source, { payload, constants: new Map(), alone: true, by: by ? senderOf(by) : SECRET })
  }

  /**
   * A message of a topic for one source, from a client or from another broker (no actor); resolves after commit with the
   * figures of the group it was written in.
   */
  deliver(source: string, topic: string, payload: Uint8Array, by: Actor | null = null): Promise<Delivered> {
    const constants = topicPlaceholders(topic)
    return this.#push(source, { payload, constants, alone: false, by: by ? senderOf(by) : BROKER })
  }

  /** Every source that is pushed to. */
  all(): PushedSource[] {
    return [...this.#sources.values()]
  }

  /** Messages waiting to be written. */
  get waiting(): number {
    return [...this.#sources.values()].reduce((sum, { pushes }) => sum + pushes.waiting, 0)
  }

  async drain(): Promise<void> {
    await Promise.all([...this.#sources.values()].map(({ pushes }) => pushes.drain()))
  }
}
