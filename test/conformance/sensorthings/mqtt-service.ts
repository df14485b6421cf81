/** The embedded broker over the SensorThings service of a test, and clients that note what they are told. */
import { once } from 'node:events'
import mqtt, { type MqttClient } from 'mqtt'
import { Broker, PublishErrors } from '../../../src/edges/broker/index.ts'
import { createLog } from '../../../src/kernel/log.ts'
import type { Body, TestService } from './service.ts'

export interface Listening {
  client: MqttClient
  /** The next message on a topic, in order of arrival; fails after ten seconds. */
  next(topic: string): Promise<Body>
  /** Messages on a topic that were not asked for yet. */
  left(topic: string): Body[]
  subscribe(topic: string): Promise<void>
  publish(topic: string, body: unknown): Promise<void>
}

export interface TestBroker {
  connect(options?: { key?: string | null; clientId?: string }): Promise<Listening>
  close(): Promise<void>
}

export async function startBroker(sta: TestService): Promise<TestBroker> {
  const { access, catalog, sensing, service } = sta
  const broker = new Broker({
    port: 0,
    access,
    catalog,
    sensing,
    topics: service,
    errors: new PublishErrors(),
    log: createLog('error'),
  })
  const port = await broker.start()
  sta.mqttPort = port
  const clients: MqttClient[] = []
  return {
    async connect({ key = sta.key, clientId } = {}) {
      const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
        protocolVersion: 4,
        reconnectPeriod: 0,
        username: 'test',
        password: key ?? undefined,
        clientId,
      })
      clients.push(client)
      client.on('error', () => {})
      await once(client as never, 'connect')
      return listening(client)
    },
    async close() {
      for (const client of clients) client.end(true)
      await broker.stop()
    },
  }
}

function listening(client: MqttClient): Listening {
  const got = new Map<string, Body[]>()
  const waiting = new Map<string, (body: Body) => void>()
  client.on('message', (topic, payload) => {
    const body = JSON.parse(payload.toString())
    const taker = waiting.get(topic)
    if (taker) {
      waiting.delete(topic)
      taker(body)
    } else got.set(topic, [...(got.get(topic) ?? []), body])
  })
  return {
    client,
    next(topic) {
      const body = got.get(topic)?.shift()
      if (body !== undefined) return Promise.resolve(body)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`nothing came on ${topic}`)), 10_000)
        waiting.set(topic, (told) => {
          clearTimeout(timer)
          resolve(told)
        })
      })
    },
    left: (topic) => got.get(topic) ?? [],
    async subscribe(topic) {
      const [granted] = await client.subscribeAsync(topic, { qos: 1 })
      if (granted!.qos > 1) throw new Error(`${topic} was refused`)
    },
    async publish(topic, body) {
      await client.publishAsync(topic, typeof body === 'string' ? body : JSON.stringify(body), { qos: 1 })
    },
  }
}
