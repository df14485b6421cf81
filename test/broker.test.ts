/** The platform with a broker of the city: a real Mosquitto speaking MQTT 5, with the access list of docs/operating/broker.md. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import mqtt, { type MqttClient } from 'mqtt'
import { databases } from './support/database.ts'
import { type RunningPlatform, startPlatform } from './support/platform.ts'

const PASSWORDS = { zahnrad: 'geheim', device: 'sensor', reader: 'leser' }
const needsMosquitto = spawnSync('mosquitto', ['-h']).error === undefined ? false : 'install mosquitto'
const DOC = join(import.meta.dirname, '..', 'docs', 'operating', 'broker.md')

const THING = {
  name: 'Probe',
  description: '',
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

/** The text of a block of the documentation, by the file it is to be. */
const block = (name: string) =>
  new RegExp(`\`${name}\`:\\n\\n\`\`\`\\n([\\s\\S]*?)\`\`\``).exec(readFileSync(DOC, 'utf8'))![1]!

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

for (const engine of databases()) {
  describe(`with an external broker (${engine.name})`, { skip: needsMosquitto, timeout: 240_000 }, () => {
    let platform: RunningPlatform
    let broker: ChildProcess
    let folder: string
    let port: number
    let headers: Record<string, string>
    let stream: number
    const clients: MqttClient[] = []
    const startMosquitto = async () => {
      broker = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' })
      for (;;) {
        const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
          protocolVersion: 5,
          reconnectPeriod: 0,
          username: 'reader',
          password: PASSWORDS.reader,
        })
        const up = await new Promise((resolve) => {
          client.on('connect', () => resolve(true))
          client.on('error', () => resolve(false))
          client.on('close', () => resolve(false))
        })
        client.end(true)
        if (up) return
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    const connect = async (username: keyof typeof PASSWORDS, options: mqtt.IClientOptions = {}) => {
      const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
        protocolVersion: 5,
        reconnectPeriod: 200,
        username,
        password: PASSWORDS[username],
        ...options,
      })
      clients.push(client)
      client.on('error', () => {})
      await once(client as never, 'connect')
      return client
    }
    const results = async (): Promise<number[]> => {
      const answer = await fetch(
        `${platform.url}/sta/v1.1/Datastreams(${stream})/Observations?$top=10000&$select=result&$orderby=id`,
        { headers },
      )
      return ((await answer.json()) as { value: { result: number }[] }).value.map(({ result }) => result)
    }
    const until = async (what: string, so: () => Promise<boolean>) => {
      for (let i = 0; i < 600; i++) {
        if (await so().catch(() => false)) return
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      assert.fail(what)
    }
    const connected = async () =>
      /^zahnrad_broker_connected 1$/m.test(await (await fetch(`${platform.url}/metrics`)).text())
    const topic = () => `v1.1/Datastreams(${stream})/Observations`

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'zahnrad-broker-'))
      chmodSync(folder, 0o777)
      port = await freePort()
      const conf = block('mosquitto.conf')
        .replaceAll('/etc/mosquitto/', `${folder}/`)
        .replaceAll('/var/lib/mosquitto/', `${folder}/`)
      writeFileSync(join(folder, 'mosquitto.conf'), conf.replace('listener 1883', `listener ${port} 127.0.0.1`))
      writeFileSync(join(folder, 'acl'), block('acl'))
      writeFileSync(
        join(folder, 'passwords'),
        Object.entries(PASSWORDS)
          .map(([name, password]) => `${name}:${password}\n`)
          .join(''),
      )
      const hashed = spawnSync('mosquitto_passwd', ['-U', join(folder, 'passwords')])
      assert.equal(hashed.status, 0, String(hashed.stderr))
      for (const file of ['acl', 'passwords']) chmodSync(join(folder, file), 0o644)
      await startMosquitto()
      platform = await startPlatform(engine, { BROKER_URL: `mqtt://zahnrad:${PASSWORDS.zahnrad}@127.0.0.1:${port}` })
      headers = { authorization: `Bearer ${await platform.key()}`, 'content-type': 'application/json' }
      const made = await fetch(`${platform.url}/sta/v1.1/Things`, {
        method: 'POST',
        headers,
        body: JSON.stringify(THING),
      })
      assert.equal(made.status, 201, await made.text())
      const found = await fetch(`${platform.url}/sta/v1.1/Datastreams`, { headers })
      stream = ((await found.json()) as { value: { '@iot.id': number }[] }).value[0]!['@iot.id']
      await until('connected', connected)
    })
    after(async () => {
      for (const client of clients) client.end(true)
      await platform?.remove()
      broker?.kill('SIGKILL')
      if (folder) rmSync(folder, { recursive: true, force: true })
    })

    it('stores what a device publishes, names the broker, and keeps what is not public from it', async () => {
      const reader = await connect('reader')
      await reader.subscribeAsync(['v1.1/#', 'd/+/v1.1/#'], { qos: 1 })
      const heard: string[] = []
      reader.on('message', (from, payload) => {
        if (payload.includes('@iot.id')) heard.push(from)
      })
      const device = await connect('device')
      await device.publishAsync(topic(), '{"result": 1}', { qos: 1 })
      await until('stored', async () => (await results()).length === 1)
      const { code, stderr } = await platform.command('dataset', 'release', 'eingang')
      assert.equal(code, 0, stderr)
      await device.publishAsync(topic(), '{"result": 2}', { qos: 1 })
      const expected = ['d/eingang/v1.1/Observations', `d/eingang/${topic()}`, 'v1.1/Observations', topic()].sort()
      await until('told', async () => heard.length >= expected.length)
      assert.deepEqual([...heard].sort(), expected)
      const root = (await (await fetch(`${platform.url}/sta/v1.1`)).json()) as {
        serverSettings: Record<string, unknown>
      }
      const uri = 'http://www.opengis.net/spec/iot_sensing/1.1/req/receive-updates-via-mqtt/receive-updates'
      assert.deepEqual(root.serverSettings[uri], { endpoints: [`mqtt://127.0.0.1:${port}`] })
      assert.deepEqual(await results(), [1, 2], 'what is published does not come back in')
    })

    it('leaves it to the broker who may publish', async () => {
      const reader = await connect('reader')
      await assert.rejects(reader.publishAsync(topic(), '{"result": 666}', { qos: 1 }), /authori[sz]ed/i)
      const device = await connect('device')
      await device.publishAsync(topic(), 'not json', { qos: 1 })
      await device.publishAsync(topic(), '{"result": 3}', { qos: 1 })
      await until('the good one is stored', async () => (await results()).includes(3))
      assert.ok(!(await results()).includes(666))
      const page = (await (await fetch(`${platform.url}/api/v1/operation`, { headers })).json()) as {
        publishErrors: { count: number; latest: object[] }
      }
      const [{ last: _, ...error }] = page.publishErrors.latest as [{ last: string }]
      assert.equal(page.publishErrors.count, 1)
      assert.deepEqual(error, { client: null, topic: topic(), reason: 'not-json', times: 1 })
    })

    it('loses nothing acknowledged and stores nothing twice when broker and platform are killed in the middle', async () => {
      const device = await connect('device')
      const acknowledged = new Set<number>()
      let next = 10_000
      let over = false
      const writers = Array.from({ length: 4 }, async () => {
        while (!over) {
          // Few enough for one page of the answer.
          await new Promise((resolve) => setTimeout(resolve, 50))
          const result = next++
          const phenomenonTime = new Date(Date.UTC(2026, 0, 1) + result * 1000).toISOString()
          await device.publishAsync(topic(), JSON.stringify({ result, phenomenonTime }), { qos: 1 }).then(
            () => acknowledged.add(result),
            () => {},
          )
        }
      })
      const more = async (n: number) => {
        const from = acknowledged.size
        await until('more acknowledged', async () => acknowledged.size >= from + n)
      }
      await more(100)
      await platform.stop('SIGKILL')
      await more(100)
      await platform.restart()
      await more(100)
      broker.kill('SIGTERM')
      await once(broker, 'exit')
      await startMosquitto()
      await more(100)
      broker.kill('SIGKILL')
      await once(broker, 'exit')
      await startMosquitto()
      await more(100)
      over = true
      await Promise.all(writers)
      await until('all are stored', async () => {
        const stored = new Set(await results())
        return [...acknowledged].every((result) => stored.has(result))
      })
      const stored = (await results()).filter((result) => result >= 10_000)
      assert.equal(new Set(stored).size, stored.length, 'none twice')
    })

    it('a broker that stays away turns /readyz red, and its return green', async () => {
      broker.kill('SIGTERM')
      await once(broker, 'exit')
      await until('red', async () => (await fetch(`${platform.url}/readyz`)).status === 503)
      const { problems } = (await (await fetch(`${platform.url}/readyz`)).json()) as {
        problems: Record<string, string>
      }
      assert.match(problems.broker!, /^broker-away since /)
      const page = (await (await fetch(`${platform.url}/api/v1/operation`, { headers })).json()) as {
        problems: { title: string; cause: string }[]
      }
      assert.match(page.problems.find(({ title }) => title === 'MQTT-Broker')!.cause, /nicht erreichbar/)
      await startMosquitto()
      await until('green', async () => (await fetch(`${platform.url}/readyz`)).status === 200)
    })
  })
}
