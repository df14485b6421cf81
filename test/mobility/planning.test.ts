/** The planner's figures: modes by district and month, punctuality by stop, occupancy against events, operators. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { OWNER } from '../../src/domains/access/index.ts'
import { City } from '../../src/domains/catalog/index.ts'
import { upsertFeatures } from '../../src/domains/features/index.ts'
import { Mailer } from '../../src/edges/mail/index.ts'
import { registerMobility } from '../../src/edges/mobility/index.ts'
import { registerSession } from '../../src/edges/session/index.ts'
import { createHttp, type FastifyInstance } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { type SourcesBench, sourcesOn } from '../support/sources.ts'

const HEAD = (id: string, title: string, rest = '') =>
  `title: ${title}\ndataset: { id: ${id}, title: ${title}, publisher: ${title} GmbH, licence: cc-zero }
from: { webhook: {} }\nformat: { type: json }\ntimeZone: Europe/Berlin\n${rest}time: { column: t, format: iso }\n`
const PLACE = 'location: { lat: "{lat}", lon: "{lon}" }'
const SOURCES = {
  parken: `${HEAD('parken', 'Parken', 'concept: parking\n')}thing: { key: "{id}", name: "{id}", ${PLACE}, properties: { purpose: car, capacity: 100, feeDescription: "2 Euro je Stunde" } }
series: [{ column: v, key: free, property: parking_free }]\n`,
  rad: `${HEAD('rad', 'Rad')}thing: { key: "{id}", name: "{id}", ${PLACE} }
series: [{ column: v, property: bicycle_count }]\n`,
  bus: `${HEAD('bus', 'Bus')}properties: { departure_delay: { name: Verspätung, unit: { name: Sekunde, symbol: s, definition: "ucum:s" }, aggregate: mean } }
thing: { key: "stop:{id}", name: "{id}", ${PLACE} }
series: [{ column: v, property: departure_delay }]\n`,
  ausfall: `${HEAD('bus', 'Bus')}properties: { cancelled_departures: { name: Ausfall, unit: { name: Anzahl, symbol: "", definition: "ucum:{count}" }, aggregate: sum } }
thing: { key: "stop:{id}", name: "{id}", ${PLACE} }
series: [{ column: v, key: cancelled, property: cancelled_departures }]\n`,
}
const square = (lon: number) => ({
  type: 'Polygon',
  coordinates: [
    [
      [lon, 49],
      [lon + 0.1, 49],
      [lon + 0.1, 49.1],
      [lon, 49.1],
      [lon, 49],
    ],
  ],
})
const WEST = { lat: 49.05, lon: 12.05 }
const EAST = { lat: 49.05, lon: 12.15 }
// biome-ignore lint/suspicious/noExplicitAny: whatever is answered is looked at
type Json = any

for (const engine of databases()) {
  describe(`planner's figures (${engine.name})`, { timeout: 300_000 }, () => {
    let bench: SourcesBench
    let app: FastifyInstance
    let key: string
    let smtp: MailServer
    let mailer: Mailer

    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      const { db, access, catalog, sources } = bench
      app = await createHttp({ log: createLog('silent'), trustProxy: [] })
      registerSession(app, { access })
      smtp = await startMailServer()
      mailer = new Mailer({ url: smtp.url, from: 'daten@stadt.example' })
      await registerMobility(app, { ...bench, city: await City.load(db), sendMail: (mail) => mailer.send(mail) })
      key = await access.createKey('planner', OWNER)
      for (const [id, yaml] of Object.entries(SOURCES)) await sources.add(sources.check(yaml, id), OWNER)
      const post = (id: string, rows: object[]) =>
        sources.pushed.post(id, Buffer.from(JSON.stringify(rows)), OWNER).then((all) => {
          assert.equal(all.rejected, 0, JSON.stringify(all.rejections))
        })
      // 80 of 100 taken from 17 h on, 40 before; winter time.
      await post(
        'parken',
        Array.from({ length: 24 }, (_, hour) => ({
          ...{ id: 'Dach', ...WEST, t: new Date(Date.UTC(2026, 1, 9, hour)).toISOString() },
          v: hour === 16 ? 20 : 60,
        })),
      )
      await post('rad', [
        { id: 'a', ...WEST, t: '2026-01-31T22:30:00Z', v: 7 },
        { id: 'a', ...WEST, t: '2026-01-31T23:30:00Z', v: 5 },
        { id: 'b', ...EAST, t: '2026-02-01T10:00:00Z', v: 3 },
        { id: 'c', lat: 50, lon: 13, t: '2026-02-01T10:00:00Z', v: 1 },
      ])
      await post('bus', [
        ...[0, 60, 500, 1000].map((v, i) => ({ id: 'Dom', ...WEST, t: `2026-02-09T1${i}:00:00Z`, v })),
        { id: 'Hafen', ...EAST, t: '2026-02-09T10:00:00Z', v: 0 },
      ])
      // One that did not run, and one that came after all.
      await post('ausfall', [
        { id: 'Dom', ...WEST, t: '2026-02-09T14:00:00Z', v: 1 },
        { id: 'Dom', ...WEST, t: '2026-02-09T15:00:00Z', v: 0 },
      ])
      await catalog.ensure({ id: 'stadt', title: 'Stadt' })
      const spec = (concept: string, name: string, geometry: object, more: object = {}) => ({
        ...{ concept, key: name, name, geometry, properties: {}, ...more },
      })
      await upsertFeatures(db, { dataset: catalog.require('stadt').key, source: null, run: null }, [
        spec('district', 'West', square(12)),
        spec('district', 'Ost', square(12.1)),
        spec(
          'roadworks',
          'Markt',
          { type: 'Point', coordinates: [12.051, 49.051] },
          {
            properties: { type: 'PublicEvent' },
            valid: { from: '2026-02-09T16:00:00Z', to: '2026-02-09T17:00:00Z' },
          },
        ),
      ])
    })
    after(async () => {
      await app?.close()
      mailer?.close()
      await smtp?.close()
      await bench?.close()
    })
    const ask = async (path: string, as = key, body?: object) => {
      const answer = await app.inject({
        method: body ? 'POST' : 'GET',
        url: `/api/v1/mobility/planning/${path}`,
        headers: as ? { authorization: `Bearer ${as}` } : {},
        ...(body ? { payload: body } : {}),
      })
      const json = answer.headers['content-type']?.includes('json')
      return { status: answer.statusCode, text: answer.body, body: (json ? JSON.parse(answer.body) : null) as Json }
    }
    const SPAN = 'from=2026-01-01&to=2026-03-01'

    it('puts modes side by side by district and month of the city', async () => {
      const { body } = await ask(`modes?${SPAN}`)
      const bike = body.rows.filter(({ mode }: Json) => mode === 'bicycle')
      assert.deepEqual(
        bike.map(({ district, month, value }: Json) => [district, month, value]),
        [
          ['Ost', '2026-02', 3],
          ['West', '2026-01', 7],
          ['West', '2026-02', 5],
          [null, '2026-02', 1],
        ],
      )
      const transit = body.rows.filter(({ mode }: Json) => mode === 'transit' || mode === 'cancelled')
      assert.deepEqual(
        transit.map(({ district, mode, value }: Json) => [district, mode, value]),
        [
          ['Ost', 'transit', 0],
          ['West', 'cancelled', 1],
          ['West', 'transit', 390],
        ],
      )
      const parking = body.rows.find(({ mode }: Json) => mode === 'parking')
      assert.ok(Math.abs(parking.value - (23 * 60 + 20) / 24) < 1e-9)
    })

    it('adds up a month that is over once, and what is kept is nobody else’s', async () => {
      // The whole of February, in the city's zone.
      const february = async (as = key) =>
        (await ask('modes?from=2026-01-15&to=2026-03-15', as)).body.rows.filter(
          ({ mode, month }: Json) => mode === 'bicycle' && month === '2026-02',
        )
      const before = await february()
      assert.deepEqual(
        before.map(({ district, value }: Json) => [district, value]),
        [
          ['Ost', 3],
          ['West', 5],
          [null, 1],
        ],
      )
      const grants = [{ role: 'owner' as const, dataset: bench.catalog.require('rad').key, space: null }]
      const { key: limited } = await bench.access.keys.create({ name: 'limited', grants }, OWNER)
      await bench.db.query(`update rollup_hour set sum = sum * 2`)
      assert.deepEqual(await february(), before)
      // Who sees other datasets (here: no districts) gets what they hold now.
      assert.deepEqual(
        (await february(limited)).map(({ district, value }: Json) => [district, value]),
        [[null, 18]],
      )
      await bench.db.query(`update rollup_hour set sum = sum / 2`)
    })

    it('gives one month at a time, by the days of the city', async () => {
      const month = async (name: string) => {
        const { body } = await ask(`modes?month=${name}`)
        const bikes = body.rows.filter(({ mode }: Json) => mode === 'bicycle')
        return [body.from, body.to, ...bikes.map((row: Json) => [row.month, row.value])]
      }
      assert.deepEqual(await month('2026-01'), ['2025-12-31T23:00:00.000Z', '2026-01-31T23:00:00.000Z', ['2026-01', 7]])
      assert.deepEqual(await month('2026-02'), [
        ...['2026-01-31T23:00:00.000Z', '2026-02-28T23:00:00.000Z'],
        ...[3, 5, 1].map((value) => ['2026-02', value]),
      ])
      // The month in which the clocks change is an hour shorter.
      const march = await month('2026-03')
      assert.deepEqual(march, ['2026-02-28T23:00:00.000Z', '2026-03-31T22:00:00.000Z'])
      for (const wrong of ['month=2026-13', 'month=2026-02&to=2026-03-01', 'month=2999-01'])
        assert.equal((await ask(`modes?${wrong}`)).status, 400, wrong)
    })

    it('tells how punctual each stop was, and where it is', async () => {
      const { body } = await ask('punctuality?from=2026-02-01&to=2026-02-20')
      assert.deepEqual(
        body.rows.map((row: Json) =>
          ['name', 'departures', 'median', 'p90', 'punctual', 'cancelled', 'lon'].map((name) =>
            name === 'p90' ? Math.round(row[name]) : row[name],
          ),
        ),
        [
          ['Dom', 4, 280, 850, 0.5, 1, 12.05],
          ['Hafen', 1, 0, 0, 1, 0, 12.15],
        ],
      )
      assert.equal((await ask('punctuality?from=2026-01-01&to=2026-03-01')).body.code, 'bad-range')
    })

    it('holds occupancy against price and events nearby', async () => {
      const { body } = await ask(`occupancy?${SPAN}`)
      const [{ name, fee, mean, peak, peakHour, event, eventHours, capacity }] = body.rows
      assert.deepEqual([name, fee, capacity, peakHour, eventHours], ['Dach', '2 Euro je Stunde', 100, 17, 1])
      for (const [is, wanted] of [
        [mean, (23 * 0.4 + 0.8) / 24],
        [peak, 0.8],
        [event, 0.8],
      ])
        assert.ok(Math.abs(is - wanted) < 1e-9, `${is} ${wanted}`)
    })

    it('gives all of it as CSV, to managers alone', async () => {
      for (const [part, lines] of [
        ['modes', 8],
        ['punctuality', 2],
        ['occupancy', 1],
        ['operators', 2],
      ] as const) {
        const span = part === 'operators' ? '' : part === 'punctuality' ? '?from=2026-02-01&to=2026-02-20' : `?${SPAN}`
        const csv = await ask(`${part}.csv${span}`)
        assert.equal(csv.status, 200, csv.text)
        assert.equal(csv.text.trim().split('\r\n').length, lines + 1, csv.text)
        for (const end of ['', '.csv']) assert.equal((await ask(`${part}${end}`, '')).status, 403)
      }
    })

    it('mails an operator the report, once a mail server takes it', async () => {
      const send = (dataset: string, to: string, as = key) => ask('operators/send', as, { dataset, to })
      assert.equal((await send('parken', 'leitung@stadtwerk.example')).status, 204)
      const [{ to, headers, text }] = smtp.mails as [(typeof smtp.mails)[number]]
      assert.deepEqual(to, ['leitung@stadtwerk.example'])
      assert.match(headers, /^From: daten@stadt\.example$/m)
      assert.match(headers, /^Auto-Submitted: auto-generated$/m)
      // What was shown before is what arrives.
      const shown = (await ask('operators/parken/report')).body
      assert.match(shown.subject, /Datenqualität „Parken“/)
      assert.equal(text, shown.text)
      assert.equal(shown.mail, true)
      assert.match(text, /Verfügbar: +nicht messbar\nLieferungen: +1, davon fehlgeschlagen: 0/)
      const refused = (await send('parken', 'niemand@stadtwerk.example')).body
      assert.deepEqual([refused.code, /550/.test(refused.detail)], ['mail-refused', true], refused.detail)
      assert.equal(smtp.mails.length, 1)
      assert.equal((await ask('operators/parken/report', '')).status, 403)
      assert.equal((await ask('operators/gibtsnicht/report')).status, 404)
      assert.equal((await send('parken', 'niemand')).status, 400)
      assert.equal((await send('gibtsnicht', 'a@b.example')).status, 404)
      assert.equal((await send('parken', 'a@b.example', '')).status, 403)
      const acts = await bench.db.query(`select 1 from audit where act = 'mobility.report'`)
      assert.equal(acts.length, 1)
    })
  })
}
