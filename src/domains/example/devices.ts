import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import mqtt, { type MqttClient } from 'mqtt'
import type { Log } from '../../kernel/log.ts'

/** One message, and what to do once the broker acknowledged it. */
export interface Due {
  topic: string
  payload: string
  sent(): void
}

export interface DevicesOptions {
  url: string
  key: string
  /** What there is to say now; asked again after each round. A reconnect is `fresh`: nothing may be taken for sent. */
  due(fresh: boolean): Promise<Due[]>
  /** Milliseconds between two rounds. */
  interval: number
  log: Log
}

const CONNECT_MS = 10_000
const AT_ONCE = 20
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/** The broker does not take the key: connecting again would not help. */
export class KeyRefused extends Error {
  override name = 'KeyRefused'
}

/**
 * Publishes like devices in the field until `signal`: QoS 1, one connection that is made again whenever it is lost.
 * What was not acknowledged is not repeated blindly: after a reconnect `due` looks at what has arrived.
 */
export async function publish(options: DevicesOptions, signal: AbortSignal): Promise<void> {
  for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
    const began = Date.now()
    try {
      await session(options, signal)
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof KeyRefused) throw error
      options.log.warn({ error: (error as Error).message }, 'simulated devices lost the broker and will try again')
    }
    if (Date.now() - began > LONGEST_PAUSE_MS) pause = FIRST_PAUSE_MS
    await sleep(pause, undefined, { signal }).catch(() => {})
  }
}

async function session({ url, key, due, interval }: DevicesOptions, signal: AbortSignal): Promise<void> {
  const client = mqtt.connect(url, {
    protocolVersion: 4,
    clientId: `beispiel-${randomBytes(4).toString('hex')}`,
    username: 'beispiel',
    password: key,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: CONNECT_MS,
  })
  const { promise: lost, reject } = Promise.withResolvers<never>()
  lost.catch(() => {})
  client.on('close', () => reject(new Error('the connection was closed')))
  client.on('error', (error) => reject(refused(error) ? new KeyRefused(error.message) : error))
  const stop = () => reject(new Error('stopped'))
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    await Promise.race([new Promise<void>((connected) => client.once('connect', () => connected())), lost])
    for (let fresh = true; ; fresh = false) {
      const waiting = await Promise.race([due(fresh), lost])
      for (let at = 0; at < waiting.length; at += AT_ONCE)
        await Promise.race([Promise.all(waiting.slice(at, at + AT_ONCE).map((one) => send(client, one))), lost])
      await Promise.race([sleep(interval, undefined, { signal }), lost])
    }
  } finally {
    signal.removeEventListener('abort', stop)
    client.end(true)
  }
}

async function send(client: MqttClient, { topic, payload, sent }: Due): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.publish(topic, payload, { qos: 1 }, (error) => (error ? reject(error) : resolve()))
  })
  sent()
}

/** MQTT 3.1.1 §3.2.2.3: 4 = bad user name or password, 5 = not authorized. */
function refused(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === 4 || code === 5
}
