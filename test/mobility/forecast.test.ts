/** Forecasts of the next hour: learned and measured from what is stored, told where they are better than "as now". */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { OWNER } from '../../src/domains/access/index.ts'
import { City } from '../../src/domains/catalog/index.ts'
import { Forecasts } from '../../src/domains/mobility/index.ts'
import { registerMobility } from '../../src/edges/mobility/index.ts'
import { registerSession } from '../../src/edges/session/index.ts'
import { createHttp, type FastifyInstance } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { placeSource, type Reading } from '../support/parking.ts'
import { DATA, type SourcesBench, sourcesOn } from '../support/sources.ts'

const CAPTURE = join(DATA, 'parking/dresden_occupancy/dresdencentrumgalerie.csv')
const HOUR = 3_600_000
const log = createLog('silent')
const now = Math.floor(Date.now() / (HOUR / 4)) * (HOUR / 4)
const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', hour: '2-digit', hourCycle: 'h23' })

/** The same hour of every day holds the same: full to empty and back. */
const daily = (at: number): number => Math.abs(12 - Number(clock.format(at))) * 30

const every15 = (days: number, value: (at: number) => Record<string, number>): Reading[] =>
  Array.from({ length: days * 96 }, (_, i) => now - (days * 96 - 1 - i) * (HOUR / 4)).map((at) => ({
    at,
    values: value(at),
  }))

for (const engine of databases()) {
  describe(`forecasts (${engine.name})`, { timeout: 240_000 }, () => {
    let bench: SourcesBench
    let app: FastifyInstance
    let forecasts: Forecasts
    let key: string
    const folder = mkdtempSync(join(tmpdir(), 'zahnrad-forecast-'))
    const fill = async (dataset: string, concept: string, readings: Reading[], facts: Record<string, number>) => {
      const source = placeSource(folder, { dataset, concept, key: 'dom', facts }, readings)
      const report = await bench.sources.run(source, { cwd: folder })
      assert.equal(report.outcome, 'ok', report.error)
      await bench.catalog.setState(dataset, 'released')
    }
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      const city = await City.load(bench.db)
      app = await createHttp({ log, trustProxy: [] })
      registerSession(app, { access: bench.access })
      await registerMobility(app, { ...bench, city })
      key = await bench.access.createKey('forecast', OWNER)
      forecasts = new Forecasts({ db: bench.db, city, log })
      let walk = 200
      let state = 7
      await fill(
        'takt',
        'parking',
        every15(40, (at) => ({ free: daily(at) })),
        { capacity: 400 },
      )
      await fill(
        'raeder',
        'sharing',
        every15(40, (at) => ({ vehicles: daily(at) / 30 })),
        { capacity: 12 },
      )
      await fill(
        'zufall',
        'parking',
        every15(40, () => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
          walk = Math.min(400, Math.max(0, walk + (state % 21) - 10))
          return { free: walk }
        }),
        { capacity: 400 },
      )
      // The same as `takt`, said the other way round; and one of which nobody says how many spaces it has.
      const taken = every15(40, (at) => ({ occupied: 400 - daily(at) }))
      await fill('belegt', 'parking', taken, { capacity: 400 })
      await fill('ungezaehlt', 'parking', taken, {})
      await fill(
        'neu',
        'parking',
        every15(5, (at) => ({ free: daily(at) })),
        { capacity: 400 },
      )
    })
    after(async () => {
      await app?.close()
      await bench?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    const get = async (path: string, as?: string) => {
      const headers = as ? { authorization: `Bearer ${as}` } : {}
      const answer = await app.inject({ url: `/api/v1/mobility/${path}`, headers })
      return { status: answer.statusCode, body: answer.json() }
    }
    const forecastAt = async (path: string) => (await get(path)).body.properties.forecast

    it('tells nothing before it was measured', async () => {
      assert.equal(await forecastAt('parking/takt%3Adom'), undefined)
    })

    it('measures every series with enough history and tells the ones better than "as now"', async () => {
      assert.deepEqual(await forecasts.run(), { judged: 5, shown: 4 })
      const found = await forecastAt('parking/takt%3Adom')
      // The newest quarter lies between two full hours: so does what is usual then.
      const last = now
      const [low, high] = [daily(last + HOUR), daily(last + 2 * HOUR)].sort((a, b) => a - b)
      assert.ok(found.value >= low! - 31 && found.value <= high! + 31, `${found.value} not near ${low}–${high}`)
      assert.equal(Date.parse(found.at), last + HOUR)
      assert.ok(found.error < 15 && found.errorAsNow > 25, JSON.stringify(found))
      assert.ok(found.pairs > 500)
      assert.match(found.method, /same hour and weekday/)
      assert.equal(await forecastAt('parking/zufall%3Adom'), undefined)
      assert.equal(await forecastAt('parking/neu%3Adom'), undefined)
      assert.equal(typeof (await forecastAt('vehicles/raeder%3Adom')).value, 'number')
    })

    it('tells what will be free where only the taken spaces are measured, as far as their number is known', async () => {
      const free = await forecastAt('parking/takt%3Adom')
      const { properties } = (await get('parking/belegt%3Adom')).body
      assert.deepEqual(properties.forecast, free)
      assert.deepEqual([properties.free, properties.occupied], [daily(now), 400 - daily(now)])
      const unknown = (await get('parking/ungezaehlt%3Adom')).body.properties
      assert.deepEqual([unknown.free, unknown.forecast], [null, undefined])
    })

    it('tells the same in the lists around a place', async () => {
      for (const [path, id] of [
        ['parking', 'takt:dom'],
        ['vehicles', 'raeder:dom'],
      ]) {
        const { body } = await get(`${path}?near=12.097,49.019&radius=100`)
        const own = body.features.find((one: { id: string }) => one.id === id)
        assert.deepEqual(own.properties.forecast, await forecastAt(`${path}/${encodeURIComponent(id!)}`))
      }
    })

    it('keeps what it measured, replaces it, and hides it with its dataset', async () => {
      assert.deepEqual(await forecasts.run(), { judged: 5, shown: 4 })
      const rows = await bench.db.query<{ shown: boolean; better: boolean }>(
        'select shown, error < error_as_now as better from forecast_model order by shown',
      )
      assert.deepEqual(
        rows.map(({ shown }) => shown),
        [false, true, true, true, true],
      )
      assert.ok(rows.every(({ shown, better }) => better || !shown))
      await bench.catalog.setState('takt', 'withdrawn')
      assert.equal((await get('parking/takt%3Adom')).status, 404)
      assert.ok((await get('parking/takt%3Adom', key)).body.properties.forecast)
      await bench.catalog.setState('takt', 'released')
    })

    it('tells nothing of the next hour when the newest value, or the model, is old', async () => {
      await bench.db.query(`update forecast_model set made_at = now() - interval '9 days'`)
      assert.equal(await forecastAt('parking/takt%3Adom'), undefined)
      await forecasts.run()
      await bench.db.query(`update datastream_state set last_t = last_t - interval '2 hours'`)
      assert.equal(await forecastAt('parking/takt%3Adom'), undefined)
    })

    it('halves the error of a real car park', { skip: !existsSync(CAPTURE) && 'needs the real data' }, async () => {
      const lines = readFileSync(CAPTURE, 'utf8')
        .trim()
        .split('\n')
        .slice(-100 * 96)
      const shift = now - Date.parse(`${lines.at(-1)!.split(',')[0]}Z`)
      const weeks = Math.floor(shift / (7 * 24 * HOUR)) * 7 * 24 * HOUR
      const readings = lines.flatMap((line) => {
        const [time, taken] = line.split(',')
        return taken ? [{ at: Date.parse(`${time}Z`) + weeks, values: { free: 100 - Number(taken) } }] : []
      })
      await fill('galerie', 'parking', readings, { capacity: 100 })
      await forecasts.run()
      const [row] = await bench.db.query<{ error: number; asNow: number; shown: boolean }>(
        `select m.error, m.error_as_now as "asNow", m.shown from forecast_model m join datastream d on d.id = m.datastream
           join dataset s on s.key = d.dataset where s.id = 'galerie'`,
      )
      assert.equal(row!.shown, true)
      assert.ok(row!.error < row!.asNow / 2, JSON.stringify(row))
    })
  })
}
