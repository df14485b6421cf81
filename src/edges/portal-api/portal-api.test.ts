import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { TSchema } from 'typebox'
import Value from 'typebox/value'
import { databases } from '../../../test/support/database.ts'
import { noMap } from '../../../test/support/map.ts'
import { isoOf, regular, type Town, town } from '../../../test/support/stations.ts'
import { Access, type Actor, ANONYMOUS } from '../../domains/access/index.ts'
import { Boards } from '../../domains/boards/index.ts'
import { City } from '../../domains/catalog/index.ts'
import { Example } from '../../domains/example/index.ts'
import { createHttp, type FastifyInstance } from '../../kernel/http/index.ts'
import { createLog } from '../../kernel/log.ts'
import { registry } from '../../kernel/metrics.ts'
import { registerPortalApi } from './index.ts'
import { CityAnswer, SeriesAnswer, StationAnswer, StationsAnswer } from './schemas.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever the platform answers is looked at
type Json = any

const KEY: Actor = { kind: 'key', name: 'key:test' }
const HOUR = 3_600_000
const fits = (schema: TSchema, value: unknown) => assert.deepEqual(Value.Errors(schema, value).slice(0, 3), [])

for (const engine of databases()) {
  describe(`portal API on the ${engine.name} database`, () => {
    let place: Town
    let app: FastifyInstance
    let url: string
    let promenade: { thing: number; series: number[] }
    let hammer: { thing: number; series: number[] }
    let secret: { thing: number; series: number[] }
    /** End of the newest quarter hour. */
    const now = Math.floor(Date.now() / 900_000) * 900_000

    before(async () => {
      place = await town(await engine.fresh())
      const log = createLog('silent')
      const access = new Access({ db: place.db, catalog: place.catalog, openWrite: false })
      const released = await place.dataset('rad', 'released')
      const hidden = await place.dataset('geheim', 'draft')
      promenade = await place.station(released, {
        name: 'Promenade "nördlich"',
        at: [7.63, 51.96],
        approximate: true,
        properties: { operator: 'Amt' },
        series: [
          { key: 'Summe', role: 'total' },
          { key: 'FR1', role: 'part' },
          { key: 'FR2', role: 'part' },
        ],
      })
      hammer = await place.station(released, {
        name: '=Hammer Straße',
        at: [7.6, 51.9],
        series: [{ key: 'A' }, { key: 'B' }],
      })
      secret = await place.station(hidden, { name: 'Geheim', at: [13, 48], series: [{ key: 'a' }] })
      await place.station(released, { name: 'Neu', series: [] })
      const from = isoOf(now - 57 * 24 * HOUR)
      // The last value of each series ends now; the total is exactly the sum of its parts.
      const parts = [1, 2].map((part) => regular(promenade.series[part]!, from, isoOf(now), 900, () => part))
      const total = regular(promenade.series[0]!, from, isoOf(now), 900, () => 3)
      for (const rows of [...parts, total]) await place.sensing.append(rows)
      for (const id of hammer.series) {
        await place.sensing.append(regular(id, isoOf(now - 30 * 24 * HOUR), isoOf(now - 5 * HOUR), 900, () => 10))
      }
      await place.sensing.append(regular(secret.series[0]!, isoOf(now - HOUR), isoOf(now), 900, () => 1))

      app = await createHttp({ log, trustProxy: ['loopback'] })
      app.decorateRequest('actor')
      app.addHook('onRequest', async (request) => {
        request.actor = request.headers.authorization ? KEY : ANONYMOUS
      })
      await registerPortalApi(app, {
        basemap: noMap(),
        db: place.db,
        access,
        catalog: place.catalog,
        city: await City.load(place.db),
        sensing: place.sensing,
        boards: new Boards({ db: place.db, access, catalog: place.catalog }),
        sources: { list: async () => [], log: async () => [] },
        example: new Example({ ...place, access, log, timeZone: () => 'Europe/Berlin' }, { historyDays: 0 }),
        log,
        version: '1.2.3',
        sourceCode: 'https://example.org/code',
        extra: [
          { paths: { '/sta/v1.1': { get: { summary: 'x' } } }, components: { schemas: { Extra: { type: 'object' } } } },
        ],
      })
      await app.listen({ port: 0, host: '127.0.0.1' })
      url = `http://127.0.0.1:${(app.server.address() as { port: number }).port}`
    })
    after(async () => {
      await app.close()
      await place.db.close()
    })

    const get = async (path: string, key = false) => {
      const answer = await fetch(url + path, { headers: key ? { authorization: 'Bearer zk_x' } : {} })
      return {
        status: answer.status,
        headers: answer.headers,
        body: (await answer.json()) as Json,
      }
    }

    it('says whose platform it is, with the bounds of what may be seen', async () => {
      const { body } = await get('/api/v1/city')
      fits(CityAnswer, body)
      assert.deepEqual(
        [body.timeZone, body.version, body.openWrite, body.actor.kind],
        ['Europe/Berlin', '1.2.3', false, 'anonymous'],
      )
      assert.ok(body.bounds[0] < 7.6 && body.bounds[2] > 7.63 && body.bounds[2] < 8, `${body.bounds}`)
      assert.ok((await get('/api/v1/city', true)).body.bounds[2] > 13)
    })

    it('lists stations with newest value, state, day and sparkline', async () => {
      const { body } = await get('/api/v1/stations')
      fits(StationsAnswer, body)
      assert.deepEqual(
        body.stations.map((one: Json) => [one.name, one.state]),
        [
          ['=Hammer Straße', 'late'],
          ['Neu', 'empty'],
          ['Promenade "nördlich"', 'current'],
        ],
      )
      const [, , station] = body.stations
      assert.deepEqual([station.lon, station.lat, station.approximate, station.dataset], [7.63, 51.96, true, 'rad'])
      assert.deepEqual(station.headline.datastreams, [promenade.series[0]])
      assert.deepEqual([station.headline.value, station.headline.timeEnd], [3, isoOf(now)])
      assert.equal(station.spark.length, 48)
      assert.equal(station.spark[10][1], 12)
      // On the two days the clock changes, today has an hour more or less than the other weeks' days.
      assert.ok(Math.abs(station.headline.usual.value - station.headline.dayTotal) <= 12)
      assert.ok(Math.abs(station.headline.usual.change) < 1)
      assert.equal(station.headline.usual.basis.days, 8)
    })

    it('adds parts up only where there is no total, and counts each station once', async () => {
      const { body } = await get('/api/v1/stations')
      const hammerNow = body.stations[0]
      assert.deepEqual([hammerNow.headline.datastreams, hammerNow.headline.value], [hammer.series, 20])
      const [group] = body.groups
      assert.deepEqual(
        [group.key, group.stations, group.worst, group.isToday],
        [
          'bicycle_count',
          2,
          'late',
          group.day === new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(Date.now()),
        ],
      )
      const sameDay = body.stations.filter((one: Json) => one.headline?.day === group.day)
      assert.equal(
        group.total,
        sameDay.reduce((sum: number, one: Json) => sum + one.headline.dayTotal, 0),
      )
    })

    it('shows drafts to those who may see them, and to nobody else', async () => {
      assert.equal((await get('/api/v1/stations', true)).body.stations.length, 4)
      assert.ok(!JSON.stringify((await get('/api/v1/stations')).body).includes('eheim'))
      const hidden = await get(`/api/v1/stations/${secret.thing}`)
      assert.deepEqual([hidden.status, hidden.body.code], [404, 'not-found'])
      assert.equal((await get(`/api/v1/series?datastream=${secret.series[0]}`)).status, 404)
      assert.equal((await get(`/api/v1/series?datastream=${secret.series[0]}`, true)).status, 200)
      assert.equal((await get(`/api/v1/events?datastream=${secret.series[0]}`)).status, 404)
      assert.equal((await get('/api/v1/events?dataset=geheim')).status, 404)
    })

    it('gives a station page all it needs', async () => {
      const { body } = await get(`/api/v1/stations/${promenade.thing}`)
      fits(StationAnswer, body)
      assert.deepEqual(
        [body.dataset.id, body.dataset.licenceUrl, body.dataset.attribution],
        ['rad', 'https://www.govdata.de/dl-de/by-2-0', 'Stadt Münster'],
      )
      assert.deepEqual(body.properties, { operator: 'Amt' })
      assert.deepEqual(
        body.datastreams.map((one: Json) => [one.id, one.role, one.completeness, one.suspectShare]),
        [
          [promenade.series[0], 'total', 1, 0],
          [promenade.series[1], 'part', 1, 0],
          [promenade.series[2], 'part', 1, 0],
        ],
      )
      assert.deepEqual(body.datastreams[0].latest, {
        t: isoOf(now - 900_000),
        tEnd: isoOf(now),
        value: 3,
        quality: null,
      })
      assert.equal(body.links.sensorthings, `${url}/sta/v1.1/Things(${promenade.thing})`)
      assert.equal(body.datastreams[0].links.mqttTopic, `v1.1/Datastreams(${promenade.series[0]})/Observations`)
      assert.equal((await fetch(body.links.csv)).status, 200)
      assert.equal((await get(`/api/v1/stations/999999`)).status, 404)
      assert.equal((await get(`/api/v1/stations/1%20or%201=1`)).status, 400)
    })

    it('answers series by local days, inclusive, and by instants', async () => {
      const day = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(now - 3 * 24 * HOUR)
      const { body, headers } = await get(
        `/api/v1/series?datastream=${promenade.series}&from=${day}&to=${day}&resolution=day`,
      )
      fits(SeriesAnswer, body)
      assert.equal(headers.get('link'), '<https://www.govdata.de/dl-de/by-2-0>; rel="license"')
      assert.deepEqual(
        body.series.map((one: Json) => [one.datastream, one.points.length, one.total / one.n]),
        [
          [promenade.series[0], 1, 3],
          [promenade.series[1], 1, 1],
          [promenade.series[2], 1, 2],
        ],
      )
      const instants = await get(
        `/api/v1/series?datastream=${promenade.series[0]}&from=${day}T00:00:00+02:00&to=${day}T06:00:00%2B02:00`,
      )
      assert.deepEqual([instants.body.resolution, instants.body.series[0].n], ['raw', 24])
    })

    it('refuses what it does not understand, and says what it expects', async () => {
      const id = promenade.series[0]
      for (const [query, code] of [
        [`datastream=${id}&from=yesterday`, 'bad-time'],
        [`datastream=${id}&from=2026-02-30`, 'bad-time'],
        [`datastream=${id}&from=2026-01-01T00:00:00`, 'bad-time'],
        [`datastream=${id}&from=2026-02-02&to=2026-01-31`, 'bad-range'],
        [`datastream=${id}&resolution=minute`, 'invalid-request'],
        [`datastream=${id}&resolutoin=hour`, 'invalid-request'],
        ['datastream=1;drop', 'invalid-request'],
        ['datastream=', 'invalid-request'],
        ['', 'invalid-request'],
        [
          `datastream=${Array(11)
            .fill(0)
            .map((_, i) => i + 1)}`,
          'too-many-series',
        ],
      ] as const) {
        const { status, body } = await get(`/api/v1/series?${query}`)
        assert.deepEqual([status, body.code], [400, code], query)
        assert.ok(body.detail.length > 15 && body.requestId, query)
      }
      assert.equal((await get('/api/v1/series?datastream=999999999')).status, 404)
    })

    it('streams CSV that carries source and licence, and no formula', async () => {
      const answer = await fetch(
        `${url}/api/v1/series?datastream=${promenade.series[0]},${hammer.series[0]}&from=start&resolution=raw&format=csv`,
      )
      const text = await answer.text()
      assert.match(answer.headers.get('content-type')!, /^text\/csv; charset=utf-8/)
      assert.match(
        answer.headers.get('content-disposition')!,
        /^attachment; filename="messreihen_\d{4}-\d\d-\d\d_\d{4}-\d\d-\d\d_raw\.csv"$/,
      )
      const lines = text.split('\r\n')
      assert.equal(lines[0], 'time_start,time_end,datastream,station,name,value,unit,n,suspect,source')
      assert.equal(lines.length, 1 + 57 * 96 + (30 * 96 - 20) + 1)
      assert.match(
        lines[1]!,
        /^\S+Z,\S+Z,\d+,"Promenade ""nördlich""","Promenade ""nördlich"" Summe",3,1,1,0,"Stadt Münster, dl-by-de\/2\.0"$/,
      )
      assert.match(lines.at(-2)!, /,'=Hammer Straße,'=Hammer Straße A,10,/)
    })

    it('sends new values after the commit, only those asked for, and ends the stream when they are withdrawn', async () => {
      const events = await listen(`${url}/api/v1/events?datastream=${promenade.series[0]},${promenade.series[1]}`)
      assert.match(await events.next(), /event: ready\ndata: \{"datastreams":2\}/)
      assert.equal(events.headers.get('content-type'), 'text/event-stream; charset=utf-8')
      assert.equal(events.headers.get('x-accel-buffering'), 'no')
      await place.sensing.append([
        { datastream: promenade.series[2]!, t: isoOf(now), tEnd: null, v: 7 },
        { datastream: promenade.series[1]!, t: isoOf(now), tEnd: isoOf(now + 900_000), v: 8, q: 1 },
      ])
      const event = await events.next()
      const data = JSON.parse(/^event: observation\ndata: (.*)$/m.exec(event)![1]!)
      assert.deepEqual(
        { ...data, id: typeof data.id },
        {
          datastream: promenade.series[1],
          id: 'number',
          t: isoOf(now),
          tEnd: isoOf(now + 900_000),
          value: 8,
          quality: 1,
        },
      )
      const all = await listen(`${url}/api/v1/events?dataset=rad`)
      const mine = await listen(`${url}/api/v1/events?dataset=rad`, true)
      await all.next()
      await mine.next()
      await place.catalog.setState('rad', 'withdrawn')
      for (const stream of [events, all]) {
        assert.match(await stream.next(), /event: closed\ndata: \{"reason":"withdrawn"\}/)
        assert.equal(await stream.next(), '')
      }
      assert.equal((await get('/api/v1/stations')).body.stations.length, 0)
      await place.catalog.setState('rad', 'released')
      await place.sensing.append([{ datastream: promenade.series[0]!, t: isoOf(now), tEnd: null, v: 1 }])
      assert.match(await mine.next(), /event: observation/)
      mine.stop()
    })

    it('drops a listener that does not read, and keeps the others', { timeout: 60_000 }, async () => {
      const slow = () => counted('zahnrad_events_ended_total', { reason: 'slow' })
      const before = await slow()
      const id = promenade.series[0]!
      const stuck = connect(Number(new URL(url).port), '127.0.0.1')
      stuck.on('error', () => {})
      stuck.pause()
      stuck.write(`GET /api/v1/events?datastream=${id} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      const reading = await listen(`${url}/api/v1/events?datastream=${id}`)
      await reading.next()
      await new Promise((resolve) => setTimeout(resolve, 100))
      let seen = 0
      const reader = (async () => {
        while ((await reading.next()) !== '') seen++
      })()
      let sent = 0
      while ((await slow()) === before) {
        assert.ok(sent < 400_000, 'never dropped')
        await place.sensing.append(
          Array.from({ length: 5_000 }, (_, i) => ({
            datastream: id,
            t: isoOf(now - 50 * 365 * 24 * HOUR + (sent + i) * 1000),
            tEnd: null,
            v: i,
          })),
        )
        sent += 5_000
      }
      while (seen < sent) await new Promise((resolve) => setTimeout(resolve, 20))
      stuck.destroy()
      reading.stop()
      await reader.catch(() => {})
      assert.equal(seen, sent)
    })

    it('describes itself, with the parts of other edges', async () => {
      const { body } = await get('/api/v1/openapi.json')
      assert.equal(body.openapi, '3.1.0')
      for (const path of [
        '/api/v1/city',
        '/api/v1/stations',
        '/api/v1/stations/{id}',
        '/api/v1/series',
        '/api/v1/events',
        '/sta/v1.1',
      ]) {
        assert.ok(body.paths[path], path)
      }
      const parameters = body.paths['/api/v1/series'].get.parameters.map((one: Json) => one.name)
      assert.deepEqual(parameters.sort(), ['datastream', 'format', 'from', 'points', 'resolution', 'to'])
      assert.ok(body.components.schemas.Extra)
      assert.equal(body.servers[0].url, url)
    })
  })
}

async function counted(name: string, labels: Record<string, string>): Promise<number> {
  const metric = await registry.getSingleMetric(name)!.get()
  const found = metric.values.find((value) =>
    Object.entries(labels).every(([key, label]) => value.labels[key] === label),
  )
  return found?.value ?? 0
}

/** Reads a stream of server-sent events; `next` answers one event's text, or '' at the end. */
async function listen(address: string, key = false) {
  const stop = new AbortController()
  const answer = await fetch(address, { signal: stop.signal, headers: key ? { authorization: 'Bearer zk_x' } : {} })
  assert.equal(answer.status, 200)
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    headers: answer.headers,
    stop: () => stop.abort(),
    async next(): Promise<string> {
      for (;;) {
        const end = text.indexOf('\n\n')
        if (end >= 0) {
          const event = text.slice(0, end)
          text = text.slice(end + 2)
          if (event.trim() !== ':') return event
          continue
        }
        const { done, value } = await reader.read()
        if (done) return ''
        text += value
      }
    },
  }
}
