/** MQTT from outside: the real program, mqtt.js, and mosquitto's own clients. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { type EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import mqtt, { type MqttClient } from 'mqtt'
import { databases } from './support/database.ts'
import { type RunningPlatform, startPlatform } from './support/platform.ts'

const DEFINITION = `
id: probe
title: Probe
dataset: { id: probe, title: Probe }
from: { file: { path: probe.csv } }
format: { type: csv }
timeZone: UTC
time: { column: time, format: iso }
thing: { key: probe, name: Probe, location: { lat: "51.9", lon: "7.6" } }
series:
  - { column: value, key: value, name: Wert, property: bicycle_count }
`

const mosquitto = spawnSync('mosquitto_pub', ['--help']).error === undefined
const needsMosquitto = mosquitto ? false : 'install mosquitto-clients'

/** mqtt.js types its events more narrowly than `once` takes. */
const happened = (client: MqttClient, event: string) => once(client as unknown as EventEmitter, event)

function run(program: string, args: string[], limitMs = 10_000): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args)
    let out = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        out += chunk
      })
    }
    const timer = setTimeout(() => child.kill(), limitMs)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, out })
    })
  })
}

for (const engine of databases()) {
  describe(`MQTT on the ${engine.name} database`, { timeout: 120_000 }, () => {
    let platform: RunningPlatform
    let key: string
    let datastream: number
    let at: string[]
    const clients: MqttClient[] = []

    const http = async (path: string, body?: unknown) => {
      const answer = await fetch(`${platform.url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      assert.ok(answer.ok, `${path}: ${answer.status} ${answer.ok ? '' : await answer.text()}`)
      return answer
    }
    const count = async (id = datastream): Promise<number> => {
      const answer = await http(`/sta/v1.1/Datastreams(${id})/Observations?$count=true&$top=0`)
      return ((await answer.json()) as { '@iot.count': number })['@iot.count']
    }
    const connect = async (options: mqtt.IClientOptions = {}) => {
      const client = mqtt.connect(platform.mqttUrl, { protocolVersion: 4, reconnectPeriod: 0, ...options })
      clients.push(client)
      client.on('error', () => {})
      await happened(client, 'connect')
      return client
    }
    const topic = () => `v1.1/Datastreams(${datastream})/Observations`

    before(async () => {
      platform = await startPlatform(engine)
      key = await platform.key()
      const { port } = new URL(platform.mqttUrl)
      at = ['-h', 'localhost', '-p', port]
      await http('/sta/v1.1/Things', {
        name: 'Zähler',
        description: '',
        Locations: [
          {
            name: 'Ort',
            description: '',
            encodingType: 'application/geo+json',
            location: { type: 'Point', coordinates: [7.6, 51.9] },
          },
        ],
        Datastreams: [
          {
            name: 'Rad',
            description: '',
            observationType: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement',
            unitOfMeasurement: { name: 'Anzahl', symbol: '1', definition: 'http://unitsofmeasure.org/ucum.html' },
            Sensor: { name: 'Schleife', description: '', encodingType: 'text/html', metadata: 'x' },
            ObservedProperty: { name: 'Rad', description: '', definition: 'http://example.org/rad' },
          },
        ],
      })
      const answer = await http('/sta/v1.1/Datastreams')
      datastream = ((await answer.json()) as { value: { '@iot.id': number }[] }).value[0]!['@iot.id']
      const { code, stderr } = await platform.command('dataset', 'release', 'eingang')
      assert.equal(code, 0, stderr)
    })
    after(async () => {
      for (const client of clients) client.end(true)
      await platform?.remove()
    })

    it('acknowledges at QoS 1 only what is committed', { skip: needsMosquitto }, async () => {
      const from = await count()
      const { code, out } = await run('mosquitto_pub', [
        ...at,
        '-u',
        'device',
        '-P',
        key,
        '-q',
        '1',
        '-t',
        topic(),
        '-m',
        '{"result": 21.5}',
      ])
      assert.equal(code, 0, out)
      assert.equal(await count(), from + 1)
    })

    it('delivers the entity to mosquitto_sub and to the open chart within a second', {
      skip: needsMosquitto,
    }, async () => {
      const stream = await fetch(`${platform.url}/api/v1/events?datastream=${datastream}`)
      const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
      await reader.read()
      const subscriber = spawn('mosquitto_sub', [...at, '-q', '1', '-C', '1', '-t', topic()])
      let got = ''
      subscriber.stdout.on('data', (chunk) => {
        got += chunk
      })
      await new Promise((resolve) => setTimeout(resolve, 400))
      const began = Date.now()
      const sent = run('mosquitto_pub', [
        ...at,
        '-u',
        'x',
        '-P',
        key,
        '-q',
        '1',
        '-t',
        topic(),
        '-m',
        '{"result": 7, "phenomenonTime": "2026-08-20T12:00:00+02:00"}',
      ])
      // A sign of life may come first.
      let value: string | undefined
      do ({ value } = await reader.read())
      while (value?.startsWith(':'))
      assert.ok(Date.now() - began < 1_000, `took ${Date.now() - began} ms`)
      assert.match(value!, /event: observation\ndata: .*"t":"2026-08-20T10:00:00Z".*"value":7/)
      await Promise.all([once(subscriber, 'close'), sent])
      await reader.cancel()
      const entity = JSON.parse(got)
      assert.deepEqual([entity.result, entity.phenomenonTime], [7, '2026-08-20T10:00:00Z'])
      const link = entity['@iot.selfLink'] as string
      assert.equal(link, `${platform.url}/sta/v1.1/Observations(${entity['@iot.id']})`)
      assert.equal(((await (await http(new URL(link).pathname)).json()) as { result: number }).result, 7)
    })

    it('commits and delivers a burst completely, once each and in order', async () => {
      const from = await count()
      const listener = await connect()
      const got: number[] = []
      const burst = 3_000
      const all = new Promise<void>((resolve) => {
        listener.on('message', (_topic, payload) => {
          got.push(JSON.parse(payload.toString()).result)
          if (got.length === burst) resolve()
        })
      })
      assert.equal((await listener.subscribeAsync(topic(), { qos: 1 }))[0]!.qos, 1)
      const publisher = await connect({ username: 'device', password: key })
      const began = performance.now()
      await Promise.all(
        Array.from({ length: burst }, (_, i) =>
          publisher.publishAsync(
            topic(),
            JSON.stringify({ result: i, phenomenonTime: new Date(1_700_000_000_000 + i * 1000).toISOString() }),
            { qos: 1 },
          ),
        ),
      )
      assert.equal(await count(), from + burst)
      await all
      console.log(
        `# ${burst} QoS 1 publishes committed and delivered in ${Math.round(performance.now() - began)} ms (${engine.name})`,
      )
      assert.deepEqual(
        got.toSorted((a, b) => a - b),
        Array.from({ length: burst }, (_, i) => i),
      )
      assert.deepEqual(
        got,
        got.toSorted((a, b) => a - b),
      )
    })

    it('stores a QoS 2 publish once, however often it is sent', async () => {
      const from = await count()
      const client = await connect({ password: key, username: 'x' })
      await client.publishAsync(topic(), '{"result": 2}', { qos: 2 })
      assert.equal(await count(), from + 1)
      // The same packet twice before its release, as a client does that missed the PUBREC.
      const packet = {
        cmd: 'publish',
        topic: topic(),
        payload: '{"result": 3}',
        qos: 2,
        dup: true,
        retain: false,
        messageId: 4711,
      }
      const write = (client as unknown as { _writePacket(packet: object): void })._writePacket.bind(client)
      write(packet)
      await new Promise((resolve) => setTimeout(resolve, 300))
      write(packet)
      await new Promise((resolve) => setTimeout(resolve, 300))
      assert.equal(await count(), from + 2)
    })

    it('refuses writing without a key, and a wrong key, loudly', { skip: needsMosquitto }, async () => {
      const from = await count()
      const anonymous = await run('mosquitto_pub', [...at, '-q', '1', '-t', topic(), '-m', '{"result": 1}'], 3_000)
      assert.notEqual(anonymous.code, 0)
      const wrong = await run('mosquitto_pub', [
        ...at,
        '-u',
        'x',
        '-P',
        'zk_wrong',
        '-q',
        '1',
        '-t',
        topic(),
        '-m',
        '{"result": 1}',
      ])
      assert.notEqual(wrong.code, 0)
      assert.match(wrong.out, /bad user|not authori[sz]ed/i)
      const elsewhere = await run('mosquitto_pub', [...at, '-q', '1', '-t', 'some/where', '-m', '{"result": 1}'], 3_000)
      assert.notEqual(elsewhere.code, 0)
      assert.equal(await count(), from)
    })

    it('acknowledges a message whose content is wrong and says why', { timeout: 10_000 }, async () => {
      const from = await count()
      const client = await connect({ username: 'x', password: key, clientId: 'wrong-content' })
      await client.subscribeAsync('errors/wrong-content', { qos: 1 })
      for (const [sent, payload, expected] of [
        [topic(), 'not json', /not JSON/],
        [topic(), '{"result": {"a": NaN}}', /not JSON/],
        ['v1.1/Datastreams(99999)/Observations', '{"result": 1}', /Datastream/],
        ['v1.1/Sensors', '{"name": "x"}', /./],
        [topic(), '{"result": "\\u0000"}', /./],
        [topic(), '{"phenomenonTime": "gestern", "result": 1}', /phenomenonTime|time/i],
      ] as const) {
        const told = happened(client, 'message')
        await client.publishAsync(sent, payload, { qos: 1 })
        const [, message] = (await told) as [string, Buffer]
        const about = JSON.parse(message.toString())
        assert.equal(about.topic, sent)
        assert.match(about.message, expected)
      }
      assert.equal(await count(), from)
      assert.ok(client.connected)
      type Errors = {
        count: number
        latest: { client: string | null; topic: string; reason: string; times: number }[]
      }
      const page = (await (await http('/api/v1/operation')).json()) as { publishErrors: Errors }
      const { count: errors, latest } = page.publishErrors
      assert.ok(errors >= 6)
      assert.deepEqual(
        latest
          .filter((one) => one.client === 'wrong-content')
          .map(({ topic, reason, times }) => `${topic} ${reason} ${times}`),
        [
          `${topic()} invalid 1`,
          `${topic()} not-json 3`,
          'v1.1/Sensors invalid 1',
          'v1.1/Datastreams(99999)/Observations not-found 1',
        ],
      )
      assert.doesNotMatch(JSON.stringify(latest), /gestern|not json|NaN/, 'nothing of what was sent')
      await assert.rejects((await connect({ clientId: 'curious' })).subscribeAsync('errors/wrong-content'))
    })

    it('lets nobody subscribe to what is not theirs to see: drafts, wildcards, $SYS', async () => {
      const { code, stderr } = await platform.command('dataset', 'withdraw', 'eingang')
      assert.equal(code, 0, stderr)
      const client = await connect()
      for (const filter of [
        topic(),
        `d/eingang/${topic()}`,
        'd/eingang/v1.1/Observations',
        '#',
        '$SYS/#',
        'v1.1/+/Observations',
        'v1.1/Datastreams(99999)/Observations',
      ]) {
        await assert.rejects(client.subscribeAsync(filter, { qos: 1 }), /./, filter)
      }
      const owner = await connect({ username: 'x', password: key })
      assert.equal((await owner.subscribeAsync(topic(), { qos: 1 }))[0]!.qos, 1)
      await platform.command('dataset', 'release', 'eingang')
    })

    it('ends the subscriptions to a dataset that is withdrawn', async () => {
      const stranger = await connect()
      const owner = await connect({ username: 'x', password: key })
      for (const client of [stranger, owner]) await client.subscribeAsync(`d/eingang/${topic()}`, { qos: 1 })
      const closed = happened(stranger, 'close')
      const got = happened(owner, 'message')
      let leaked = 0
      stranger.on('message', () => {
        leaked++
      })
      await platform.command('dataset', 'withdraw', 'eingang')
      await owner.publishAsync(topic(), '{"result": 99}', { qos: 1 })
      await got
      await closed
      assert.equal(leaked, 0)
      await platform.command('dataset', 'release', 'eingang')
    })

    it('ends connections and event streams of a key that is revoked, within a second', async () => {
      const other = await platform.key('to be revoked')
      const client = await connect({ username: 'x', password: other })
      const mine = await connect({ username: 'x', password: key })
      await client.subscribeAsync(topic(), { qos: 1 })
      const stream = await fetch(`${platform.url}/api/v1/events?datastream=${datastream}`, {
        headers: { authorization: `Bearer ${other}` },
      })
      const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
      assert.match((await reader.read()).value!, /event: ready/)
      const closed = happened(client, 'close')
      await platform.command('key', 'revoke', 'to be revoked')
      const started = Date.now()
      await closed
      let told = ''
      while (!told.includes('event: closed')) told = (await reader.read()).value!
      assert.match(told, /event: closed\ndata: \{"reason":"revoked"\}/)
      assert.ok(Date.now() - started < 1_000, 'both connections ended within a second of the command')
      await mine.publishAsync(topic(), '{"result": 6}', { qos: 1 })
    })

    it('tells what a source makes and corrects, and nothing when a second run changes nothing', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'zahnrad-mqtt-'))
      const file = join(folder, 'probe.yaml')
      writeFileSync(file, DEFINITION)
      const listener = await connect({ username: 'x', password: key })
      const told: string[] = []
      listener.on('message', (from, payload) => {
        const { name, result } = JSON.parse(payload.toString())
        told.push(`${from} ${name ?? result}`)
      })
      const sets = ['Things', 'Locations', 'HistoricalLocations', 'Datastreams', 'Sensors', 'ObservedProperties']
      const topics = [...sets, 'FeaturesOfInterest', 'Observations'].map((set) => `v1.1/${set}`)
      await listener.subscribeAsync(topics, { qos: 1 })
      const run = async (csv: string, messages: number) => {
        writeFileSync(join(folder, 'probe.csv'), csv)
        const { code, stderr } = await platform.command('source', 'run', file, '--from', join(folder, 'probe.csv'))
        assert.equal(code, 0, stderr)
        while (told.length < messages) await happened(listener, 'message')
        // What was told before this message has arrived when it does.
        const last = new Promise<void>((resolve) => {
          listener.on('message', (_, payload) => payload.includes('"the end"') && resolve())
        })
        await listener.publishAsync('v1.1/Things', '{"name": "the end", "description": ""}', { qos: 1 })
        await last
        return told
          .splice(0)
          .filter((line) => !line.endsWith('the end'))
          .sort()
      }
      const first = await run('time,value\n2026-01-01T00:00:00Z,1\n2026-01-01T01:00:00Z,2\n', 9)
      assert.deepEqual(first, [
        'v1.1/Datastreams Wert',
        'v1.1/FeaturesOfInterest Probe',
        'v1.1/HistoricalLocations undefined',
        'v1.1/Locations Probe',
        'v1.1/Observations 1',
        'v1.1/Observations 2',
        first.find((line) => line.startsWith('v1.1/ObservedProperties')),
        'v1.1/Sensors Probe',
        'v1.1/Things Probe',
      ])
      assert.deepEqual(await run('time,value\n2026-01-01T00:00:00Z,1\n2026-01-01T01:00:00Z,3\n', 1), [
        'v1.1/Observations 3',
      ])
      rmSync(folder, { recursive: true })
    })

    it('closes on a packet that is too large, and keeps serving others', async () => {
      const client = await connect({ username: 'x', password: key })
      // The broken connection shows as an error first.
      const closed = new Promise((resolve) => client.on('close', () => resolve(undefined)))
      client.publish(topic(), JSON.stringify({ result: 'x'.repeat(300_000) }), { qos: 1 }, () => {})
      await closed
      const other = await connect({ username: 'x', password: key })
      await other.publishAsync(topic(), '{"result": 5}', { qos: 1 })
    })

    it('refuses MQTT 5 with the reason, and counts what happens', async () => {
      const five = mqtt.connect(platform.mqttUrl, { protocolVersion: 5, reconnectPeriod: 0 })
      clients.push(five)
      const [error] = (await happened(five, 'error')) as [Error]
      assert.match(error.message, /protocol version|refused|unsupported/i)
      const figures = async () => {
        const text = await (await http('/metrics')).text()
        return (name: string) =>
          Number(
            text
              .split('\n')
              .find((line) => line.startsWith(`${name} `))
              ?.split(' ')[1] ?? 0,
          )
      }
      // Subscribers of the tests before would be delivered to as well.
      for (const earlierClient of clients.splice(0)) await earlierClient.endAsync(true).catch(() => {})
      while ((await figures())('zahnrad_mqtt_clients') > 0) await new Promise((resolve) => setTimeout(resolve, 20))
      const earlier = await figures()
      const client = await connect({ username: 'x', password: key })
      await client.subscribeAsync(topic(), { qos: 1 })
      const got = happened(client, 'message')
      await client.publishAsync(topic(), '{"result": 5}', { qos: 1 })
      await got
      await client.publishAsync(topic(), 'wrong', { qos: 1 })
      const now = await figures()
      const grown = (name: string) => now(name) - earlier(name)
      assert.equal(grown('zahnrad_mqtt_publishes_total{outcome="committed"}'), 1)
      assert.equal(grown('zahnrad_mqtt_publishes_total{outcome="invalid"}'), 1)
      assert.equal(grown('zahnrad_mqtt_deliveries_total'), 1)
      assert.ok(now('zahnrad_mqtt_clients') >= 1)
    })
  })
}
