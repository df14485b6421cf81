/** Real time on a timetable that was really imported, over HTTP: odd feeds, odd days, odd trips. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { OWNER } from '../../src/domains/access/index.ts'
import { thingTexts } from '../../src/domains/search/store.ts'
import { stationOverview } from '../../src/domains/sensing/index.ts'
import { checkDefinition } from '../../src/domains/sources/index.ts'
import { registerMobility } from '../../src/edges/mobility/index.ts'
import { createHttp, type FastifyInstance } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { type SourcesBench, sourcesOn } from '../support/sources.ts'
import { FEED, gtfsSource } from '../support/transit.ts'

/** Mondays t1 and t2 as in FEED; Sundays `night` past 24:00, `ring` that calls at a twice, `about` every ten minutes. */
const TIMETABLE = {
  ...FEED,
  'calendar.txt':
    'service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nmo,1,0,0,0,0,0,0,20260101,20261231\nso,0,0,0,0,0,0,1,20260101,20261231\n',
  'trips.txt': `${FEED['trips.txt']}1,so,night,w\n1,so,ring,w\n1,so,about,w\n`,
  'stop_times.txt': `${FEED['stop_times.txt']}night,1,a,23:50:00,23:50:00
night,2,b,25:10:00,25:10:00
night,3,c,26:30:00,26:30:00
ring,1,a,10:00:00,10:00:00
ring,2,b,10:10:00,10:10:00
ring,3,a,10:20:00,10:20:00
ring,4,c,10:30:00,10:30:00
about,1,a,00:00:00,00:00:00
about,2,b,00:04:00,00:04:00
about,3,c,00:08:00,00:08:00
`,
  'frequencies.txt': 'trip_id,start_time,end_time,headway_secs,exact_times\nabout,12:00:00,13:00:00,600,0\n',
}

interface Answer {
  departures: {
    trip: string
    status: string
    planned: string
    expected: string | null
    delay: number | null
    date: string
    alerts: string[]
  }[]
  alerts: { id: string; stop: boolean; header_text: Record<string, string>; severity_level: string | null }[]
  realtime: { live: boolean; age: number; part: string }[]
}
interface Update {
  trip: string
  day?: string
  start?: string
  delay?: number
  stops?: object[]
}

const seconds = (iso: string) => Date.parse(iso) / 1000
const tripUpdate = ({ trip: tripId, day, start, delay, stops }: Update) => ({
  id: `${tripId}${start ?? ''}`,
  tripUpdate: {
    trip: { tripId, ...(day && { startDate: day }), ...(start && { startTime: start }) },
    ...(delay !== undefined && { delay }),
    ...(stops && { stopTimeUpdate: stops }),
  },
})

for (const engine of databases()) {
  describe(`real time (${engine.name})`, { timeout: 600_000 }, () => {
    let bench: SourcesBench
    let app: FastifyInstance
    let files = 0
    const ask = async (stop: string, at: string | number): Promise<Answer> => {
      const answer = await app.inject({
        url: `/api/v1/mobility/departures?stop=linie:${stop}&at=${encodeURIComponent(at)}&limit=50`,
      })
      assert.equal(answer.statusCode, 200, answer.body)
      return answer.json()
    }
    /** Departures of one trip on one day. */
    const of = async (trip: string, stop: string, at: string) =>
      (await ask(stop, at)).departures
        .filter((one) => one.trip === trip)
        .map(({ planned, delay, status }) => [planned.slice(0, 19), delay, status] as const)
    const source = (id: string) =>
      checkDefinition(
        `title: ${id}\ndataset: { id: linie, title: Linie }\nfrom: { file: { path: . } }\nformat: { type: gtfs-rt }`,
        id,
      )
    /** A run of the source with a feed of that time. */
    const run = (id: string, at: number, entity: object[], header: object = {}) => {
      const path = join(bench.scratch, `feed-${files++}.json`)
      writeFileSync(path, JSON.stringify({ header: { gtfsRealtimeVersion: '2.0', timestamp: at, ...header }, entity }))
      return bench.sources.run(source(id), { from: path })
    }
    const good = async (...given: Parameters<typeof run>) => {
      const report = await run(...given)
      assert.equal(report.outcome, 'ok', `${report.error} ${JSON.stringify(report.rejections)}`)
    }

    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      const { db, access, catalog, realtime } = bench
      app = await createHttp({ log: createLog('silent'), trustProxy: [] })
      app.decorateRequest('actor', null as never)
      app.addHook('onRequest', async (request) => {
        request.actor = OWNER
      })
      await registerMobility(app, { db, access, catalog, realtime, sources: bench.sources, city: undefined as never })
      const folder = join(bench.scratch, 'gtfs')
      mkdirSync(folder)
      for (const [name, text] of Object.entries(TIMETABLE)) writeFileSync(join(folder, name), text)
      const report = await bench.sources.run(gtfsSource('linie'), { from: folder })
      assert.equal(report.outcome, 'ok', report.error)
    })
    after(async () => {
      await app.close()
      await bench.close()
    })

    it('of a difference changes what it names and leaves the rest', async () => {
      const at = seconds('2026-06-08T07:50:00+02:00')
      await good('d', at, [tripUpdate({ trip: 't1', delay: 120 }), tripUpdate({ trip: 't2', delay: 60 })])
      const here = '2026-06-08T07:55:00+02:00'
      assert.deepEqual(await of('t1', 'a', here), [
        ['2026-06-08T08:00:00', 120, 'live'],
        ['2026-06-15T08:00:00', null, 'scheduled'],
      ])
      const changed = [
        { id: 't1', tripUpdate: { trip: { tripId: 't1' }, delay: 300 } },
        { id: 't2', isDeleted: true },
      ]
      await good('d', at + 60, changed, { incrementality: 'DIFFERENTIAL' })
      assert.deepEqual((await of('t1', 'a', here))[0], ['2026-06-08T08:00:00', 300, 'live'])
      assert.deepEqual((await of('t2', 'a', here))[0], ['2026-06-08T09:00:00', null, 'scheduled'])
      await good('d', at + 120, [tripUpdate({ trip: 't2', delay: 90 })], { incrementality: 'DIFFERENTIAL' })
      assert.deepEqual((await of('t1', 'a', here))[0], ['2026-06-08T08:00:00', 300, 'live'])
      assert.deepEqual((await of('t2', 'a', here))[0], ['2026-06-08T09:00:00', 90, 'live'])
    })

    it('older than what is here, garbage, or of nothing known fails, and the last good feed stays', async () => {
      const here = '2026-06-08T07:55:00+02:00'
      const old = await run('d', seconds('2026-06-08T07:00:00+02:00'), [tripUpdate({ trip: 't1', delay: 0 })])
      assert.deepEqual([old.outcome, /older than what is here/.test(old.error!)], ['failed', true])
      const path = join(bench.scratch, 'garbage.pb')
      writeFileSync(path, Buffer.from([0xff, 0x00, 0x13, 0x37]))
      const garbage = await bench.sources.run(source('d'), { from: path })
      assert.deepEqual([garbage.outcome, /no GTFS Realtime/.test(garbage.error!)], ['failed', true])
      const unknown = await run('d', seconds('2026-06-08T07:53:00+02:00'), [tripUpdate({ trip: 'no-such', delay: 9 })])
      assert.deepEqual([unknown.outcome, /no such trip/.test(unknown.error!)], ['failed', true])
      assert.deepEqual((await of('t1', 'a', here))[0], ['2026-06-08T08:00:00', 300, 'live'])
    })

    it('of yesterday is not shown as live, and the answer says how old it is', async () => {
      const { departures, realtime } = await ask('a', '2026-06-09T07:52:00+02:00')
      assert.ok(departures.length > 0 && departures.every(({ status }) => status === 'scheduled'))
      assert.deepEqual(
        realtime.map(({ live, age }) => [live, age]),
        [[false, 86_400]],
      )
    })

    it('whose clock is ahead counts from its arrival, and the run says so', async () => {
      const ahead = Math.floor(Date.now() / 1000) + 900
      const alert = { informedEntity: [{ stopId: 'b' }], headerText: { translation: [{ text: 'Umleitung' }] } }
      const report = await run('vorlaut', ahead, [{ id: 'x', alert }])
      assert.deepEqual(
        report.rejections.map(({ reason, count }) => [reason, count]),
        [["the feed's clock is ahead of ours: its arrival counts", 1]],
      )
      const { alerts } = await ask('b', Math.floor(Date.now() / 1000))
      assert.deepEqual(
        alerts.map(({ id }) => id),
        ['vorlaut:x'],
      )
      const merged = (await app.inject({ url: '/gtfs-rt/linie/alerts.json' })).json()
      assert.ok(merged.header.timestamp <= Date.now() / 1000 + 1)
    })

    it('of a stop a trip calls at twice needs the sequence, or the order of its stops', async () => {
      const at = seconds('2026-06-07T09:50:00+02:00')
      const here = '2026-06-07T09:55:00+02:00'
      const delays = async () => [
        ...(await of('ring', 'a', here)).slice(0, 2).map(([, delay]) => delay),
        ...(await of('ring', 'b', here)).slice(0, 1).map(([, delay]) => delay),
      ]
      const stop = (stopId: string, delay: number, more = {}) => ({ stopId, departure: { delay }, ...more })
      await good('r', at, [tripUpdate({ trip: 'ring', stops: [stop('a', 240, { stopSequence: 3 })] })])
      assert.deepEqual(await delays(), [null, 240, null], 'by the sequence: the second time')
      await good('r', at + 1, [tripUpdate({ trip: 'ring', stops: [stop('b', 60), stop('a', 120)] })])
      assert.deepEqual(await delays(), [null, 120, 60], 'after b only the second time can be meant')
      await good('r', at + 2, [tripUpdate({ trip: 'ring', stops: [stop('a', 30), stop('b', 60), stop('a', 90)] })])
      assert.deepEqual(await delays(), [30, 90, 60])
    })

    it('of runs without exact times belongs to the run that begins nearest', async () => {
      await good('f', seconds('2026-06-07T11:55:00+02:00'), [
        tripUpdate({ trip: 'about', day: '20260607', start: '12:20:00', delay: 180 }),
      ])
      const runs = await of('about', 'a', '2026-06-07T12:00:00+02:00')
      assert.deepEqual(runs.slice(0, 4), [
        ['2026-06-07T12:00:00', null, 'scheduled'],
        ['2026-06-07T12:10:00', null, 'scheduled'],
        ['2026-06-07T12:20:00', 180, 'live'],
        ['2026-06-07T12:30:00', null, 'scheduled'],
      ])
    })

    // Times count from noon minus 12 h: 25:10 is 01:10 of the next day also where the night between had 23 or 25 hours.
    for (const [day, offset] of [
      ['2026-03-29', '+02:00'],
      ['2026-10-25', '+01:00'],
      ['2026-06-07', '+02:00'],
    ] as const) {
      it(`of a trip past 24:00 on the service day ${day} is live after midnight`, async () => {
        const next = new Date(Date.parse(`${day}T12:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
        await good(`n${day}`, seconds(`${next}T00:30:00${offset}`), [
          tripUpdate({
            trip: 'night',
            day: day.replaceAll('-', ''),
            stops: [{ stopSequence: 2, departure: { delay: 600 } }],
          }),
        ])
        const { departures } = await ask('b', `${next}T00:45:00${offset}`)
        const { planned, expected, delay, date } = departures.find(({ trip }) => trip === 'night')!
        assert.deepEqual(
          [planned, expected, delay, date],
          [`${next}T01:10:00${offset}`, `${next}T01:20:00${offset}`, 600, day],
        )
      })
    }

    it('makes no measuring stations of the stops: neither listed nor found, but kept as Things', async () => {
      const { key } = bench.catalog.byId('linie')!
      const query = { dataset: () => undefined, sources: async () => new Map(), timeZone: 'Europe/Berlin' }
      assert.deepEqual((await stationOverview(bench.db, [key], query as never)).stations, [])
      assert.deepEqual(await thingTexts(bench.db, [key]), [])
      const things = await bench.db.query<{ id: number }>('select id from thing where dataset = $1', [key])
      assert.ok(things.length >= 2)
      const one = await stationOverview(bench.db, [key], query as never, [things[0]!.id])
      assert.equal(one.stations.length, 1, 'by its id it is shown')
    })

    it('tells alerts of all feeds with the departures they concern, while they hold', async () => {
      const at = seconds('2026-06-15T07:30:00+02:00')
      const text = (said: string) => ({ translation: [{ text: said, language: 'de' }] })
      const alert = (id: string, informedEntity: object[], more: object = {}) => ({
        id,
        alert: { informedEntity, headerText: text(`Hinweis ${id}`), ...more },
      })
      await good('eins', at, [
        alert('halt', [{ stopId: 'a' }], { severityLevel: 'SEVERE' }),
        alert('fahrt', [{ trip: { tripId: 't2' } }]),
        alert('anderswo', [{ stopId: 'c' }, { routeId: 'no-such' }]),
      ])
      await good('zwei', at, [
        alert('linie', [{ routeId: '1' }], { activePeriod: [{ start: at, end: at + 3600 }] }),
        alert('vorbei', [{ routeId: '1' }], { activePeriod: [{ end: at }] }),
      ])
      const { departures, alerts } = await ask('a', '2026-06-15T07:45:00+02:00')
      assert.deepEqual(
        alerts.map(({ id, stop, severity_level }) => [id, stop, severity_level]),
        [
          ['eins:halt', true, 'SEVERE'],
          ['eins:fahrt', false, null],
          ['zwei:linie', false, null],
        ],
      )
      assert.deepEqual(alerts[0]!.header_text, { de: 'Hinweis halt' })
      const told = (trip: string) => departures.find((one) => one.trip === trip)!.alerts
      assert.deepEqual(
        [told('t1'), told('t2')],
        [
          ['eins:halt', 'zwei:linie'],
          ['eins:halt', 'eins:fahrt'],
        ],
      )
      assert.deepEqual((await ask('a', '2026-06-15T08:30:00+02:00')).alerts, [], 'past the validity of the feeds')
    })
  })
}
