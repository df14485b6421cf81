/** Departures and real time of Caltrain's feeds over HTTP; what is expected is reckoned here from the files themselves. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { OWNER } from '../../src/domains/access/index.ts'
import { Realtime } from '../../src/domains/mobility/index.ts'
import { checkDefinition } from '../../src/domains/sources/index.ts'
import { registerMobility } from '../../src/edges/mobility/index.ts'
import { createHttp, type FastifyInstance } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { readFeed } from '../support/gtfs-rt.ts'
import { DATA, type SourcesBench, sourcesOn } from '../support/sources.ts'
import { readGtfs } from '../support/timetable.ts'
import { gtfsSource } from '../support/transit.ts'

const CALTRAIN = join(DATA, 'transit', 'caltrain')
const skip = existsSync(CALTRAIN) ? false : `no real data at ${CALTRAIN}`
const file = (name: string) => join(CALTRAIN, name)

interface Answer {
  departures: {
    trip: string
    stop: string
    planned: string
    expected: string | null
    delay: number | null
    status: string
    date: string
    headsign: string
    platform: string | null
  }[]
  source: string
  age: number
  realtime: { source: string; live: boolean; age: number }[]
}

/** When the feed is of: 17:05:34 in California. */
const FEED_TIME = 1_699_405_534
/** Midnight of that day there, on which no clock changed. */
const MIDNIGHT = Date.parse('2023-11-07T00:00:00-08:00') / 1000

let timetable: ReturnType<typeof readGtfs> | undefined

/**
 * The expected departures at a stop by the feed's JSON form and the timetable's CSV: the weekday trips that do not end
 * there, with the time the feed gives, else the plan moved by the delay of the last stop it gives one for.
 */
async function expectedAt(stopId: string, at: number) {
  timetable ??= readGtfs(file('ct.zip'))
  const gtfs = await timetable
  const feed = JSON.parse(readFileSync(file('ct-trip-updates.pb.json'), 'utf8'))
  const weekday = new Set(gtfs.trips!.filter((row) => row.service_id === '72982').map((row) => row.trip_id))
  const seconds = (text: string) => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  const found = []
  for (const trip of weekday) {
    const times = gtfs
      .stop_times!.filter((row) => row.trip_id === trip)
      .sort((a, b) => Number(a.stop_sequence) - Number(b.stop_sequence))
    const update = feed.entity.find((one: { id: string }) => one.id === trip)?.tripUpdate
    let delay: number | null = null
    for (const row of times.slice(0, -1)) {
      const planned = MIDNIGHT + seconds(row.departure_time!)
      const said = update?.stopTimeUpdate.find(
        (one: { stopSequence: number }) => one.stopSequence === Number(row.stop_sequence),
      )
      const time = said?.departure?.time ?? said?.arrival?.time
      if (time !== undefined) delay = Number(time) - planned
      const expected = planned + (delay ?? 0)
      if (row.stop_id === stopId && expected >= at) found.push({ trip, planned, delay, expected })
    }
  }
  return found.sort((a, b) => a.expected - b.expected)
}

const definition = (id: string, more = '') =>
  checkDefinition(
    `title: Caltrain
dataset: { id: caltrain, title: Caltrain, licence: cc-by/4.0, attribution: Caltrain }
from: { file: { path: . } }
format: { type: gtfs-rt${more} }`,
    id,
  )

for (const engine of databases()) {
  describe(`departures (${engine.name})`, { skip, timeout: 240_000 }, () => {
    let bench: SourcesBench
    let app: FastifyInstance
    let dataset: number
    const get = async (path: string) => {
      const answer = await app.inject({ url: path })
      return {
        status: answer.statusCode,
        headers: answer.headers,
        raw: answer.rawPayload,
        body:
          answer.statusCode === 200 && !path.endsWith('.pb')
            ? answer.json()
            : answer.statusCode === 200
              ? null
              : answer.json(),
      }
    }
    const departuresAt = async (stop: string, at: string | number, limit = 100): Promise<Answer> => {
      const { status, body } = await get(
        `/api/v1/mobility/departures?stop=${encodeURIComponent(stop)}&at=${encodeURIComponent(at)}&limit=${limit}`,
      )
      assert.equal(status, 200, JSON.stringify(body))
      return body
    }
    const run = (names: string | string[], id = 'caltrain-live') =>
      bench.sources.run(definition(id), { from: [names].flat().map(file) })

    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      const { db, access, catalog, realtime } = bench
      dataset = (await catalog.ensure({ id: 'caltrain', title: 'Caltrain' })).key
      app = await createHttp({ log: createLog('silent'), trustProxy: [] })
      app.decorateRequest('actor', null as never)
      app.addHook('onRequest', async (request) => {
        request.actor = OWNER
      })
      await registerMobility(app, { db, access, catalog, realtime, sources: bench.sources, city: undefined as never })
    })
    after(async () => {
      await app.close()
      await bench.close()
    })

    it('need a timetable: real time alone is refused with the reason', async () => {
      const report = await run('ct-trip-updates.pb')
      assert.equal(report.outcome, 'failed')
      assert.match(report.error!, /no timetable \(GTFS\) yet/)
      const timetable = await bench.sources.run(gtfsSource('caltrain'), { from: file('ct.zip') })
      assert.equal(timetable.outcome, 'ok', timetable.error)
    })

    it('are those of the timetable before real time came', async () => {
      const { departures, realtime } = await departuresAt('70061', '2023-11-07T17:05:34-08:00', 5)
      assert.equal(departures.length, 5)
      assert.deepEqual(realtime, [])
      assert.ok(
        departures.every((one) => one.status === 'scheduled' && one.expected === null && one.date === '2023-11-07'),
      )
    })

    it('carry the delays of the feed, at every stop, at the hour of the feed', async () => {
      const report = await run(['ct-trip-updates.pb', 'ct-vehicle-positions.pb', 'ct-service-alerts.pb'])
      assert.equal(report.outcome, 'ok', report.error)
      assert.equal(report.rejected, 0, JSON.stringify(report.rejections))
      assert.equal(report.read, report.accepted + report.unchanged + report.corrected + report.rejected)
      const feed = JSON.parse(readFileSync(file('ct-trip-updates.pb.json'), 'utf8'))
      const stops = new Set<string>(
        feed.entity.flatMap((one: { tripUpdate: { stopTimeUpdate: { stopId: string }[] } }) =>
          one.tripUpdate.stopTimeUpdate.map(({ stopId }) => stopId),
        ),
      )
      let late = 0
      for (const stop of stops) {
        const wanted = (await expectedAt(stop, FEED_TIME)).slice(0, 12)
        const { departures, source, age } = await departuresAt(`caltrain:${stop}`, FEED_TIME, 12)
        assert.deepEqual(
          departures
            .filter((one) => one.date === '2023-11-07')
            .map(({ trip, planned, delay }) => ({ trip, planned: Date.parse(planned) / 1000, delay })),
          wanted.map(({ trip, planned, delay }) => ({ trip, planned, delay })),
          stop,
        )
        for (const { delay, status, planned, expected } of departures) {
          assert.equal(status, delay === null ? 'scheduled' : 'live')
          if (delay === null) continue
          assert.equal((Date.parse(expected!) - Date.parse(planned)) / 1000, delay)
          if (delay !== 0) late++
        }
        assert.equal(source, 'caltrain-live')
        assert.equal(age, 0)
      }
      assert.ok(stops.size > 20 && late > 40, `${late} late departures at ${stops.size} stops`)
    })

    it('of a station are those of its platforms, in the zone of the agency', async () => {
      const { departures } = await departuresAt('22nd_street', '2023-11-07T17:05:34-08:00', 10)
      assert.deepEqual(new Set(departures.map((one) => one.stop)), new Set(['70021', '70022']))
      assert.match(departures[0]!.planned, /-08:00$/)
    })

    it('past the validity of the feed are the plan again, and say how old the feed is', async () => {
      const { departures, realtime, age } = await departuresAt('70061', FEED_TIME + 3 * 3600)
      assert.ok(departures.every((one) => one.status === 'scheduled'))
      assert.equal(
        realtime.every((one) => !one.live),
        true,
      )
      assert.equal(age, 3 * 3600)
      const before = await departuresAt('70061', FEED_TIME - 300)
      assert.ok(before.departures.some((one) => one.status === 'live'))
    })

    it('say what is wrong with a question', async () => {
      for (const [query, status, code] of [
        ['stop=no-such', 404, 'stop-unknown'],
        ['stop=nowhere:70011', 404, 'stop-unknown'],
        ['stop=70011&at=gestern', 400, 'bad-time'],
        ['stop=70011&limit=501', 400, undefined],
        ['at=2023-11-07T17:05:34-08:00', 400, undefined],
      ] as const) {
        const { status: got, body } = await get(`/api/v1/mobility/departures?${query}`)
        assert.equal(got, status, query)
        if (code) assert.equal(body.code, code)
      }
    })

    it('are kept: every delay of the feed as an observation with trip, route and place in the trip', async () => {
      const feed = JSON.parse(readFileSync(file('ct-trip-updates.pb.json'), 'utf8'))
      const named = feed.entity.reduce(
        (sum: number, one: { tripUpdate: { stopTimeUpdate: unknown[] } }) => sum + one.tripUpdate.stopTimeUpdate.length,
        0,
      )
      const stored = await bench.db.query<{
        t: string
        v: number
        trip: string
        seq: number
        route: string
        thing: string
      }>(
        `select o.t, o.v, o.x -> 'p' ->> 'trip' as trip, (o.x -> 'p' -> 'stop_sequence')::int4 as seq, o.x -> 'p' ->> 'route' as route,
                t.natural_key as thing
         from observation o join datastream d on d.id = o.datastream join thing t on t.id = d.thing where d.dataset = $1`,
        [dataset],
      )
      assert.ok(stored.length >= named, `${stored.length} of ${named}`)
      const one = feed.entity[0].tripUpdate
      const [wanted] = (await expectedAt('70242', FEED_TIME)).filter((row) => row.trip === one.trip.tripId)
      const [kept] = stored.filter((row) => row.trip === one.trip.tripId && row.seq === 21)
      assert.equal(kept!.v, wanted!.delay)
      assert.equal(Date.parse(kept!.t) / 1000, wanted!.planned)
      assert.equal(kept!.thing, 'stop:70242')
      const again = await run('ct-trip-updates.pb')
      assert.equal(again.accepted + again.corrected, 0)
      assert.ok(again.unchanged >= named)
    })

    it('outlive garbage: the last good feed stays, and the reason is told', async () => {
      const report = await run('invalid.pb')
      assert.equal(report.outcome, 'failed')
      assert.match(report.error!, /no GTFS Realtime/)
      const { departures } = await departuresAt('70061', FEED_TIME)
      assert.ok(departures.some((one) => one.status === 'live'))
    })

    it('outlive a restart: what is live is made of the last good feed', async () => {
      const again = new Realtime({ db: bench.db, sensing: bench.sensing, log: createLog('silent') })
      await again.start()
      const trips = (realtime: Realtime) =>
        [...realtime.live.get(dataset)!.trips()].map(({ tripId, day, stops }) => ({
          tripId,
          day,
          delays: stops.map(({ delay }) => delay),
        }))
      assert.ok(trips(again).length > 10)
      assert.deepEqual(trips(again), trips(bench.realtime))
    })

    it('are offered as one feed that another protobuf reader understands', async () => {
      const source = readFeed(readFileSync(file('ct-trip-updates.pb')))
      const { raw, headers, status } = await get('/gtfs-rt/caltrain/trip-updates.pb')
      assert.equal(status, 200)
      assert.equal(headers['content-type'], 'application/x-protobuf')
      const merged = readFeed(raw)
      assert.equal(merged.header.gtfs_realtime_version, '2.0')
      assert.equal(merged.header.timestamp, FEED_TIME)
      const flat = (feed: typeof merged) =>
        feed.entity
          .flatMap(({ trip_update: one }) =>
            one!.stop_time_update!.map(
              (stop) =>
                `${one!.trip.trip_id} ${one!.trip.start_date} ${stop.stop_sequence} ${stop.stop_id} ${stop.departure?.time} ${stop.arrival?.time}`,
            ),
          )
          .sort()
      assert.deepEqual(flat(merged), flat(source))
      const { body } = await get('/gtfs-rt/caltrain/trip-updates.json')
      assert.equal(body.entity.length, source.entity.length)
      const vehicles = readFeed((await get('/gtfs-rt/caltrain/vehicle-positions.pb')).raw)
      assert.equal(vehicles.entity.length, readFeed(readFileSync(file('ct-vehicle-positions.pb'))).entity.length)
      assert.equal((await get('/gtfs-rt/caltrain/alerts.json')).body.entity.length, 0)
      assert.equal((await get('/gtfs-rt/nowhere/alerts.pb')).status, 404)
      assert.equal((await get('/gtfs-rt/caltrain/secrets.pb')).status, 400)
    })

    it('refuse what breaks the rules of the reference, file by file, each with its reason', async () => {
      const reasons: Record<string, RegExp> = {
        'E001.header': /not in seconds since 1970/,
        'E001.trip_update': /not in seconds since 1970/,
        E002: /another stop|order of its stops/,
        E003: /no such trip/,
        E004: /no such route/,
        E011: /no such stop/,
        E020: /start_time is no time/,
        E021: /start_date is no day/,
        E022: /before/,
        'E026.vehicle_position-position-latitude': /latitude is none|far from every stop/,
        'E026.vehicle_position-position-longitude': /longitude is none|far from every stop/,
        'E029.vehicle_position-position.3': /far from every stop/,
        E040: /names no stop/,
        E043: /neither an arrival nor a departure/,
        E044: /neither a time nor a delay/,
      }
      const silent: string[] = []
      for (const [i, name] of readdirSync(file('rt-errors')).entries()) {
        const report = await run(`rt-errors/${name}`, `errors-${i}`)
        const told = `${report.error ?? ''} ${JSON.stringify(report.rejections)}`
        const [, reason] = Object.entries(reasons).find(([start]) => name.startsWith(start)) ?? []
        if (!reason) silent.push(name)
        else assert.match(told, reason, name)
      }
      // A vehicle off its route (E029) but within reach of the stops may be on a diversion.
      assert.deepEqual(silent, ['E029.vehicle_position-position.1.json', 'E029.vehicle_position-position.2.json'])
    })

    it('give the punctuality of a stop by line, hour and weekday, cancelled ones apart', async () => {
      const window = 'from=2023-11-07T00:00:00-08:00&to=2023-11-08T12:00:00-08:00'
      const groups = async (by: string) => {
        const { status, body } = await get(`/api/v1/mobility/punctuality?stop=caltrain:70061&${window}&by=${by}`)
        assert.equal(status, 200, JSON.stringify(body))
        return body.groups
      }
      const kept = await bench.db.query<{ v: number; hour: number }>(
        `select o.v, extract(hour from o.t at time zone 'America/Los_Angeles')::int4 as hour from observation o
         join datastream d on d.id = o.datastream where d.natural_key like 'stop:70061/delay/%' order by o.v`,
      )
      assert.ok(kept.length > 2)
      const median = (values: number[]) =>
        (values[Math.floor((values.length - 1) / 2)]! + values[Math.ceil((values.length - 1) / 2)]!) / 2
      const [tuesday, ...others] = await groups('weekday')
      assert.deepEqual(others, [])
      assert.deepEqual([tuesday.key, tuesday.departures, tuesday.cancelled], ['2', kept.length, 0])
      assert.equal(tuesday.median, median(kept.map(({ v }) => v)))
      assert.deepEqual(
        (await groups('hour')).map((one: { key: string }) => Number(one.key)).sort(),
        [...new Set(kept.map(({ hour }) => hour))].sort(),
      )
      const message = {
        header: { gtfsRealtimeVersion: '2.0', timestamp: FEED_TIME + 60 },
        entity: [
          { id: 'x', tripUpdate: { trip: { tripId: '125', startDate: '20231107', scheduleRelationship: 'CANCELED' } } },
        ],
      }
      const path = join(bench.scratch, 'cancelled.json')
      writeFileSync(path, JSON.stringify(message))
      const report = await bench.sources.run(definition('cancelling'), { from: path })
      assert.equal(report.outcome, 'ok', report.error)
      const line = (await groups('line')).reduce((sum: number, one: { cancelled: number }) => sum + one.cancelled, 0)
      assert.equal(line, 1)
      const { departures } = await departuresAt('70061', FEED_TIME - 600)
      assert.deepEqual(
        departures
          .filter(({ trip }) => trip === '125')
          .map(({ status, expected }) => [status, expected])
          .slice(0, 1),
        [['cancelled', null]],
      )
      assert.equal(
        (await get(`/api/v1/mobility/punctuality?stop=70061&from=2023-11-08T00:00:00Z&to=2023-11-07T00:00:00Z`)).status,
        400,
      )
    })

    it('come live by push, too: a message is there when its figures are answered', async () => {
      const pushed = checkDefinition(
        'title: Push\ndataset: { id: caltrain, title: Caltrain }\nfrom: { webhook: {} }\nformat: { type: gtfs-rt }',
        'pushed',
      )
      await bench.sources.add(pushed, OWNER)
      const update = (delay: number) => ({
        header: { gtfsRealtimeVersion: '2.0', timestamp: FEED_TIME + 120 },
        entity: [{ id: 'x', tripUpdate: { trip: { tripId: '127', startDate: '20231107' }, delay } }],
      })
      const figures = await bench.sources.pushed.post('pushed', Buffer.from(JSON.stringify(update(777))))
      assert.equal(figures.rejected, 0, JSON.stringify(figures.rejections))
      assert.equal(
        bench.realtime.live.get(dataset)!.trip({ tripId: '127', day: '2023-11-07', start: null })!.stops[0]!.delay,
        777,
      )
      const garbage = await bench.sources.pushed.post('pushed', Buffer.from('garbage'))
      assert.deepEqual([garbage.read, garbage.rejected], [1, 1])
    })
  })
}
