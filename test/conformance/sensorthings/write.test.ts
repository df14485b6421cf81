import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { EntityChanged, ObservationsStored } from '../../../src/domains/sensing/index.ts'
import {
  datastream,
  location,
  observedProperty,
  places,
  q,
  sensor,
  startService,
  station,
  type TestService,
  thing,
  UNIT,
} from './service.ts'

for (const place of places()) {
  describe(`SensorThings create, update, delete (${place.name})`, () => {
    let sta: TestService
    before(async () => {
      sta = await startService(place)
    })
    after(() => sta.close())

    const counts = async () => {
      const rows: Record<string, number> = {}
      for (const set of [
        'Things',
        'Locations',
        'HistoricalLocations',
        'Datastreams',
        'Sensors',
        'ObservedProperties',
        'Observations',
        'FeaturesOfInterest',
      ]) {
        rows[set] = (await sta.get(`${set}?$count=true&$top=0`))['@iot.count']
      }
      return rows
    }
    const setOf = async (path: string) => (await sta.get(path)).value
    const stream = (name: string, more: object = {}) =>
      sta.make(
        'Datastreams',
        datastream(name, { Thing: thing(`Thing of ${name}`, { Locations: [location(name, 8, 51)] }), ...more }),
      )

    it('req/create-update-delete/create-entity: each type by itself, 201 with Location and the entity', async () => {
      const entities: Record<string, object> = {
        Things: thing('T', { properties: { a: 1 } }),
        Locations: location('L', 7, 51),
        Sensors: { ...sensor('S'), metadata: { any: ['json'] } },
        ObservedProperties: observedProperty('P'),
        FeaturesOfInterest: {
          name: 'F',
          description: '-',
          encodingType: 'application/vnd.geo+json',
          feature: { type: 'Feature', geometry: { type: 'Point', coordinates: [7, 51] }, properties: {} },
        },
      }
      for (const [set, entity] of Object.entries(entities)) {
        const reply = await sta.call('POST', set, entity)
        assert.equal(reply.status, 201, reply.text)
        assert.equal(reply.headers.get('location'), reply.body['@iot.selfLink'])
        const read = await sta.get(reply.headers.get('location')!)
        assert.deepEqual(read, reply.body)
        for (const [name, value] of Object.entries(entity)) assert.deepEqual(read[name], value, `${set}/${name}`)
      }
    })

    it('req/create-update-delete/deep-insert: at any depth, all or nothing', async () => {
      const id = await sta.make(
        'Things',
        thing('Deep', {
          Locations: [location('Deep', 8, 50)],
          Datastreams: [
            datastream('a', {
              Observations: [
                { phenomenonTime: '2015-03-01T00:10:00Z', result: 10 },
                {
                  result: 11,
                  FeatureOfInterest: {
                    name: 'own',
                    description: '-',
                    encodingType: 'application/geo+json',
                    feature: { type: 'Point', coordinates: [9, 50] },
                  },
                },
              ],
            }),
          ],
        }),
      )
      const streams = await setOf(
        `Things(${id})/Datastreams?$expand=Observations($expand=FeatureOfInterest;$orderby=result)`,
      )
      assert.deepEqual(
        streams[0].Observations.map((o: { result: number }) => o.result),
        [10, 11],
      )
      assert.deepEqual(
        streams[0].Observations.map((o: { FeatureOfInterest: { name: string } }) => o.FeatureOfInterest.name),
        ['Deep', 'own'],
      )
      assert.equal(streams[0].observedArea.type, 'LineString')
      assert.equal((await setOf(`Things(${id})/HistoricalLocations`)).length, 1)
      const before_ = await counts()
      const { Sensor: _, ...without } = datastream('broken')
      for (const broken of [
        thing('x', { Locations: [location('x', 1, 1)], Datastreams: [datastream('ok'), without] }),
        thing('x', {
          Datastreams: [
            datastream('ok', { Observations: [{ result: 1 }, { phenomenonTime: '2020-01-01T00:00:00Z' }] }),
          ],
        }),
        thing('x', { Datastreams: [datastream('ok', { Sensor: { '@iot.id': 999999 } })] }),
      ]) {
        const reply = await sta.call('POST', 'Things', broken)
        assert.equal(reply.status, 400, reply.text)
      }
      assert.deepEqual(await counts(), before_)
    })

    it('req/create-update-delete: 400 names what is missing, unknown or contradictory', async () => {
      const one = await stream('contradiction')
      const two = await sta.make('Things', thing('another'))
      const cases: [string, unknown, RegExp][] = [
        ['Things', { name: 'x' }, /description is missing/],
        [
          'Things',
          thing('x', { Datastreams: [datastream('a', { Sensor: { name: 'S', description: '', encodingType: 'x' } })] }),
          /Datastreams\[0\]\/Sensor\/metadata/,
        ],
        ['Datastreams', datastream('a'), /Thing is missing/],
        ['Observations', { result: 1 }, /Datastream is missing/],
        ['Observations', { Datastream: { '@iot.id': one } }, /result is missing/],
        ['Observations', { result: 1, Datastream: { '@iot.id': 987654 } }, /Datastreams\(987654\) does not exist/],
        ['Observations', { result: 1, Datastream: { '@iot.id': 'x' } }, /whole number/],
        ['Observations', { result: 1, Datastream: { '@iot.id': one }, phenomenonTime: 'yesterday' }, /phenomenonTime/],
        [
          'Observations',
          { result: 1, Datastream: { '@iot.id': one }, phenomenonTime: '2020-01-02T00:00:00Z/2020-01-01T00:00:00Z' },
          /ends before/,
        ],
        ['Observations', { result: 1, Datastream: { '@iot.id': one }, parameters: 5 }, /parameters/],
        [`Datastreams(${one})/Observations`, { result: 1, Datastream: { '@iot.id': one + 1000 } }, /contradicts/],
        [`Things(${two})/Datastreams`, datastream('b', { Thing: thing('other') }), /contradicts/],
        ['Things', thing('x', { colour: 'red' }), /colour/],
        ['Things', thing('x', { properties: [1] }), /properties/],
        ['Things', thing('x', { Locations: {} }), /Locations/],
        ['Things', [], /object/],
        ['Locations', { ...location('x', 1, 2), location: { type: 'Point', coordinates: [1] } }, /coordinates/],
        [
          'Locations',
          {
            ...location('x', 1, 2),
            location: {
              type: 'Polygon',
              coordinates: [
                [
                  [0, 0],
                  [1, 1],
                  [2, 2],
                ],
              ],
            },
          },
          /ring/,
        ],
        ['Locations', { ...location('x', 1, 2), location: 'somewhere' }, /GeoJSON/],
        ['HistoricalLocations', { time: '2020-01-01T00:00:00Z', Thing: { '@iot.id': two } }, /Locations is missing/],
        ['Things', thing('nul\0'), /NUL/],
      ]
      for (const [path, body, message] of cases) {
        const reply = await sta.call('POST', path, body)
        assert.equal(reply.status, 400, `${path} ${JSON.stringify(body)}: ${reply.text}`)
        assert.match(reply.body.message, message)
      }
      for (const body of ['{"result": NaN}', '{', '', '{"result": Infinity}']) {
        assert.equal((await sta.call('POST', 'Observations', body)).status, 400, body)
      }
    })

    it('req/create-update-delete: observations singly, with every kind of result, now when no time is given', async () => {
      const id = await stream('results')
      for (const result of ['NaN', '-Infinity']) {
        const reply = await sta.call('POST', `Datastreams(${id})/Observations`, { result })
        assert.equal(reply.status, 400)
        assert.match(reply.body.message, /is not a number JSON knows/)
      }
      for (const result of [1.5, 'text', true, false, null, { a: [1] }, [1, 'b'], 0]) {
        const reply = await sta.call('POST', `Datastreams(${id})/Observations`, { result })
        assert.equal(reply.status, 201, reply.text)
        assert.deepEqual(reply.body.result, result)
        assert.ok(Math.abs(Date.parse(reply.body.phenomenonTime) - Date.now()) < 60_000)
        assert.equal(reply.body.resultTime, null)
        assert.deepEqual(await sta.get(reply.headers.get('location')!), reply.body)
      }
      const full = {
        result: 2,
        phenomenonTime: '2020-01-01T01:00:00+01:00/2020-01-01T01:15:00.123456+01:00',
        resultTime: '2020-01-01T00:20:00Z',
        validTime: '2020-01-01T00:00:00Z/2020-02-01T00:00:00Z',
        resultQuality: 'suspect',
        parameters: { p: 1 },
        Datastream: { '@iot.id': id },
      }
      const reply = await sta.call('POST', 'Observations', full)
      assert.equal(reply.body.phenomenonTime, '2020-01-01T00:00:00Z/2020-01-01T00:15:00.123456Z')
      assert.equal(reply.body.resultQuality, 'suspect')
      assert.deepEqual(await sta.get(reply.body['@iot.selfLink']), reply.body)
      const [row] = await sta.db.query<{ q: number }>('select q from observation where id = $1', [
        reply.body['@iot.id'],
      ])
      assert.equal(row!.q, 1)
    })

    it('req/create-update-delete/create-entity: an Observation without FeatureOfInterest of a Thing that stands nowhere is refused', async () => {
      const nowhere = thing('nowhere')
      const id = await sta.make('Datastreams', datastream('nowhere', { Thing: nowhere }))
      const before = await counts()
      const missing = /FeatureOfInterest is missing \(mandatory for Observation\).*no Location/
      const inside = thing('x', { Datastreams: [datastream('x'), datastream('y', { Observations: [{ result: 1 }] })] })
      for (const [path, body, message] of [
        [`Datastreams(${id})/Observations`, { result: 1 }, missing],
        ['Observations', { result: 1, Datastream: { '@iot.id': id } }, missing],
        ['Observations', { result: 1, Datastream: datastream('z', { Thing: nowhere }) }, missing],
        ['Things', inside, /Datastreams\[1\]\/Observations\[0\]\/FeatureOfInterest is missing/],
      ] as const) {
        const reply = await sta.call('POST', path, body)
        assert.equal(reply.status, 400, path)
        assert.match(reply.body.message, message)
      }
      const row = { Datastream: { '@iot.id': id }, components: ['result'], dataArray: [[1], [2]] }
      const rows = (await sta.call('POST', 'CreateObservations', [row])).body
      assert.equal(rows.length, 2)
      for (const text of rows) assert.match(text, missing)
      const requests = [{ id: '1', method: 'post', url: `Datastreams(${id})/Observations`, body: { result: 1 } }]
      assert.equal((await sta.call('POST', '$batch', { requests })).body.responses[0].status, 400)
      assert.deepEqual(await counts(), before)

      const FeatureOfInterest = {
        ...{ name: 'lake', description: '-', encodingType: 'application/geo+json' },
        feature: { type: 'Point', coordinates: [8, 51] },
      }
      const own = await sta.make(`Datastreams(${id})/Observations`, { result: 1, FeatureOfInterest })
      const feature = (await sta.get(`Observations(${own})/FeatureOfInterest`))['@iot.id']
      const unlinked = await sta.call('DELETE', `Observations(${own})/FeatureOfInterest/$ref`)
      assert.equal(unlinked.status, 400)
      assert.match(unlinked.body.message, missing)
      const linked = { ...row, components: ['result', 'FeatureOfInterest/id'], dataArray: [[2, feature]] }
      assert.match((await sta.call('POST', 'CreateObservations', [linked])).body[0], /Observations\(\d+\)$/)
      const elsewhere = await stream('elsewhere')
      const there = await sta.make(`Datastreams(${elsewhere})/Observations`, { result: 1 })
      const moved = await sta.call('PATCH', `Observations(${there})`, { Datastream: { '@iot.id': id } })
      assert.equal(moved.status, 400, moved.text)

      const [{ '@iot.id': thingId }] = [await sta.get(`Datastreams(${id})/Thing`)]
      await sta.call('PATCH', `Things(${thingId})`, {
        Locations: [{ '@iot.id': await sta.make('Locations', location('here', 8, 51)) }],
      })
      const made = await sta.make(`Datastreams(${id})/Observations`, { result: 3 })
      assert.equal((await sta.get(`Observations(${made})/FeatureOfInterest`)).name, 'here')
    })

    it('req/datamodel/observation: intervals by a duration, before or after an instant, in every way in', async () => {
      const id = await stream('durations')
      const [start, end] = ['2024-01-31T10:00:00Z', '2024-02-29T10:00:00Z']
      for (const [sent, shown] of [
        [`${start}/P1M`, `${start}/${end}`],
        ['2024-01-31T11:00:00+01:00/PT1H30M0.25S', '2024-01-31T10:00:00Z/2024-01-31T11:30:00.25Z'],
        ['PT1H/2024-03-01T00:30:00Z', '2024-02-29T23:30:00Z/2024-03-01T00:30:00Z'],
        [`${start}/PT0S`, start],
      ] as const) {
        const reply = await sta.call('POST', `Datastreams(${id})/Observations`, {
          result: 1,
          phenomenonTime: sent,
          validTime: sent,
        })
        assert.equal(reply.status, 201, reply.text)
        assert.equal(reply.body.phenomenonTime, shown)
        assert.equal(reply.body.validTime, shown.includes('/') ? shown : `${shown}/${shown}`)
        // As $filter reads the same interval.
        const found = await setOf(`Datastreams(${id})/Observations?${q({ $filter: `phenomenonTime eq ${sent}` })}`)
        assert.deepEqual(
          found.map((one: { '@iot.id': number }) => one['@iot.id']),
          [reply.body['@iot.id']],
        )
        const patched = await sta.call('PATCH', `Observations(${reply.body['@iot.id']})`, { phenomenonTime: `${sent}` })
        assert.equal(patched.body.phenomenonTime, shown)
      }
      const [made] = (
        await sta.call('POST', 'CreateObservations', [
          {
            Datastream: { '@iot.id': id },
            components: ['phenomenonTime', 'result'],
            dataArray: [['2025-01-01T00:00:00Z/PT15M', 2]],
          },
        ])
      ).body
      assert.equal((await sta.get(made)).phenomenonTime, '2025-01-01T00:00:00Z/2025-01-01T00:15:00Z')
      for (const [sent, message] of [
        ['2024-01-01T00:00:00Z/-PT1H', /ends before it starts/],
        ['PT1H/PT1H', /phenomenonTime: "PT1H" is not an ISO 8601 instant/],
        ['2024-01-01T00:00:00Z/P1X', /phenomenonTime: "P1X" is not an ISO 8601 duration/],
        ['9999-12-31T00:00:00Z/P2D', /beyond the years/],
        ['P9999Y/2024-01-01T00:00:00Z', /beyond the years/],
      ] as const) {
        const reply = await sta.call('POST', `Datastreams(${id})/Observations`, { result: 1, phenomenonTime: sent })
        assert.equal(reply.status, 400, sent)
        assert.match(reply.body.message, message)
      }
    })

    it('req/create-update-delete: a FeatureOfInterest is made from the Location, shared, and made anew when deleted', async () => {
      const id = await stream('foi')
      const [a, b] = [
        await sta.make(`Datastreams(${id})/Observations`, { result: 1 }),
        await sta.make(`Datastreams(${id})/Observations`, { result: 2 }),
      ]
      const foi = await sta.get(`Observations(${a})/FeatureOfInterest`)
      assert.deepEqual(foi.feature, { type: 'Point', coordinates: [8, 51] })
      assert.equal((await sta.get(`Observations(${b})/FeatureOfInterest`))['@iot.id'], foi['@iot.id'])
      assert.equal((await sta.get(`FeaturesOfInterest(${foi['@iot.id']})/Observations?$count=true`))['@iot.count'], 2)
      assert.equal((await sta.call('DELETE', `FeaturesOfInterest(${foi['@iot.id']})`)).status, 200)
      assert.equal((await sta.get(`Datastreams(${id})/Observations?$count=true`))['@iot.count'], 0)
      assert.ok(!('phenomenonTime' in (await sta.get(`Datastreams(${id})`))))
      const c = await sta.make(`Datastreams(${id})/Observations`, { result: 3 })
      assert.notEqual((await sta.get(`Observations(${c})/FeatureOfInterest`))['@iot.id'], foi['@iot.id'])
    })

    it('req/create-update-delete/historical-location-auto-creation: a new Location moves the Thing, its later observations too', async () => {
      const id = await sta.make(
        'Things',
        thing('Mover', { Locations: [location('first', 8, 50)], Datastreams: [datastream('moving')] }),
      )
      const [ds] = await setOf(`Things(${id})/Datastreams`)
      const early = await sta.make(`Datastreams(${ds['@iot.id']})/Observations`, { result: 1 })
      await sta.make(`Things(${id})/Locations`, location('second', 9, 51))
      assert.deepEqual(
        (await setOf(`Things(${id})/Locations`)).map((l: { name: string }) => l.name),
        ['second'],
      )
      assert.equal((await setOf(`Things(${id})/HistoricalLocations`)).length, 2)
      const late = await sta.make(`Datastreams(${ds['@iot.id']})/Observations`, { result: 2 })
      assert.equal((await sta.get(`Observations(${early})/FeatureOfInterest`)).name, 'first')
      assert.equal((await sta.get(`Observations(${late})/FeatureOfInterest`)).name, 'second')
      // The place is where the Thing stands when the Observation is made, whatever time it is of; in each way in.
      const old = { result: 3, phenomenonTime: '2015-03-01T00:00:00Z' }
      const rows = { Datastream: { '@iot.id': ds['@iot.id'] }, components: ['result', 'phenomenonTime'] }
      const [listed] = (
        await sta.call('POST', 'CreateObservations', [{ ...rows, dataArray: [[3, '2015-03-02T00:00:00Z']] }])
      ).body
      const named = await sta.call('POST', 'Observations', { ...old, Datastream: { '@iot.id': ds['@iot.id'] } })
      const requests = [
        { id: '1', atomicityGroup: 'g', method: 'post', url: `Datastreams(${ds['@iot.id']})/Observations`, body: old },
      ]
      const [grouped] = (await sta.call('POST', '$batch', { requests })).body.responses
      const features = new Set()
      for (const address of [listed, named.body['@iot.selfLink'], grouped.headers.location]) {
        const feature = await sta.get(`${address}/FeatureOfInterest`)
        assert.equal(feature.name, 'second', address)
        features.add(feature['@iot.id'])
      }
      assert.equal(features.size, 1)
      assert.equal((await sta.get(`Observations(${early})/FeatureOfInterest`)).name, 'first')
      const third = await sta.make('Locations', location('third', 10, 51))
      assert.equal((await sta.call('PATCH', `Things(${id})`, { Locations: [{ '@iot.id': third }] })).status, 200)
      assert.deepEqual(
        (await setOf(`Things(${id})/Locations`)).map((l: { name: string }) => l.name),
        ['third'],
      )
      assert.equal((await setOf(`Things(${id})/HistoricalLocations`)).length, 3)
      const fourth = await sta.make('Locations', { ...location('fourth', 11, 51), Things: [{ '@iot.id': id }] })
      assert.deepEqual(
        (await setOf(`Things(${id})/Locations`)).map((l: { '@iot.id': number }) => l['@iot.id']),
        [fourth],
      )
    })

    it('req/create-update-delete: no FeatureOfInterest is made of a Location before an Observation needs it', async () => {
      const before = await counts()
      const id = await sta.make('Things', station('unobserved', { Datastreams: [datastream('unobserved')] }))
      await sta.make(`Things(${id})/Locations`, location('moved', 9, 51))
      assert.equal((await counts()).FeaturesOfInterest, before.FeaturesOfInterest)
      const [ds] = await setOf(`Things(${id})/Datastreams`)
      const made = await sta.make(`Datastreams(${ds['@iot.id']})/Observations`, { result: 1 })
      assert.equal((await sta.get(`Observations(${made})/FeatureOfInterest`)).name, 'moved')
    })

    it('req/create-update-delete: a later HistoricalLocation moves the Thing, a past one does not', async () => {
      const id = await sta.make('Things', thing('History'))
      const [a, b, c] = [
        await sta.make('Locations', location('a', 8, 50)),
        await sta.make('Locations', location('b', 8, 51)),
        await sta.make('Locations', location('c', 8, 52)),
      ]
      await sta.call('PATCH', `Things(${id})`, { Locations: [{ '@iot.id': a }] })
      const [made] = await setOf(`Things(${id})/HistoricalLocations`)
      assert.equal(
        (await sta.call('PATCH', `HistoricalLocations(${made['@iot.id']})`, { time: '2016-01-01T06:00:00Z' })).status,
        200,
      )
      await sta.make('HistoricalLocations', {
        time: '2016-01-01T07:00:00Z',
        Thing: { '@iot.id': id },
        Locations: [{ '@iot.id': b }],
      })
      assert.deepEqual(
        (await setOf(`Things(${id})/Locations`)).map((l: { '@iot.id': number }) => l['@iot.id']),
        [b],
      )
      await sta.make(`Things(${id})/HistoricalLocations`, {
        time: '2016-01-01T05:00:00Z',
        Locations: [{ '@iot.id': c }],
      })
      assert.deepEqual(
        (await setOf(`Things(${id})/Locations`)).map((l: { '@iot.id': number }) => l['@iot.id']),
        [b],
      )
      const times = (await setOf(`Things(${id})/HistoricalLocations?$orderby=time&$expand=Locations`)).map(
        (h: { Locations: { name: string }[] }) => h.Locations[0]!.name,
      )
      assert.deepEqual(times, ['c', 'a', 'b'])
    })

    it('req/create-update-delete/update-entity: PATCH changes what it names, links included; PUT replaces', async () => {
      const id = await stream('patched', { properties: { a: 1 } })
      const other = await sta.make('Sensors', sensor('other sensor'))
      const patched = await sta.call('PATCH', `Datastreams(${id})`, { name: 'new name', Sensor: { '@iot.id': other } })
      assert.equal(patched.status, 200, patched.text)
      assert.equal(patched.body.name, 'new name')
      assert.deepEqual(patched.body.properties, { a: 1 })
      assert.equal((await sta.get(`Datastreams(${id})/Sensor`)).name, 'other sensor')
      const put = await sta.call('PUT', `Datastreams(${id})`, {
        name: 'put',
        description: 'd',
        observationType: 'x',
        unitOfMeasurement: UNIT,
      })
      assert.equal(put.status, 200, put.text)
      assert.equal(put.body.name, 'put')
      assert.ok(!('properties' in put.body))
      assert.equal((await sta.call('PUT', `Datastreams(${id})`, { name: 'put' })).status, 400)
      for (const [body, message] of [
        [{ Sensor: sensor('inline') }, /only a link/],
        [{ Sensor: { '@iot.id': 99999 } }, /does not exist/],
        [{ phenomenonTime: '2020-01-01T00:00:00Z/2020-01-02T00:00:00Z' }, /made by the server/],
        [{ name: null }, /name/],
        [{ name: 5 }, /name/],
        [{ nonsense: 5 }, /nonsense/],
      ] as const) {
        const reply = await sta.call('PATCH', `Datastreams(${id})`, body)
        assert.equal(reply.status, 400, JSON.stringify(body))
        assert.match(reply.body.message, message)
      }
      assert.equal((await sta.call('PATCH', `Datastreams(${id})`, { properties: null })).status, 200)
      assert.equal((await sta.call('PATCH', 'Things(999999)', { name: 'x' })).status, 404)
    })

    it('req/create-update-delete: PATCH and DELETE of an Observation keep sums, counters and the latest value true', async () => {
      const id = await stream('sums')
      const made: number[] = []
      for (let i = 0; i < 5; i++)
        made.push(
          await sta.make(`Datastreams(${id})/Observations`, { result: i, phenomenonTime: `2020-05-01T0${i}:30:00Z` }),
        )
      const patched = await sta.call('PATCH', `Observations(${made[1]})`, {
        result: 100,
        phenomenonTime: '2021-06-01T00:00:00Z',
      })
      assert.equal(patched.status, 200, patched.text)
      assert.equal(patched.body.result, 100)
      assert.equal(patched.body.phenomenonTime, '2021-06-01T00:00:00Z')
      const state = async () => {
        const [row] = await sta.db.query<Record<string, unknown>>(
          'select n, last_id, last_v, t_min, t_max from datastream_state where datastream = $1',
          [id],
        )
        return row!
      }
      assert.deepEqual(await state(), {
        n: 5,
        last_id: made[1],
        last_v: 100,
        t_min: '2020-05-01T00:30:00Z',
        t_max: '2021-06-01T00:00:00Z',
      })
      assert.equal((await sta.call('DELETE', `Observations(${made[1]})`)).status, 200)
      assert.equal((await sta.call('GET', `Observations(${made[1]})`)).status, 404)
      assert.equal((await sta.call('DELETE', `Observations(${made[1]})`)).status, 404)
      assert.deepEqual(await state(), {
        n: 4,
        last_id: made[4],
        last_v: 4,
        t_min: '2020-05-01T00:30:00Z',
        t_max: '2020-05-01T04:30:00Z',
      })
      const sums = await sta.db.query<{ hour: string; sum: number }>(
        'select hour, sum from rollup_hour where datastream = $1 order by hour',
        [id],
      )
      assert.deepEqual(
        sums.map((row) => [row.hour, row.sum]),
        [
          ['2020-05-01T00:00:00Z', 0],
          ['2020-05-01T02:00:00Z', 2],
          ['2020-05-01T03:00:00Z', 3],
          ['2020-05-01T04:00:00Z', 4],
        ],
      )
      const [correction] = await sta.db.query<{ old_v: number; new_v: number }>(
        'select old_v, new_v from observation_correction where observation = $1',
        [made[1]],
      )
      assert.deepEqual(correction, { old_v: 1, new_v: 100 })
    })

    it('req/create-update-delete/delete-entity: with what cannot be without it', async () => {
      const gone = async (path: string) => assert.equal((await sta.call('GET', path)).status, 404, path)
      const build = async () => {
        const id = await sta.make(
          'Things',
          thing('Doomed', {
            Locations: [location('doomed', 8, 50)],
            Datastreams: [datastream('doomed', { Observations: [{ result: 1 }] })],
          }),
        )
        const [ds] = await setOf(`Things(${id})/Datastreams?$expand=Sensor,ObservedProperty,Observations`)
        const [place] = await setOf(`Things(${id})/Locations?$expand=HistoricalLocations`)
        return {
          thing: `Things(${id})`,
          stream: `Datastreams(${ds['@iot.id']})`,
          sensor: `Sensors(${ds.Sensor['@iot.id']})`,
          property: `ObservedProperties(${ds.ObservedProperty['@iot.id']})`,
          observation: `Observations(${ds.Observations[0]['@iot.id']})`,
          place: `Locations(${place['@iot.id']})`,
          history: `HistoricalLocations(${place.HistoricalLocations[0]['@iot.id']})`,
        }
      }
      type Built = Awaited<ReturnType<typeof build>>
      const cases: [keyof Built, (keyof Built)[], (keyof Built)[]][] = [
        ['thing', ['stream', 'observation', 'history'], ['place', 'sensor', 'property']],
        ['stream', ['observation'], ['thing', 'sensor', 'property', 'place']],
        ['sensor', ['stream', 'observation'], ['thing', 'property']],
        ['property', ['stream', 'observation'], ['thing', 'sensor']],
        ['place', ['history'], ['thing', 'stream', 'observation']],
        ['history', [], ['thing', 'place']],
        ['observation', [], ['thing', 'stream']],
      ]
      for (const [what, dead, alive] of cases) {
        const built = await build()
        const [{ n }] = (await sta.db.query<{ n: number }>('select count(*) as n from observation')) as [{ n: number }]
        assert.equal((await sta.call('DELETE', built[what])).status, 200)
        for (const path of [what, ...dead]) await gone(built[path])
        for (const path of alive) await sta.get(built[path])
        const [{ n: left }] = (await sta.db.query<{ n: number }>('select count(*) as n from observation')) as [
          { n: number },
        ]
        assert.equal(left, dead.includes('observation') || what === 'observation' ? n - 1 : n, what)
      }
      assert.equal((await sta.call('DELETE', 'Things(999999)')).status, 404)
    })

    it('req/datamodel/datastream: observedArea shrinks with the observations that go', async () => {
      const id = await sta.make(
        'Datastreams',
        datastream('area', { Thing: thing('area', { Locations: [location('area', 5, 5)] }) }),
      )
      const feature = (lon: number) => ({
        name: `F${lon}`,
        description: '-',
        encodingType: 'application/geo+json',
        feature: { type: 'Point', coordinates: [lon, 5] },
      })
      const at = async (day: number, foi?: unknown): Promise<number> =>
        sta.make(`Datastreams(${id})/Observations`, {
          result: day,
          phenomenonTime: `2020-01-0${day}T00:00:00Z`,
          ...(foi ? { FeatureOfInterest: foi } : {}),
        })
      const span = async () => {
        const { coordinates } = (await sta.get(`Datastreams(${id})`)).observedArea ?? {}
        return coordinates?.flat().filter((_: number, i: number) => i % 2 === 0)
      }
      assert.equal(await span(), undefined)
      const [f7, f9] = [
        await sta.make('FeaturesOfInterest', feature(7)),
        await sta.make('FeaturesOfInterest', feature(9)),
      ]
      const own = await at(1, { '@iot.id': f9 })
      const other = await at(2, { '@iot.id': f9 })
      await at(3, { '@iot.id': f7 })
      await at(4, feature(11))
      const plain = await at(5)
      assert.deepEqual(await span(), [5, 11])
      assert.equal((await sta.call('DELETE', `Datastreams(${id})/Observations?$filter=result%20eq%204`)).status, 200)
      assert.deepEqual(await span(), [5, 9])
      assert.equal((await sta.call('DELETE', `Observations(${own})`)).status, 200)
      assert.deepEqual(await span(), [5, 9])
      assert.equal(
        (await sta.call('PATCH', `Observations(${other})`, { FeatureOfInterest: { '@iot.id': f7 } })).status,
        200,
      )
      assert.deepEqual(await span(), [5, 7])
      assert.equal((await sta.call('DELETE', `FeaturesOfInterest(${f7})`)).status, 200)
      assert.deepEqual(await span(), [5])
      assert.equal((await sta.call('DELETE', `Observations(${plain})`)).status, 200)
      assert.equal(await span(), undefined)
    })

    it('req/datamodel/location: a FeatureCollection is kept as sent and found by all its features', async () => {
      const feature = (lon: number) => ({
        type: 'Feature',
        properties: {},
        geometry: { type: 'Point', coordinates: [lon, 1] },
      })
      const collection = { type: 'FeatureCollection', features: [feature(170), feature(171)] }
      const id = await sta.make('Locations', { ...location('collection', 0, 0), location: collection })
      assert.deepEqual((await sta.get(`Locations(${id})`)).location, collection)
      const { value } = await sta.get(`Locations?${q({ $filter: "st_intersects(location, geography'POINT(171 1)')" })}`)
      assert.equal(value[0]['@iot.id'], id)
    })

    it('req/data-array/data-array: CreateObservations answers per row, in order', async () => {
      const [one, two] = [await stream('array 1'), await stream('array 2')]
      const foi = await sta.make('FeaturesOfInterest', {
        name: 'F',
        description: '-',
        encodingType: 'application/geo+json',
        feature: { type: 'Point', coordinates: [8, 51] },
      })
      const reply = await sta.call('POST', 'CreateObservations', [
        {
          Datastream: { '@iot.id': one },
          components: ['phenomenonTime', 'result', 'FeatureOfInterest/id'],
          'dataArray@iot.count': 2,
          dataArray: [
            ['2010-12-23T10:20:00-07:00', 20, foi],
            ['2010-12-23T10:21:00-07:00', 30, 'not an id'],
          ],
        },
        {
          Datastream: { '@iot.id': two },
          components: ['phenomenonTime', 'result'],
          dataArray: [['2010-12-23T10:20:00-07:00', 65], ['2010-12-23T10:21:00-07:00', 60], ['never', 1], [1]],
        },
        { Datastream: { '@iot.id': 999999 }, components: ['result'], dataArray: [[1]] },
      ])
      assert.equal(reply.status, 201, reply.text)
      assert.deepEqual(
        reply.body.map((line: string) => line.startsWith('error')),
        [false, true, false, false, true, true, true],
      )
      const first = await sta.get(reply.body[0])
      assert.equal(first.result, 20)
      assert.equal(first.phenomenonTime, '2010-12-23T17:20:00Z')
      assert.equal((await sta.get(`${reply.body[0]}/FeatureOfInterest`))['@iot.id'], foi)
      assert.equal((await sta.get(`${reply.body[2]}/FeatureOfInterest`)).name, 'array 2')
      assert.equal((await sta.call('POST', 'CreateObservations', {})).status, 400)
      assert.equal(
        (
          await sta.call('POST', 'CreateObservations', [
            { Datastream: { '@iot.id': one }, components: ['nonsense'], dataArray: [] },
          ])
        ).status,
        400,
      )
      assert.equal((await sta.call('GET', 'CreateObservations')).status, 405)
    })

    it('events come after the commit, and none without one', async () => {
      const stored: ObservationsStored[] = []
      const changed: EntityChanged[] = []
      const off = [sta.sensing.stored.on((e) => stored.push(e)), sta.sensing.changed.on((e) => changed.push(e))]
      const id = await stream('events', { Observations: [{ result: 5 }] })
      await sta.make(`Datastreams(${id})/Observations`, { result: 6 })
      await sta.call('POST', 'Things', thing('x', { Datastreams: [datastream('a'), {}] }))
      await sta.call('DELETE', `Datastreams(${id})`)
      await new Promise((resolve) => setTimeout(resolve, 50))
      for (const stop of off) stop()
      assert.deepEqual(
        stored.map((e) => [e.datastream, e.rows[0]!.v]),
        [
          [id, 5],
          [id, 6],
        ],
      )
      const types = changed.map((e) => `${e.change} ${e.type}`)
      assert.ok(
        types.includes('created Datastream') && types.includes('created Thing') && types.includes('deleted Datastream'),
        types.join(),
      )
      assert.equal(changed.filter((e) => e.type === 'Thing').length, 1)
    })

    it('filters on what was written find it again', async () => {
      const { value } = await sta.get(`Things?${q({ $filter: "name eq 'Deep'" })}`)
      assert.equal(value.length, 1)
    })
  })
}
