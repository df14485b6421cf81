import { connect, type MqttClient } from 'mqtt'
import type { Sources, WantedTopic } from '../../../domains/sources/index.ts'
import type { Log } from '../../../kernel/log.ts'

const RECONNECT_MS = 5000
const WAITING_LIMIT = 10_000

/**
 * Listens at other brokers for the sources that name one (`from.mqtt.broker`). At QoS 1 a message is acknowledged after
 * its values are committed, so the broker sends it again when this process dies in between.
 */
export class ForeignBrokers {
  readonly #sources: Sources
  readonly #log: Log
  #clients = new Map<string, MqttClient>()
  #off: () => void

  constructor({ sources, log }: { sources: Sources; log: Log }) {
    this.#sources = sources
    this.#log = log
    this.#off = sources.pushed.changed.on(() => this.#refresh())
    this.#refresh()
  }

  async stop(): Promise<void> {
    this.#off()
    const clients = [...this.#clients.values()]
    this.#clients = new Map()
    await Promise.allSettled(clients.map((client) => client.endAsync()))
  }

  #refresh(): void {
    const wanted = new Map<string, WantedTopic>()
    for (const topic of this.#sources.pushed.topics()) if (topic.broker) wanted.set(JSON.stringify(topic), topic)
    for (const [key, client] of this.#clients) {
      if (wanted.has(key)) continue
      this.#clients.delete(key)
      client.end()
    }
    for (const [key, topic] of wanted) if (!this.#clients.has(key)) this.#clients.set(key, this.#listen(topic))
  }

  #listen({ source, topic, broker }: WantedTopic): MqttClient {
    const { url, username, password } = broker!
    // A lasting session: what is published at QoS 1 while this process is away waits at the broker.
    const client = connect(url, {
      clientId: `zahnrad-${source}`,
      clean: false,
      username,
      password,
      reconnectPeriod: RECONNECT_MS,
    })
    client.on('connect', () => {
      client.subscribe(topic, { qos: 1 }, (error, granted) => {
        if (error ?? granted?.some(({ qos }) => qos > 2))
          this.#log.warn({ source, topic, error: error?.message ?? 'refused' }, 'mqtt subscription failed')
      })
    })
    client.on('error', (error) =>
      this.#log.warn({ source, broker: withoutUser(url), error: error.message }, 'mqtt broker'),
    )
    client.handleMessage = (packet, done) => {
      if (this.#sources.pushed.waiting > WAITING_LIMIT) {
        this.#log.warn({ source }, 'mqtt messages come faster than they can be written; the connection is slowed down')
      }
      const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
      this.#sources.pushed.deliver(source, packet.topic, payload, null).then(
        () => done(),
        (error: Error) => {
          this.#log.warn({ source, error: error.message }, 'mqtt message not stored; the connection begins again')
          // Not acknowledged: the broker sends it again after the reconnect.
          client.reconnect()
          done(error)
        },
      )
    }
    return client
  }
}

function withoutUser(url: string): string {
  const address = new URL(url)
  address.username = ''
  address.password = ''
  return address.href
}
