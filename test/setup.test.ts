/** The city's profile, its logo, and the way to the first public data, over HTTP with real rights, on both databases. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../src/config.ts'
import { OWNER } from '../src/domains/access/index.ts'
import { City } from '../src/domains/catalog/index.ts'
import { registerPortalApi } from '../src/edges/portal-api/index.ts'
import { registerSensorThings } from '../src/edges/sensorthings/index.ts'
import { registerSession } from '../src/edges/session/index.ts'
import { registerWebhook } from '../src/edges/webhook/index.ts'
import { createHttp, type FastifyInstance } from '../src/kernel/http/index.ts'
import { createLog } from '../src/kernel/log.ts'
import { openPlatform, type Platform } from '../src/platform.ts'
import { databases } from './support/database.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever the platform answers is looked at
type Json = any
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

const log = createLog('silent')
const SVG = (inner: string, head = '') =>
  `${head}<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">${inner}</svg>`
const CSV = `Zeitstempel;Location Name;GeoPunkt;Passanten
2026-05-01T10:00:00+02:00;Kaiserstraße;49.7982, 9.9331;812
2026-05-01T11:00:00+02:00;Kaiserstraße;49.7982, 9.9331;1012
`
const UPLINK = {
  received_at: '2026-11-23T10:00:00Z',
  end_device_ids: { device_id: 'boden-1', dev_eui: 'A1B2C3D4E5F60718' },
  uplink_message: { decoded_payload: { soil_moisture: 31.5 } },
}

/** The header of a PNG picture, which says its size. */
function png(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(45)
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).copy(bytes)
  bytes.write('IHDR', 12, 'latin1')
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes
}

for (const engine of databases()) {
  describe(`setting up a city on the ${engine.name} database`, () => {
    let place: Awaited<ReturnType<typeof engine.place>>
    let platform: Platform
    let app: FastifyInstance
    let key: string

    before(async () => {
      place = await engine.place()
      platform = await openPlatform(readConfig({ ...place.env, LOG_LEVEL: 'silent' }), log)
      const { db, access, catalog, sensing } = platform
      app = await createHttp({ log, trustProxy: [] })
      registerSession(app, { access })
      registerSensorThings(app, { db, access, catalog, sensing, origin: () => 'http://localhost' })
      await registerPortalApi(app, {
        ...platform,
        firstSteps: { ...platform, scratch: join(place.dataDir, 'scratch') },
        version: '1.2.3',
        sourceCode: 'https://example.org/code',
        extra: [],
      })
      registerWebhook(app, { sources: platform.sources, access })
      key = (await access.keys.create({ name: 'staff' }, OWNER)).key
    })
    after(async () => {
      await app.close()
      await platform.close()
      await place.remove()
    })

    const call = async (method: Method, url: string, payload?: object | string | Buffer, headers?: object) => {
      const type = typeof payload === 'string' || Buffer.isBuffer(payload) ? 'application/octet-stream' : undefined
      const answer = await app.inject({
        method,
        url,
        payload,
        headers: { ...(headers ?? { authorization: `Bearer ${key}` }), ...(type && { 'content-type': type }) },
      })
      return { status: answer.statusCode, headers: answer.headers, text: answer.body, json: answer.json.bind(answer) }
    }
    const NOBODY = {}
    const profile = async (): Promise<Json> => (await call('GET', '/api/v1/city/profile')).json()
    const refusals = async (change: object): Promise<string[]> => {
      const before = (await profile()).profile
      const answer = await call('PUT', '/api/v1/city', { ...before, ...change })
      assert.ok(answer.status === 422 || answer.status === 400, `${answer.status} ${answer.text}`)
      assert.deepEqual((await profile()).profile, before, 'nothing of it is kept')
      const { code, mistakes } = answer.json() as Json
      return mistakes?.map((one: Json) => `${one.field} ${one.code}`) ?? [code]
    }

    it('is for staff only', async () => {
      for (const [method, url] of [
        ['GET', '/api/v1/city/profile'],
        ['PUT', '/api/v1/city/logo'],
        ['DELETE', '/api/v1/city/logo'],
        ['GET', '/api/v1/setup'],
        ['GET', '/api/v1/ready-sources'],
        ['POST', '/api/v1/ready-sources/lorawan-ttn'],
        ['POST', '/api/v1/ready-sources/lorawan-ttn/secret'],
        ['GET', '/api/v1/ready-sources/wuerzburg-passanten/run'],
        ['PUT', '/api/v1/ready-sources/wuerzburg-passanten/file?name=a.csv'],
      ] as const) {
        const answer = await call(method, url, method === 'PUT' ? 'x' : undefined, NOBODY)
        assert.equal(answer.status, 401, `${method} ${url}`)
      }
      const body = (await profile()).profile
      assert.equal((await call('PUT', '/api/v1/city', body, NOBODY)).status, 401)
      assert.equal((await call('PUT', '/api/v1/setup', { dismissed: true }, NOBODY)).status, 401)
    })

    it('begins with nothing done and the whole country in view', async () => {
      assert.deepEqual((await call('GET', '/api/v1/setup')).json(), {
        done: { city: false, source: false, release: false },
        dismissed: false,
      })
      const { extent, file, example } = await profile()
      assert.deepEqual([extent, file, example], [[5.87, 47.27, 15.04, 55.06], null, false])
    })

    it('says of each field what is wrong, and keeps nothing of it', async () => {
      assert.deepEqual(await refusals({ timeZone: 'Europa/Würzburg' }), ['timeZone zone-unknown'])
      assert.deepEqual(await refusals({ timeZone: '+01:00' }), ['timeZone zone-unknown'])
      assert.deepEqual(await refusals({ key: '0966300' }), ['key key-length'])
      assert.deepEqual(await refusals({ key: '99663000' }), ['key key-land'])
      assert.deepEqual(await refusals({ bounds: [10, 49.7, 9.8, 49.9] }), ['bounds bounds-order'])
      assert.deepEqual(await refusals({ bounds: [9.8, 49.9, 10, 49.7] }), ['bounds bounds-order'])
      assert.deepEqual(await refusals({ name: '  ', key: '1' + '0'.repeat(6) }), ['name name-empty', 'key key-length'])
      assert.deepEqual(await refusals({ bounds: [9.8, 49.7, 200, 49.9] }), ['invalid-request'])
      assert.deepEqual(await refusals({ languages: [] }), ['invalid-request'])
      assert.deepEqual(await refusals({ languages: ['fr'] }), ['invalid-request'])
      assert.deepEqual(await refusals({ name: 'x'.repeat(121) }), ['invalid-request'])
      assert.deepEqual(await refusals({ map: { style: 'https://elsewhere.example' } }), ['invalid-request'])
    })

    it('keeps a good profile, in effect at once, and says so in the log', async () => {
      const body = {
        name: ' Würzburg ',
        key: '09663000',
        timeZone: 'Europe/Berlin',
        bounds: [9.87, 49.71, 10.02, 49.85],
        languages: ['de'],
        contact: 'daten@wuerzburg.example',
      }
      assert.equal((await call('PUT', '/api/v1/city', body)).status, 200)
      const city = (await call('GET', '/api/v1/city', undefined, NOBODY)).json() as Json
      assert.deepEqual(
        [city.name, city.key, city.bounds, city.languages, city.contact],
        ['Würzburg', body.key, body.bounds, ['de'], body.contact],
      )
      const [entry] = await platform.db.query<{ detail: Json }>(
        `select detail from audit where act = 'city.update' order by id desc limit 1`,
      )
      assert.deepEqual([entry!.detail.before.name, entry!.detail.after.name], ['Meine Stadt', 'Würzburg'])
      assert.equal(((await call('GET', '/api/v1/setup')).json() as Json).done.city, true)
    })

    it('takes a picture as logo and refuses what is more, or too much', async () => {
      const put = async (logo: string | Buffer): Promise<[number, string]> => {
        const answer = await call('PUT', '/api/v1/city/logo', logo)
        return [answer.status, answer.status === 200 ? '' : (answer.json() as Json).code]
      }
      for (const hostile of [
        SVG('<script>alert(1)</script>'),
        SVG('<svg:script xmlns:svg="http://www.w3.org/2000/svg">alert(1)</svg:script>'),
        SVG('<rect onload = "alert(1)"/>'),
        SVG('<a href="java&#115;cript:alert(1)"/>'),
        SVG('<image href="https://elsewhere.example/x.png"/>'),
        SVG('<use href="data:image/svg+xml;base64,PHN2Zz4="/>'),
        SVG('<style>@import "//elsewhere.example/x.css"</style>'),
        SVG('<rect style="fill: url(//elsewhere.example/#a)"/>'),
        SVG('<foreignObject><p>x</p></foreignObject>'),
        SVG('&x;', '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        SVG('', '<?xml-stylesheet href="//elsewhere.example/x.css"?>').replace('<?xml-s', '<!-- x --><?xml-s'),
      ]) {
        const [status, code] = await put(hostile)
        assert.equal(status, 422, hostile)
        assert.match(code, /^logo-(unsafe|not-a-picture)$/, hostile)
      }
      assert.deepEqual(await put('<html><body>x</body></html>'), [422, 'logo-not-a-picture'])
      assert.deepEqual(await put(Buffer.from([0xff, 0xd8, 0xff, 0xe0])), [422, 'logo-not-a-picture'])
      assert.deepEqual(await put(png(9, 9).subarray(0, 20)), [422, 'logo-broken'])
      assert.deepEqual(await put(png(5000, 9)), [422, 'logo-too-large'])
      assert.equal((await put(Buffer.alloc(256 * 1024 + 1, 'x')))[0], 413)
      assert.equal(((await call('GET', '/api/v1/city')).json() as Json).logo, null)
      assert.equal((await call('GET', '/api/v1/city/logo')).status, 404)

      const good = SVG('<path d="M0 0h9v9z" fill="url(#a)"/>')
      assert.deepEqual(await put(good), [200, ''])
      const { logo } = (await call('GET', '/api/v1/city', undefined, NOBODY)).json() as Json
      const picture = await call('GET', logo, undefined, NOBODY)
      assert.equal(picture.text, good)
      assert.equal(picture.headers['content-type'], 'image/svg+xml')
      assert.match(String(picture.headers['content-security-policy']), /default-src 'none'.*sandbox/)
      assert.match(String(picture.headers['cache-control']), /immutable/)
      assert.equal((await call('DELETE', '/api/v1/city/logo')).status, 204)
      assert.equal(((await call('GET', '/api/v1/city')).json() as Json).logo, null)
    })

    it('lists what comes ready and reads an uploaded file, with figures at the end', async () => {
      const { sources } = (await call('GET', '/api/v1/ready-sources')).json() as Json
      const found = sources.find((one: Json) => one.id === 'wuerzburg-passanten')
      assert.deepEqual([found.kind, found.added], ['file', false])
      assert.equal((await call('POST', '/api/v1/ready-sources/nirgendwo')).status, 404)
      const path = '/api/v1/ready-sources/wuerzburg-passanten'
      assert.equal((await call('GET', `${path}/run`)).status, 404)
      assert.equal(((await call('PUT', `${path}/file?name=..`, CSV)).json() as Json).code, 'bad-name')
      const read = async (name: string, content: string): Promise<Json> => {
        const begun = await call('PUT', `${path}/file?name=${encodeURIComponent(name)}`, content)
        assert.equal(begun.status, 202, begun.text)
        for (let i = 0; i < 1200; i++) {
          const state = (await call('GET', `${path}/run`)).json() as Json
          if (!state.running) return state
          await sleep(50)
        }
        throw new Error('the run does not end')
      }
      // A name with a way out of the folder is only a name.
      const { report, error } = await read('../../passanten.csv', CSV)
      assert.deepEqual([report?.accepted, report?.rejected, error], [2, 0, null])
      const again = await read('passanten.csv', CSV)
      assert.deepEqual([again.report?.accepted, again.report?.unchanged], [0, 2])
      const wrong = await read('bild.csv', 'a;b\n1;2\n')
      assert.ok(wrong.error, 'it says why')
      assert.equal(((await call('GET', '/api/v1/setup')).json() as Json).done.source, true)
    })

    it('counts what is done from the data, not from clicks', async () => {
      const done = async () => ((await call('GET', '/api/v1/setup')).json() as Json).done
      assert.equal((await done()).release, false)
      const { version } = (await call('GET', '/api/v1/datasets/wuerzburg-passanten')).json() as Json
      assert.ok(version)
      const released = await call('POST', '/api/v1/datasets/wuerzburg-passanten/state', { state: 'released' })
      assert.equal(released.status, 200, released.text)
      assert.deepEqual(await done(), { city: true, source: true, release: true })
      const seen = (await call('GET', '/api/v1/stations', undefined, NOBODY)).json() as Json
      assert.deepEqual(
        seen.stations.map((one: Json) => one.name),
        ['Kaiserstraße'],
      )
      assert.equal(((await call('PUT', '/api/v1/setup', { dismissed: true })).json() as Json).dismissed, true)
      assert.equal(((await call('PUT', '/api/v1/setup', { dismissed: false })).json() as Json).dismissed, false)
      assert.equal((await call('PUT', '/api/v1/setup', { dismissed: 'yes' })).status, 400)
    })

    it('makes a secret that may push to its source and nothing else', async () => {
      const path = '/api/v1/ready-sources/lorawan-ttn'
      assert.equal((await call('POST', `${path}/secret`)).status, 404, 'the source is not in use yet')
      assert.equal((await call('POST', path)).status, 201)
      assert.equal((await call('POST', '/api/v1/ready-sources/lorawan-chirpstack')).status, 201)
      const make = async () => ((await call('POST', `${path}/secret`)).json() as Json).secret as string
      const first = await make()
      const push = (secret: string, source = 'lorawan-ttn') =>
        call('POST', `/api/v1/webhooks/${source}`, UPLINK, { 'x-webhook-secret': secret })
      const pushed = await push(first)
      assert.equal(pushed.status, 200, pushed.text)
      assert.equal((pushed.json() as Json).accepted, 1)
      assert.equal((await push(first, 'lorawan-chirpstack')).status, 401, 'another source')
      assert.equal((await push(`${first}x`)).status, 401)
      const holder = { 'x-webhook-secret': first }
      assert.equal((await call('GET', '/api/v1/datasets/lorawan-ttn', undefined, holder)).status, 404, 'its own draft')
      assert.deepEqual(
        ((await call('GET', '/sta/v1.1/Things?$count=true', undefined, holder)).json() as Json)['@iot.count'],
        1,
      )
      for (const [method, url, body] of [
        ['POST', '/sta/v1.1/Things', { name: 'x', description: 'x' }],
        ['DELETE', '/sta/v1.1/Things(1)'],
        ['GET', '/api/v1/city/profile'],
        ['DELETE', '/api/v1/example'],
      ] as const)
        assert.equal((await call(method, url, body, holder)).status, 401, `${method} ${url}`)
      assert.equal(
        (await call('GET', '/api/v1/city', undefined, { authorization: `Bearer ${first}` })).status,
        401,
        'it is no key',
      )
      const second = await make()
      assert.deepEqual([(await push(first)).status, (await push(second)).status], [401, 200], 'a new one ends the old')
      const stored = await platform.db.query(`select value::text from setting where name like 'webhook:%'`)
      assert.equal(stored.length, 1)
      assert.ok(!JSON.stringify(stored).includes(second), 'stored is a digest')
      await platform.sources.remove('lorawan-ttn', OWNER)
      assert.equal((await push(second)).status, 401)
      assert.equal((await platform.db.query(`select 1 from setting where name like 'webhook:%'`)).length, 0)
      const acts = await platform.db.query<{ detail: Json }>(`select detail from audit where act = 'source.secret'`)
      assert.equal(acts.length, 2)
    })

    it('plans by the new zone when the city moves to another', async () => {
      const definition = platform.sources.check(
        `
title: Mitternacht
dataset: { title: Mitternacht }
from: { http: { url: "https://daten.example/x.csv" } }
format: { type: csv }
schedule: { cron: "0 0 * * *" }
time: { column: t, format: iso }
thing: { key: a, name: a }
series: [{ column: v, name: v, property: pedestrian_count }]
`,
        'mitternacht',
      )
      await platform.sources.add(definition, OWNER, { later: true })
      const hour = async () => new Date((await platform.sources.get('mitternacht')).nextRun!).getUTCHours()
      const before = await hour()
      const now = (await profile()).profile
      assert.equal((await call('PUT', '/api/v1/city', { ...now, timeZone: 'Asia/Tokyo' })).status, 200)
      await platform.sources.replan()
      assert.equal(await hour(), 15)
      assert.notEqual(await hour(), before)
      await call('PUT', '/api/v1/city', now)
      await platform.sources.replan()
      assert.equal(await hour(), before)
    })

    it('shows a profile from a file and lets nobody change it', async () => {
      const file = join(place.dataDir, 'stadt.yaml')
      const refused = (text: string, sentence: RegExp) => {
        writeFileSync(file, text)
        return assert.rejects(City.load(platform.db, file), sentence)
      }
      await refused('name: [', /stadt\.yaml \(CITY_FILE\) is not valid YAML/)
      await refused('name: Stadt\ntimeZone: Mars/Base', /"timeZone" is an unknown time zone "Mars\/Base"/)
      await refused('name: Stadt\nbounds: [10, 49, 9, 50]', /"bounds" must have its west \(10\) left of its east \(9\)/)
      await refused('name: Stadt\nkey: abc', /wrong value at "key"/)
      await assert.rejects(City.load(platform.db, `${file}.fehlt`), /cannot be read \(ENOENT\)/)
      writeFileSync(file, 'name: Aus der Datei\nkey: "09663000"')
      const city = await City.load(platform.db, file)
      assert.deepEqual([city.profile.name, city.profile.languages, city.file], ['Aus der Datei', ['de', 'en'], file])
      await assert.rejects(city.save(city.profile), (error: Json) => error.code === 'city-file-decides')
      assert.equal(city.profile.name, 'Aus der Datei')
    })
  })
}
