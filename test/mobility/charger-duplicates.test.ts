/** Records of chargers that may be the same place: shown, decided, taken back; what goes out follows. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { OWNER } from '../../src/domains/access/index.ts'
import { City } from '../../src/domains/catalog/index.ts'
import { upsertFeatures } from '../../src/domains/features/index.ts'
import { registerMobility } from '../../src/edges/mobility/index.ts'
import { registerSession } from '../../src/edges/session/index.ts'
import { createHttp, type FastifyInstance } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { type SourcesBench, sourcesOn } from '../support/sources.ts'

const [LON, LAT] = [12.1, 49.01]
/** Degrees of latitude that are so many metres. */
const metres = (n: number) => n / 111_195
const AT = '2026-11-01T00:00:00Z'
const connector = { id: '1', standard: 'IEC_62196_T2', format: 'SOCKET', power_type: 'AC_3_PHASE' }
const location = (id: string, north: number, evse?: string) => ({
  concept: 'charging',
  key: id,
  name: `Säule ${id}`,
  geometry: { type: 'Point', coordinates: [LON, LAT + metres(north)] },
  properties: {
    ...{ country_code: 'DE', party_id: 'SWR', id, publish: true, name: `Säule ${id}`, address: 'Domplatz 1' },
    ...{
      city: 'Regensburg',
      country: 'DEU',
      time_zone: 'Europe/Berlin',
      last_updated: AT,
      operator: { name: 'Stadtwerk' },
    },
    coordinates: { latitude: (LAT + metres(north)).toFixed(6), longitude: LON.toFixed(6) },
    evses: [
      {
        ...{ uid: id, ...(evse && { evse_id: evse }), status: 'UNKNOWN', last_updated: AT },
        connectors: [{ ...connector, max_voltage: 230, max_amperage: 32, last_updated: AT }],
      },
    ],
  },
})
// biome-ignore lint/suspicious/noExplicitAny: whatever is answered is looked at
type Json = any

for (const engine of databases()) {
  describe(`chargers twice (${engine.name})`, { timeout: 300_000 }, () => {
    let bench: SourcesBench
    let app: FastifyInstance
    let key: string
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      const { db, access, catalog } = bench
      app = await createHttp({ log: createLog('silent'), trustProxy: [] })
      registerSession(app, { access })
      await registerMobility(app, { ...bench, city: await City.load(db) })
      key = await access.createKey('chargers', OWNER)
      for (const id of ['register', 'betreiber', 'geheim']) await catalog.ensure({ id, title: id })
      for (const id of ['register', 'betreiber']) await catalog.setState(id, 'released')
      const into = async (dataset: string, ...specs: ReturnType<typeof location>[]) => {
        const origin = { dataset: catalog.require(dataset).key, source: dataset, run: null }
        await upsertFeatures(db, origin, specs)
      }
      await into(
        'register',
        location('r1', 0),
        location('r2', 500, 'DE*SWR*E1'),
        location('r3', 1000),
        location('r4', 5),
      )
      await into('betreiber', location('b1', 20), location('b2', 510, 'deswre1'), location('b3', 1030))
      await into('geheim', location('g3', 1010))
    })
    after(async () => {
      await app?.close()
      await bench?.close()
    })
    const call = async (method: 'GET' | 'PUT', url: string, body?: object, as = key) => {
      const answer = await app.inject({
        ...{ method, url, headers: as ? { authorization: `Bearer ${as}` } : {} },
        ...(body ? { payload: body } : {}),
      })
      return { status: answer.statusCode, body: (answer.body ? JSON.parse(answer.body) : null) as Json }
    }
    const PATH = '/api/v1/mobility/chargers/duplicates'
    const pairs = async (decided = false) =>
      ((await call('GET', `${PATH}?decided=${decided}`)).body.pairs as Json[]).map(({ a, b, distance, decision }) => ({
        ids: [a.id, b.id],
        name: `${a.key} ${b.key} ${Math.round(distance)} ${decision}`,
      }))
    const ocpi = async (as = '') => {
      const { body } = await call('GET', '/ocpi/2.2.1/locations?limit=50', undefined, as)
      return body.data.map(({ id }: Json) => id).sort()
    }
    const near = async (as = '') => {
      const { body } = await call('GET', `/api/v1/mobility/chargers?near=${LON},${LAT}&radius=200`, undefined, as)
      return body.features.map((one: Json) => [one.id, one.properties.also]).sort()
    }

    it('shows what is near, of another source, and has no EVSE id in common', async () => {
      assert.deepEqual(
        (await pairs()).map(({ name }) => name),
        [
          'register:r3 geheim:g3 10 null',
          'register:r4 betreiber:b1 15 null',
          'register:r1 betreiber:b1 20 null',
          'betreiber:b3 geheim:g3 20 null',
        ],
      )
      assert.deepEqual(await ocpi(), ['b1', 'b2', 'b3', 'r1', 'r2', 'r3', 'r4'])
      assert.equal((await call('GET', PATH, undefined, '')).status, 403)
    })

    it('follows the decision in what goes out, and back', async () => {
      const { ids } = (await pairs()).find(({ name }) => name.startsWith('register:r1 betreiber:b1'))!
      const decide = (decision: string | null, as = key) => call('PUT', `${PATH}/${ids.join('/')}`, { decision }, as)
      assert.equal((await decide('same', '')).status, 403)
      assert.equal((await decide('maybe')).status, 400)
      assert.equal((await decide('same')).status, 204)
      assert.deepEqual(await ocpi(), ['b2', 'b3', 'r1', 'r2', 'r3', 'r4'])
      assert.deepEqual(await near(), [
        ['register:r1', ['betreiber:b1']],
        ['register:r4', []],
      ])
      assert.deepEqual(
        (await pairs(true)).map(({ name }) => name),
        ['register:r1 betreiber:b1 20 same'],
      )
      assert.equal((await pairs()).length, 3)
      // With states the operator's record is the one that stays.
      const [thing] = await bench.db.query<{ id: number }>(
        `insert into thing (dataset, name) values ($1, 'b1') returning id`,
        [bench.catalog.require('betreiber').key],
      )
      await bench.db.query(`update feature set thing = $1 where natural_key = 'b1'`, [thing!.id])
      assert.deepEqual(await ocpi(), ['b1', 'b2', 'b3', 'r2', 'r3', 'r4'])
      assert.equal((await decide('different')).status, 204)
      assert.equal((await ocpi()).length, 7)
      assert.equal((await decide(null)).status, 204)
      assert.equal((await pairs()).length, 4)
      const acts = await bench.db.query<{ detail: Json }>(
        `select detail from audit where act = 'charging.pair' order by id`,
      )
      assert.deepEqual(
        acts.map(({ detail }) => [detail.before, detail.after]),
        [
          [null, 'same'],
          ['same', 'different'],
          ['different', null],
        ],
      )
    })

    it('hides nothing behind a record that the reader may not see', async () => {
      const { ids } = (await pairs()).find(({ name }) => name.startsWith('betreiber:b3 geheim:g3'))!
      const [thing] = await bench.db.query<{ id: number }>(
        `insert into thing (dataset, name) values ($1, 'g3') returning id`,
        [bench.catalog.require('geheim').key],
      )
      await bench.db.query(`update feature set thing = $1 where natural_key = 'g3'`, [thing!.id])
      assert.equal((await call('PUT', `${PATH}/${ids.join('/')}`, { decision: 'same' })).status, 204)
      assert.ok((await ocpi()).includes('b3'))
      const all = await ocpi(key)
      assert.deepEqual([all.includes('g3'), all.includes('b3')], [true, false])
      assert.equal((await call('PUT', `${PATH}/1/999999`, { decision: 'same' })).status, 404)
    })
  })
}
