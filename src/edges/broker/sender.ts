import type { MqttClient } from 'mqtt'
import { counter } from '../../kernel/metrics.ts'

/** Messages that wait for a broker that takes them slowly. */
const WAITING = 10_000

const sent = counter('zahnrad_broker_published_total', 'Messages published to the external broker', ['what'])

/** Publishes to another broker at QoS 1, no more at once than it takes, and keeps no more than a few thousand for it. */
export class Sender {
  readonly #client: MqttClient
  #window = 20
  #inFlight = 0
  #waiting: [topic: string, payload: string][] = []
  #next = 0

  constructor(client: MqttClient) {
    this.#client = client
  }

  /** A new connection: the broker says how many unacknowledged messages it takes (MQTT 5 §3.2.2.3.3). */
  opened(receiveMaximum = 65_535): void {
    this.#window = Math.min(receiveMaximum, 1_000)
    this.#pump()
  }

  /** What is said while the broker is away is not kept: it would be old when it comes back. */
  send(topic: string, payload: string): void {
    if (!this.#client.connected || this.#waiting.length - this.#next >= WAITING) {
      sent.inc({ what: 'dropped' })
      return
    }
    this.#waiting.push([topic, payload])
    this.#pump()
  }

  #pump(): void {
    while (this.#inFlight < this.#window && this.#next < this.#waiting.length && this.#client.connected) {
      const [topic, payload] = this.#waiting[this.#next++]!
      this.#inFlight++
      this.#client.publish(topic, payload, { qos: 1 }, (error) => {
        this.#inFlight--
        sent.inc({ what: error ? 'dropped' : 'published' })
        this.#pump()
      })
    }
    if (this.#next === this.#waiting.length || this.#next >= 1_024) {
      this.#waiting.splice(0, this.#next)
      this.#next = 0
    }
  }
}
