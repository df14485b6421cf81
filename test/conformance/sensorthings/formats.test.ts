import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parse } from 'csv-parse/sync'
import { datastream, location, places, q, startService, type TestService, thing } from './service.ts'

for (const place of places()) {
  describe(`SensorThings result formats (${place.name})`, () => {
    let sta: TestService
    let stream: number
    let places: [number, number]
    before(async () => {
      sta = await startService(place)
      const hostile = await sta.make('Things', thing('=1+1', { properties: { note: 'a "b", c' } }))
      const id = await sta.make('Things', thing('Weather, "west"', { Locations: [location('West', 7.5, 51.5)] }))
      stream = await sta.make(
        'Datastreams',
        datastream('t', {
          Thing: { '@iot.id': id },
          Observations: [
            { phenomenonTime: '2024-01-01T00:00:00Z', result: 1.5 },
            { phenomenonTime: '2024-01-01T01:00:00Z/2024-01-01T02:00:00Z', result: 'text' },
            { phenomenonTime: '2024-01-01T02:00:00Z', result: { a: [1] } },
          ],
        }),
      )
      places = [hostile, id]
    })
    after(() => sta.close())

    const table = async (path: string): Promise<{ rows: Record<string, string>[]; headers: Headers }> => {
      const { status, text, headers } = await sta.call('GET', path)
      assert.equal(status, 200, text)
      assert.match(headers.get('content-type')!, /^text\/csv; charset=utf-8/)
      return { rows: parse(text, { columns: true }) as Record<string, string>[], headers }
    }

    it('CSV: a line of names, nested values by path, next page in a header', async () => {
      const options = {
        $resultFormat: 'CSV',
        $top: 2,
        $select: 'phenomenonTime,result',
        $expand: 'Datastream($select=name,unitOfMeasurement;$expand=Thing($select=name))',
      }
      const { rows, headers } = await table(`Datastreams(${stream})/Observations?${q(options)}`)
      assert.deepEqual(rows, [
        {
          phenomenonTime: '2024-01-01T00:00:00Z',
          result: '1.5',
          'Datastream/name': 't',
          'Datastream/unitOfMeasurement/name': 'degree Celsius',
          'Datastream/unitOfMeasurement/symbol': '°C',
          'Datastream/unitOfMeasurement/definition': 'http://qudt.org/vocab/unit/DEG_C',
          'Datastream/Thing/name': 'Weather, "west"',
        },
        { ...rows[0], phenomenonTime: '2024-01-01T01:00:00Z/2024-01-01T02:00:00Z', result: 'text' },
      ])
      const [, next] = /<([^>]+)>; rel="next"/.exec(headers.get('link')!)!
      const last = await table(next!)
      assert.deepEqual([last.rows.length, last.rows[0]!.result, last.headers.get('link')], [1, '{"a":[1]}', null])
    })

    it('CSV: places inside JSON are columns of their own', async () => {
      const { rows } = await table(`Things?${q({ $resultFormat: 'CSV', $select: 'properties/note,properties/none' })}`)
      assert.deepEqual(
        rows.map((row) => Object.entries(row)),
        [
          [
            ['properties/note', 'a "b", c'],
            ['properties/none', ''],
          ],
          [
            ['properties/note', ''],
            ['properties/none', ''],
          ],
        ],
      )
    })

    it('CSV: names from outside are no formulas', async () => {
      const { rows } = await table(
        `Things?${q({ $resultFormat: 'csv', $orderby: 'id', $expand: 'Datastreams($select=name)' })}`,
      )
      assert.deepEqual(
        rows.map((row) => [row['@iot.id'], row.name, row.properties, row.Datastreams]),
        [
          [String(places[0]), "'=1+1", '{"note":"a \\"b\\", c"}', '[]'],
          [String(places[1]), 'Weather, "west"', '', '[{"name":"t"}]'],
        ],
      )
    })

    it('GeoJSON: each kind of entity where it is', async () => {
      for (const [path, wanted] of [
        ['Locations', [[7.5, 51.5]]],
        ['Things?$orderby=id', [null, [7.5, 51.5]]],
        ['Datastreams', [[7.5, 51.5]]],
        ['FeaturesOfInterest', [[7.5, 51.5]]],
        [`Datastreams(${stream})/Observations?$orderby=phenomenonTime desc&$top=1`, [[7.5, 51.5]]],
        ['HistoricalLocations', [[7.5, 51.5]]],
        ['Sensors', [null]],
      ] as const) {
        const { status, body, headers } = await sta.call(
          'GET',
          `${path}${path.includes('?') ? '&' : '?'}$resultFormat=GeoJSON`,
        )
        assert.equal(status, 200, path)
        assert.match(headers.get('content-type')!, /^application\/geo\+json/)
        assert.equal(body.type, 'FeatureCollection')
        const found = body.features.map(
          (one: { geometry: { coordinates: number[] } | null }) => one.geometry?.coordinates ?? null,
        )
        assert.deepEqual(found, wanted, path)
        assert.equal(body.features[0].properties['@iot.id'], body.features[0].id)
      }
      const page = (await sta.call('GET', 'Things?$resultFormat=GeoJSON&$top=1')).body
      assert.equal((await sta.call('GET', page['@iot.nextLink'])).body.features.length, 1)
    })

    it('refuses formats it does not have', async () => {
      for (const path of ['Things?$resultFormat=dataArray', 'Things?$resultFormat=xml']) {
        assert.equal((await sta.call('GET', path)).status, 400)
      }
    })
  })
}
