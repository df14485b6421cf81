/** What the duty to publish asks and what is offered; uptime, latency and completeness as they really were. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { OWNER } from '../../src/domains/access/index.ts'
import { City } from '../../src/domains/catalog/index.ts'
import { serviceLevels } from '../../src/domains/mobility/index.ts'
import { registerMobility } from '../../src/edges/mobility/index.ts'
import { registerSession } from '../../src/edges/session/index.ts'
import { createHttp, type FastifyInstance } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { type SourcesBench, sourcesOn } from '../support/sources.ts'

const YAML = `title: Stadtwerk
dataset: { id: parken, title: Parken, licence: dl-by-de/2.0 }
from: { webhook: {} }
format: { type: json }
schedule: { expect: 1h }
concept: parking
time: { column: stand, format: iso, period: 1h }
thing: { key: "{id}", location: { lat: "{breite}", lon: "{laenge}" }, properties: { purpose: car, capacity: 400 } }
series:
  - { column: frei, key: free, property: parking_free }
`
const HOUR = 3_600_000
// biome-ignore lint/suspicious/noExplicitAny: whatever is answered is looked at
type Json = any

for (const engine of databases()) {
  describe(`duty to publish (${engine.name})`, { timeout: 300_000 }, () => {
    let bench: SourcesBench
    let app: FastifyInstance
    let key: string
    const start = Math.floor(Date.now() / HOUR) * HOUR - 20 * HOUR

    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      const { db, access, sources } = bench
      app = await createHttp({ log: createLog('silent'), trustProxy: [] })
      registerSession(app, { access })
      await registerMobility(app, { ...bench, city: await City.load(db) })
      key = await access.createKey('duty', OWNER)
      await sources.add(sources.check(YAML, 'stadtwerk'), OWNER)
      // Ten hours with a value, then a break of five, then five more.
      for (const hour of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 18, 19]) {
        const stand = new Date(start + hour * HOUR).toISOString()
        const body = { id: 'dachau', breite: 49, laenge: 12, frei: 10 + hour, stand }
        const { receipt } = await sources.pushed.post('stadtwerk', Buffer.from(JSON.stringify(body)), OWNER)
        // As if it had come then; the value of an hour half an hour after the hour's end.
        const at = new Date(start + hour * HOUR + HOUR / 2).toISOString()
        await db.query('update delivery set first_at = $2, last_at = $2 where receipt = $1', [receipt, at])
        const arrived = new Date(start + (hour + 1.5) * HOUR).toISOString()
        await db.query('update datastream_state set arrived_at = $1', [arrived])
      }
    })
    after(async () => {
      await app?.close()
      await bench?.close()
    })
    const get = (url: string, as = key) =>
      app.inject({ method: 'GET', url, headers: as ? { authorization: `Bearer ${as}` } : {} })

    it('measures uptime, latency and completeness', async () => {
      const { db, catalog } = bench
      const dataset = catalog.require('parken').key
      const suppliers = [{ id: 'stadtwerk', part: null, dataset, patience: HOUR }]
      const from = new Date(start - 5 * HOUR).toISOString()
      const to = new Date(start + 20 * HOUR).toISOString()
      const [level] = await serviceLevels(db, [dataset], suppliers, { from, to })
      assert.deepEqual([level!.deliveries, level!.failed], [15, 0])
      // From the first delivery at 0:30 to 20:00: of the six hours without any, one was allowed.
      assert.ok(Math.abs(level!.uptime! - (1 - 5 / 19.5)) < 0.001, `${level!.uptime}`)
      assert.equal(level!.latency, 1800)
      assert.ok(Math.abs(level!.completeness! - 15 / 20) < 0.001, `${level!.completeness}`)
      assert.equal(Date.parse(level!.since!), start)
    })

    it('knows of nothing it cannot measure', async () => {
      const { db, catalog } = bench
      const { key: empty } = await catalog.ensure({ id: 'leer', title: 'Leer' })
      const suppliers = [{ id: 'gibtsnicht', part: null, dataset: empty, patience: null }]
      const window = { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' }
      const [level] = await serviceLevels(db, [empty], suppliers, window)
      assert.deepEqual(
        [level!.uptime, level!.latency, level!.completeness, level!.since, level!.deliveries],
        [null, null, null, null, 0],
      )
    })

    it('says what is missing, and nothing more once it is there', async () => {
      const duty = async () => {
        const { duties } = JSON.parse((await get('/api/v1/mobility/duty')).body) as Json
        return duties.find(({ concept }: Json) => concept === 'parking')
      }
      const before = await duty()
      assert.deepEqual([before.missing, before.publicSince, before.features], [['release'], null, 1])
      assert.equal(before.asked.from, '2026-12-01')
      await bench.catalog.setState('parken', 'released')
      const now = await duty()
      assert.deepEqual([now.missing, typeof now.publicSince], [[], 'string'])
      assert.ok(now.level.uptime > 0.5 && now.level.uptime < 1)
      const urls = now.offered.map(({ url }: Json) => new URL(url).pathname)
      for (const path of urls.filter((one: string) => one.startsWith('/datex2/')))
        assert.equal((await get(path, '')).statusCode, 200, path)
      assert.equal(urls.length, 3)
    })

    it('is a CSV with a line for each address, and for managers alone', async () => {
      const csv = await get('/api/v1/mobility/duty.csv')
      const lines = csv.body.trim().split('\r\n')
      assert.equal(lines.length, 4)
      assert.match(lines[1]!, /^parken,Parken,parking,.*DATEX II/)
      for (const path of ['/api/v1/mobility/duty', '/api/v1/mobility/duty.csv'])
        assert.equal((await get(path, '')).statusCode, 403, path)
    })
  })
}
