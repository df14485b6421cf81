import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeModel } from '../../../src/edges/sensorthings/describe.ts'
import { TASKING_MODEL } from '../../../src/edges/sensorthings/model.ts'
import { splitOptions } from '../../../src/edges/sensorthings/query.ts'
import {
  addressOf,
  exploreLink,
  fresh,
  kindOf,
  type Model,
  placeOfError,
  type Query,
  readForm,
  requestOf,
} from './explore.ts'
import { cellsOf, seriesOf, tableOf } from './explore-answer.ts'

const model = describeModel(TASKING_MODEL) as Model
const query: Query = {
  ...fresh('Things'),
  select: ['name'],
  filters: [
    { path: 'name', op: 'contains', value: "Bahnhof O'Neill & Söhne" },
    { path: 'Locations/location', op: 'within', value: '7,51,8,52' },
    { path: 'properties/floor', op: 'gt', value: '2' },
    { path: 'description', op: 'eq', value: '' },
  ],
  expand: [
    {
      relation: 'Datastreams',
      query: {
        ...fresh('Datastreams'),
        expand: [
          {
            relation: 'Observations',
            query: { ...fresh('Observations'), order: 'phenomenonTime', desc: true, top: 1 },
          },
        ],
      },
    },
  ],
  count: true,
}

describe('requests of the explorer', () => {
  it('a form becomes a readable request the service reads as it was meant', () => {
    const request = requestOf(model, query)
    assert.equal(
      request,
      "Things?$filter=contains(name,'Bahnhof O''Neill %26 Söhne') and st_within(Locations/location,geography'POLYGON((7 51,8 51,8 52,7 52,7 51))') and properties/floor gt 2" +
        '&$select=name,Datastreams&$expand=Datastreams($expand=Observations($orderby=phenomenonTime desc;$top=1))&$count=true',
    )
    const url = new URL(addressOf('http://city.example', 'rad', request))
    assert.equal(url.pathname, '/d/rad/sta/v1.1/Things')
    assert.match(splitOptions(url.search.slice(1)).get('filter')!, /O''Neill & Söhne'\) and/)
  })

  it('the address of the page says the whole form again', () => {
    const { searchParams } = new URL(exploreLink(query, { dataset: 'rad', as: 'map' }), 'http://x')
    assert.deepEqual(readForm(model, searchParams.get('form')), query)
    assert.equal(readForm(model, '{"set":"Nonsense"}'), null)
    assert.equal(readForm(model, '{'), null)
    assert.deepEqual(readForm(model, '{"set":"Things","select":["x"],"filters":[{"path":"y"}]}'), fresh('Things'))
  })

  it('kinds of values are known across relations and into JSON', () => {
    assert.equal(kindOf(model, 'Observations', 'phenomenonTime'), 'time')
    assert.equal(kindOf(model, 'Observations', 'Datastream/@iot.id'), 'number')
    assert.equal(kindOf(model, 'Things', 'Locations/location'), 'place')
    assert.equal(kindOf(model, 'Things', 'properties/a/b'), 'json')
    assert.equal(kindOf(model, 'Things', 'name/a'), null)
    assert.equal(kindOf(model, 'Things', 'Nonsense/name'), null)
  })

  it('an error is found in the request, also behind encoded characters and in the path', () => {
    const request = "Things?$top=5&$filter=name eq '%26' nonsense"
    assert.equal(request[placeOfError(request, '$filter: …', 12)!], 'n')
    assert.equal(placeOfError('Thing', 'there is no entity set', 0), 0)
    assert.equal(placeOfError(request, '$filter: …', undefined), null)
    assert.equal(placeOfError(request, '$expand: …', 3), null)
  })
})

describe('answers of the explorer', () => {
  it('a table has relations to one entity beside, and says how many of several', () => {
    const row = {
      ...{ '@iot.id': 1, '@iot.selfLink': 'x', name: 'A', 'Thing@iot.navigationLink': 'x', properties: { a: 1 } },
      ...{ Sensor: { '@iot.id': 2, name: 'S' }, Observations: [{ result: 1 }, { result: 2 }] },
    }
    assert.deepEqual(cellsOf(row), [
      ['@iot.id', '1'],
      ['name', 'A'],
      ['properties', '{"a":1}'],
      ['Sensor/@iot.id', '2'],
      ['Sensor/name', 'S'],
      ['Observations', '2: 1, 2'],
    ])
    assert.deepEqual(tableOf([{ a: 1 }, { b: null }]), {
      columns: ['a', 'b'],
      lines: [
        ['1', ''],
        ['', ''],
      ],
    })
  })

  it('observations become lines in the order of time, wherever they stand in the answer', () => {
    const observation = (phenomenonTime: string, result: unknown) => ({ phenomenonTime, result })
    const values = [
      observation('2026-01-02T00:00:00Z', 2),
      observation('2026-01-01T00:00:00Z', 1),
      observation('2026-01-03T00:00:00Z', 'x'),
    ]
    assert.deepEqual(
      seriesOf(values).map(({ points }) => points.map(({ value }) => value)),
      [[1, 2]],
    )
    const nested = [
      { name: 'T', Datastreams: [{ name: 'D', unitOfMeasurement: { symbol: '°C' }, Observations: values }] },
    ]
    assert.deepEqual(
      seriesOf(nested).map(({ name, unit }) => [name, unit.symbol]),
      [['T · D', '°C']],
    )
    assert.deepEqual(seriesOf([{ name: 'T' }]), [])
  })
})
