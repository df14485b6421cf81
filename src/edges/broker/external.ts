/**
 * A broker of the city instead of the embedded one (`BROKER_URL`), by MQTT 5: what devices publish there on topics of
 * SensorThings and of sources is stored, and acknowledged to the broker after the commit; what is public is published
 * there after the commit. Who may publish is the broker's own access list. See docs/operating/broker.md.
 */
import { createHash } from 'node:crypto'
import { connect, type IConnackPacket, type IPublishPacket, type MqttClient, type Packet } from 'mqtt'
import { type Access, type Actor, ANONYMOUS } from '../../domains/access/index.ts'
import { type Catalog, isPublic } from '../../domains/catalog/index.ts'
import type { ObservationsStored, Sensing } from '../../domains/sensing/index.ts'
import type { Log } from '../../kernel/log.ts'
import { counter, gauge } from '../../kernel/metrics.ts'
import { SetupError } from '../../kernel/problem.ts'
import { type About, Deliveries, type Listener, type On } from './deliveries.ts'
import type { SourcePort, TopicPort } from './ports.ts'
import type { PublishErrors } from './publish-errors.ts'
import { Publishing } from './publishing.ts'
import { Sender } from './sender.ts'
import { Spreading } from './spreading.ts'

/** Messages taken and not yet acknowledged; the broker holds back the others. */
const IN_FLIGHT = 1_000
const PACKET_LIMIT = 256 * 1024
/** How long the broker keeps what comes while this process is away, in seconds. */
const SESSION_S = 7 * 86_400
const RETRY_MS = { first: 1_000, most: 30_000 }
/** A lost connection, or a message that cannot be stored, is a fault after this long. */
const PATIENCE_MS = 30_000
/** What the broker lets through may do what the broker's list says. */
const BROKER: Actor = Object.freeze({ kind: 'key', name: 'broker' })

const flow = counter('zahnrad_broker_messages_total', 'Messages of the external broker, by what became of them', [
  'what',
])
const lost = counter('zahnrad_broker_connections_lost_total', 'Connections to the external broker that ended')
let current: ExternalBroker | undefined
gauge('zahnrad_broker_connected', 'Is the external broker connected (absent = none is set up)', (g) => {
  g.reset()
  if (current) g.set(current.connected ? 1 : 0)
})
gauge('zahnrad_broker_unacknowledged', 'Messages of the external broker not acknowledged yet', (g) => {
  g.set(current?.unacknowledged ?? 0)
})

export interface ExternalBrokerOptions {
  url: string
  /** Certificates (PEM) of who may vouch for the broker (`mqtts:`); undefined = those every system knows. */
  ca: string | undefined
  /** Further topics to publish: with query options, or of more than one relation. */
  extraTopics: readonly string[]
  /** Name of the session at the broker; stays the same over restarts. */
  clientId: string
  access: Access
  catalog: Catalog
  sensing: Sensing
  topics: TopicPort
  sources: SourcePort
  /** Takes note of publishes that are not stored. */
  errors: PublishErrors
  /** Topics that sources wish to hear. */
  sourceTopics: () => readonly string[]
  /** Calls back when these change; answers how to stop. */
  sourcesChanged: (changed: () => void) => () => void
  log: Log
}

/** What is wrong with the flow, for people; `since` as ISO 8601. */
export interface BrokerProblem {
  code: 'broker-away' | 'broker-refuses' | 'broker-stuck'
  since: string
  /** What the broker or the database said. */
  detail: string
}

export class ExternalBroker implements Listener {
  readonly actor = ANONYMOUS
  readonly #options: ExternalBrokerOptions
  readonly #deliveries: Deliveries<ExternalBroker>
  readonly #publishing: Publishing
  readonly #open = new Map<number, { since: number; stored: Promise<void> }>()
  /** By content: what is being stored, or is stored and not acknowledged yet. */
  readonly #unacknowledged = new Map<string, Promise<void>>()
  readonly #spreading: Spreading
  readonly #published = new Set<string>()
  /** Events that wait for what has to be looked up before, in their order. */
  #turn: Promise<void> = Promise.resolve()
  #behind = 0
  #client: MqttClient | undefined
  #sender: Sender | undefined
  #generation = 0
  #away = Date.now()
  #connectedAt = 0
  #error = 'no connection yet'
  #refused: string[] = []
  #refusedSince = 0
  #unstorable: string | undefined
  #off: (() => void)[] = []
  #stopped = false
  #subscribed = new Set<string>()

  constructor(options: ExternalBrokerOptions) {
    this.#options = options
    this.#deliveries = new Deliveries({ ...options, port: options.topics })
    this.#publishing = new Publishing(options)
    this.#spreading = new Spreading(options.topics, ANONYMOUS)
  }

  get connected(): boolean {
    return this.#client?.connected === true
  }

  get unacknowledged(): number {
    return this.#open.size
  }

  /** The broker's address without user and password. */
  get address(): string {
    const url = new URL(this.#options.url)
    url.username = ''
    url.password = ''
    return url.href.replace(/\/$/, '')
  }

  /** What stops the flow now; null when it flows, or has not stood long enough to say. */
  problem(now = Date.now()): BrokerProblem | null {
    const since = (ms: number) => new Date(ms).toISOString()
    if (!this.connected && now - this.#away > PATIENCE_MS)
      return { code: 'broker-away', since: since(this.#away), detail: this.#error }
    if (this.#refused.length > 0)
      return { code: 'broker-refuses', since: since(this.#refusedSince), detail: this.#refused.join(', ') }
    const oldest = Math.min(...[...this.#open.values()].map((one) => one.since))
    if (now - oldest > PATIENCE_MS)
      return { code: 'broker-stuck', since: since(oldest), detail: this.#unstorable ?? 'not stored yet' }
    return null
  }

  /** Begins to connect; a broker that is away is tried again for ever. Throws where a further topic is none. */
  async start(): Promise<void> {
    const { url, ca, clientId, sensing, catalog, sourcesChanged } = this.#options
    current = this
    await this.#publishPublic()
    const client = connect(url, {
      ca,
      protocolVersion: 5,
      clientId,
      clean: false,
      resubscribe: false,
      reconnectPeriod: RETRY_MS.first,
      connectTimeout: 10_000,
      keepalive: 20,
      properties: { sessionExpiryInterval: SESSION_S, receiveMaximum: IN_FLIGHT, maximumPacketSize: PACKET_LIMIT },
    })
    this.#client = client
    this.#sender = new Sender(client)
    client.on('connect', (packet) => this.#connected(packet))
    client.on('close', () => this.#lost())
    client.on('error', (error) => {
      this.#error = error.message
    })
    this.#holdAcknowledgements(client)
    client.handleMessage = (packet, done) => this.#take(packet, done)
    this.#off = [
      sensing.stored.on((event) => this.#stored(event)),
      sensing.changed.on((event) => this.#deliveries.changed(event)),
      catalog.changed.on(() => {
        this.#spreading.forget()
        void this.#publishPublic()
      }),
      sourcesChanged(() => this.#subscribe()),
    ]
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (current === this) current = undefined
    for (const off of this.#off) off()
    await this.#client?.endAsync(true)
  }

  #connected({ sessionPresent, properties }: IConnackPacket): void {
    this.#generation++
    this.#connectedAt = Date.now()
    this.#client!.options.reconnectPeriod = RETRY_MS.first
    this.#sender!.opened(properties?.receiveMaximum)
    if (!sessionPresent) this.#subscribed.clear()
    this.#options.log.info({ broker: this.address, sessionPresent }, 'external mqtt broker connected')
    this.#subscribe()
  }

  #lost(): void {
    if (this.#stopped) return
    const { options } = this.#client!
    options.reconnectPeriod = Math.min(RETRY_MS.most, options.reconnectPeriod! * 2)
    if (this.#open.size > 0) this.#open.clear()
    if (this.#away > this.#connectedAt) return
    this.#away = Date.now()
    lost.inc()
    this.#options.log.warn({ broker: this.address, error: this.#error }, 'external mqtt broker lost')
  }

  /** Topics of SensorThings and of sources. "No local": what this platform publishes does not come back (MQTT 5 §3.8.3.1). */
  #subscribe(): void {
    const client = this.#client
    if (!client?.connected) return
    const wanted = new Set(['v1.1/#', 'd/+/v1.1/#', ...this.#options.sourceTopics()])
    const gone = [...this.#subscribed].filter((topic) => !wanted.has(topic))
    const fresh = [...wanted].filter((topic) => !this.#subscribed.has(topic))
    this.#subscribed = wanted
    if (gone.length > 0) client.unsubscribe(gone, () => {})
    if (fresh.length === 0) return
    client.subscribe(
      Object.fromEntries(fresh.map((topic) => [topic, { qos: 1, nl: true, rh: 2 }])),
      (error, granted) => {
        this.#refused = (granted ?? []).filter(({ qos }) => qos > 2).map(({ topic }) => topic)
        if (error) this.#refused = fresh
        this.#refusedSince = Date.now()
        for (const topic of this.#refused) this.#subscribed.delete(topic)
        if (this.#refused.length > 0)
          this.#options.log.error(
            { broker: this.address, topics: this.#refused },
            'external mqtt broker refuses topics',
          )
      },
    )
  }

  /**
   * The library acknowledges as soon as a message was handled and handles one after the other; one commit for each would
   * be slow. So handling ends at once, and the acknowledgement is held back until its message is stored. One of a connection
   * that ended meanwhile is not sent: the broker sends the message again.
   */
  #holdAcknowledgements(client: MqttClient): void {
    const inside = client as unknown as { _sendPacket(packet: Packet, done?: () => void, ...more: unknown[]): void }
    const send = inside._sendPacket.bind(client)
    inside._sendPacket = (packet, done, ...more) => {
      const open = packet.cmd === 'puback' ? this.#open.get(packet.messageId!) : undefined
      if (!open) return send(packet, done, ...more)
      const generation = this.#generation
      void open.stored.then(() => {
        if (generation !== this.#generation || !client.connected) return
        if (this.#open.get(packet.messageId!) === open) this.#open.delete(packet.messageId!)
        send(packet)
      })
      done?.()
    }
  }

  /** Takes a message; `done` lets the next come. */
  #take(packet: IPublishPacket, done: (error?: Error) => void): void {
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
    if (packet.qos === 0) {
      void this.#store(packet.topic, payload, false).then(() => done())
      return
    }
    const content = createHash('sha256').update(packet.topic).update('\0').update(payload).digest('base64')
    const key = packet.qos === 1 ? `${packet.messageId} ${content}` : content
    // Sent again over a new connection while the first is still being stored, or is stored: the same message.
    const before = packet.dup ? this.#unacknowledged.get(key) : undefined
    if (before) flow.inc({ what: 'repeated' })
    const stored = before ?? this.#store(packet.topic, payload, packet.dup)
    this.#unacknowledged.set(key, stored)
    if (this.#unacknowledged.size > 10 * IN_FLIGHT)
      this.#unacknowledged.delete(this.#unacknowledged.keys().next().value!)
    if (packet.qos === 1) this.#open.set(packet.messageId!, { since: Date.now(), stored })
    if (packet.qos === 2) void stored.then(() => done())
    else done()
  }

  /** Stores until it is stored, or known that it never will be. */
  async #store(topic: string, payload: Buffer, again: boolean): Promise<void> {
    for (let wait = RETRY_MS.first; !this.#stopped; wait = Math.min(RETRY_MS.most, wait * 2)) {
      const result = await this.#publishing.take(BROKER, topic, payload, { again })
      flow.inc({ what: result.outcome })
      if (result.outcome === 'committed') {
        this.#unstorable = undefined
        return
      }
      this.#options.log.warn({ topic, error: result.message }, 'message of the external mqtt broker not stored')
      if (wait === RETRY_MS.first) this.#options.errors.add({ client: null, topic, reason: result.reason })
      if (result.outcome !== 'failed') return
      this.#unstorable = result.message
      // It may have been stored all the same: only the answer was lost.
      again = true
      await new Promise((resolve) => setTimeout(resolve, wait).unref())
    }
    // Not stored and not acknowledged: the broker keeps it.
    await new Promise(() => {})
  }

  /** In order, and in most cases at once: what is looked up is remembered. */
  #stored(event: ObservationsStored): void {
    const dataset = this.#options.catalog.byKey(event.dataset)
    if (!dataset || !isPublic(dataset)) return
    const unknown = this.#spreading.learn(event, ['', `d/${dataset.id}/`])
    if (!unknown && this.#behind === 0) {
      this.#deliveries.stored(event)
      return
    }
    this.#behind++
    this.#turn = Promise.all([this.#turn, unknown?.catch((error: Error) => this.#unread(error))]).then(() => {
      this.#behind--
      this.#deliveries.stored(event)
    })
  }

  #unread(error: Error): void {
    this.#options.log.warn(
      { error: error.message },
      'features of interest could not be read for the external mqtt broker',
    )
  }

  /** Everything public: the sets at the general root and of each public dataset, and the further topics. */
  async #publishPublic(): Promise<void> {
    const { catalog, extraTopics, log } = this.#options
    const slugs = catalog
      .all()
      .filter(isPublic)
      .map(({ id }) => id)
    const wanted = new Map<string, On>(extraTopics.map((topic) => [topic, 'all']))
    for (const root of ['', ...slugs.map((slug) => `d/${slug}/`)])
      for (const { topic, on } of this.#spreading.topics(root)) wanted.set(topic, on)
    for (const topic of this.#published) {
      if (wanted.has(topic)) continue
      this.#published.delete(topic)
      this.#deliveries.remove(topic, this)
    }
    // Those that need no look into the database first: values come meanwhile.
    const order = [...wanted].sort(([a], [b]) => Number(a.includes('?')) - Number(b.includes('?')))
    for (const [topic, on] of order) {
      if (this.#published.has(topic)) continue
      this.#published.add(topic)
      await this.#deliveries.add(topic, this, on).catch((error: Error & { status?: number }) => {
        this.#published.delete(topic)
        // What is not there or not public yet may come; what is no topic never will.
        if (error.status === 400 && extraTopics.includes(topic))
          throw new SetupError(`BROKER_TOPICS names "${topic}", which is no topic: ${error.message}`, 2)
        log.warn({ topic, error: error.message }, 'topic is not published')
      })
    }
  }

  /** A message on a topic of ours: to the set, the entity, its changed properties and its relations. */
  send(topic: string, payload: string, about: About): void {
    for (const [place, text] of this.#spreading.messages(topic, payload, about)) this.#sender!.send(place, text)
  }
}
