/** One place of each mode: as it is now, how it is used through the week, the timetable of a stop, roadworks of a month. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { OWNER } from '../../src/domains/access/index.ts'
import { City } from '../../src/domains/catalog/index.ts'
import { registerMobility } from '../../src/edges/mobility/index.ts'
import { registerSession } from '../../src/edges/session/index.ts'
import { createHttp, type FastifyInstance } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { placeSource, type Reading } from '../support/parking.ts'
import { DATA, type SourcesBench, sourcesOn } from '../support/sources.ts'
import { readGtfs } from '../support/timetable.ts'
import { gtfsSource } from '../support/transit.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever is answered is looked at
type Json = any
const CALTRAIN = join(DATA, 'transit/caltrain/ct.zip')
const HOUR = 3_600_000
/** Six weeks with the end of summer time (25 October) and a public holiday on a Saturday (3 October). */
const FROM = Date.parse('2026-09-28T00:00:00+02:00')
const TO = Date.parse('2026-11-09T00:00:00+01:00')

/** The clock in Berlin, reckoned without the platform. */
const clock = new Intl.DateTimeFormat('en-GB', {
  ...{
    timeZone: 'Europe/Berlin',
    weekday: 'short',
    hour: '2-digit',
    hourCycle: 'h23',
    day: '2-digit',
    month: '2-digit',
  },
})
const wall = (at: number) => Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]))

/** Full on weekdays from 10 to 14, nearly empty else; on the holiday as on Sundays. */
function parked(at: number): number {
  const { weekday, hour, day, month } = wall(at)
  if (weekday === 'Sun' || (day === '03' && month === '10')) return 90
  if (weekday === 'Sat') return 40
  return Number(hour) >= 10 && Number(hour) < 14 ? 0 : 80
}

const readings = (values: (at: number) => Record<string, number>): Reading[] =>
  Array.from({ length: (TO - FROM) / (HOUR / 2) }, (_, i) => FROM + (i * HOUR) / 2).map((at) => ({
    at,
    values: values(at),
  }))

for (const engine of databases()) {
  describe(`places (${engine.name})`, { timeout: 240_000 }, () => {
    let bench: SourcesBench
    let app: FastifyInstance
    let key: string
    const folder = mkdtempSync(join(tmpdir(), 'zahnrad-places-'))
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      app = await createHttp({ log: createLog('silent'), trustProxy: [] })
      registerSession(app, { access: bench.access })
      await registerMobility(app, { ...bench, city: await City.load(bench.db) })
      key = await bench.access.createKey('places', OWNER)
      const sources = [
        placeSource(
          folder,
          { dataset: 'parken', concept: 'parking', key: 'dom', facts: { purpose: 'car', capacity: 100 } },
          readings((at) => ({ free: parked(at) })),
        ),
        placeSource(
          folder,
          { dataset: 'raeder', concept: 'sharing', key: 'dom', facts: { capacity: 10 } },
          readings((at) => (Number(wall(at).hour) < 6 ? { vehicles: 10, docks: 0 } : { vehicles: 0, docks: 10 })),
        ),
        placeSource(
          folder,
          { dataset: 'laden', concept: 'charging', key: 'dom', facts: { points: 4 } },
          readings((at) => (Number(wall(at).hour) < 6 ? { free: 4, used: 0 } : { free: 1, used: 3 })),
        ),
        // Two hours of a Monday.
        placeSource(
          folder,
          { dataset: 'neu', concept: 'charging', key: 'dom', facts: { points: 4 } },
          readings(() => ({ free: 0, used: 4 })).slice(0, 4),
        ),
        // All but the hours from 0 to 3 of every day, over two weeks: fewer than nine in ten.
        placeSource(
          folder,
          { dataset: 'tags', concept: 'parking', key: 'dom', facts: { capacity: 100 } },
          readings((at) => ({ free: parked(at) })).filter(
            ({ at }) => at < FROM + 14 * 24 * HOUR && Number(wall(at).hour) >= 3,
          ),
        ),
      ]
      for (const source of sources) {
        const report = await bench.sources.run(source, { cwd: folder })
        assert.equal(report.outcome, 'ok', report.error ?? JSON.stringify(report.rejections))
        await bench.catalog.setState(source.id, 'released')
      }
    })
    after(async () => {
      await app?.close()
      await bench?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    const call = async (url: string, as?: string, method: 'GET' | 'POST' = 'GET', payload?: object) => {
      const headers = as ? { authorization: `Bearer ${as}` } : {}
      const answer = await app.inject({
        url: `/api/v1/mobility/${url}`,
        method,
        headers,
        ...(payload ? { payload } : {}),
      })
      const json = answer.headers['content-type']?.includes('json')
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text: answer.body,
        body: (json ? answer.json() : null) as Json,
      }
    }
    const get = async (url: string, as?: string) => {
      const answer = await call(url, as)
      assert.equal(answer.status, 200, `${url}: ${answer.text.slice(0, 300)}`)
      return answer
    }
    const cell = (body: Json, weekday: number, hour: number) =>
      body.cells.find((one: Json) => one.weekday === weekday && one.hour === hour)

    it('shows a car park as it is, with source, licence and age', async () => {
      const { body } = await get('parking/parken%3Adom')
      const { free, capacity, state, dataset, measured } = body.properties
      assert.deepEqual([free, capacity, state, dataset], [90, 100, 'spacesAvailable', 'parken'])
      assert.equal(Date.parse(measured), TO - HOUR / 2)
      assert.deepEqual([body.licence, body.attribution, body.type], ['dl-by-de/2.0', 'Stadt', 'Feature'])
      assert.equal(body.age, body.properties.age)
    })

    it('tells the week of a car park in local hours, a holiday as a Sunday', async () => {
      const { body } = await get('parking/parken%3Adom/profile')
      assert.equal(body.cells.length, 7 * 24)
      assert.equal(body.hours, (TO - FROM) / HOUR)
      assert.deepEqual([Date.parse(body.from), Date.parse(body.to)], [FROM, TO])
      // Six Saturdays, of them one a holiday; six Sundays and that holiday, the hour from 2 twice on one of them.
      assert.deepEqual([cell(body, 6, 12).hours, cell(body, 6, 12).free], [5, 40])
      assert.deepEqual([cell(body, 7, 12).hours, cell(body, 7, 2).hours, cell(body, 7, 12).free], [7, 8, 90])
      const { free, share, none, hours } = cell(body, 1, 10)
      assert.deepEqual([free, share, none, hours], [0, 1, 1, 6])
      assert.deepEqual([cell(body, 1, 9).none, cell(body, 5, 14).none], [0, 0])
      assert.deepEqual(
        body.tight,
        [1, 2, 3, 4, 5].map((weekday) => ({ weekday, from: 10, to: 14 })),
      )
      assert.ok(Math.abs(body.none - (30 * 4) / body.hours) < 1e-9, `${body.none}`)
      assert.deepEqual(body.best[0], { weekday: 1, from: 6, to: 8 })
    })

    it('says nothing of the week before nine in ten of its hours hold values of two weeks', async () => {
      for (const [path, hours] of [
        ['chargers/neu%3Adom', 2],
        ['parking/tags%3Adom', 14 * 21],
      ] as const) {
        const { body } = await get(`${path}/profile`)
        assert.deepEqual([body.enough, body.hours, body.tight, body.best], [false, hours, [], []], path)
        assert.ok(body.cells.length > 0)
      }
      for (const path of ['parking/parken%3Adom', 'vehicles/raeder%3Adom', 'chargers/laden%3Adom'])
        assert.equal((await get(`${path}/profile`)).body.enough, true, path)
    })

    it('tells when a sharing station has no bicycle or no dock, and how chargers are used', async () => {
      const sharing = (await get('vehicles/raeder%3Adom/profile')).body
      assert.deepEqual([cell(sharing, 3, 3).none, cell(sharing, 3, 3).noDock], [0, 1])
      assert.deepEqual([cell(sharing, 3, 12).none, cell(sharing, 3, 12).noDock], [1, 0])
      const now = (await get('vehicles/raeder%3Adom')).body.properties
      assert.deepEqual([now.num_vehicles_available, now.num_docks_available, now.capacity], [0, 10, 10])
      const charging = (await get('chargers/laden%3Adom/profile')).body
      assert.deepEqual([cell(charging, 2, 3).share, cell(charging, 2, 12).share], [0, 0.75])
      assert.deepEqual([(await get('chargers/laden%3Adom')).body.properties.used, charging.capacity], [3, 4])
    })

    it('gives the week as CSV, and one without values as nothing', async () => {
      const { text, headers } = await get('parking/parken%3Adom/profile?format=csv')
      const lines = text.trim().split('\r\n')
      assert.equal(lines[0], 'weekday,hour,hours,free,occupied_share,share_of_hours_full,source')
      assert.equal(lines.length, 1 + 7 * 24)
      assert.ok(lines.includes('1,10,6,0,1,1,"Stadt, dl-by-de/2.0"'), lines[11])
      assert.match(String(headers['content-disposition']), /filename="dom-week\.csv"/)
      await bench.db.query(
        `insert into feature (dataset, concept, natural_key, name) select key, 'parking', 'leer', 'Leer' from dataset where id = 'parken'`,
      )
      const { body } = await get('parking/parken%3Aleer/profile')
      assert.deepEqual([body.cells, body.hours, body.from, body.none], [[], 0, null, null])
    })

    it('leaves out what is suspect and hides what is not released', async () => {
      await bench.db.query(
        `update rollup_hour set n_suspect = n, sum_suspect = sum where datastream in (select d.id from datastream d
           join dataset s on s.key = d.dataset where s.id = 'parken') and hour = $1`,
        ['2026-10-05T08:00:00Z'],
      )
      assert.equal(cell((await get('parking/parken%3Adom/profile')).body, 1, 10).hours, 5)
      await bench.catalog.setState('laden', 'withdrawn')
      for (const path of ['chargers/laden%3Adom', 'chargers/laden%3Adom/profile']) {
        assert.equal((await call(path)).status, 404)
        assert.equal((await call(path, key)).status, 200)
      }
      assert.equal((await call('parking/gibtsnicht')).status, 404)
      assert.equal((await call('parking/parken%3Adom/profile?days=3')).status, 400)
    })

    it('answers the roadworks of a month wherever they are', async () => {
      const geometry = { type: 'Point', coordinates: [12, 49] }
      const enter = (name: string, validFrom: string, validTo: string) =>
        call('roadworks', key, 'POST', { dataset: 'parken', name, geometry, validFrom, validTo })
      await enter('Oktober', '2026-10-01T00:00:00Z', '2026-10-20T00:00:00Z')
      await enter('Lang', '2026-09-01T00:00:00Z', '2027-03-01T00:00:00Z')
      const names = async (from: string, to: string) =>
        (await get(`roadworks?from=${from}&to=${to}`)).body.features.map((one: Json) => one.properties.name).sort()
      assert.deepEqual(await names('2026-10-01T00:00:00Z', '2026-11-01T00:00:00Z'), ['Lang', 'Oktober'])
      assert.deepEqual(await names('2026-11-01T00:00:00%2B01:00', '2026-12-01T00:00:00Z'), ['Lang'])
      assert.equal((await call('roadworks?from=2026-10-01T00:00:00Z')).status, 400)
      assert.equal((await call('roadworks?from=2020-10-01T00:00:00Z&to=2026-10-01T00:00:00Z')).status, 400)
    })

    it('gives the timetable of a day, the lines of a stop and the way of a line', {
      skip: !existsSync(CALTRAIN),
    }, async () => {
      await bench.catalog.ensure({ id: 'caltrain', title: 'Caltrain', licence: 'cc-by/4.0' })
      assert.equal((await bench.sources.run(gtfsSource('caltrain'), { from: CALTRAIN })).outcome, 'ok')
      assert.equal((await call('stops/caltrain%3A70011')).status, 404)
      await bench.catalog.setState('caltrain', 'released')
      const gtfs = await readGtfs(CALTRAIN)
      const weekday = new Map(
        gtfs.trips!.filter(({ service_id }) => service_id === '72982').map((row) => [row.trip_id!, row]),
      )
      // San Francisco, northbound ends there: southbound platform 70012.
      const own = gtfs.stop_times!.filter(({ stop_id, trip_id }) => stop_id === '70012' && weekday.has(trip_id!))
      const { body } = await get('stops/caltrain%3A70012/timetable?date=2023-11-07')
      assert.ok(own.length > 20)
      assert.deepEqual(
        body.departures.map((one: Json) => [one.trip, one.planned.slice(11, 19)]),
        own
          .map((row) => [row.trip_id, row.departure_time!.padStart(8, '0').replace(/^24/, '00')])
          .sort((a, b) =>
            own
              .find((r) => r.trip_id === a[0])!
              .departure_time!.padStart(8, '0')
              .localeCompare(own.find((r) => r.trip_id === b[0])!.departure_time!.padStart(8, '0')),
          ),
      )
      const stop = (await get('stops/caltrain%3A70012')).body
      const routes = new Set(own.map(({ trip_id }) => weekday.get(trip_id!)!.route_id))
      for (const id of routes)
        assert.ok(
          stop.lines.some((line: Json) => line.route_id === id),
          id,
        )
      const line = (await get(`lines/${encodeURIComponent(stop.lines[0].id)}`)).body
      const stops = (direction: string) =>
        Math.max(
          ...gtfs
            .trips!.filter((row) => row.route_id === line.route_id && row.direction_id === direction)
            .map((row) => gtfs.stop_times!.filter(({ trip_id }) => trip_id === row.trip_id).length),
        )
      assert.deepEqual(
        line.directions.map((one: Json) => one.stops.length),
        line.directions.map((one: Json) => stops(String(one.direction))),
      )
      const csv = await get('stops/caltrain%3A70012/timetable?date=2023-11-07&format=csv')
      assert.equal(csv.text.trim().split('\r\n').length, own.length + 1)
      assert.deepEqual((await get('stops/caltrain%3A70012/timetable?date=1999-01-01')).body.departures, [])
      assert.equal((await call('stops/caltrain%3A70012/timetable?date=2023-02-30')).status, 400)
      assert.equal((await call('lines/caltrain%3Anone')).status, 404)
    })
  })
}
