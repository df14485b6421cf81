import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { TSchema } from 'typebox'
import Value from 'typebox/value'
import { databases } from '../../../test/support/database.ts'
import { noMap } from '../../../test/support/map.ts'
import { type Town, town } from '../../../test/support/stations.ts'
import { Access, type Actor, ANONYMOUS } from '../../domains/access/index.ts'
import { Boards } from '../../domains/boards/index.ts'
import { City } from '../../domains/catalog/index.ts'
import { Example } from '../../domains/example/index.ts'
import { createHttp, type FastifyInstance } from '../../kernel/http/index.ts'
import { createLog } from '../../kernel/log.ts'
import { registerPortalApi } from './index.ts'
import { CityAnswer, SeriesAnswer, StationAnswer, StationsAnswer } from './schemas.ts'
import { ExampleAnswer } from './schemas-city.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever the platform answers is looked at
type Json = any

const STAFF: Actor = { kind: 'staff', name: 'staff' }
const fits = (schema: TSchema, value: unknown) => assert.deepEqual(Value.Errors(schema, value).slice(0, 3), [])

for (const engine of databases()) {
  describe(`the city and its example on the ${engine.name} database`, () => {
    let place: Town
    let app: FastifyInstance
    let access: Access

    before(async () => {
      place = await town(await engine.fresh())
      const log = createLog('silent')
      access = new Access({ db: place.db, catalog: place.catalog, openWrite: false })
      const city = await City.load(place.db)
      const changed = () => city.reload()
      const deps = { ...place, access, log, timeZone: () => city.profile.timeZone, changed }
      app = await createHttp({ log, trustProxy: [] })
      app.decorateRequest('actor')
      app.addHook('onRequest', async (request) => {
        request.actor = request.headers.authorization ? STAFF : ANONYMOUS
      })
      await registerPortalApi(app, {
        basemap: noMap(),
        ...place,
        access,
        city,
        boards: new Boards({ ...place, access }),
        sources: { list: async () => [], log: async () => [] },
        example: new Example(deps, { historyDays: 3 }),
        log,
        version: '1.2.3',
        sourceCode: 'https://example.org/code',
        extra: [],
      })
    })
    after(async () => {
      await app.close()
      await place.db.close()
    })

    type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
    const call = async (method: Method, url: string, staff = true, payload?: object) => {
      const headers = staff ? { authorization: 'Bearer zk_x' } : undefined
      const answer = await app.inject({ method, url, headers, payload })
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text: answer.body,
        json: () => answer.json() as Json,
      }
    }

    it('makes the example city for staff only, and says so everywhere', async () => {
      assert.equal((await call('GET', '/api/v1/city', false)).json().example, null)
      assert.deepEqual((await call('GET', '/api/v1/example', false)).json().code, 'example-unknown')
      for (const method of ['POST', 'DELETE'] as const)
        assert.equal((await call(method, '/api/v1/example', false)).status, 401)
      const made = await call('POST', '/api/v1/example')
      assert.equal(made.status, 201)
      fits(ExampleAnswer, made.json())
      assert.deepEqual([made.json().state, made.json().share], ['filling', 0])
      const city = (await call('GET', '/api/v1/city', false)).json()
      fits(CityAnswer, city)
      assert.deepEqual([city.name, city.example.state], ['Beispielstadt (simuliert)', 'filling'])
      const overview = (await call('GET', '/api/v1/stations', false)).json()
      fits(StationsAnswer, overview)
      assert.ok(overview.stations.length > 30)
      assert.ok(overview.stations.every((one: Json) => one.simulated === true && /\(simuliert\)/.test(one.name)))
      const [first] = overview.stations
      const station = (await call('GET', `/api/v1/stations/${first.id}`, false)).json()
      fits(StationAnswer, station)
      assert.equal(station.dataset.simulated, true)
      const id = station.datastreams[0].id
      const series = (await call('GET', `/api/v1/series?datastream=${id}`, false)).json()
      fits(SeriesAnswer, series)
      assert.equal(series.series[0].simulated, true)
    })

    it('marks what leaves as a file: in its name and in every line', async () => {
      const { stations } = (await call('GET', '/api/v1/stations')).json()
      const ids = stations.slice(0, 2).map((one: Json) => one.headline.datastream)
      for (const list of [String(ids[0]), ids.join(',')]) {
        const file = await call('GET', `/api/v1/series?datastream=${list}&format=csv&resolution=day`)
        assert.match(String(file.headers['content-disposition']), /simuliert_/)
        const [head, ...lines] = file.text.trim().split('\r\n')
        assert.match(head!, /,source$/)
        assert.ok(lines.length > 0)
        for (const line of lines) assert.match(line, /\(simuliert\).*Simulierte Daten – keine Messung, cc-zero/)
      }
    })

    it('leaves what is measured unmarked', async () => {
      const own = await place.dataset('eigen', 'released')
      const { thing, series } = await place.station(own, { name: 'Eigene', series: [{ key: 'a' }] })
      await place.sensing.append([{ datastream: series[0]!, t: '2026-01-01T10:00:00Z', tEnd: null, v: 1 }])
      assert.equal((await call('GET', `/api/v1/stations/${thing}`)).json().dataset.simulated, false)
      const file = await call('GET', `/api/v1/series?datastream=${series[0]}&format=csv`)
      assert.doesNotMatch(String(file.headers['content-disposition']), /simuliert/)
      await place.db.query(`delete from dataset where id = 'eigen'`)
      await place.catalog.reload()
    })

    it('takes the example away for staff, and tells how far it is', async () => {
      const gone = await call('DELETE', '/api/v1/example')
      assert.equal(gone.status, 202)
      assert.equal(gone.json().state, 'removing')
      for (let i = 0; i < 600; i++) {
        const { status, json } = await call('GET', '/api/v1/example', false)
        if (status === 404) break
        fits(ExampleAnswer, json())
        assert.equal(json().state === 'removing' || i === 0, true)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      const city = (await call('GET', '/api/v1/city', false)).json()
      assert.deepEqual([city.name, city.example], ['Meine Stadt', null])
      assert.deepEqual((await call('GET', '/api/v1/stations')).json().stations, [])
      assert.equal((await call('DELETE', '/api/v1/example')).status, 204)
      const acts = await place.db.query<{ act: string }>(`select act from audit where actor = 'staff' order by id`)
      assert.deepEqual(
        acts.map(({ act }) => act),
        ['example.create', 'example.remove'],
      )
    })
  })
}
