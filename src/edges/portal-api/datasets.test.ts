import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { TSchema } from 'typebox'
import Value from 'typebox/value'
import { databases } from '../../../test/support/database.ts'
import { noMap } from '../../../test/support/map.ts'
import { regular, type Town, town } from '../../../test/support/stations.ts'
import { Access, type Actor, ANONYMOUS } from '../../domains/access/index.ts'
import { City } from '../../domains/catalog/index.ts'
import { tieToThings, upsertFeatures } from '../../domains/features/index.ts'
import { ensureThing, series } from '../../domains/sensing/index.ts'
import { createHttp, type FastifyInstance } from '../../kernel/http/index.ts'
import { createLog } from '../../kernel/log.ts'
import { registerPortalApi } from './index.ts'
import { DatasetAnswer, DatasetsAnswer, QualityAnswer } from './schemas-datasets.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever the platform answers is looked at
type Json = any

const KEY: Actor = { kind: 'key', name: 'key:test' }
const fits = (schema: TSchema, value: unknown) => assert.deepEqual(Value.Errors(schema, value).slice(0, 3), [])

for (const engine of databases()) {
  describe(`datasets over the API on the ${engine.name} database`, () => {
    let place: Town
    let app: FastifyInstance
    let url: string
    let promenade: { thing: number; series: number[] }
    let secret: { thing: number; series: number[] }

    before(async () => {
      place = await town(await engine.fresh())
      const released = await place.dataset('rad', 'released')
      const hidden = await place.dataset('geheim', 'draft')
      promenade = await place.station(released, {
        name: 'Promenade',
        at: [7.63, 51.96],
        approximate: true,
        properties: { operator: 'Amt' },
        series: [
          { key: 'Summe', role: 'total', source: 'archiv' },
          { key: 'FR1', role: 'part', source: 'archiv' },
          { key: 'Ereignis', property: 'event', periodSeconds: null, aggregate: 'mean', source: 'archiv' },
        ],
      })
      secret = await place.station(hidden, { name: 'Geheim', at: [13, 48], series: [{ key: 'a' }] })
      // Local days of March 2026 with 24, 23 (29th) and 24 hours; of October 2026 with 25 (25th).
      const [total, part, events] = promenade.series as [number, number, number]
      const march = ['2026-03-27T23:00:00Z', '2026-03-30T22:00:00Z'] as const
      const october = ['2026-10-23T22:00:00Z', '2026-10-26T23:00:00Z'] as const
      for (const [from, to] of [march, october]) await place.sensing.append(regular(total, from, to, 900, () => 4))
      // The part misses the last six hours of 28 March, and has a suspect value in each hour of the 30th.
      await place.sensing.append(
        regular(part, ...march, 900, (at) =>
          at >= Date.parse('2026-03-28T17:00:00Z') && at < Date.parse('2026-03-28T23:00:00Z') ? null : 1,
        ).map((row) => (row.t >= '2026-03-29T22:00:00Z' && row.t.includes(':15:00') ? { ...row, q: 1 as const } : row)),
      )
      await place.sensing.append([{ datastream: events, t: '2026-03-29T10:00:00Z', tEnd: null, v: 7 }])
      await place.sensing.append(
        regular(secret.series[0]!, '2026-03-28T00:00:00Z', '2026-03-28T02:00:00Z', 900, () => 1),
      )

      app = await createHttp({ log: createLog('silent'), trustProxy: ['loopback'], publicUrl: undefined })
      app.decorateRequest('actor')
      app.addHook('onRequest', async (request) => {
        request.actor = request.headers.authorization ? KEY : ANONYMOUS
      })
      await registerPortalApi(app, {
        basemap: noMap(),
        db: place.db,
        access: new Access({ db: place.db, catalog: place.catalog, openWrite: false }),
        catalog: place.catalog,
        city: await City.load(place.db),
        sensing: place.sensing,
        sources: { list: async () => [], log: async () => [] },
        boards: {} as never,
        example: {} as never,
        log: createLog('silent'),
        version: '1.2.3',
        sourceCode: 'https://example.org/code',
        extra: [],
      })
      await app.listen({ port: 0, host: '127.0.0.1' })
      url = `http://127.0.0.1:${(app.server.address() as { port: number }).port}`
    })
    after(async () => {
      await app?.close()
      await place?.db.close()
    })

    const call = async (
      method: string,
      path: string,
      { key = false, body, match }: { key?: boolean; body?: unknown; match?: string } = {},
    ) => {
      const answer = await fetch(url + path, {
        method,
        headers: {
          ...(key && { authorization: 'Bearer zk_x' }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(match !== undefined && { 'if-match': match }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      const text = await answer.text()
      const isJson = /json/.test(answer.headers.get('content-type') ?? '')
      return { status: answer.status, headers: answer.headers, text, body: (isJson ? JSON.parse(text) : null) as Json }
    }
    const get = (path: string, key = false) => call('GET', path, { key })
    const audited = async (act: string): Promise<Json> => {
      const [row] = await place.db.query<{ actor: string; detail: Json }>(
        'select actor, detail from audit where act = $1 order by id desc limit 1',
        [act],
      )
      return row
    }

    it('lists what the caller may see, with figures, licence and freshness', async () => {
      const { body, headers } = await get('/api/v1/datasets')
      fits(DatasetsAnswer, body)
      assert.deepEqual(
        body.datasets.map((one: Json) => [one.id, one.state, one.freshness, one.stations, one.series, one.values]),
        [['rad', 'released', 'archive', 1, 3, 576 + 260 + 1]],
      )
      assert.deepEqual(
        body.datasets[0].measures.map((one: Json) => [one.key, one.series]),
        [
          ['bicycle_count', 2],
          ['event', 1],
        ],
      )
      assert.match(headers.get('link')!, /govdata.*rel="license"/)
      const all = (await get('/api/v1/datasets', true)).body.datasets
      assert.deepEqual(all.map((one: Json) => one.id).sort(), ['geheim', 'rad'])
    })

    it('describes one with stations, bounds, links and a version', async () => {
      const { body, headers } = await get('/api/v1/datasets/rad')
      fits(DatasetAnswer, body)
      assert.equal(headers.get('etag'), `"${body.version}"`)
      assert.deepEqual(body.bounds, [7.63, 51.96, 7.63, 51.96])
      assert.equal(body.members[0].series.length, 3)
      assert.equal(body.sources[0].id, 'archiv')
      assert.ok(body.examples.every((one: Json) => one.code.includes(url)))
    })

    it('says what it holds for mobility, and leads from a station to the page of its place', async () => {
      const { db, catalog } = place
      const { key } = catalog.byId('rad')!
      const of = async (path: string): Promise<Json> => (await fetch(url + path)).json()
      assert.deepEqual((await of('/api/v1/datasets/rad')).mobility, { timetable: false, features: [] })
      assert.equal((await of(`/api/v1/stations/${promenade.thing}`)).links.place, null)
      const geometry = { type: 'Point', coordinates: [7.63, 51.96] }
      await upsertFeatures(db, { dataset: key, source: 's', run: null }, [
        { concept: 'parking', key: 'p 1', name: 'Promenade', geometry, properties: {} },
      ])
      await tieToThings(db, key, [{ concept: 'parking', key: 'p 1', thing: promenade.thing }])
      const { mobility } = await of('/api/v1/datasets/rad')
      assert.deepEqual(mobility, { timetable: false, features: [{ concept: 'parking', n: 1 }] })
      assert.equal((await of(`/api/v1/stations/${promenade.thing}`)).links.place, `${url}/parken/rad:p%201`)
    })

    it('keeps what is not released from the public, on every path', async () => {
      for (const path of ['', '/quality', '/download', '/stations.geojson']) {
        assert.equal((await get(`/api/v1/datasets/geheim${path}`)).status, 404, path)
        assert.equal((await get(`/api/v1/datasets/geheim${path}`, true)).status, 200, path)
      }
      // A series of another dataset is none of this one.
      assert.equal((await get(`/api/v1/datasets/rad/quality?datastream=${secret.series[0]}`, true)).status, 404)
      assert.equal((await call('PATCH', '/api/v1/datasets/geheim', { body: { title: 'x' }, match: '*' })).status, 404)
      assert.equal(
        (await call('PATCH', `/api/v1/things/${secret.thing}`, { body: { name: 'x' }, match: '*' })).status,
        404,
      )
      assert.equal((await call('DELETE', '/api/v1/datasets/geheim')).status, 404)
      for (const [method, path, body] of [
        ['PATCH', '/api/v1/datasets/rad', { title: 'x' }],
        ['POST', '/api/v1/datasets', { id: 'neu', title: 'Neu' }],
        ['POST', '/api/v1/datasets/rad/state', { state: 'withdrawn' }],
        ['DELETE', '/api/v1/datasets/rad', undefined],
        ['GET', `/api/v1/things/${promenade.thing}`, undefined],
        ['PATCH', `/api/v1/things/${promenade.thing}`, { name: 'x' }],
        ['PATCH', `/api/v1/datastreams/${promenade.series[0]}`, { name: 'x' }],
      ] as const)
        assert.equal((await call(method, path, { body, match: body && '*' })).status, 401, `${method} ${path}`)
    })

    it('counts what came of what was expected, in days of 23, 24 and 25 hours', async () => {
      const path = `/api/v1/datasets/rad/quality?datastream=${promenade.series[0]}`
      const { body } = await get(path)
      fits(QualityAnswer, body)
      const day = (name: string) => body.days.find((one: Json) => one.day === name)
      assert.deepEqual([body.from, body.to], ['2026-03-28', '2026-10-26'])
      assert.deepEqual(
        ['2026-03-28', '2026-03-29', '2026-03-30', '2026-10-25', '2026-10-26'].map((name) => {
          const { present, expected } = day(name)
          return [present, expected]
        }),
        [
          [96, 96],
          [92, 92],
          [96, 96],
          [100, 100],
          [96, 96],
        ],
      )
      assert.deepEqual([day('2026-06-01').present, day('2026-06-01').expected], [0, 96])
    })

    it('shows gaps of one series beside the surplus of another, and suspect values', async () => {
      const { body } = await get('/api/v1/datasets/rad/quality')
      const day = (name: string) => body.days.find((one: Json) => one.day === name)
      assert.deepEqual([body.regular, body.irregular], [2, 1])
      assert.deepEqual([day('2026-03-28').present, day('2026-03-28').expected], [96 + 72, 192])
      assert.deepEqual([day('2026-03-29').n, day('2026-03-29').present, day('2026-03-29').expected], [185, 184, 184])
      assert.equal(day('2026-03-30').suspect, 24)
      // The part is an archive: it owes nothing after its last value.
      assert.equal(day('2026-06-01').expected, 96)
    })

    it('expects values of a live series until now, and of an irregular one none', async () => {
      const events = await get(`/api/v1/datasets/rad/quality?datastream=${promenade.series[2]}`)
      assert.deepEqual([events.body.expected, events.body.n, events.body.days.length], [null, 1, 1])
      const live = await get('/api/v1/datasets/geheim/quality', true)
      const today = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(new Date())
      assert.equal(live.body.to, today)
      assert.equal(live.body.days[1].expected, 92)
      assert.equal(live.body.days[1].present, 0)
    })

    it('hands out all series as CSV, and stations as GeoJSON, with licence and attribution', async () => {
      const csv = await get('/api/v1/datasets/rad/download?from=2026-03-29&to=2026-03-29&resolution=day')
      assert.match(csv.headers.get('content-disposition')!, /rad_2026-03-29_2026-03-29_day\.csv/)
      assert.match(csv.headers.get('link')!, /rel="license"/)
      const lines = csv.text.trim().split('\r\n')
      assert.equal(lines.length, 4)
      assert.match(
        lines[1]!,
        /^2026-03-28T23:00:00Z,2026-03-29T22:00:00Z,\d+,Promenade,Promenade Summe,368,1,92,0,"Stadt Münster, dl-by-de\/2\.0"$/,
      )
      const raw = await get('/api/v1/datasets/rad/download?resolution=raw')
      assert.equal(raw.text.trim().split('\r\n').length, 1 + 576 + 260 + 1)
      assert.equal((await get('/api/v1/datasets/rad/download?from=gestern')).status, 400)
      const { body, headers } = await get('/api/v1/datasets/rad/stations.geojson')
      assert.match(headers.get('content-type')!, /geo\+json/)
      assert.deepEqual(body.features[0].geometry, { type: 'Point', coordinates: [7.63, 51.96] })
      assert.equal(body.features[0].properties.attribution, 'Stadt Münster')
      assert.equal(body.features[0].properties.licence_url, 'https://www.govdata.de/dl-de/by-2-0')
    })

    it('changes a dataset from the version it was read in, says who changed what, and takes it back', async () => {
      const before = (await get('/api/v1/datasets/rad')).body
      const path = '/api/v1/datasets/rad'
      const body = { title: 'Radverkehr', contact: 'daten@stadt.example', properties: { retention: { de: 'Immer.' } } }
      assert.equal((await call('PATCH', path, { key: true, body })).status, 428)
      assert.equal((await call('PATCH', path, { key: true, body: { licence: 'gibtsnicht' }, match: '*' })).status, 400)
      assert.equal(
        (await call('PATCH', path, { key: true, body: { homepage: 'javascript:1' }, match: '*' })).status,
        400,
      )
      const done = await call('PATCH', path, { key: true, body, match: `"${before.version}"` })
      assert.equal(done.status, 200)
      const changed = (await get(path)).body
      assert.deepEqual([changed.title, changed.retention.de], ['Radverkehr', 'Immer.'])
      assert.equal(changed.version, done.body.version)
      assert.deepEqual((await audited('dataset.update')).detail.before, {
        title: 'Datensatz rad',
        contact: null,
        properties: {},
      })
      // Somebody else still has the old version open.
      const late = await call('PATCH', path, { key: true, body: { title: 'Anders' }, match: `"${before.version}"` })
      assert.deepEqual([late.status, late.body.code], [412, 'changed-meanwhile'])
      // A source that runs again keeps a person's words.
      await place.catalog.ensure({ id: 'rad', title: 'Datensatz rad', properties: { quelle: 1 } })
      assert.equal(place.catalog.require('rad').title, 'Radverkehr')
      assert.deepEqual(place.catalog.require('rad').properties, { quelle: 1, retention: { de: 'Immer.' } })
      await place.catalog.ensure({ id: 'rad', title: 'Datensatz rad', properties: {} })
      const undo = { title: before.title, contact: null, properties: { retention: null } }
      const back = await call('PATCH', path, { key: true, body: undo, match: `"${done.body.version}"` })
      assert.equal(back.status, 200, back.text)
      assert.equal(back.body.version, before.version)
      // Taken back, it is the source's again.
      await place.catalog.ensure({ id: 'rad', title: 'Neuer Titel' })
      assert.equal(place.catalog.require('rad').title, 'Neuer Titel')
    })

    it('moves a station, corrects its place, and keeps both from the source', async () => {
      const path = `/api/v1/things/${promenade.thing}`
      const before = (await get(path, true)).body
      assert.deepEqual(before.place, { lon: 7.63, lat: 51.96, name: 'Ort Promenade', approximate: true })
      const patch = {
        name: 'Promenade Nord',
        properties: { operator: 'Stadtwerke', blindSpots: { de: 'Fußgänger' } },
        place: { lon: 7.64, lat: 51.97, approximate: false },
      }
      const done = await call('PATCH', path, { key: true, body: patch, match: `"${before.version}"` })
      assert.equal(done.status, 200, done.text)
      const shown = (await get(`/api/v1/stations/${promenade.thing}`)).body
      assert.deepEqual(
        [shown.name, shown.location.lon, shown.location.approximate, shown.properties.operator],
        ['Promenade Nord', 7.64, false, 'Stadtwerke'],
      )
      const listed = (await get('/api/v1/stations')).body.stations.find((one: Json) => one.id === promenade.thing)
      assert.deepEqual([listed.name, listed.lat], ['Promenade Nord', 51.97])
      assert.equal((await call('PATCH', path, { key: true, body: patch, match: `"${before.version}"` })).status, 412)
      // The source runs again, as it always said it.
      const source = { key: 'Promenade', name: 'Promenade', properties: { operator: 'Amt', neu: 1 } }
      const rad = place.catalog.require('rad').key
      await ensureThing(place.db, rad, {
        ...source,
        location: { geometry: { type: 'Point', coordinates: [7.63, 51.96] } },
      })
      const kept = (await get(path, true)).body
      assert.deepEqual([kept.name, kept.place.lon], ['Promenade Nord', 7.64])
      assert.deepEqual(kept.properties, { operator: 'Stadtwerke', blindSpots: { de: 'Fußgänger' }, neu: 1 })
      const moved = { place: { lon: 7.7, lat: 51.9, approximate: false, moved: true } }
      await call('PATCH', path, { key: true, body: moved, match: `"${kept.version}"` })
      const [{ places }] = (await place.db.query(
        'select count(*) as places from historical_location where thing = $1',
        [promenade.thing],
      )) as [{ places: number }]
      assert.equal(places, 2)
      const { version } = (await get(path, true)).body
      const undo = {
        name: 'Promenade',
        properties: { operator: 'Amt', blindSpots: null, neu: null },
        place: { ...before.place },
      }
      const back = await call('PATCH', path, { key: true, body: undo, match: `"${version}"` })
      assert.equal(back.body.version, before.version)
      assert.equal((await audited('thing.update')).detail.after.name, 'Promenade')
    })

    it('changes how a series combines, and every figure follows', async () => {
      const [total, part] = promenade.series as [number, number]
      const path = `/api/v1/datastreams/${total}`
      const visible = [place.catalog.require('rad').key]
      const query = { datastreams: [total], from: '2026-03-29T22:00:00Z', to: '2026-03-30T22:00:00Z' }
      const dayOf = async () => {
        const answer = await series(place.db, visible, { ...query, resolution: 'day', timeZone: 'Europe/Berlin' })
        return answer.series[0]!
      }
      const before = (await get(`/api/v1/things/${promenade.thing}`, true)).body.datastreams[0]
      assert.deepEqual([(await dayOf()).points[0]!.value, (await dayOf()).total], [384, 384])
      const body = { aggregate: 'mean', periodSeconds: 1800, unit: { symbol: 'Räder' } }
      const done = await call('PATCH', path, { key: true, body, match: `"${before.version}"` })
      assert.equal(done.status, 200, done.text)
      assert.deepEqual([(await dayOf()).points[0]!.value, (await dayOf()).total], [4, null])
      const station = (await get(`/api/v1/stations/${promenade.thing}`)).body.datastreams[0]
      assert.deepEqual([station.aggregate, station.unit.symbol, station.periodSeconds], ['mean', 'Räder', 1800])
      const { body: calendar } = await get(`/api/v1/datasets/rad/quality?datastream=${total}`)
      assert.equal(calendar.days.find((one: Json) => one.day === '2026-03-30').expected, 48)
      const second = await call('PATCH', `/api/v1/datastreams/${part}`, {
        key: true,
        body: { role: 'total', aggregate: 'mean' },
        match: '*',
      })
      assert.deepEqual([second.status, second.body.code], [409, 'total-exists'])
      const foreign = await call('PATCH', path, { key: true, body: { observedProperty: 999_999 }, match: '*' })
      assert.deepEqual([foreign.status, foreign.body.code], [400, 'property-unknown'])
      const { aggregate, periodSeconds, unit } = before
      const back = await call('PATCH', path, {
        key: true,
        body: { aggregate, periodSeconds, unit },
        match: `"${done.body.version}"`,
      })
      assert.equal(back.body.version, before.version)
      assert.equal((await dayOf()).total, 384)
    })

    it('creates, releases, withdraws and deletes', async () => {
      const key = true
      const made = await call('POST', '/api/v1/datasets', { key, body: { id: 'probe', title: 'Probe' } })
      assert.equal(made.status, 201)
      assert.equal((await call('POST', '/api/v1/datasets', { key, body: { id: 'probe', title: 'x' } })).status, 409)
      assert.equal((await call('POST', '/api/v1/datasets', { key, body: { id: 'Über', title: 'x' } })).status, 400)
      assert.equal((await get('/api/v1/datasets/probe/download', key)).status, 404)
      assert.equal((await get('/api/v1/datasets/probe')).status, 404)
      const release = await call('POST', '/api/v1/datasets/probe/state', { key, body: { state: 'released' } })
      assert.equal(release.body.state, 'released')
      assert.equal((await get('/api/v1/datasets/probe')).body.freshness, 'empty')
      await call('POST', '/api/v1/datasets/probe/state', { key, body: { state: 'withdrawn' } })
      assert.equal((await get('/api/v1/datasets/probe')).status, 404)
      const withdrawal = (await audited('dataset.withdraw')).detail as Record<string, unknown>
      assert.deepEqual([withdrawal.before, withdrawal.after], ['released', 'withdrawn'])
      const owner = place.catalog.require('probe').key
      const { series: ids } = await place.station(owner, { name: 'Weg', at: [7, 51], series: [{ key: 'a' }] })
      await place.sensing.append(regular(ids[0]!, '2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z', 900, () => 1))
      assert.equal((await call('DELETE', '/api/v1/datasets/probe', { key })).status, 204)
      assert.equal((await get('/api/v1/datasets/probe', key)).status, 404)
      const [left] = await place.db.query<{ n: number }>(
        `select (select count(*) from observation where datastream = $1) + (select count(*) from rollup_hour where datastream = $1)
              + (select count(*) from thing where dataset = $2) as n`,
        [ids[0]!, owner],
      )
      assert.equal(left!.n, 0)
      assert.equal((await audited('dataset.delete')).detail.before.title, 'Probe')
    })
  })
}
