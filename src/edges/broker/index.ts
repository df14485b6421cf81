/**
 * The embedded MQTT 3.1.1 broker. What is published to a topic of SensorThings is created by the rules of HTTP and
 * acknowledged at QoS 1 only after the commit; subscribers are told after the commit. Rights are those of HTTP: any user
 * name, the key as password; anonymous clients may subscribe to what is released.
 */
import { createServer, type Server, Socket } from 'node:net'
import { Aedes, type Client, type PublishPacket } from 'aedes'
import { type Access, type Actor, ANONYMOUS } from '../../domains/access/index.ts'
import type { Catalog } from '../../domains/catalog/index.ts'
import type { Sensing } from '../../domains/sensing/index.ts'
import type { Log } from '../../kernel/log.ts'
import { gauge } from '../../kernel/metrics.ts'
import { Problem, SetupError } from '../../kernel/problem.ts'
import { Connection, dropped } from './connection.ts'
import { Deliveries } from './deliveries.ts'
import { limitPackets } from './packet-limit.ts'
import type { SourcePort, TopicPort } from './ports.ts'
import type { PublishErrors } from './publish-errors.ts'
import { type Outcome, Publishing } from './publishing.ts'

export { ExternalBroker } from './external.ts'
export type { SourcePort } from './ports.ts'
export { PublishErrors } from './publish-errors.ts'

export interface BrokerOptions {
  port: number
  access: Access
  catalog: Catalog
  sensing: Sensing
  topics: TopicPort
  sources?: SourcePort
  /** Takes note of publishes that are not stored. */
  errors: PublishErrors
  log: Log
}

/** What aedes remembers of QoS 2 publishes that are not released yet; not part of its types. */
interface IncomingStore {
  incomingGetPacket(client: Client, packet: PublishPacket): Promise<unknown>
}

const PACKET_LIMIT = 256 * 1024
const CONNECTIONS = 10_000
/** What is read of a connection before its messages are stored: what a flood of one client may hold in memory. */
const READ_AHEAD = 16 * 1024
/** Topics of one client. */
const TOPICS = 1_000
/** Accepted publishes continue inside aedes under this name, which nobody can subscribe to. */
const ACCEPTED = '$accepted'

/** The brokers of this process; more than one only in tests. */
const running = new Set<Broker>()
const summed = (figure: (broker: Broker) => number) => [...running].reduce((sum, broker) => sum + figure(broker), 0)
gauge('zahnrad_mqtt_clients', 'Connected MQTT clients', (g) => g.set(summed((broker) => broker.clients)))
gauge('zahnrad_mqtt_subscriptions', 'Subscriptions of MQTT clients', (g) =>
  g.set(summed((broker) => broker.subscriptions)),
)

export class Broker {
  readonly #options: BrokerOptions
  readonly #deliveries: Deliveries<Connection>
  readonly #publishing: Publishing
  readonly #connections = new Map<Client, Connection>()
  #aedes: Aedes | undefined
  #server: Server | undefined
  #off: (() => void)[] = []

  constructor(options: BrokerOptions) {
    this.#options = options
    this.#deliveries = new Deliveries({ ...options, port: options.topics })
    this.#publishing = new Publishing(options)
  }

  get clients(): number {
    return this.#aedes?.connectedClients ?? 0
  }

  get subscriptions(): number {
    return this.#deliveries.size
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
        this.#subscribe(client, subscription.topic, subscription.qos as 0 | 1 | 2).then(
          (allowed) => done(null, allowed ? subscription : null),
          (error) => done(error),
        )
      },
    })
    this.#aedes.on('clientDisconnect', (client) => this.#forget(client))
    this.#aedes.on('unsubscribe', (topics, client) => {
      const connection = this.#connections.get(client)
      for (const topic of topics) if (connection?.topics.delete(topic)) this.#deliveries.remove(topic, connection)
    })
    this.#off = [
      sensing.stored.on((event) => this.#deliveries.stored(event)),
      sensing.changed.on((event) => this.#deliveries.changed(event)),
      catalog.changed.on(() => void this.#recheck()),
      access.changed.on(() => void this.#recheck()),
      access.revoked.on((name) => this.#disconnect(name)),
    ]
    running.add(this)
    this.#server = createServer({ highWaterMark: READ_AHEAD }, (socket) => this.#accept(socket))
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
    const connection = client && this.#connections.get(client)
    if (!connection) {
      done(new Error('only clients publish here'))
      return
    }
    const { topic } = packet
    const accept = () => {
      packet.topic = ACCEPTED
      packet.payload = ''
      packet.retain = false
      done(null)
    }
    void this.#storeOnce(connection, packet).then((result) => {
      if (result.outcome === 'committed') return accept()
      const { outcome, reason, status, message } = result
      this.#options.errors.add({ client: connection.client.id, topic, reason })
      if (outcome === 'invalid') {
        this.#tell(connection, { topic, status, message })
        return accept()
      }
      this.#options.log.warn({ client: connection.client.id, topic, error: message }, 'mqtt publish refused')
      done(new Error(message))
    })
  }

  /** A QoS 2 publish that is sent again before it was released (PUBREL) is already stored (MQTT 3.1.1 §4.3.3). */
  async #storeOnce({ client, actor }: Connection, packet: PublishPacket): Promise<Outcome> {
    if (packet.qos === 2 && (await this.#isKnown(client, packet))) return { outcome: 'committed' }
    return this.#publishing.take(actor, packet.topic, packet.payload as Buffer, { again: packet.dup })
  }

  #isKnown(client: Client, packet: PublishPacket): Promise<boolean> {
    const { persistence } = this.#aedes as unknown as { persistence: IncomingStore }
    return persistence.incomingGetPacket(client, packet).then(
      () => true,
      () => false,
    )
  }

  #tell(connection: Connection, message: object): void {
    const topic = `errors/${connection.client.id}`
    if (connection.topics.has(topic)) connection.send(topic, JSON.stringify(message))
  }

  /** May the client subscribe? Its own errors, or what SensorThings makes of the topic for its actor; no wildcards. */
  async #subscribe(client: Client, topic: string, qos: 0 | 1 | 2): Promise<boolean> {
    const connection = this.#connections.get(client)
    if (!connection || (connection.topics.size >= TOPICS && !connection.topics.has(topic))) return false
    const own = topic === `errors/${client.id}`
    const fresh = !connection.topics.has(topic)
    connection.topics.set(topic, Math.min(qos, 1) as 0 | 1)
    if (own || !fresh) return true
    try {
      await this.#deliveries.add(topic, connection)
    } catch (error) {
      connection.topics.delete(topic)
      this.#tell(connection, { topic, status: (error as Problem).status ?? 500, message: (error as Error).message })
      return false
    }
    if (client.closed) {
      this.#deliveries.remove(topic, connection)
      return false
    }
    this.#options.access.used(connection.actor, 'mqtt')
    return true
  }

  #know(client: Client, actor: Actor): void {
    this.#connections.set(client, new Connection(client, actor))
    client.conn.once('close', () => this.#forget(client))
  }

  #forget(client: Client): void {
    const connection = this.#connections.get(client)
    if (!connection) return
    this.#connections.delete(client)
    for (const topic of connection.topics.keys()) this.#deliveries.remove(topic, connection)
  }

  /** A key was revoked: its connections end at once. */
  #disconnect(name: string): void {
    for (const connection of [...this.#connections.values()])
      if (connection.actor.name === name) connection.end('key revoked')
  }

  /** A dataset changed its state, or rights did: whoever may no longer see a topic is disconnected. */
  async #recheck(): Promise<void> {
    await this.#deliveries.recheck((connection) => {
      this.#forget(connection.client)
      connection.end('no longer allowed')
    })
  }
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
