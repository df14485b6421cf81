import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  type Body,
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

const MEASUREMENT = 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement'
const COMPLEX = 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation'

const multi = (name: string, more: object = {}) => ({
  name,
  description: '-',
  multiObservationDataTypes: [MEASUREMENT, MEASUREMENT],
  unitOfMeasurements: [UNIT, { name: 'percent', symbol: '%', definition: 'ucum:%' }],
  Sensor: sensor(`Sensor of ${name}`),
  ObservedProperties: [observedProperty(`${name} temperature`), observedProperty(`${name} humidity`)],
  ...more,
})

for (const place of places()) {
  describe(`SensorThings MultiDatastreams (${place.name})`, () => {
    let sta: TestService
    let thingId: number
    let id: number
    before(async () => {
      sta = await startService(place)
      thingId = await sta.make('Things', thing('M', { Locations: [location('M', 7, 51)] }))
      await sta.make(
        'Datastreams',
        datastream('single', { Thing: { '@iot.id': thingId }, Observations: [{ result: 1 }] }),
      )
      id = await sta.make('MultiDatastreams', multi('air', { Thing: { '@iot.id': thingId } }))
    })
    after(() => sta.close())

    it('req/multi-datastream/properties: the set, its properties and relations', async () => {
      const root = await sta.get('')
      assert.ok(root.value.some((one: Body) => one.name === 'MultiDatastreams'))
      const entity = await sta.get(`MultiDatastreams(${id})`)
      assert.equal(entity.observationType, COMPLEX)
      assert.deepEqual(entity.multiObservationDataTypes, [MEASUREMENT, MEASUREMENT])
      assert.deepEqual(
        entity.unitOfMeasurements.map((unit: Body) => unit.symbol),
        ['°C', '%'],
      )
      for (const link of ['Thing', 'Sensor', 'ObservedProperties', 'Observations'])
        await sta.get(entity[`${link}@iot.navigationLink`])
    })

    it('req/multi-datastream/relations: apart from Datastreams, in order', async () => {
      assert.equal((await sta.get('Datastreams?$count=true'))['@iot.count'], 1)
      assert.equal((await sta.get('MultiDatastreams?$count=true'))['@iot.count'], 1)
      assert.equal((await sta.call('GET', `Datastreams(${id})`)).status, 404)
      const expanded = await sta.get(`Things(${thingId})?$expand=Datastreams,MultiDatastreams/ObservedProperties`)
      assert.deepEqual(
        [expanded.Datastreams.length, expanded.MultiDatastreams[0].ObservedProperties.map((one: Body) => one.name)],
        [1, ['air temperature', 'air humidity']],
      )
      const [humidity, temperature] = (await sta.get(`MultiDatastreams(${id})/ObservedProperties`)).value.reverse()
      const twice = await sta.make(
        'MultiDatastreams',
        multi('order', {
          Thing: { '@iot.id': thingId },
          multiObservationDataTypes: [MEASUREMENT, MEASUREMENT, MEASUREMENT],
          unitOfMeasurements: [UNIT, UNIT, UNIT],
          ObservedProperties: [humidity, temperature, humidity].map((one) => ({ '@iot.id': one['@iot.id'] })),
        }),
      )
      const names: string[] = []
      let next: string | undefined = `MultiDatastreams(${twice})/ObservedProperties?$top=1`
      while (next) {
        const page: Body = await sta.get(next)
        names.push(page.value[0].name)
        next = page['@iot.nextLink']
      }
      assert.deepEqual(names, ['air humidity', 'air temperature', 'air humidity'])
      const back = await sta.get(`ObservedProperties(${humidity['@iot.id']})/MultiDatastreams?$select=name&$orderby=id`)
      assert.deepEqual([...new Set(back.value.map((one: Body) => one.name))], ['air', 'order'])
      const found = await sta.get(
        `MultiDatastreams?${q({ $filter: `ObservedProperties/name eq 'air temperature' and id eq ${id}` })}`,
      )
      assert.equal(found.value.length, 1)
    })

    it('req/multi-datastream/relations: the same ObservedProperty several times leads to the MultiDatastream once', async () => {
      const property = await sta.make('ObservedProperties', observedProperty('wind'))
      const body = multi('both', { Thing: { '@iot.id': thingId } })
      const ObservedProperties = [{ '@iot.id': property }, { '@iot.id': property }]
      const twice = await sta.make('MultiDatastreams', { ...body, ObservedProperties })
      const back = await sta.get(`ObservedProperties(${property})/MultiDatastreams?$count=true&$select=id`)
      assert.deepEqual(back, { '@iot.count': 1, value: [{ '@iot.id': twice }] })
      const { MultiDatastreams } = await sta.get(`ObservedProperties(${property})?$expand=MultiDatastreams($select=id)`)
      assert.deepEqual(MultiDatastreams, [{ '@iot.id': twice }])
      const { value } = await sta.get(
        `ObservedProperties?${q({ $filter: `MultiDatastreams/any(m:m/id eq ${twice})`, $select: 'name' })}`,
      )
      assert.deepEqual(value, [{ name: 'wind' }])
      assert.equal((await sta.get(`MultiDatastreams(${twice})/ObservedProperties`)).value.length, 2)
      assert.equal((await sta.call('DELETE', `MultiDatastreams(${twice})`)).status, 200)
    })

    it('req/multi-datastream/constraints: results are arrays, one value for each ObservedProperty', async () => {
      const first = await sta.call('POST', `MultiDatastreams(${id})/Observations`, {
        phenomenonTime: '2024-01-01T00:00:00Z',
        result: [21.5, 40],
      })
      assert.equal(first.status, 201, first.text)
      assert.deepEqual(first.body.result, [21.5, 40])
      assert.ok(first.body['MultiDatastream@iot.navigationLink'] && !first.body['Datastream@iot.navigationLink'])
      assert.equal((await sta.get(first.body['MultiDatastream@iot.navigationLink'])).name, 'air')
      assert.equal((await sta.call('GET', `Observations(${first.body['@iot.id']})/Datastream`)).status, 404)
      const second = await sta.make('Observations', {
        phenomenonTime: '2024-01-01T01:00:00Z',
        result: [22, null],
        MultiDatastream: { '@iot.id': id },
      })
      for (const [path, body] of [
        [`MultiDatastreams(${id})/Observations`, { result: 5 }],
        [`MultiDatastreams(${id})/Observations`, { result: [1] }],
        [`MultiDatastreams(${id})/Observations`, { result: [1, 2, 3] }],
        ['Observations', { result: [1, 2], Datastream: { '@iot.id': id } }],
        ['Observations', { result: [1, 2] }],
        [`Datastreams(${id})/Observations`, { result: 1 }],
      ] as const) {
        const reply = await sta.call('POST', path, body)
        assert.ok([400, 404].includes(reply.status), `${path} ${reply.text}`)
      }
      const { value } = await sta.get(
        `MultiDatastreams(${id})/Observations?${q({ $filter: 'result[0] gt 21.9', $select: 'result' })}`,
      )
      assert.deepEqual(value, [{ result: [22, null] }])
      const patched = await sta.call('PATCH', `Observations(${second})`, { result: [23, 50] })
      assert.deepEqual(patched.body.result, [23, 50])
      assert.equal((await sta.call('PATCH', `Observations(${second})`, { result: 3 })).status, 400)
      const { phenomenonTime } = await sta.get(`MultiDatastreams(${id})`)
      assert.equal(phenomenonTime, '2024-01-01T00:00:00Z/2024-01-01T01:00:00Z')
      const newest = await sta.get(
        `Things(${thingId})/MultiDatastreams?${q({ $filter: `id eq ${id}`, $expand: 'Observations($top=1;$orderby=phenomenonTime desc)' })}`,
      )
      assert.deepEqual(newest.value[0].Observations[0].result, [23, 50])
      const mixed = await sta.get(
        'Observations?$expand=Datastream($select=name),MultiDatastream($select=name)&$select=id',
      )
      assert.deepEqual(mixed.value.map((one: Body) => one.Datastream?.name ?? one.MultiDatastream.name).sort(), [
        'air',
        'air',
        'single',
      ])
    })

    it('takes data arrays, and gives them', async () => {
      const made = await sta.call('POST', 'CreateObservations', [
        {
          MultiDatastream: { '@iot.id': id },
          components: ['phenomenonTime', 'result'],
          dataArray: [
            ['2024-02-01T00:00:00Z', [1, 2]],
            ['2024-02-01T01:00:00Z', 1],
          ],
        },
      ])
      assert.equal(made.status, 201, made.text)
      assert.match(made.body[0], /Observations\(\d+\)$/)
      assert.match(made.body[1], /^error: result: an array of 2 values/)
      const { value } = await sta.get(`MultiDatastreams(${id})/Observations?$resultFormat=dataArray&$select=result`)
      assert.match(value[0]['MultiDatastream@iot.navigationLink'], new RegExp(`MultiDatastreams\\(${id}\\)$`))
    })

    it('deep insert, changes and deletion keep units, types and properties equally many', async () => {
      const deep = await sta.make(
        'Things',
        station('deep', { MultiDatastreams: [multi('deep', { Observations: [{ result: [1, 2] }] })] }),
      )
      const [made] = (await sta.get(`Things(${deep})/MultiDatastreams?$expand=Observations`)).value
      assert.deepEqual(made.Observations[0].result, [1, 2])
      const path = `MultiDatastreams(${made['@iot.id']})`
      for (const body of [
        { unitOfMeasurements: [UNIT] },
        { multiObservationDataTypes: [] },
        { ObservedProperties: [{ '@iot.id': (await sta.get(`${path}/ObservedProperties`)).value[0]['@iot.id'] }] },
        { observationType: MEASUREMENT },
      ]) {
        assert.equal((await sta.call('PATCH', path, body)).status, 400, JSON.stringify(body))
      }
      for (const body of [multi('x', { unitOfMeasurements: [UNIT] }), multi('x', { ObservedProperties: [] })]) {
        assert.equal((await sta.call('POST', `Things(${deep})/MultiDatastreams`, body)).status, 400)
      }
      assert.equal((await sta.call('PATCH', path, { name: 'renamed' })).body.name, 'renamed')
      const property = (await sta.get(`${path}/ObservedProperties`)).value[1]['@iot.id']
      assert.equal((await sta.call('DELETE', `ObservedProperties(${property})`)).status, 200)
      assert.equal((await sta.call('GET', path)).status, 404)
      const left = await sta.get('Observations?$count=true&$top=0')
      assert.equal((await sta.call('DELETE', `Things(${thingId})`)).status, 200)
      assert.equal((await sta.get('Observations?$count=true'))['@iot.count'], 0)
      assert.ok(left['@iot.count'] > 0)
    })
  })
}
