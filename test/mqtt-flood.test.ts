/**
 * Floods over MQTT on the real program: whoever publishes faster than it is stored is slowed, whoever does not read is cut
 * off, and memory stays bounded.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import mqtt, { type MqttClient } from 'mqtt'
import { databases } from './support/database.ts'
import { type RunningPlatform, startPlatform } from './support/platform.ts'

/** What a flood may add to the memory of the process; each flood alone is larger. The embedded database is in the process. */
const MEMORY = { server: 150e6, embedded: 200e6 }
/** What may be on its way, sent and not stored: buffers of the sockets, what the broker reads ahead, what it is storing. */
const ON_THE_WAY = 40e6

const THING = {
  name: 'Flut',
  description: '',
  Locations: [
    {
      ...{ name: 'Ort', description: '', encodingType: 'application/geo+json' },
      location: { type: 'Point', coordinates: [7.6, 51.95] },
    },
  ],
  Datastreams: [
    {
      name: 'Werte',
      description: '',
      observationType: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement',
      unitOfMeasurement: { name: 'n', symbol: '', definition: '' },
      Sensor: { name: 's', description: '', encodingType: 'text/html', metadata: 'x' },
      ObservedProperty: { name: 'o', definition: 'https://example.org/o', description: '' },
    },
  ],
}

/** The `n`th message; each another time, so none counts as a repetition. */
const message = (n: number, weight = 0): string =>
  JSON.stringify({
    result: n,
    phenomenonTime: new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString(),
    ...(weight > 0 && { parameters: { note: 'x'.repeat(weight) } }),
  })

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

for (const engine of databases()) {
  describe(`a flood over MQTT (${engine.name})`, { timeout: 240_000 }, () => {
    let platform: RunningPlatform
    let headers: Record<string, string>
    let key: string
    let topic: string
    const clients: MqttClient[] = []

    const connect = async () => {
      const client = mqtt.connect(platform.mqttUrl, {
        protocolVersion: 4,
        reconnectPeriod: 0,
        username: 'device',
        password: key,
      })
      clients.push(client)
      client.on('error', () => {})
      await once(client as never, 'connect')
      return client
    }
    const count = async (): Promise<number> => {
      const answer = await fetch(`${platform.url}/sta/${topic}?$count=true&$top=0`, { headers })
      return ((await answer.json()) as { '@iot.count': number })['@iot.count']
    }
    const figures = async () => {
      const text = await (await fetch(`${platform.url}/metrics`)).text()
      return (name: string): number =>
        Number(
          text
            .split('\n')
            .find((line) => line.startsWith(`${name} `))
            ?.slice(name.length) ?? 0,
        )
    }
    const memory = async () => (await figures())('process_resident_memory_bytes')
    /** What the process grew by at most while `work` went on. */
    const growth = async (work: () => Promise<void>): Promise<number> => {
      const from = await memory()
      let most = from
      let over = false
      const watching = (async () => {
        while (!over) {
          most = Math.max(most, await memory())
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      })()
      await work().finally(() => {
        over = true
      })
      await watching
      return most - from
    }

    before(async () => {
      platform = await startPlatform(engine)
      key = await platform.key()
      headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      const made = await fetch(`${platform.url}/sta/v1.1/Things`, {
        method: 'POST',
        headers,
        body: JSON.stringify(THING),
      })
      assert.equal(made.status, 201, await made.text())
      const answer = await fetch(`${platform.url}/sta/v1.1/Datastreams`, { headers })
      const { value } = (await answer.json()) as { value: { '@iot.id': number }[] }
      topic = `v1.1/Datastreams(${value[0]!['@iot.id']})/Observations`
    })
    after(async () => {
      for (const client of clients) client.end(true)
      await platform?.remove()
    })

    /** Publishes `messages` as fast as the socket takes them; `sent` is called for each. */
    const flood = async (messages: readonly string[], qos: 0 | 1, sent: (done: Promise<unknown>) => void) => {
      const device = await connect()
      for (const one of messages) {
        sent(device.publishAsync(topic, one, { qos }))
        if (device.stream.writableNeedDrain) await once(device.stream, 'drain')
      }
      return device
    }

    it('at QoS 1 is slowed, stored as far as acknowledged, and keeps memory bounded', async () => {
      const messages = Array.from({ length: 30_000 }, (_, n) => message(n, 7_000))
      // The heap and the caches of a process that has worked before.
      const warm: Promise<unknown>[] = []
      const first = Array.from({ length: 2_000 }, (_, n) => message(50_000 + n, 7_000))
      await flood(first, 1, (done) => warm.push(done))
      await Promise.all(warm)
      const from = await count()
      let open = 0
      let most = 0
      const grown = await growth(async () => {
        const acknowledgements: Promise<void>[] = []
        await flood(messages, 1, (done) => {
          most = Math.max(most, ++open)
          acknowledgements.push(
            done.then(() => {
              open--
            }),
          )
        })
        await Promise.all(acknowledgements)
      })
      console.log(`# QoS 1 (${engine.name}): ${megabytes(grown)} more, ${most} messages on their way at most`)
      assert.equal(await count(), from + messages.length)
      assert.ok(most * messages[0]!.length < ON_THE_WAY, `${most} messages on their way`)
      assert.ok(grown < MEMORY[engine.name], `${megabytes(grown)} more`)
    })

    it('at QoS 0 is slowed as well: everything that was taken is stored', async () => {
      const messages = Array.from({ length: 7_500 }, (_, n) => message(100_000 + n, 27_000))
      const stored = async () => (await figures())('zahnrad_mqtt_publishes_total{outcome="committed"}')
      const [from, storedFrom] = [await count(), await stored()]
      let sent = 0
      let most = 0
      const grown = await growth(async () => {
        let over = false
        const watching = (async () => {
          while (!over) {
            const atLeast = sent
            most = Math.max(most, atLeast + storedFrom - (await stored()))
            await new Promise((resolve) => setTimeout(resolve, 100))
          }
        })()
        const device = await flood(messages, 0, () => sent++)
        over = true
        await watching
        await device.publishAsync(topic, message(200_000), { qos: 1 })
      })
      console.log(`# QoS 0 (${engine.name}): ${megabytes(grown)} more, ${most} messages on their way at most`)
      assert.equal(await count(), from + messages.length + 1)
      assert.ok(most * messages[0]!.length < ON_THE_WAY, `${most} messages on their way`)
      assert.ok(grown < MEMORY[engine.name], `${megabytes(grown)} more`)
    })

    it('of deliveries to a subscriber that does not read cuts it off, and others go on receiving', async () => {
      const slow = await connect()
      const quick = await connect()
      const device = await connect()
      for (const client of [slow, quick]) await client.subscribeAsync(topic, { qos: 1 })
      slow.stream.pause()
      const before = (await figures())('zahnrad_mqtt_clients_dropped_total{reason="too slow"}')
      // Beyond what the broker keeps for one client, and what the sockets hold.
      const messages = 400
      let heard = 0
      const all = new Promise<void>((resolve) => {
        quick.on('message', () => {
          if (++heard === messages) resolve()
        })
      })
      const grown = await growth(async () => {
        for (let n = 0; n < messages; n++) await device.publishAsync(topic, message(300_000 + n, 100_000), { qos: 1 })
        await all
      })
      console.log(`# a subscriber that does not read (${engine.name}): ${megabytes(grown)} more`)
      assert.equal((await figures())('zahnrad_mqtt_clients_dropped_total{reason="too slow"}'), before + 1)
      assert.ok(grown < MEMORY[engine.name], `${megabytes(grown)} more`)
      // The broken connection shows as an error first.
      const closed = new Promise((resolve) => slow.on('close', () => resolve(undefined)))
      slow.stream.resume()
      await closed
    })
  })
}
