/** Hostile input at every route of the router, SensorThings queries by their grammar, MQTT packets: nothing breaks. */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../src/config.ts'
import { OWNER } from '../../src/domains/access/index.ts'
import { buildInterface } from '../../src/interface.ts'
import { createLog } from '../../src/kernel/log.ts'
import { registry } from '../../src/kernel/metrics.ts'
import { httpOf, serve } from '../../src/main.ts'
import { openPlatform, type Platform } from '../../src/platform.ts'
import { databases } from '../support/database.ts'
import { bySchema, fuzz, HOSTILE, hostileText, hostileValue, mutatedBytes, mutatedText } from '../support/fuzz.ts'
import { apply, encoded, options, resource, sensible, soups } from '../support/fuzz-sensorthings.ts'
import { datasetOf } from '../support/hidden.ts'

/** Makes a whole city, fetches from elsewhere, or ends what the others need; each has tests of its own. */
const LEFT_OUT = ['POST /api/v1/example', 'DELETE /api/v1/example', 'GET /api/v1/events']
/** The database, or something far away, may be too slow or not there; that is no fault of the answer. */
const HONEST = [501, 502, 503]

interface Route {
  method: string
  url: string
  schema: Record<'body' | 'querystring' | 'params', Parameters<typeof bySchema>[0]>
}

for (const engine of databases()) {
  describe(`fuzz: interfaces (${engine.name})`, { timeout: 3_600_000 }, () => {
    const routes: Route[] = []
    const closers: { name: string; close: () => unknown }[] = []
    let platform: Platform
    let url: string
    let key: string

    const ask = async (method: string, path: string, body?: string | Buffer, headers: Record<string, string> = {}) => {
      const answer = await fetch(url + path, {
        ...{ method, redirect: 'manual', signal: AbortSignal.timeout(30_000) },
        headers: {
          authorization: `Bearer ${key}`,
          'if-match': '*',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body as string | undefined,
      })
      if (answer.headers.get('content-type')?.startsWith('text/event-stream')) {
        await answer.body!.cancel()
        return answer.status
      }
      const text = await answer.text()
      if (answer.status === 401) key = await platform.access.createKey(`again ${performance.now()}`, OWNER)
      const seen = `${method} ${path.slice(0, 500)} ${body === undefined ? '' : body.toString().slice(0, 1_000)}: ${answer.status} ${text.slice(0, 300)}`
      assert.ok(answer.status < 500 || HONEST.includes(answer.status), seen)
      return answer.status
    }

    before(async () => {
      const place = await engine.place()
      const log = createLog('fatal')
      await buildInterface(log)
      const config = readConfig({ ...place.env, PORT: '0', MQTT_PORT: '0', ZAHNRAD_EXAMPLE: '0', TASKING: '1' })
      platform = await openPlatform(config, log, { exclusive: true })
      closers.push({ name: 'place', close: () => place.remove() }, { name: 'platform', close: () => platform.close() })
      const app = await httpOf(platform)
      app.addHook('onRoute', (route) => {
        for (const method of [route.method].flat())
          if (!['HEAD', 'OPTIONS'].includes(method))
            routes.push({ method, url: route.url, schema: (route.schema ?? {}) as Route['schema'] })
      })
      await serve(platform, app, closers)
      url = `http://localhost:${config.port}`
      key = await platform.access.createKey('machine', OWNER)
      const admin = async (method: string, path: string, body?: unknown) => {
        const answer = await fetch(url + path, {
          method,
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: body === undefined ? undefined : JSON.stringify(body),
        })
        const text = await answer.text()
        return { status: answer.status, body: text ? JSON.parse(text) : undefined, text }
      }
      await datasetOf(admin, 'offen', 'sichtbar', 5)
    })
    after(async () => {
      for (const { close } of closers.reverse()) await close()
      registry.clear()
    })

    it('SensorThings queries by their grammar', async () => {
      await fuzz(
        'sensorthings',
        150,
        fc.tuple(
          fc.oneof({ weight: 4, arbitrary: sensible }, { weight: 1, arbitrary: resource }),
          fc.oneof({ weight: 3, arbitrary: options }, { weight: 1, arbitrary: soups }),
        ),
        ([path, all]) => {
          const search = Object.entries(all).map(([name, value]) => `${name}=${encoded(value as string)}`)
          return ask('GET', `/sta/v1.1/${path.split('/').map(encoded).join('/')}?${search.join('&')}`)
        },
      )
      await fuzz(
        '$apply',
        60,
        fc.tuple(fc.constantFrom('Observations', 'Datastreams(1)/Observations', 'Things'), apply),
        ([path, text]) => ask('GET', `/sta/v1.1/${path}?$apply=${encoded(text)}`),
      )
    })

    it('SensorThings bodies, patches and batches', async () => {
      const examples = [
        JSON.stringify({ name: 'x', description: 'y', properties: { a: [1, { b: null }] } }),
        JSON.stringify({
          result: 1,
          phenomenonTime: '2026-11-01T00:00:00Z/2026-11-01T01:00:00Z',
          parameters: { a: 1 },
        }),
        JSON.stringify({
          name: 'x',
          description: 'y',
          encodingType: 'application/geo+json',
          location: {
            type: 'Polygon',
            coordinates: [
              [
                [0, 0],
                [1, 1],
                [1, 0],
                [0, 0],
              ],
            ],
          },
        }),
        JSON.stringify([
          {
            Datastream: { '@iot.id': 1 },
            components: ['result', 'phenomenonTime'],
            dataArray: [[1, '2026-11-01T00:00:00Z']],
          },
        ]),
        JSON.stringify({
          requests: [
            { id: '1', method: 'post', url: 'Things', atomicityGroup: 'g', body: { name: 'x', description: 'y' } },
            { id: '2', method: 'get', url: '$1' },
          ],
        }),
        JSON.stringify([
          { op: 'add', path: '/properties/x', value: { y: 1 } },
          { op: 'test', path: '/name', value: {} },
        ]),
      ]
      const multipart =
        '--b\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nGET Things?$top=1 HTTP/1.1\r\n\r\n\r\n--b\r\nContent-Type: multipart/mixed;boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\nContent-ID: 2\r\n\r\nPOST Things HTTP/1.1\r\n\r\n{"name":"x","description":"y"}\r\n--c--\r\n--b--\r\n'
      const place = fc.constantFrom(
        'Things',
        'Things(1)',
        'Observations',
        'Datastreams(1)/Observations',
        'Datastreams(1)',
        'MultiDatastreams(1)/Observations',
        'Locations',
        'CreateObservations',
        '$batch',
        'Sensors(1)',
        'Observations(1)',
      )
      await fuzz(
        'body',
        120,
        fc.tuple(
          fc.constantFrom('POST', 'PATCH', 'PUT'),
          place,
          fc.oneof(
            { weight: 3, arbitrary: mutatedText(...examples) },
            { weight: 1, arbitrary: hostileValue.map((value) => JSON.stringify(value)) },
          ),
          fc.constantFrom('application/json', 'application/json-patch+json'),
        ),
        ([method, path, body, type]) => ask(method, `/sta/v1.1/${path}`, body.toWellFormed(), { 'content-type': type }),
      )
      await fuzz('multipart', 30, mutatedText(multipart), (body) =>
        ask('POST', '/sta/v1.1/$batch', body.toWellFormed(), { 'content-type': 'multipart/mixed; boundary=b' }),
      )
    })

    it('every route, with values by its schema and with hostile ones', async () => {
      const usual = 6
      const wrong: string[] = []
      const known = ['1', 'offen', '2', '0', 'x']
      for (const route of routes) {
        if (LEFT_OUT.includes(`${route.method} ${route.url}`) || route.url.includes('/sta/v1.1')) continue
        const segment = fc.oneof(
          { weight: 2, arbitrary: fc.constantFrom(...known) },
          { weight: 1, arbitrary: hostileText },
        )
        const names = [...route.url.matchAll(/:(\w+)|\*/g)]
        const query = route.schema.querystring ? bySchema(route.schema.querystring) : fc.constant({})
        const body =
          route.method === 'GET' || route.method === 'DELETE' ? fc.constant(undefined) : bySchema(route.schema.body)
        const raw = fc.oneof(
          { weight: 8, arbitrary: fc.constant(null) },
          {
            weight: 1,
            arbitrary: fc.constantFrom(
              '{"a":',
              '\0',
              '',
              '{"__proto__":{"a":1}}',
              '[1e999]',
              `${'['.repeat(20_000)}`,
              `{"id":"${'x'.repeat(300_000)}"}`,
            ),
          },
        )
        await fuzz(
          `${route.method} ${route.url}`,
          usual,
          fc.tuple(fc.array(segment, { minLength: names.length, maxLength: names.length }), query, body, raw),
          async ([values, search, json, text]) => {
            let at = 0
            const path = route.url.replaceAll(/:(\w+)|\*/g, () => encoded(values[at++]!))
            const pairs = Object.entries((search ?? {}) as object).flatMap(([name, value]) =>
              [value]
                .flat()
                .map(
                  (one) => `${encoded(name)}=${encoded(typeof one === 'string' ? one : (JSON.stringify(one) ?? ''))}`,
                ),
            )
            const sent =
              text !== null && json !== undefined
                ? text
                : json === undefined
                  ? undefined
                  : JSON.stringify(json).toWellFormed()
            await ask(route.method, `${path}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`, sent)
          },
        ).catch((error: Error) => wrong.push(`${error.message}\n${error.cause}`))
      }
      assert.deepEqual(wrong, [])
    })

    it('files for a new source', async () => {
      const csv = Buffer.from('Zeit;Ort;Anzahl\n2026-11-01 00:00;A;1\n2026-11-01 01:00;A;2\n')
      const json = Buffer.from(JSON.stringify([{ zeit: '2026-11-01T00:00:00Z', ort: 'A', n: 1 }]))
      await fuzz(
        'file',
        25,
        fc.tuple(mutatedBytes(csv, json), fc.constantFrom('x.csv', 'x.json', 'x.xlsx', 'x.zip')),
        ([bytes, name]) =>
          ask('POST', `/api/v1/source-drafts/file?name=${name}`, bytes, { 'content-type': 'application/octet-stream' }),
      )
    })

    it('raw requests: headers, cookies, lines', async () => {
      const request = mutatedText(
        `GET /api/v1/session HTTP/1.1\r\nHost: x\r\nCookie: zahnrad_session=abc; a=b\r\nConnection: close\r\n\r\n`,
        `POST /api/v1/datasets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\n{"a":\r\n0\r\n\r\n`,
        `GET /sta/v1.1/Things?$filter=%00 HTTP/1.1\r\nHost: x\r\nX-Forwarded-Host: y\r\nX-Forwarded-Proto: javascript\r\nAuthorization: Bearer zk_\r\nConnection: close\r\n\r\n`,
        `PUT /api/v1/city HTTP/1.1\r\nHost: x\r\nIf-Match: "1"\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n{}`,
      )
      await fuzz('raw', 120, request, async (text) => {
        const answer = await sent(Number(new URL(url).port), Buffer.from(text, 'latin1'))
        const status = /^HTTP\/1\.1 (\d+)/.exec(answer)
        assert.ok(!status || Number(status[1]) < 500 || HONEST.includes(Number(status[1])), answer.slice(0, 500))
        assert.doesNotMatch(answer.split('\r\n\r\n')[0]!, /^set-cookie: a=b/im, 'no header comes from a value')
      })
      for (const text of HOSTILE) {
        const answer = await sent(
          Number(new URL(url).port),
          Buffer.from(
            `GET /login?next=${encoded(text)} HTTP/1.1\r\nHost: ${text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, 200)}\r\nCookie: ${text.replaceAll(/[\r\n\0]/g, '')}\r\nConnection: close\r\n\r\n`,
            'latin1',
          ),
        )
        assert.doesNotMatch(answer, /^HTTP\/1\.1 5/, text)
      }
    })

    it('MQTT: packets of any kind, payloads and topics', async () => {
      const port = platform.config.mqttPort
      const text = (value: string | Buffer) => {
        const bytes = Buffer.from(value)
        return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
      }
      const packet = (type: number, content: Buffer) =>
        Buffer.concat([Buffer.from([type]), length(content.length), content])
      const hello = packet(
        0x10,
        Buffer.concat([text('MQTT'), Buffer.from([4, 0xc2, 0, 0]), text('fuzz'), text('x'), text(key)]),
      )
      const topic = fc.oneof(
        fc.constantFrom(
          'v1.1/Datastreams(1)/Observations',
          'd/offen/v1.1/Datastreams(1)/Observations',
          'v1.1/Observations',
          'v1.1/MultiDatastreams(1)/Observations',
        ),
        mutatedText('v1.1/Datastreams(1)/Observations', '$SYS/x', 'errors/fuzz'),
      )
      const payload = fc.oneof(
        mutatedText('{"result": 1, "phenomenonTime": "2026-11-01T00:00:00Z"}').map((one) => Buffer.from(one)),
        hostileValue.map((value) => Buffer.from(JSON.stringify(value))),
        mutatedBytes(Buffer.from([0xff, 0xfe, 0, 1])),
      )
      const stream = fc
        .oneof(
          fc
            .tuple(topic, payload)
            .map(([name, content]) =>
              Buffer.concat([
                hello,
                packet(0x32, Buffer.concat([text(name.slice(0, 9_000)), Buffer.from([0, 1]), content])),
                packet(0xe0, Buffer.alloc(0)),
              ]),
            ),
          fc
            .tuple(topic)
            .map(([name]) =>
              Buffer.concat([
                hello,
                packet(0x82, Buffer.concat([Buffer.from([0, 2]), text(name.slice(0, 9_000)), Buffer.from([1])])),
                packet(0xe0, Buffer.alloc(0)),
              ]),
            ),
        )
        .chain((bytes) => fc.oneof(fc.constant(bytes), mutatedBytes(bytes)))
      await fuzz('mqtt', 80, stream, async (bytes) => {
        await sent(port, bytes, 300)
      })
      assert.equal(await ask('GET', '/readyz'), 200)
      const answer = await sent(
        port,
        Buffer.concat([hello, packet(0xc0, Buffer.alloc(0)), packet(0xe0, Buffer.alloc(0))]),
        5_000,
      )
      assert.equal(Buffer.from(answer, 'latin1')[0], 0x20, 'the broker still greets')
    })
  })
}

/** The remaining length of an MQTT packet (MQTT 3.1.1 §2.2.3). */
function length(n: number): Buffer {
  const bytes: number[] = []
  do {
    bytes.push((n % 128) | (n > 127 ? 128 : 0))
    n = Math.floor(n / 128)
  } while (n > 0)
  return Buffer.from(bytes)
}

/** What comes back on a connection of its own until it closes, or `ms` pass. */
function sent(port: number, bytes: Buffer, ms = 250): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket: Socket = connect(port, 'localhost', () => socket.write(bytes))
    const done = () => {
      clearTimeout(limit)
      socket.destroy()
      resolve(answer)
    }
    const limit = setTimeout(done, ms)
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('close', done)
    socket.on('error', done)
  })
}
