/** What the mobility hub gives of the captured feeds: GeoJSON, and DATEX II that its own schema and a reader accept. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { OWNER } from '../src/domains/access/index.ts'
import { City } from '../src/domains/catalog/index.ts'
import { registerMobility } from '../src/edges/mobility/index.ts'
import { registerSession } from '../src/edges/session/index.ts'
import { createHttp, type FastifyInstance } from '../src/kernel/http/index.ts'
import { createLog } from '../src/kernel/log.ts'
import { databases } from './support/database.ts'
import { featuresOf, readDatex2 } from './support/datex2.ts'
import { DATA, ready, type SourcesBench, sourcesOn } from './support/sources.ts'

const CAPTURES = join(DATA, 'parking/captures')
const ROADWORKS = join(DATA, 'roadworks')
const SCHEMA = join(DATA, 'datex2/v3.1/all.xsd')
const skip = existsSync(CAPTURES) ? false : 'needs the real data at ../shared/data'
const SETS = [
  ...[
    'stuttgart-parken',
    'friedrichshafen-parken',
    'neustadt-parken',
    'konstanz-parken',
    'karlsruhe-stellplatzsensoren',
  ],
  ...['konstanz-radabstellanlagen', 'esslingen-parken', 'heidelberg-parken'],
]
// biome-ignore lint/suspicious/noExplicitAny: whatever is answered is looked at
type Json = any

function requireValid(xml: string, what: string): void {
  const { status, stderr, error } = spawnSync('xmllint', ['--noout', '--schema', SCHEMA, '-'], {
    input: xml,
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
  assert.equal(error, undefined)
  assert.equal(status, 0, `${what} is not valid:\n${stderr.slice(0, 2000)}`)
}

for (const engine of databases()) {
  describe(`mobility hub (${engine.name})`, { skip, timeout: 300_000 }, () => {
    let bench: SourcesBench
    let app: FastifyInstance
    let key: string
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      const { db, access, catalog } = bench
      app = await createHttp({ log: createLog('silent'), trustProxy: [] })
      registerSession(app, { access })
      await registerMobility(app, { ...bench, city: await City.load(db) })
      key = await access.createKey('mobility', OWNER)
      for (const name of SETS) {
        const report = await bench.sources.run(ready(name), { cwd: CAPTURES })
        assert.notEqual(report.outcome, 'failed', report.error)
        if (name !== 'heidelberg-parken') await catalog.setState(name, 'released')
      }
    })
    after(async () => {
      await app?.close()
      await bench?.close()
    })

    const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: object, as?: string) => {
      const answer = await app.inject({
        method,
        url,
        headers: as ? { authorization: `Bearer ${as}` } : {},
        ...(body ? { payload: body } : {}),
      })
      const json = answer.headers['content-type']?.includes('json')
      return { status: answer.statusCode, text: answer.body, body: (json ? JSON.parse(answer.body) : null) as Json }
    }
    const get = async (url: string, as?: string) => {
      const answer = await call('GET', url, undefined, as)
      assert.equal(answer.status, 200, `${url}: ${answer.text.slice(0, 500)}`)
      return answer
    }
    const sum = (values: (number | null)[]) => values.reduce((all: number, value) => all + (value ?? 0), 0)

    it('answers parking near a place, nearest first, with licence, age and source', async () => {
      const { body } = await get('/api/v1/mobility/parking?near=9.1785,48.7761&radius=1500')
      assert.equal(body.type, 'FeatureCollection')
      assert.ok(body.features.length > 10, `${body.features.length} car parks`)
      assert.equal(body.source, 'Landeshauptstadt Stuttgart')
      const distances = body.features.map((one: Json) => one.properties.distance)
      assert.deepEqual(
        distances,
        [...distances].sort((a, b) => a - b),
      )
      assert.ok(distances.at(-1) <= 1500)
      const { properties } = body.features.find((one: Json) => one.properties.free !== null)
      for (const name of ['id', 'name', 'capacity', 'free', 'state', 'trend', 'measured', 'age', 'source', 'dataset'])
        assert.ok(name in properties, name)
      assert.ok(Math.abs(properties.age - (Date.now() - Date.parse(properties.measured)) / 1000) < 60)
      const small = await get('/api/v1/mobility/parking?near=9.1785,48.7761&radius=1')
      assert.deepEqual([small.body.features, small.body.licence], [[], null])
    })

    it('answers a whole dataset and a box, of cars or bicycles', async () => {
      const { body } = await get('/api/v1/mobility/parking?dataset=konstanz-parken')
      const raw = JSON.parse(readFileSync(join(CAPTURES, 'konstanz.json'), 'utf8')).features
      assert.equal(body.features.length, raw.length)
      assert.equal(
        sum(body.features.map((one: Json) => one.properties.free)),
        sum(raw.map((one: Json) => one.attributes.real_fcap)),
      )
      const box = 'bbox=9.1,47.6,9.3,47.7'
      const bikes = (await get(`/api/v1/mobility/parking?${box}&purpose=bike`)).body.features.length
      const cars = (await get(`/api/v1/mobility/parking?${box}&purpose=car`)).body.features.length
      assert.deepEqual([cars, bikes > 300], [raw.length, true])
    })

    it('says what is wrong with a question', async () => {
      const refusal = async (query: string) => {
        const { status, body } = await call('GET', `/api/v1/mobility/parking?${query}`)
        return `${status} ${body.detail}`
      }
      assert.match(await refusal(''), /^400 Say where/)
      assert.match(await refusal('near=48.7,9.1,3'), /^400 near is longitude,latitude/)
      assert.match(await refusal('near=9,95'), /^400 .*not on earth/)
      assert.match(await refusal('near=9,48&radius=30000'), /^400 /)
      assert.match(await refusal('bbox=9,48,8,49'), /^400 .*west,south,east,north/)
    })

    it('shows nothing that is not released', async () => {
      for (const path of [
        '/api/v1/mobility/parking?dataset=heidelberg-parken',
        '/datex2/parking/heidelberg-parken/table.xml',
        '/datex2/parking/heidelberg-parken/status.xml',
        '/datex2/roadworks/heidelberg-parken.xml',
      ])
        assert.equal((await call('GET', path)).status, 404, path)
      const near = '/api/v1/mobility/parking?near=8.694,49.409&radius=5000'
      assert.equal((await get(near)).body.features.length, 0)
      assert.ok((await get(near, key)).body.features.length > 10)
    })

    it('gives DATEX II 3.1 that is valid, with the same car parks and counts', async () => {
      for (const name of SETS) {
        const { body } = await get(`/api/v1/mobility/parking?dataset=${name}`, key)
        const table = await get(`/datex2/parking/${name}/table.xml`, key)
        requireValid(table.text, `${name}: table`)
        const numbers = (text: string, element: string) =>
          [...text.matchAll(new RegExp(`<par:${element}>(\\d+)<`, 'g'))].map(([, count]) => Number(count))
        assert.equal(table.text.split('<par:parkingRecord ').length - 1, body.features.length, name)
        const measured = body.features.filter((one: Json) => one.properties.measured !== null)
        const status = await call('GET', `/datex2/parking/${name}/status.xml`, undefined, key)
        if (measured.length === 0) {
          assert.equal(status.status, 404, name)
          continue
        }
        requireValid(status.text, `${name}: status`)
        const free = measured.map((one: Json) => one.properties.free)
        assert.equal(sum(numbers(status.text, 'parkingNumberOfVacantSpaces')), sum(free), name)
        assert.equal(status.text.split('<par:parkingRecordStatus ').length - 1, measured.length, name)
      }
    })

    it('reads its own DATEX II back', async () => {
      const text = async (part: string) => (await get(`/datex2/parking/stuttgart-parken/${part}.xml`)).text
      const items = await readDatex2(
        { role: 'static', text: await text('table') },
        { role: 'status', text: await text('status') },
      )
      const { body } = await get('/api/v1/mobility/parking?dataset=stuttgart-parken')
      const features = featuresOf(items)
      assert.equal(features.length, body.features.length)
      const names = (list: Json[], name: (one: Json) => string) => list.map(name).sort()
      assert.deepEqual(
        names(features, (one) => one.name),
        names(body.features, (one) => one.properties.name),
      )
      const free = items.flatMap((item) =>
        item.kind === 'value' && item.series === 'free' ? [Number(item.value)] : [],
      )
      assert.equal(sum(free), sum(body.features.map((one: Json) => one.properties.free)))
      assert.deepEqual(
        items.filter(({ kind }) => kind === 'reject'),
        [],
      )
    })

    it('takes in situations of DATEX II and gives them out by time and place', async () => {
      const [text] = await bench.sources.drafts.recognise(
        ['situation_1487640.xml', 'situation_2959413-4272241-4272242-4272245.xml'],
        ROADWORKS,
        'baustellen',
      )
      const report = await bench.sources.run(bench.sources.check(text!), { cwd: '/' })
      assert.deepEqual([report.outcome, report.accepted], ['ok', 2], report.error)
      await bench.catalog.setState('baustellen', 'released')
      const all = (await get('/api/v1/mobility/roadworks?dataset=baustellen&when=all')).body.features
      const [valley, through] = ['1487640', '2959413'].map((id) =>
        all.find((one: Json) => one.id === `baustellen:${id}`),
      )
      assert.equal(valley.properties.name, 'L154 Albtalsperrung')
      assert.equal(valley.properties.road, 'L154')
      assert.deepEqual(valley.properties.restrictions, ['roadClosed'])
      assert.match(valley.properties.detour, /Alte Landstraße/)
      assert.equal(through.properties.name, 'B462 - Vollsperrung der Ortsdurchfahrt Friedrichstal')
      assert.equal(through.properties.validTo, '2024-05-03T15:00:00Z')
      assert.equal(through.properties.records.length, 22)
      const near = async (when: string) =>
        (await get(`/api/v1/mobility/roadworks?near=8.1107,47.6063&radius=3000&when=${when}`)).body.features.length
      assert.deepEqual([await near('past'), await near('current'), await near('planned')], [1, 0, 0])
      requireValid((await get('/datex2/roadworks/baustellen.xml')).text, 'no open roadworks')
    })

    it('takes own roadworks, with rights, a trace and valid DATEX II', async () => {
      const path = '/api/v1/mobility/roadworks'
      await bench.catalog.ensure({ id: 'eigene', title: 'Eigene Baustellen' })
      const body = {
        dataset: 'eigene',
        name: 'Leitungsbau <Marktstraße>',
        geometry: {
          type: 'LineString',
          coordinates: [
            [9.17, 48.77],
            [9.18, 48.775],
          ],
        },
        validFrom: '2020-01-01T07:00:00+01:00',
        validTo: '2120-01-01T07:00:00+01:00',
        properties: {
          severity: 'high',
          detour: 'über die Ringstraße',
          restrictions: ['roadClosed'],
          description: 'A & B',
        },
      }
      assert.equal((await call('POST', path, body)).status, 404)
      await bench.catalog.setState('eigene', 'released')
      assert.ok([401, 403].includes((await call('POST', path, body)).status))
      const made = await call('POST', path, body, key)
      assert.equal(made.status, 201, made.text)
      const { id } = made.body
      const shapes = [
        {
          type: 'Polygon',
          coordinates: [
            [
              [9.1, 48.7],
              [9.2, 48.7],
              [9.2, 48.8],
              [9.1, 48.7],
            ],
          ],
        },
        {
          type: 'MultiLineString',
          coordinates: [
            [
              [9.1, 48.7],
              [9.2, 48.7],
            ],
            [
              [9.1, 48.8],
              [9.2, 48.8],
            ],
          ],
        },
        { type: 'Point', coordinates: [9.1, 48.7] },
      ]
      for (const geometry of [body.geometry, ...shapes]) {
        const changed = await call(
          'PATCH',
          `${path}/${id}`,
          { geometry, properties: { url: 'https://stadt.example/x?a=1&b=2' } },
          key,
        )
        assert.deepEqual([changed.status, changed.body?.geometry], [200, geometry], changed.text)
        const { text } = await get('/datex2/roadworks/eigene.xml')
        requireValid(text, geometry.type)
        assert.match(text, /Leitungsbau &lt;Marktstraße&gt;/)
        const back: Json = featuresOf(await readDatex2({ role: 'situation', text }))[0]
        assert.deepEqual(back.geometry, geometry)
        assert.deepEqual(
          [back.key, back.name, back.properties.severity, back.properties.detour, back.properties.description],
          [id.replace('eigene:', ''), body.name, 'high', body.properties.detour, 'A & B'],
        )
        assert.deepEqual(back.properties.restrictions, ['roadClosed'])
        assert.deepEqual(
          [back.valid.from, back.valid.to],
          [body.validFrom, body.validTo].map((time) => new Date(time).toISOString()),
        )
      }
      const current = (await get('/api/v1/mobility/roadworks?near=9.1,48.7&radius=100')).body.features
      assert.deepEqual(
        current.map((one: Json) => [one.id, one.properties.when]),
        [[id, 'current']],
      )
      const refused = async (change: object) => {
        const { status, body: problem } = await call('PATCH', `${path}/${id}`, change, key)
        return `${status} ${problem.detail}`
      }
      assert.match(await refused({ validTo: '2019-01-01T00:00:00Z' }), /^400 validTo must be later/)
      assert.match(await refused({ validTo: '2019-01-01' }), /^400 validTo is not a time with its offset/)
      assert.match(await refused({ properties: { colour: 'red' } }), /^400 properties.colour: there is no such term/)
      assert.match(
        await refused({
          geometry: {
            type: 'Polygon',
            coordinates: [
              [
                [9, 48],
                [9, 49],
              ],
            ],
          },
        }),
        /^400 geometry: a ring/,
      )
      assert.ok([401, 403].includes((await call('DELETE', `${path}/${id}`)).status))
      assert.match(
        (await call('DELETE', `${path}/baustellen:1487640`, undefined, key)).body.detail,
        /source "baustellen" says this/,
      )
      assert.equal((await call('DELETE', `${path}/${id}`, undefined, key)).status, 204)
      assert.equal((await get('/api/v1/mobility/roadworks?dataset=eigene&when=all')).body.features.length, 0)
      const acts = await bench.db.query<{ act: string }>(`select act from audit where object = $1 order by id`, [
        `feature:${id}`,
      ])
      assert.deepEqual(
        acts.map(({ act }) => act),
        ['roadworks.create', ...Array(4).fill('roadworks.update'), 'roadworks.delete'],
      )
    })
  })
}
