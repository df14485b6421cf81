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
/** Published beside every set: what only a subscription could tell. */
const EXTRA = ['v1.1/Observations?$select=result', "d/eingang/v1.1/Datastreams?$filter=name eq 'Werte'&$select=name"]
const DOC = join(import.meta.dirname, '..', 'docs', 'operating', 'broker.md')

const THING = {
  name: 'Probe',
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

/** A certificate authority of its own, and the broker's certificate by it. */
function certify(folder: string): void {
  const openssl = (command: string) => {
    const { status, stderr } = spawnSync('openssl', command.split(' '), { cwd: folder })
    assert.equal(status, 0, String(stderr))
  }
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
  openssl(`req -x509 ${key} -keyout ca.key -out ca.pem -days 2 -subj /CN=Pruefstelle`)
  openssl(`req ${key} -keyout broker.key -out broker.csr -subj /CN=localhost`)
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost')
  openssl('x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out broker.pem')
  chmodSync(join(folder, 'broker.key'), 0o644)
}

for (const engine of databases()) {
  // By TLS with one of them: the rest is the same.
  const secure = engine.name === 'server'
  describe(`with an external broker (${engine.name})`, { skip: needsMosquitto, timeout: 240_000 }, () => {
    let platform: RunningPlatform
    let broker: ChildProcess
    let folder: string
    let port: number
    let address: string
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
      const lines = [conf.replace('listener 1883', `listener ${port} 127.0.0.1`)]
      address = `mqtt://127.0.0.1:${port}`
      if (secure) {
        certify(folder)
        const securePort = await freePort()
        lines.push(`listener ${securePort} localhost`)
        lines.push(`certfile ${folder}/broker.pem`, `keyfile ${folder}/broker.key`)
        address = `mqtts://localhost:${securePort}`
      }
      writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`)
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
      platform = await startPlatform(engine, {
        BROKER_URL: address.replace('://', `://zahnrad:${PASSWORDS.zahnrad}@`),
        BROKER_TOPICS: EXTRA.join(' | '),
        ...(secure && { BROKER_CA_FILE: join(folder, 'ca.pem') }),
      })
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
      const { value } = (await (await fetch(`${platform.url}/sta/v1.1/FeaturesOfInterest`)).json()) as {
        value: { '@iot.id': number }[]
      }
      const feature = `v1.1/FeaturesOfInterest(${value[0]!['@iot.id']})/Observations`
      const topics = ['v1.1/Observations', topic(), feature]
      const expected = [...topics, ...topics.map((one) => `d/eingang/${one}`)].sort()
      await until('told', async () => heard.length >= expected.length)
      assert.deepEqual([...heard].sort(), expected)
      const root = (await (await fetch(`${platform.url}/sta/v1.1`)).json()) as {
        serverSettings: Record<string, unknown>
      }
      const uri = 'http://www.opengis.net/spec/iot_sensing/1.1/req/receive-updates-via-mqtt/receive-updates'
      assert.deepEqual(root.serverSettings[uri], { endpoints: [address] })
      assert.deepEqual(await results(), [1, 2], 'what is published does not come back in')
    })

    it('tells of all that is public what a subscription would: properties, relations, what was asked for', async () => {
      const reader = await connect('reader')
      await reader.subscribeAsync(['v1.1/#', 'd/+/v1.1/#'], { qos: 1 })
      // biome-ignore lint/suspicious/noExplicitAny: messages are looked at field by field
      let heard: [topic: string, body: any][] = []
      reader.on('message', (from, payload) => heard.push([from, JSON.parse(payload.toString())]))
      // biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
      const call = async (method: string, path: string, body?: unknown): Promise<any> => {
        const answer = await fetch(`${platform.url}/sta/v1.1/${path}`, { method, headers, body: JSON.stringify(body) })
        assert.ok(answer.ok, `${method} ${path}: ${answer.status}`)
        return answer.json()
      }
      const idOf = async (path: string): Promise<number> => (await call('GET', path))['@iot.id']
      const thing = await idOf(`Datastreams(${stream})/Thing`)
      const sensor = await idOf(`Datastreams(${stream})/Sensor`)
      const observed = await idOf(`Datastreams(${stream})/ObservedProperty`)
      /** What is heard of a change once all of `topics` are, at the general root and the dataset's. */
      const told = async (topics: string[], change: () => Promise<unknown>) => {
        heard = []
        await change()
        const wanted = topics.flatMap((one) => [`v1.1/${one}`, `d/eingang/v1.1/${one}`])
        const missing = () => wanted.filter((one) => !heard.some(([topic]) => topic === one))
        await until(`told: ${wanted}`, async () => missing().length === 0).catch((error) => {
          throw new Error(`${error.message}; missing ${missing()}; heard ${heard.map(([topic]) => topic)}`)
        })
        return (topic: string) => heard.find(([one]) => one === topic)![1]
      }
      await told([`Things(${thing})/name`, `Things(${thing})/description`], () =>
        call('PATCH', `Things(${thing})`, { name: 'Erster Name' }),
      )
      const place = { type: 'Point', coordinates: [7.6, 51.95] }
      const location = { name: 'Ort', description: '', encodingType: 'application/geo+json', location: place }
      await told([`Things(${thing})/Locations`, `Things(${thing})/HistoricalLocations`], () =>
        call('POST', `Things(${thing})/Locations`, location),
      )
      const renamed = await told(
        [`Things`, `Things(${thing})`, `Things(${thing})/name`, `Datastreams(${stream})/Thing`],
        () => call('PATCH', `Things(${thing})`, { name: 'Neuer Name' }),
      )
      const now = await call('GET', `Things(${thing})`)
      const entity = renamed(`v1.1/Things(${thing})`)
      const without = (one: object) => JSON.parse(JSON.stringify(one).replaceAll(/http:\/\/localhost:\d+/g, ''))
      assert.deepEqual(without(entity), without(now), 'the entity as GET gives it')
      assert.deepEqual(renamed(`v1.1/Things(${thing})/name`), { name: 'Neuer Name' })
      assert.ok(!heard.some(([topic]) => topic.endsWith('/description')), 'what did not change is not told')

      const second = THING.Datastreams[0]!
      const made = await told(
        [
          `Things(${thing})/Datastreams`,
          `Sensors(${sensor})/Datastreams`,
          `ObservedProperties(${observed})/Datastreams`,
        ],
        () =>
          call('POST', `Things(${thing})/Datastreams`, {
            ...second,
            name: 'Zweite',
            Sensor: { '@iot.id': sensor },
            ObservedProperty: { '@iot.id': observed },
          }),
      )
      const fresh: number = made(`v1.1/Things(${thing})/Datastreams`)['@iot.id']
      const device = await connect('device')
      const publish = (result: number) => () =>
        device.publishAsync(`v1.1/Datastreams(${fresh})/Observations`, JSON.stringify({ result }), { qos: 1 })
      const values = await told(
        [`Datastreams(${fresh})/Observations`, `Datastreams(${fresh})/phenomenonTime`],
        publish(41),
      )
      assert.match(JSON.stringify(values(`v1.1/Datastreams(${fresh})/phenomenonTime`)), /^\{"phenomenonTime":"20/)
      const [observation] = (await call('GET', `Datastreams(${fresh})/Observations`)).value
      const feature = await idOf(`Observations(${observation['@iot.id']})/FeatureOfInterest`)
      const again = await told([`FeaturesOfInterest(${feature})/Observations`], publish(42))
      assert.equal(again(`v1.1/FeaturesOfInterest(${feature})/Observations`).result, 42)
      assert.ok(heard.some(([topic, body]) => topic === EXTRA[0] && JSON.stringify(body) === '{"result":42}'))
      await told([`Observations(${observation['@iot.id']})/result`, `Datastreams(${fresh})/Observations`], () =>
        call('PATCH', `Observations(${observation['@iot.id']})`, { result: 43 }),
      )
      await told([`Datastreams(${stream})/name`], () => call('PATCH', `Datastreams(${stream})`, { description: 'x' }))
      await until('the chosen one is told', async () => heard.some(([topic]) => topic === EXTRA[1]))
      assert.deepEqual(heard.find(([topic]) => topic === EXTRA[1])![1], { name: 'Werte' })

      heard = []
      const secret = await fetch(`${platform.url}/api/v1/datasets`, {
        ...{ method: 'POST', headers, body: JSON.stringify({ id: 'geheim', title: 'Geheim' }) },
      })
      assert.equal(secret.status, 201)
      const answer = await fetch(`${platform.url}/d/geheim/sta/v1.1/Things`, {
        ...{ method: 'POST', headers, body: JSON.stringify({ ...THING, name: 'Verborgen', Locations: [location] }) },
      })
      assert.equal(answer.status, 201)
      const found = await fetch(`${platform.url}/d/geheim/sta/v1.1/Datastreams`, { headers })
      const [{ '@iot.id': hidden }] = ((await found.json()) as { value: [{ '@iot.id': number }] }).value
      await device.publishAsync(`d/geheim/v1.1/Datastreams(${hidden})/Observations`, '{"result":666}', { qos: 1 })
      await told([`Things(${thing})/name`], () => call('PATCH', `Things(${thing})`, { name: 'Letzter Name' }))
      assert.doesNotMatch(JSON.stringify(heard.filter(([topic]) => !/geheim/.test(topic))), /Verborgen|666/)
      assert.deepEqual(
        heard.filter(([topic, body]) => /geheim/.test(topic) && '@iot.id' in body),
        [],
      )
      reader.end(true)
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

    it('a broker that stays away or cannot be trusted turns /readyz red, and its return green', async () => {
      if (secure) {
        platform.env.BROKER_CA_FILE = ''
        await platform.restart()
      } else {
        broker.kill('SIGTERM')
        await once(broker, 'exit')
      }
      await until('red', async () => (await fetch(`${platform.url}/readyz`)).status === 503)
      const { problems } = (await (await fetch(`${platform.url}/readyz`)).json()) as {
        problems: Record<string, string>
      }
      assert.match(problems.broker!, secure ? /^broker-away since .*certificate/ : /^broker-away since .*/)
      const page = (await (await fetch(`${platform.url}/api/v1/operation`, { headers })).json()) as {
        problems: { title: string; cause: string }[]
      }
      assert.match(page.problems.find(({ title }) => title === 'MQTT-Broker')!.cause, /nicht erreichbar/)
      if (secure) {
        platform.env.BROKER_CA_FILE = join(folder, 'ca.pem')
        await platform.restart()
      } else await startMosquitto()
      await until('green', async () => (await fetch(`${platform.url}/readyz`)).status === 200)
    })
  })
}
