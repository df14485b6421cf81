/** Chargers: the register as places, and an operator's OCPI feed page by page with its token. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { City } from '../../src/domains/catalog/index.ts'
import { findFeatures } from '../../src/domains/features/index.ts'
import { checkDefinition } from '../../src/domains/sources/index.ts'
import { readLocations } from '../../src/edges/feeds/ocpi/read.ts'
import { registerMobility } from '../../src/edges/mobility/index.ts'
import { registerSession } from '../../src/edges/session/index.ts'
import { createHttp, type FastifyInstance } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { DATA, ready, type SourcesBench, sourcesOn, storedSeries } from '../support/sources.ts'

const REGISTER = join(DATA, 'charging/Ladesaeulenregister.csv')
const skip = existsSync(REGISTER) ? false : 'needs the real data at ../shared/data'

const connector = {
  id: '1',
  standard: 'IEC_62196_T2',
  format: 'SOCKET',
  power_type: 'AC_3_PHASE',
  max_voltage: 230,
  max_amperage: 32,
  last_updated: '2026-11-01T00:00:00Z',
}
const evse = (uid: string, status: string) => ({
  uid,
  evse_id: `DE*ABC*E${uid}`,
  status,
  connectors: [connector],
  last_updated: '2026-11-02T08:00:00Z',
  floor_level: null,
})
const location = (id: string, evses: object[], more: object = {}) => ({
  country_code: 'DE',
  party_id: 'ABC',
  id,
  publish: true,
  address: 'Ring 1',
  city: 'Köln',
  country: 'DEU',
  coordinates: { latitude: '50.93', longitude: '6.95' },
  evses,
  time_zone: 'Europe/Berlin',
  last_updated: '2026-11-02T08:00:00Z',
  ...more,
})

for (const engine of databases()) {
  describe(`chargers (${engine.name})`, { skip }, () => {
    let bench: SourcesBench
    let server: Server
    let app: FastifyInstance
    let pages: object[][] = []
    let tokens: (string | undefined)[] = []
    before(async () => {
      bench = await sourcesOn(await engine.fresh(), { SOURCE_OCPI_TOKEN: 'Z2VoZWlt' })
      app = await createHttp({ log: createLog('silent'), trustProxy: [] })
      registerSession(app, { access: bench.access })
      registerMobility(app, { ...bench, city: await City.load(bench.db) })
      await app.ready()
      server = createServer((request, response) => {
        const url = new URL(request.url!, 'http://localhost')
        tokens.push(request.headers.authorization)
        const at = Number(url.searchParams.get('offset') ?? 0)
        if (at + 1 < pages.length)
          response.setHeader('link', `<http://localhost:${port()}/locations?offset=${at + 1}>; rel="next"`)
        response.end(JSON.stringify({ data: pages[at], status_code: 1000, timestamp: '2026-11-02T09:00:00Z' }))
      }).listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
    })
    after(async () => {
      server.close()
      await app.close()
      await bench.close()
    })
    const port = () => (server.address() as AddressInfo).port
    const stored = (dataset: string, gone = false) => {
      const { key } = bench.catalog.byId(dataset)!
      return findFeatures(bench.db, { concept: 'charging', visible: [key], gone })
    }
    const operator = () =>
      checkDefinition(
        `title: Betreiber\ndataset: {title: Betreiber}\nfrom: {http: {url: "http://localhost:${port()}/locations", headers: {authorization: "Token $SOURCE_OCPI_TOKEN"}}}\nformat: {type: ocpi}\n`,
        'betreiber',
      )

    it('every charge point of the register is there, devices of one operator at one address in one place', async () => {
      const report = await bench.sources.run(ready('koeln-ladesaeulen'), { cwd: join(DATA, 'charging') })
      assert.equal(report.outcome, 'ok', report.error ?? JSON.stringify(report.rejections))
      const rows = readFileSync(REGISTER, 'utf8')
        .replace(/^\uFEFF/, '')
        .trim()
        .split(/\r?\n/)
        .slice(1)
        .map((row) => row.split(';'))
      const places = await stored('koeln-ladesaeulen')
      const sum = (field: string) => places.reduce((all, { properties }) => all + Number(properties[field]), 0)
      assert.equal(sum('devices'), rows.length)
      const header = readFileSync(REGISTER, 'utf8').split(/\r?\n/)[0]!.split(';')
      const plugs = header.flatMap((name, at) => (name.startsWith('Steckertypen') ? [at] : []))
      assert.equal(
        sum('points'),
        rows.reduce((all, row) => all + plugs.filter((at) => (row[at] ?? '') !== '').length, 0),
      )
      assert.ok(places.length < rows.length && places.length > 150, `${places.length} places of ${rows.length} devices`)
      assert.ok(
        places.some(({ properties }) => Array.isArray(properties.alike)),
        'lines that are alike are told',
      )
    })

    it('an OCPI feed is read to its last page with its token; states become history', async () => {
      pages = [
        [
          location('a', [evse('1', 'AVAILABLE'), evse('2', 'CHARGING'), evse('3', 'OUTOFORDER')]),
          location('secret', [evse('9', 'AVAILABLE')], { publish: false }),
        ],
        [location('b', [evse('4', 'AVAILABLE'), { ...evse('5', 'DANCING') }]), { id: 'c' }],
        [],
      ]
      tokens = []
      const report = await bench.sources.run(operator())
      assert.deepEqual(tokens, Array(3).fill('Token Z2VoZWlt'))
      assert.deepEqual((await stored('betreiber')).map(({ key }) => key).sort(), ['DE*ABC*A', 'DE*ABC*B'])
      const series = await storedSeries(bench.db, 'betreiber')
      assert.deepEqual(
        ['free', 'used', 'broken'].map((one) => series.get(`DE*ABC*A/${one}`)?.sum),
        [1, 1, 1],
      )
      assert.equal(series.get('DE*ABC*B/free')?.sum, 1)
      assert.ok(
        report.rejections.some(({ examples }) => examples.some(({ column }) => column.startsWith('evses/1'))),
        JSON.stringify(report.rejections),
      )
    })

    it('is offered in OCPI 2.2.1, page by page, and around a place with what the register says of the same points', async () => {
      await bench.catalog.setState('betreiber', 'released')
      const get = async (path: string) => {
        const { statusCode, body, headers } = await app.inject({ url: path })
        return { status: statusCode, body: JSON.parse(body), headers }
      }
      assert.equal((await get('/ocpi/versions')).body.data[0].version, '2.2.1')
      const first = await get('/ocpi/2.2.1/locations?limit=1')
      assert.equal(first.headers['x-total-count'], '2')
      const next = new URL(/<(.*)>; rel="next"/.exec(String(first.headers.link))![1]!)
      const second = await get(next.pathname + next.search)
      const ids = [first, second].map(({ body }) => body.data[0].id).sort()
      assert.deepEqual(ids, ['a', 'b'])
      assert.equal(first.body.status_code, 1000)
      const again = readLocations(JSON.stringify(first.body), 'own')
      assert.deepEqual(again.faults, [])
      assert.equal((await get('/ocpi/2.2.1/locations/a')).body.data.evses.length, 3)
      assert.equal((await get('/ocpi/2.2.1/locations/secret')).status, 404)
      const near = await get('/api/v1/mobility/chargers?near=6.95,50.93&radius=100')
      assert.deepEqual(
        near.body.features.map(({ properties: p }: { properties: Record<string, unknown> }) => [
          p.id,
          p.total,
          p.free,
          p.used,
          p.broken,
          p.dataset,
        ]),
        [
          ['betreiber:DE*ABC*A', 3, 1, 1, 1, 'betreiber'],
          ['betreiber:DE*ABC*B', 1, 1, 0, 0, 'betreiber'],
        ],
      )
      assert.equal(
        (await get('/api/v1/mobility/chargers?near=6.97069,50.937417')).body.features.length,
        0,
        'the register is not released',
      )
    })

    it('a place that is no longer named is gone, its history stays; an error of the server changes nothing', async () => {
      pages = [[location('a', [{ ...evse('1', 'CHARGING'), last_updated: '2026-11-02T09:00:00Z' }])]]
      await bench.sources.run(operator())
      assert.deepEqual(
        (await stored('betreiber')).map(({ key }) => key),
        ['DE*ABC*A'],
      )
      assert.equal((await stored('betreiber', true)).length, 2)
      const series = await storedSeries(bench.db, 'betreiber')
      assert.deepEqual([series.get('DE*ABC*A/used')?.n, series.get('DE*ABC*B/free')?.n], [2, 1])
    })
  })
}
