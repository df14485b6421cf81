/** Several processes on one PostgreSQL (`ZAHNRAD_WORKERS`): real processes, asked over many connections. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { type EventEmitter, once } from 'node:events'
import { Agent, request as ask, type IncomingMessage } from 'node:http'
import { after, before, describe, it } from 'node:test'
import mqtt from 'mqtt'
import { createStation } from './e2e/data.ts'
import { databases } from './support/database.ts'
import { type RunningPlatform, runZahnrad, startPlatform } from './support/platform.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any
const WORKERS = 2
/** New connections go to the workers in turn, so this many reach each of them several times. */
const MANY = 6

describe('a number of processes that cannot be', () => {
  const refused = async (env: Record<string, string>, sentence: RegExp) => {
    const { code, stderr } = await runZahnrad(['start'], { PORT: '0', MQTT_PORT: '0', ...env })
    assert.equal(code, 2)
    assert.match(stderr, sentence)
  }
  it('is refused with a sentence that says why', async () => {
    await refused(
      { DATABASE_URL: '', ZAHNRAD_WORKERS: '2' },
      /^ZAHNRAD_WORKERS is 2, but the embedded database belongs to/,
    )
    await refused(
      { ZAHNRAD_WORKERS: 'all' },
      /^ZAHNRAD_WORKERS is "all" but must be a number of processes from 1 to 64/,
    )
  })
})

for (const engine of databases().filter(({ name }) => name === 'server')) {
  describe('several processes', { timeout: 600_000 }, () => {
    let platform: RunningPlatform
    let key: string
    let datastream: number
    let thing: number

    /** One request on a connection of its own. */
    const fresh = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      new Promise<{ status: number; json: Json; text: string }>((resolve, reject) => {
        const agent = new Agent({ keepAlive: false })
        const sent = ask(`${platform.url}${path}`, {
          ...{ method, agent },
          headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        })
        sent.on('error', reject)
        sent.on('response', (answer: IncomingMessage) => {
          let text = ''
          answer.setEncoding('utf8')
          answer.on('data', (chunk) => {
            text += chunk
          })
          answer.on('error', reject)
          answer.on('end', () => {
            const json = /json/.test(answer.headers['content-type'] ?? '') && text ? JSON.parse(text) : null
            resolve({ status: answer.statusCode!, json, text })
          })
        })
        sent.end(body === undefined ? undefined : JSON.stringify(body))
      })
    const machine = () => ({ authorization: `Bearer ${key}` })
    const done = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const answer = await fresh(method, path, body, { ...machine(), ...headers })
      assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
      return answer.json
    }
    const everywhere = <R>(one: (i: number) => Promise<R>) =>
      Promise.all(Array.from({ length: MANY }, (_, i) => one(i)))
    const until = async (what: string, check: () => Promise<boolean>) => {
      for (let i = 0; i < 600; i++) {
        if (await check().catch(() => false)) return
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      assert.fail(`waited in vain: ${what}`)
    }
    const workers = () =>
      execFileSync('ps', ['-o', 'pid=', '--ppid', String(platform.process.pid)], { encoding: 'utf8' })
        .split('\n')
        .map(Number)
        .filter((pid) => pid > 0 && isAlive(pid))
    const isAlive = (pid: number) => {
      try {
        return /worker\.ts/.test(execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }))
      } catch {
        return false
      }
    }
    /** What a stream of server-sent events brings. */
    const listen = async (path: string, headers: Record<string, string> = {}) => {
      const heard: Json[] = []
      let ended = false
      const sent = ask(`${platform.url}${path}`, { agent: new Agent(), headers })
      sent.end()
      const [answer] = (await once(sent, 'response')) as [IncomingMessage]
      // A stream ends with the process that holds it.
      sent.on('error', () => {
        ended = true
      })
      assert.equal(answer.statusCode, 200)
      answer.setEncoding('utf8')
      answer.on('error', () => {})
      answer.on('close', () => {
        ended = true
      })
      answer.on('data', (text: string) => {
        for (const [, data] of text.matchAll(/event: observation\ndata: (.*)\n/g)) heard.push(JSON.parse(data!))
      })
      return { heard, ended: () => ended, close: () => sent.destroy() }
    }

    before(async () => {
      platform = await startPlatform(engine, { ZAHNRAD_WORKERS: String(WORKERS) })
      key = await platform.key()
      const station = await createStation(platform, key, {
        ...{ name: 'Brücke', place: [7.6, 51.95] },
        series: [{ name: 'Räder', property: 'bicycle_count', unit: 'Anzahl' }],
      })
      ;({ thing } = station)
      datastream = station.datastreams[0]!
      await done('POST', '/api/v1/datasets/eingang/state', { state: 'released' })
    })
    after(() => platform?.remove())

    it('answers from each of them, and goes on while one is held up', async () => {
      const [held] = workers()
      assert.equal(workers().length, WORKERS)
      process.kill(held!, 'SIGSTOP')
      let answered = 0
      const asked = everywhere(() => fresh('GET', '/sta/v1.1/Things').then(({ status }) => answered++ && status))
      await until('the other one answers', async () => answered > 0)
      assert.ok(answered < MANY, 'all was answered by one process')
      process.kill(held!, 'SIGCONT')
      await asked
      assert.equal(answered, MANY)
    })

    it('shows what one of them wrote to all, at once', async () => {
      for (let i = 0; i < 4; i++) {
        const name = `Ding ${i}`
        await done('POST', '/sta/v1.1/Things', { name, description: '' })
        for (const { json } of await everywhere(() =>
          fresh('GET', `/sta/v1.1/Things?$filter=name eq '${name}'`.replaceAll(' ', '%20')),
        ))
          assert.equal(json.value.length, 1)
      }
      await done('PATCH', `/sta/v1.1/Datastreams(${datastream})`, {
        observationType: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation',
      })
      for (const { status } of await everywhere(() =>
        fresh('POST', `/sta/v1.1/Datastreams(${datastream})/Observations`, { result: 'viel' }, machine()),
      ))
        assert.notEqual(status, 500)
    })

    it('brings values written by any process, and by MQTT, to the listeners of all', async () => {
      const streams = await everywhere(() => listen(`/api/v1/events?datastream=${datastream}`))
      const client = mqtt.connect(platform.mqttUrl, { protocolVersion: 4, username: 'x', password: key })
      await once(client as unknown as EventEmitter, 'connect')
      const topic = `v1.1/Datastreams(${datastream})/Observations`
      await client.subscribeAsync(topic, { qos: 1 })
      const messages: number[] = []
      client.on('message', (_, payload) => messages.push(JSON.parse(payload.toString()).result))
      const wanted = Array.from({ length: MANY }, (_, i) => 1_000 + i)
      await everywhere((i) => done('POST', `/sta/v1.1/Datastreams(${datastream})/Observations`, { result: wanted[i] }))
      await client.publishAsync(topic, JSON.stringify({ result: 2_000 }), { qos: 1 })
      wanted.push(2_000)
      await until('all hear all', async () =>
        [messages, ...streams.map(({ heard }) => heard.map(({ value }) => value))].every((got) =>
          wanted.every((value) => got.includes(value)),
        ),
      )
      for (const { heard } of streams) assert.equal(heard.length, wanted.length, 'each value once')
      // Each process holds some of them: while one is held up, just these hear nothing, and then all of it.
      const late = new Set<number>()
      for (const [i, held] of workers().entries()) {
        const value = 3_000 + i
        const hears = () => streams.flatMap(({ heard }, at) => (heard.some((one) => one.value === value) ? [at] : []))
        process.kill(held, 'SIGSTOP')
        try {
          await client.publishAsync(topic, JSON.stringify({ result: value }), { qos: 1 })
          await until('those of the other process hear', async () => hears().length > 0)
          await new Promise((resolve) => setTimeout(resolve, 500))
          const heard = hears()
          assert.ok(heard.length < MANY, 'a process that is held up holds streams')
          for (let at = 0; at < MANY; at++) if (!heard.includes(at)) late.add(at)
        } finally {
          process.kill(held, 'SIGCONT')
        }
        await until('all hear', async () => hears().length === MANY)
      }
      assert.equal(late.size, MANY, 'every stream is held by one of them')
      for (const { close } of streams) close()
      await client.endAsync()
    })

    it('ends rights in every process before it says so, and open streams with them', async () => {
      const path = `/sta/v1.1/Datastreams(${datastream})`
      const { stdout } = await platform.command('key', 'create', '--name', 'fort')
      const ending = { authorization: `Bearer ${stdout.trim().split('\n').at(-1)}` }
      for (const { status } of await everywhere(() => fresh('GET', path, undefined, ending))) assert.equal(status, 200)
      await platform.command('key', 'revoke', 'fort')
      for (const { status } of await everywhere(() => fresh('GET', path, undefined, ending))) assert.equal(status, 401)

      for (let round = 0; round < 3; round++) {
        const streams = await everywhere(() => listen(`/api/v1/events?datastream=${datastream}`))
        for (const { status } of await everywhere(() => fresh('GET', path))) assert.equal(status, 200)
        await done('POST', '/api/v1/datasets/eingang/state', { state: 'withdrawn' })
        for (const { status } of await everywhere(() => fresh('GET', path))) assert.equal(status, 404)
        for (const { status } of await everywhere(() => fresh('GET', `/api/v1/stations/${thing}`)))
          assert.equal(status, 404)
        await until('the streams end', async () => streams.every(({ ended }) => ended()))
        await done('POST', '/api/v1/datasets/eingang/state', { state: 'released' })
      }
    })

    it('publishes no small count that another process would have', async () => {
      const read = () => done('GET', `/api/v1/things/${thing}`)
      const { version } = (await read()).datastreams.find((one: Json) => one.id === datastream)
      const patch = { aggregate: 'sum', role: null, periodSeconds: 900 }
      await done('PATCH', `/api/v1/datastreams/${datastream}`, patch, { 'if-match': `"${version}"` })
      // Every process remembers that the series is an ordinary one.
      await everywhere((i) => done('POST', `/sta/v1.1/Datastreams(${datastream})/Observations`, { result: 50 + i }))
      const { sheet } = await done('GET', '/api/v1/datasets/eingang/review')
      await done('PUT', '/api/v1/datasets/eingang/review', { ...sheet, k: 5 })
      await everywhere(() => done('POST', `/sta/v1.1/Datastreams(${datastream})/Observations`, { result: 3 }))
      const small = `/sta/v1.1/Datastreams(${datastream})/Observations?$filter=result%20gt%200%20and%20result%20lt%205&$count=true`
      await until('it is public again', async () => (await fresh('GET', small)).status === 200)
      for (const { json } of await everywhere(() => fresh('GET', small))) assert.equal(json['@iot.count'], 0)
      assert.equal((await done('GET', small))['@iot.count'], MANY, 'staff see what was measured')
    })

    it('adds up the figures of all processes', async () => {
      const posts = async () => {
        const { text } = await fresh('GET', '/metrics')
        const rows = text.matchAll(/^zahnrad_http_request_seconds_count\{.*method="POST".*route="\/sta.*\} (\d+)$/gm)
        return [...rows].reduce((sum, [, n]) => sum + Number(n), 0)
      }
      const was = await posts()
      await everywhere(() => done('POST', `/sta/v1.1/Datastreams(${datastream})/Observations`, { result: 99 }))
      assert.equal(await posts(), was + MANY)
      assert.match((await fresh('GET', '/metrics')).text, /^zahnrad_workers 2$/m)
    })

    it('replaces a process that dies, and loses nothing that was acknowledged', async () => {
      const [dying] = workers()
      let acknowledged = 0
      let stop = false
      const flood = everywhere(async () => {
        while (!stop) {
          const answer = await fresh(
            'POST',
            `/sta/v1.1/Datastreams(${datastream})/Observations`,
            { result: 777 },
            machine(),
          ).catch(() => null)
          if (answer?.status === 201) acknowledged++
        }
      })
      try {
        await until('values come', async () => acknowledged > 20)
        process.kill(dying!, 'SIGKILL')
        await until(
          'another one took its place',
          async () => workers().length === WORKERS && !workers().includes(dying!),
        )
        await until('it serves', async () => {
          const { text } = await fresh('GET', '/metrics', undefined, machine())
          return new RegExp(`^zahnrad_workers ${WORKERS}$`, 'm').test(text)
        })
        const before = acknowledged
        await until('values come again', async () => acknowledged > before + 20)
        assert.match(platform.output(), /a worker process died; another one is started/)
      } finally {
        stop = true
      }
      await flood
      const count = async () =>
        (
          await done(
            'GET',
            `/sta/v1.1/Datastreams(${datastream})/Observations?$filter=result%20eq%20777&$top=0&$count=true`,
          )
        )['@iot.count']
      // A value whose answer was on its way when the process died may be stored, too.
      assert.ok((await count()) >= acknowledged)
    })

    it('finishes what it was asked before it stops, and leaves no process behind', async () => {
      const old = workers()
      const path = `/sta/v1.1/Datastreams(${datastream})/Observations`
      const asked = everywhere(async () => {
        let acknowledged = 0
        for (;;) {
          const answer = await fresh('POST', path, { result: 888 }, machine()).catch(() => null)
          if (answer?.status !== 201) return acknowledged
          acknowledged++
        }
      })
      await until(
        'values come',
        async () =>
          (await fresh('GET', `${path}?$filter=result%20eq%20888&$top=1`, undefined, machine())).json?.value?.length >
          0,
      )
      assert.equal(await platform.stop('SIGTERM'), 0)
      const acknowledged = (await asked).reduce((sum, n) => sum + n, 0)
      assert.deepEqual(old.filter(isAlive), [])
      await platform.restart()
      const { json } = await fresh('GET', `${path}?$filter=result%20eq%20888&$top=0&$count=true`, undefined, machine())
      assert.equal(json['@iot.count'], acknowledged)
    })

    it('ends with the first process, however that ends', async () => {
      const old = workers()
      await platform.stop('SIGKILL')
      await until('the others are gone', async () => old.every((pid) => !isAlive(pid)))
      await platform.restart()
      assert.equal((await fresh('GET', '/sta/v1.1/Things')).status, 200)
    })
  })
}
