import type { Client } from 'aedes'
import type { Actor } from '../../domains/access/index.ts'

/** A subscription of one client, as far as we deliver to it. */
export interface Subscriber {
  client: Client
  actor: Actor
  qos: 0 | 1 | 2
  /** Messages handed to the client's connection and not yet written or acknowledged. */
  waiting: number
}

/** Who wants which topic. Exact topics only: wildcards are refused at subscription. */
export class Subscriptions {
  readonly #topics = new Map<string, Map<Client, Subscriber>>()

  add(topic: string, subscriber: Subscriber): void {
    let clients = this.#topics.get(topic)
    if (!clients) {
      clients = new Map()
      this.#topics.set(topic, clients)
    }
    clients.set(subscriber.client, subscriber)
  }

  remove(topic: string, client: Client): void {
    const clients = this.#topics.get(topic)
    clients?.delete(client)
    if (clients?.size === 0) this.#topics.delete(topic)
  }

  removeClient(client: Client): void {
    for (const topic of [...this.#topics.keys()]) this.remove(topic, client)
  }

  of(topic: string): Iterable<Subscriber> {
    return this.#topics.get(topic)?.values() ?? []
  }

  has(topic: string): boolean {
    return this.#topics.has(topic)
  }

  /** Every (topic, subscriber) pair, for checking rights again. */
  *all(): Iterable<[string, Subscriber]> {
    for (const [topic, clients] of this.#topics) for (const subscriber of clients.values()) yield [topic, subscriber]
  }

  get size(): number {
    let size = 0
    for (const clients of this.#topics.values()) size += clients.size
    return size
  }
}
