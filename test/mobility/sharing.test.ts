/** Sharing systems: GBFS of any version in, history of stations, GBFS 3.0 out; no history of a vehicle. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import { filesAt, push, readDay } from '../../scripts/replay-sharing.ts'
import { OWNER } from '../../src/domains/access/index.ts'
import { City } from '../../src/domains/catalog/index.ts'
import { checkDefinition } from '../../src/domains/sources/index.ts'
import { registerMobility } from '../../src/edges/mobility/index.ts'
import { registerSession } from '../../src/edges/session/index.ts'
import { registerWebhook } from '../../src/edges/webhook/index.ts'
import { createHttp, type FastifyInstance } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { DATA, ready, type SourcesBench, sourcesOn, storedSeries } from '../support/sources.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever the platform answers is looked at
type Json = any

const FIXTURES = join(DATA, 'gbfs/entur_fixtures')
const DAY = join(DATA, 'gbfs/nextbike_giessen/467_stations_2026-06-09.csv.gz')
const skip = existsSync(FIXTURES) ? false : 'needs the real data at ../shared/data'

/** A system of version 2.3, offered as an operator would; what was asked for is counted. */
class Operator {
  readonly asked = new Map<string, number>()
  readonly changed = new Map<string, (document: Json) => void>()
  #server: Server | undefined

  async start(): Promise<void> {
    const names = [
      'system_information',
      'station_information',
      'station_status',
      'free_bike_status',
      'vehicle_types',
      'system_regions',
    ]
    this.#server = createServer((request, response) => {
      const name = request.url!.slice(1)
      this.asked.set(name, (this.asked.get(name) ?? 0) + 1)
      if (name !== 'gbfs' && !names.includes(name)) return response.writeHead(404).end()
      const document: Json =
        name === 'gbfs'
          ? {
              last_updated: 1,
              ttl: 3600,
              version: '2.3',
              data: { en: { feeds: names.map((one) => ({ name: one, url: `${this.url}/${one}` })) } },
            }
          : JSON.parse(readFileSync(join(FIXTURES, 'v2.3', `${name}.json`), 'utf8'))
      document.ttl = name.endsWith('status') ? 0 : 3600
      this.changed.get(name)?.(document)
      return response.end(JSON.stringify(document))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => this.#server!.once('listening', resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server!.address() as AddressInfo).port}`
  }

  stop(): void {
    this.#server?.close()
  }
}

const ajv = new Ajv({ strict: false, allErrors: true })
;(formats as unknown as (ajv: Ajv) => void)(ajv)
const schemas = new Map<string, ValidateFunction>()
function assertOfficial(file: string, document: unknown): void {
  if (!schemas.has(file))
    schemas.set(file, ajv.compile(JSON.parse(readFileSync(join(DATA, 'gbfs/schemas/v3.0', `${file}.json`), 'utf8'))))
  const check = schemas.get(file)!
  assert.ok(check(document), `${file}: ${JSON.stringify(check.errors?.slice(0, 3))}`)
}

for (const engine of databases()) {
  describe(`sharing systems (${engine.name})`, { skip }, () => {
    let bench: SourcesBench
    let app: FastifyInstance
    const operator = new Operator()
    const get = async (path: string): Promise<{ status: number; body: Json }> => {
      const { statusCode, body } = await app.inject({ url: path, headers: { host: 'stadt.example' } })
      return { status: statusCode, body: JSON.parse(body) }
    }
    /** Every file the system names, each valid by the official schemas. */
    const files = async (id: string): Promise<Record<string, Json>> => {
      const entry = (await get(`/gbfs/${id}/gbfs.json`)).body
      assertOfficial('gbfs', entry)
      const found: Record<string, Json> = {}
      for (const { name, url } of entry.data.feeds) {
        const { status, body } = await get(new URL(url).pathname)
        assert.equal(status, 200, url)
        assertOfficial(name, body)
        found[name] = body
      }
      return found
    }

    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      await operator.start()
      app = await createHttp({ log: createLog('silent'), trustProxy: [] })
      registerSession(app, { access: bench.access })
      registerMobility(app, { ...bench, city: await City.load(bench.db) })
      registerWebhook(app, { sources: bench.sources, access: bench.access })
      await app.ready()
    })
    after(async () => {
      operator.stop()
      await app.close()
      await bench.close()
    })

    const definition = () =>
      checkDefinition(
        `title: Leihräder\ndataset: {title: Leihräder, licence: cc-by/4.0, attribution: Beispiel}\nfrom: {http: {url: "${operator.url}/gbfs"}}\nformat: {type: gbfs}\n`,
        'leihrad',
      )

    it('reads version 2.3 from its gbfs.json, and asks again only for what no longer holds', async () => {
      const first = await bench.sources.run(definition())
      // Two stations, the system, two stations' counts and states, and how many vehicles stand free.
      assert.equal(first.outcome, 'rejections', first.error)
      assert.deepEqual(
        first.rejections.map(({ reason }) => reason),
        ['system_information: phone_number must match pattern "^\\+[1-9]\\d{1,14}$"'],
      )
      const status = JSON.parse(readFileSync(join(FIXTURES, 'v2.3/station_status.json'), 'utf8')).data.stations
      const stored = await storedSeries(bench.db, 'leihrad')
      for (const { station_id, num_bikes_available, num_docks_available } of status) {
        assert.equal(stored.get(`${station_id}/vehicles`)?.sum, num_bikes_available, station_id)
        assert.equal(stored.get(`${station_id}/docks`)?.sum ?? null, num_docks_available ?? null, station_id)
      }
      operator.asked.clear()
      const second = await bench.sources.run(definition())
      assert.deepEqual([second.outcome, second.accepted, second.corrected], ['ok', 0, 0])
      assert.deepEqual([...operator.asked.keys()].sort(), ['free_bike_status', 'station_status'])
    })

    it('is offered in 3.0 once released, valid by the official schemas', async () => {
      assert.equal((await get('/gbfs/leihrad/gbfs.json')).status, 404)
      assert.deepEqual((await get('/gbfs/manifest.json')).body.data.datasets, [])
      await bench.catalog.setState('leihrad', 'released')
      const all = await files('leihrad')
      assert.deepEqual(Object.keys(all).sort(), [
        'station_information',
        'station_status',
        'system_information',
        'system_regions',
        'vehicle_status',
        'vehicle_types',
      ])
      assert.equal(all.system_information.data.license_url, 'https://creativecommons.org/licenses/by/4.0/')
      assert.equal(all.system_information.data.attribution_organization_name[0].text, 'Beispiel')
      const station = all.station_status.data.stations.find(({ station_id }: Json) => station_id === 'station1')
      assert.deepEqual([station.num_vehicles_available, station.num_docks_available, station.is_renting], [1, 3, true])
      assert.deepEqual(station.vehicle_types_available, [
        { vehicle_type_id: 'abc123', count: 1 },
        { vehicle_type_id: 'def456', count: 0 },
      ])
      assertOfficial('manifest', (await get('/gbfs/manifest.json')).body)
      assert.equal((await get('/gbfs/leihrad/geofencing_zones.json')).status, 404)
      assert.equal((await get('/gbfs/unbekannt/gbfs.json')).status, 404)
    })

    it('answers what is around a place, with age and source', async () => {
      const { body } = await get('/api/v1/mobility/vehicles?near=45.678901,12.345678&radius=500')
      assert.deepEqual(
        body.features.map(({ properties }: Json) => [properties.kind, properties.name, properties.dataset]),
        [['station', 'Parking garage A', 'leihrad']],
      )
      assert.equal(body.attribution, 'Beispiel')
      assert.equal(typeof body.features[0].properties.age, 'number')
      const { body: free } = await get('/api/v1/mobility/vehicles?near=56.78,12.34&radius=100')
      assert.deepEqual(
        free.features.map(({ properties }: Json) => [properties.kind, properties.form_factor]),
        [['vehicle', 'bicycle']],
      )
      assert.equal((await get('/api/v1/mobility/vehicles?near=1000,5')).status, 400)
    })

    it('keeps no trace of where a vehicle was, nor its number, once it moved', async () => {
      const before = (await get('/gbfs/leihrad/vehicle_status.json')).body.data.vehicles
      const id = '973a5c94-c288-4a2b-afa6-de8aeb6ae2e5'
      operator.changed.set('free_bike_status', (document) => {
        document.data.bikes = document.data.bikes.filter(({ bike_id }: Json) => bike_id !== id)
        document.data.bikes.push({ bike_id: id, lat: 12.35, lon: 56.79, is_reserved: 'maybe', is_disabled: false })
        document.data.bikes.push({ bike_id: 'second', lat: 12.36, lon: 56.8, is_reserved: false, is_disabled: false })
        document.last_updated = 1640887999
      })
      await bench.sources.run(definition())
      const found: string[] = []
      const tables = await bench.db.query<{ name: string }>(
        `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
         where table_schema in ('public', 'pgboss') and table_type = 'BASE TABLE'`,
      )
      for (const { name } of tables)
        for (const trace of [id, '56.78', '56.79'])
          if (
            (await bench.db.query(`select 1 from ${name} t where t::text like $1 limit 1`, [`%${trace}%`])).length > 0
          )
            found.push(`${name}: ${trace}`)
      assert.deepEqual(found, [])
      const now = (await get('/gbfs/leihrad/vehicle_status.json')).body.data.vehicles
      assert.ok(
        !now.some(({ vehicle_id }: Json) =>
          before.some((one: Json) => one.vehicle_id === vehicle_id && one.lat !== undefined),
        ),
      )
      assert.ok(!JSON.stringify(now).includes('second'), 'the number on the frame is not given on')
    })

    it('a vehicle goes by another id after it moved', async () => {
      const ids: string[] = []
      for (const lat of [12.36, 12.36, 12.37]) {
        operator.changed.set('free_bike_status', (document) => {
          document.data.bikes = [{ bike_id: 'frame-7', lat, lon: 56.8, is_reserved: false, is_disabled: false }]
        })
        await bench.sources.run(definition())
        ids.push((await get('/gbfs/leihrad/vehicle_status.json')).body.data.vehicles[0].vehicle_id)
      }
      assert.equal(ids[0], ids[1])
      assert.notEqual(ids[1], ids[2])
    })

    it('an operator that sends garbage changes nothing that was good', async () => {
      operator.changed.set('station_status', (document) => {
        document.data = { stations: 'none' }
      })
      const report = await bench.sources.run(definition())
      assert.equal(report.outcome, 'failed')
      assert.match(report.error!, /station_status has no list "stations"/)
      operator.changed.delete('station_status')
      assert.equal((await files('leihrad')).station_status.data.stations.length, 2)
    })

    it('a recorded day is read without the numbers of its bikes', async () => {
      const states = await readDay(DAY, 'Europe/Berlin')
      const report = await bench.sources.run(ready('giessen-nextbike'), { cwd: join(DATA, 'gbfs/nextbike_giessen') })
      assert.equal(report.outcome, 'ok', report.error ?? JSON.stringify(report.rejections))
      const stations = new Set(states.map(({ id }) => id))
      assert.equal(report.read, states.length + stations.size)
      const traces = await bench.db.query(
        "select 1 from thing t where t::text like '%386066%' union all select 1 from feature f where f::text like '%386066%'",
      )
      assert.equal(traces.length, 0)
    })

    it('the same day played again comes out as GBFS, every change kept', {
      timeout: 600_000,
    }, async () => {
      const states = await readDay(DAY, 'Europe/Berlin')
      const yaml =
        'title: Gespielt\ndataset: {title: Gespielt}\nfrom: {webhook: {secret: geheimnis}}\nformat: {type: gbfs}\n'
      await bench.sources.add(checkDefinition(yaml, 'gespielt'), OWNER)
      await bench.catalog.setState('gespielt', 'released')
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const sent = await push(states, {
        to: `${url}/api/v1/webhooks/gespielt`,
        headers: { 'x-webhook-secret': 'geheimnis' },
        speed: 6000,
      })
      assert.equal(sent, states.length)
      const stored = await storedSeries(bench.db, 'gespielt')
      const wanted = new Map<string, { n: number; sum: number }>()
      const byMinute = new Map(states.map((state) => [`${state.id} ${state.at}`, state]))
      for (const { id, bikes } of byMinute.values()) {
        const { n, sum } = wanted.get(id) ?? { n: 0, sum: 0 }
        wanted.set(id, { n: n + 1, sum: sum + bikes })
      }
      for (const [id, { n, sum }] of wanted)
        assert.deepEqual([stored.get(`${id}/vehicles`)?.n, stored.get(`${id}/vehicles`)?.sum], [n, sum], id)
      const all = await files('gespielt')
      const last = filesAt(states, Number.POSITIVE_INFINITY, '').station_status as Json
      assert.deepEqual(
        all.station_status.data.stations.map((one: Json) => [one.station_id, one.num_vehicles_available]).sort(),
        last.data.stations.map((one: Json) => [one.station_id, one.num_bikes_available]).sort(),
      )
    })
  })
}
