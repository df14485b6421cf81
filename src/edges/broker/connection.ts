import type { Client } from 'aedes'
import type { Actor } from '../../domains/access/index.ts'
import { counter } from '../../kernel/metrics.ts'
import type { Listener } from './deliveries.ts'

/** What may wait to be written to one client, in characters, and to all together. */
const WAITING_LIMIT = 16 * 1024 * 1024
const WAITING_LIMIT_ALL = 16 * WAITING_LIMIT
/** What a client may be behind even when all together are too much. */
const WAITING_SMALL = 64 * 1024

const delivered = counter('zahnrad_mqtt_deliveries_total', 'MQTT messages handed to subscribers')
export const dropped = counter('zahnrad_mqtt_clients_dropped_total', 'MQTT clients disconnected by the broker', [
  'reason',
])

let waitingOfAll = 0

/** A client of the embedded broker: who it is, what it listens to, and what waits to be written to it. */
export class Connection implements Listener {
  readonly client: Client
  readonly actor: Actor
  /** QoS of each topic it listens to. */
  readonly topics = new Map<string, 0 | 1>()
  #waiting = 0

  constructor(client: Client, actor: Actor) {
    this.client = client
    this.actor = actor
  }

  /** Hands a message to the client; one that reads too slowly for what it asked for is disconnected. */
  send(topic: string, payload: string): void {
    const { client } = this
    if (client.closed) return
    const { length } = payload
    if (
      this.#waiting + length > WAITING_LIMIT ||
      (waitingOfAll + length > WAITING_LIMIT_ALL && this.#waiting > WAITING_SMALL)
    ) {
      this.end('too slow')
      return
    }
    this.#waiting += length
    waitingOfAll += length
    const qos = this.topics.get(topic) ?? 0
    client.publish({ cmd: 'publish', topic, payload, qos, retain: false, dup: false }, () => {
      this.#waiting -= length
      waitingOfAll -= length
    })
    delivered.inc()
  }

  end(reason: string): void {
    dropped.inc({ reason })
    this.client.close()
  }
}
