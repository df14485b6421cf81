/**
 * The embedded MQTT 3.1.1 broker. Publishing to an Observations topic creates the observation by the rules of HTTP and
 * is acknowledged at QoS 1 only after the commit; subscribers get the entity after the commit. Rights are those of
 * HTTP: any user name, the key as password; anonymous clients may subscribe to what is released.
 */
import { createServer, type Server, Socket } from 'node:net'
import { Aedes, type Client, type PublishPacket } from 'aedes'
import { type Access, type Actor, ANONYMOUS } from '../../domains/access/index.ts'
import type { Catalog } from '../../domains/catalog/index.ts'
import {
  asMeasured,
  type ObservationsStored,
  type Sensing,
  type StoredObservation,
} from '../../domains/sensing/index.ts'
import { SqlError } from '../../kernel/db/index.ts'
import type { Log } from '../../kernel/log.ts'
import { counter, gauge } from '../../kernel/metrics.ts'
import { Problem, SetupError } from '../../kernel/problem.ts'
import { limitPackets } from './packet-limit.ts'
import { type Subscriber, Subscriptions } from './subscriptions.ts'

/** What the broker needs of the SensorThings service; the wiring hands it in (edges never meet). */
export interface ObservationPort {
  /** Creates the observation `body` at `topic` (`v1.1/Datastreams(7)/Observations`, `d/{dataset}/v1.1/…`); resolves after commit. */
  createObservation(actor: Actor, topic: string, body: unknown): Promise<{ id: number }>
  /** What a topic delivers, or null when there is no such topic or the actor may not see it. */
  resolveTopic(actor: Actor, topic: string): Promise<object | null>
  /** The JSON entity as GET answers it. */
  formatObservation(row: StoredObservation): object
}

/** Takes what is published to topics of sources; answers false when no source wants the topic. */
export type SourcePort = (topic: string, payload: Buffer, actor: Actor) => Promise<boolean>

export interface BrokerOptions {
  port: number
  access: Access
  catalog: Catalog
  sensing: Sensing
  observations: ObservationPort
  sources?: SourcePort
  log: Log
}

/** What aedes remembers of QoS 2 publishes that are not released yet; not part of its types. */
interface IncomingStore {
  incomingGetPacket(client: Client, packet: PublishPacket): Promise<unknown>
}

const PACKET_LIMIT = 256 * 1024
const CONNECTIONS = 10_000
/** Messages a subscriber may fall behind before it is disconnected. */
const WAITING_LIMIT = 10_000
/** Accepted publishes continue inside aedes under this name, which nobody can subscribe to. */
const ACCEPTED = '$accepted'

const received = counter('zahnrad_mqtt_publishes_total', 'MQTT publishes by outcome', ['outcome'])
const delivered = counter('zahnrad_mqtt_deliveries_total', 'MQTT messages handed to subscribers')
const dropped = counter('zahnrad_mqtt_clients_dropped_total', 'MQTT clients disconnected by the broker', ['reason'])

/** The brokers of this process; more than one only in tests. */
const running = new Set<Broker>()
const summed = (figure: (broker: Broker) => number) => [...running].reduce((sum, broker) => sum + figure(broker), 0)
gauge('zahnrad_mqtt_clients', 'Connected MQTT clients', (g) => g.set(summed((broker) => broker.clients)))
gauge('zahnrad_mqtt_subscriptions', 'Subscriptions of MQTT clients', (g) =>
  g.set(summed((broker) => broker.subscriptions)),
)

export class Broker {
  readonly #options: BrokerOptions
  readonly #subscriptions = new Subscriptions()
  readonly #actors = new Map<Client, Actor>()
  #aedes: Aedes | undefined
  #server: Server | undefined
  #off: (() => void)[] = []

  constructor(options: BrokerOptions) {
    this.#options = options
  }

  get clients(): number {
    return this.#aedes?.connectedClients ?? 0
  }

  get subscriptions(): number {
    return this.#subscriptions.size
  }

  /** Starts listening and resolves with the port. */
  async start(): Promise<number> {
    const { port, access, sensing, catalog } = this.#options
    this.#aedes = await Aedes.createBroker({
      concurrency: 1000,
      connectTimeout: 10_000,
      keepaliveLimit: 0,
      queueLimit: 100,
      maxClientsIdLength: 256,
      preConnect: (client, packet, done) => {
        // Nothing is kept for a client that is away: a later connection starts afresh, and no queue can grow.
        Object.assign(packet, { clean: true })
        Object.assign(client, { clean: true })
        done(null, true)
      },
      authenticate: (client, _user, password, done) => this.#authenticate(client, password, done),
      authorizePublish: (client, packet, done) => this.#publish(client, packet, done),
      authorizeSubscribe: (client, subscription, done) => {
        this.#allow(client, subscription.topic, subscription.qos as 0 | 1 | 2).then(
          (allowed) => done(null, allowed ? subscription : null),
          (error) => done(error),
        )
      },
    })
    this.#aedes.on('clientDisconnect', (client) => this.#subscriptions.removeClient(client))
    this.#aedes.on('unsubscribe', (topics, client) => {
      for (const topic of topics) this.#subscriptions.remove(topic, client)
    })
    this.#off = [
      sensing.stored.on((event) => this.#deliver(event)),
      catalog.changed.on(() => void this.#recheck()),
      access.changed.on(() => void this.#recheck()),
      access.revoked.on((name) => this.#disconnect(name)),
    ]
    running.add(this)
    this.#server = createServer((socket) => this.#accept(socket))
    this.#server.maxConnections = CONNECTIONS
    return listen(this.#server, port)
  }

  async stop(): Promise<void> {
    running.delete(this)
    for (const off of this.#off) off()
    const { promise, resolve } = Promise.withResolvers<void>()
    if (this.#server) this.#server.close(() => resolve())
    else resolve()
    await new Promise<void>((closed) => (this.#aedes ? this.#aedes.close(() => closed()) : closed()))
    await promise
  }

  #accept(socket: Socket): void {
    socket.setNoDelay(true)
    limitPackets(socket, PACKET_LIMIT, () => dropped.inc({ reason: 'packet too large' }))
    this.#aedes!.handle(socket)
  }

  #authenticate(
    client: Client,
    password: Buffer | undefined,
    done: Parameters<NonNullable<ConstructorParameters<typeof Aedes>[0]>['authenticate'] & object>[3],
  ): void {
    if (!password || password.length === 0) {
      this.#know(client, ANONYMOUS)
      done(null, true)
      return
    }
    const from = client.conn instanceof Socket ? client.conn.remoteAddress : undefined
    this.#options.access.authenticate({ bearer: password.toString('utf8'), from }).then(
      (actor) => {
        this.#know(client, actor)
        done(null, true)
      },
      (error) => {
        const returnCode = error instanceof Problem && error.status === 401 ? 4 : 3
        done(Object.assign(new Error('not authorised'), { returnCode }), false)
      },
    )
  }

  /**
   * MQTT 3.1.1 knows no negative acknowledgement (§3.3.5): a publish that may not be made or could not be stored for a
   * passing reason closes the connection without one, so a QoS 1 client sends it again. A publish whose content is wrong
   * would be wrong again: it is acknowledged and the reason goes to `errors/{client id}`.
   */
  #publish(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    if (!client) {
      done(new Error('only clients publish here'))
      return
    }
    const { topic } = packet
    const actor = this.#actors.get(client) ?? ANONYMOUS
    const accept = () => {
      packet.topic = ACCEPTED
      packet.payload = ''
      packet.retain = false
      done(null)
    }
    this.#storeOnce(client, actor, packet).then(
      () => {
        received.inc({ outcome: 'committed' })
        accept()
      },
      (error: unknown) => {
        const status = statusOf(error)
        if (status >= 400 && status < 500 && status !== 401 && status !== 403) {
          received.inc({ outcome: 'invalid' })
          this.#tell(client, { topic, status, message: (error as Error).message })
          accept()
          return
        }
        received.inc({ outcome: status === 401 || status === 403 ? 'denied' : 'failed' })
        this.#options.log.warn({ client: client.id, topic, error: (error as Error).message }, 'mqtt publish refused')
        done(error as Error)
      },
    )
  }

  /** A QoS 2 publish that is sent again before it was released (PUBREL) is already stored (MQTT 3.1.1 §4.3.3). */
  async #storeOnce(client: Client, actor: Actor, packet: PublishPacket): Promise<void> {
    if (packet.qos === 2 && (await this.#isKnown(client, packet))) return
    await this.#store(actor, packet.topic, packet.payload as Buffer)
  }

  #isKnown(client: Client, packet: PublishPacket): Promise<boolean> {
    const { persistence } = this.#aedes as unknown as { persistence: IncomingStore }
    return persistence.incomingGetPacket(client, packet).then(
      () => true,
      () => false,
    )
  }

  async #store(actor: Actor, topic: string, payload: Buffer): Promise<void> {
    const { observations, sources } = this.#options
    if (/^(d\/[a-z0-9-]+\/)?v1\.1\//.test(topic)) {
      let body: unknown
      try {
        body = JSON.parse(payload.toString('utf8'))
      } catch (error) {
        throw new Problem(400, 'invalid-json', `The message is not JSON: ${(error as Error).message}`)
      }
      await observations.createObservation(actor, topic, body)
    } else if (!(await sources?.(topic, payload, actor))) {
      throw new Problem(
        403,
        'topic-unknown',
        `Nothing can be published to "${topic}": write to v1.1/Datastreams(id)/Observations.`,
      )
    }
  }

  #tell(client: Client, message: object): void {
    const topic = `errors/${client.id}`
    for (const subscriber of this.#subscriptions.of(topic)) this.#send(subscriber, topic, JSON.stringify(message))
  }

  /** May the client subscribe? Its own errors, or what SensorThings resolves for its actor; no wildcards. */
  async #allow(client: Client, topic: string, qos: 0 | 1 | 2): Promise<boolean> {
    const actor = this.#actors.get(client) ?? ANONYMOUS
    const own = topic === `errors/${client.id}`
    if (!own && !(await this.#options.observations.resolveTopic(actor, topic))) return false
    if (client.closed) return false
    if (!own) this.#options.access.used(actor, 'mqtt')
    this.#subscriptions.add(topic, { client, actor, qos, waiting: 0 })
    return true
  }

  /** After commit. An observation is formatted at most once, and only if somebody wants it. */
  #deliver({ dataset, datastream, rows }: ObservationsStored): void {
    if (this.#subscriptions.size === 0) return
    const { access, observations, catalog } = this.#options
    const slug = catalog.byKey(dataset)?.id
    const paths = [`v1.1/Datastreams(${datastream})/Observations`, 'v1.1/Observations']
    const topics = [...paths, ...paths.map((path) => `d/${slug}/${path}`)].filter((topic) =>
      this.#subscriptions.has(topic),
    )
    if (topics.length === 0) return
    for (const row of rows) {
      const published = JSON.stringify(observations.formatObservation(row))
      const measured = 'measured' in row ? JSON.stringify(observations.formatObservation(asMeasured(row))) : published
      for (const topic of topics) {
        for (const subscriber of this.#subscriptions.of(topic)) {
          if (!access.visible(subscriber.actor).includes(dataset)) continue
          this.#send(subscriber, topic, access.measured(subscriber.actor).includes(dataset) ? measured : published)
        }
      }
    }
  }

  #send(subscriber: Subscriber, topic: string, payload: string): void {
    if (subscriber.client.closed) return
    if (subscriber.waiting >= WAITING_LIMIT) {
      dropped.inc({ reason: 'too slow' })
      subscriber.client.close()
      return
    }
    subscriber.waiting++
    const qos = Math.min(subscriber.qos, 1) as 0 | 1
    subscriber.client.publish({ cmd: 'publish', topic, payload, qos, retain: false, dup: false }, () => {
      subscriber.waiting--
    })
    delivered.inc()
  }

  #know(client: Client, actor: Actor): void {
    this.#actors.set(client, actor)
    client.conn.once('close', () => this.#actors.delete(client))
  }

  /** A key was revoked: its connections end at once. */
  #disconnect(name: string): void {
    for (const [client, actor] of [...this.#actors]) {
      if (actor.name !== name) continue
      dropped.inc({ reason: 'key revoked' })
      client.close()
    }
  }

  /** A dataset changed its state, or rights did: whoever may no longer see a topic is disconnected. */
  async #recheck(): Promise<void> {
    for (const [topic, { client, actor }] of [...this.#subscriptions.all()]) {
      if (topic.startsWith('errors/')) continue
      if (await this.#options.observations.resolveTopic(actor, topic).catch(() => null)) continue
      this.#subscriptions.removeClient(client)
      dropped.inc({ reason: 'no longer allowed' })
      client.close()
    }
  }
}

/** The HTTP status an error means; 500 for what may work when sent again. Values the database refuses never will. */
function statusOf(error: unknown): number {
  if (error instanceof SqlError && /^2[23]/.test(error.code)) return 400
  const { status } = error as { status?: unknown }
  return typeof status === 'number' ? status : 500
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new SetupError(
              `Port ${port} (MQTT_PORT) is in use by another program: stop that program, or set MQTT_PORT to another port.`,
            )
          : error,
      )
    })
    server.listen(port, '::', () => resolve((server.address() as { port: number }).port))
  })
}
