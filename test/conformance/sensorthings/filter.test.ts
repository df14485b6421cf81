import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  datastream,
  location,
  observedProperty,
  places,
  q,
  sensor,
  startService,
  type TestService,
  thing,
} from './service.ts'

/** Instants and intervals of one day; the index is the result, so that an answer is a list of numbers. */
const T = (hhmm: string) => `2016-01-01T${hhmm}:00Z`
const TIMES: (string | [string, string])[] = [
  '06:00',
  '06:59',
  '07:00',
  '07:01',
  '07:59',
  '08:00',
  '08:01',
  '09:00',
  ['06:00', '06:59'],
  ['06:00', '07:00'],
  ['06:00', '07:01'],
  ['07:00', '08:00'],
  ['07:01', '07:59'],
  ['07:59', '09:00'],
  ['08:00', '09:00'],
  ['08:01', '09:00'],
  ['06:59', '08:01'],
  ['07:00', '07:59'],
]

for (const place of places()) {
  describe(`SensorThings $filter and $orderby (${place.name})`, () => {
    let sta: TestService

    const names = async (set: string, filter: string) => {
      const { value } = await sta.get(`${set}?${q({ $filter: filter, $orderby: 'name', $select: 'name' })}`)
      return value.map((entity: { name: string }) => entity.name)
    }
    const results = async (filter: string) => {
      const { value } = await sta.get(
        `Datastreams(${await times()})/Observations?${q({ $filter: filter, $orderby: 'result', $top: 1000 })}`,
      )
      return value.map((o: { result: number }) => o.result)
    }
    const numbers = async (filter: string) => {
      const { value } = await sta.get(
        `Datastreams(${await mixed()})/Observations?${q({ $filter: filter, $orderby: 'phenomenonTime' })}`,
      )
      return value.map((o: { result: unknown }) => o.result)
    }
    const ids: Record<string, number> = {}
    const idOf = async (name: string) => {
      ids[name] ??= (await sta.get(`Datastreams?${q({ $filter: `name eq '${name}'` })}`)).value[0]['@iot.id']
      return ids[name]
    }
    const times = () => idOf('times')
    const mixed = () => idOf('mixed')
    const refused = async (set: string, filter: string, position?: number) => {
      const { status, body } = await sta.call('GET', `${set}?${q({ $filter: filter })}`)
      assert.equal(status, 400, `${filter}: ${JSON.stringify(body)}`)
      assert.match(body.message, /\$filter/)
      if (position !== undefined) assert.equal(body.position, position, filter)
    }

    before(async () => {
      sta = await startService(place)
      await sta.make(
        'Things',
        thing('Eins', {
          properties: {
            field: 1,
            text: 'one',
            on: true,
            list: [1, 2, { a: 'x' }],
            mix: '5',
            since: '2020-05-01T00:00:00Z',
            'a-b': 'dash',
          },
          Locations: [location('Ort 1', 8, 51, { properties: { field: 1 } })],
          Datastreams: [
            datastream('times', {
              Sensor: sensor('S1'),
              ObservedProperty: observedProperty('P1'),
              Observations: TIMES.map((t, i) => ({
                phenomenonTime: typeof t === 'string' ? T(t) : `${T(t[0])}/${T(t[1])}`,
                result: i,
              })),
            }),
            datastream('mixed', {
              Sensor: sensor('S2'),
              ObservedProperty: observedProperty('P2'),
              Observations: [10, 2, '10', '9', true, null, { a: 1 }, [1], 2.5, -3].map((result, i) => ({
                result,
                phenomenonTime: `2020-01-01T00:00:${String(i).padStart(2, '0')}Z`,
                resultTime: i < 3 ? `2020-01-02T00:00:0${i}Z` : undefined,
                parameters: i < 5 ? { n: i } : undefined,
                resultQuality: i === 1 ? 'good' : i === 2 ? 3 : undefined,
              })),
            }),
          ],
        }),
      )
      await sta.make(
        'Things',
        thing('Zwei', {
          properties: { field: 2, text: 'two', on: false, mix: 5 },
          Locations: [location('Ort 2', 8, 52, { properties: { field: 2 } })],
        }),
      )
      await sta.make('Things', thing("Drei's 100%_", { properties: { text: 'thr%e_\\x' } }))
      await sta.make('Locations', {
        ...location('Fläche', 0, 0),
        location: {
          type: 'Polygon',
          coordinates: [
            [
              [8, 53],
              [7, 52],
              [7, 53],
              [8, 53],
            ],
          ],
        },
      })
      await sta.make('Locations', {
        ...location('Linie', 0, 0),
        location: {
          type: 'LineString',
          coordinates: [
            [5, 52],
            [5, 53],
          ],
        },
      })
      await sta.make('Locations', {
        name: 'Worte',
        description: '-',
        encodingType: 'text/plain',
        location: 'behind the church',
      })
    })
    after(() => sta.close())

    it('req/request-data/filter: comparison, logic, precedence, arithmetic', async () => {
      assert.deepEqual(await results('result eq 2 and result eq 1 or result eq 1'), [1])
      assert.deepEqual(await results('result eq 2 and (result eq 1 or result eq 1)'), [])
      assert.deepEqual(await results('not result lt 1 and not result gt 1'), [1])
      assert.deepEqual(await results('1 add result mul 2 sub -1 eq 4'), [1])
      assert.deepEqual(await results('6 div 2 sub result eq 2'), [1])
      assert.deepEqual(await results('1 add 2.0 mod (result add 1) eq 1'), [0, 1])
      assert.deepEqual(await results('14 div (result add 1) mod 3 mul 3 eq 3'), [1, 13])
      assert.deepEqual(await results('9007199254740991 mod 2 eq 1 and -5 mod 3 eq -2 and result eq 1'), [1])
      assert.deepEqual(await results('result in (1, 3, 99)'), [1, 3])
      assert.deepEqual(await results('result div 0 eq 1'), [])
      assert.deepEqual(await results('result NE 0 AND result lt 2'), [1])
      assert.deepEqual(await results('-result gt -3 and -(result add 1) le -2'), [1, 2])
      assert.deepEqual(
        await results(
          "- -result eq 1 or result eq -(-5) or phenomenonTime add -duration'PT1H' lt 2016-01-01T05:00:00Z",
        ),
        [1, 5],
      )
      await refused('Things', '-name eq 1', 1)
    })

    it('req/request-data/filter: a number is never compared as text, JSON compares by type', async () => {
      assert.deepEqual(await numbers('result gt 9'), [10])
      assert.deepEqual(await numbers("result eq '10'"), [10, '10'])
      assert.deepEqual(await numbers("result gt '3'"), [10, '9'])
      assert.deepEqual(await numbers('result eq true'), [true])
      assert.deepEqual(await numbers('result eq null'), [null])
      assert.deepEqual(await numbers('result lt 0'), [-3])
      assert.deepEqual(await numbers("result eq 'abc'"), [])
      assert.deepEqual(await numbers('result ne 10'), [2, '10', '9', true, { a: 1 }, [1], 2.5, -3])
      assert.deepEqual(await numbers('result/a eq 1'), [{ a: 1 }])
      assert.deepEqual(await numbers('parameters/n gt 2'), ['9', true])
      assert.deepEqual(await numbers("resultQuality eq 'good'"), [2])
      assert.deepEqual(await numbers('resultQuality eq 3'), ['10'])
      assert.deepEqual(await names('Things', "properties/mix eq '5'"), ['Eins', 'Zwei'])
      assert.deepEqual(await names('Things', 'properties/mix eq 5'), ['Zwei'])
    })

    it('req/request-data/filter: into JSON, null, booleans, property to property', async () => {
      assert.deepEqual(await names('Things', 'properties/field eq null'), ["Drei's 100%_"])
      assert.deepEqual(await names('Things', 'properties/field ne null'), ['Eins', 'Zwei'])
      assert.deepEqual(await names('Things', 'properties/on'), ['Eins'])
      assert.deepEqual(await names('Things', 'not properties/on'), ['Zwei'])
      assert.deepEqual(await names('Things', "properties/list[2]/a eq 'x'"), ['Eins'])
      assert.deepEqual(await names('Things', "properties/a-b eq 'dash'"), ['Eins'])
      assert.deepEqual(await names('Things', 'properties/list/1 gt 1'), ['Eins'])
      assert.deepEqual(await names('Things', 'properties/since lt 2021-01-01T00:00:00Z'), ['Eins'])
      assert.deepEqual(await names('Things', 'Locations/properties/field eq properties/field'), ['Eins', 'Zwei'])
      assert.deepEqual(await names('Datastreams', "unitOfMeasurement/symbol eq '°C'"), ['mixed', 'times'])
      assert.deepEqual(await names('Things', "name eq 'Drei''s 100%_'"), ["Drei's 100%_"])
    })

    it('req/request-data/filter: paths across relations, any() and all()', async () => {
      assert.deepEqual(await names('Things', "Locations/name eq 'Ort 2'"), ['Zwei'])
      assert.deepEqual(await names('Things', "startswith(HistoricalLocations/Locations/name, 'Ort 1')"), ['Eins'])
      assert.deepEqual(await names('Datastreams', "substringof('in', Thing/name)"), ['mixed', 'times'])
      assert.deepEqual(
        await names('ObservedProperties', "Datastreams/Thing/Datastreams/ObservedProperty/name eq 'P1'"),
        ['P1', 'P2'],
      )
      assert.deepEqual(await names('Things', 'Datastreams/id eq null'), ["Drei's 100%_", 'Zwei'])
      assert.deepEqual(await names('Things', 'Datastreams/id ne null'), ['Eins'])
      assert.deepEqual(
        await names('Things', "Datastreams/any(d:d/ObservedProperty/name eq 'P1' and d/Sensor/name eq 'S1')"),
        ['Eins'],
      )
      assert.deepEqual(
        await names('Things', "Datastreams/any(d:d/ObservedProperty/name eq 'P1' and d/Sensor/name eq 'S2')"),
        [],
      )
      assert.deepEqual(
        await names(
          'Things',
          'HistoricalLocations/any(h : h/Locations/any(l : l/properties/field eq properties/field))',
        ),
        ['Eins', 'Zwei'],
      )
      assert.deepEqual(await names('Things', 'not Datastreams/any()'), ["Drei's 100%_", 'Zwei'])
      assert.deepEqual(await names('Things', "Locations/any() and Locations/all(l:startswith(l/name,'Ort'))"), [
        'Eins',
        'Zwei',
      ])
      assert.deepEqual(await names('Datastreams', 'Observations/result gt 16'), ['times'])
      assert.deepEqual(await names('FeaturesOfInterest', "Observations/Datastream/name eq 'times'"), ['Ort 1'])
      const { value } = await sta.get(
        `Observations?${q({ $filter: "FeatureOfInterest/name eq 'Ort 1' and Datastream/Thing/name eq 'Eins'", $count: true })}`,
      )
      assert.equal(value.length, TIMES.length + 10)
    })

    it('req/request-data/built-in-filter-functions: strings', async () => {
      assert.deepEqual(await names('Things', "substringof('%_', name)"), ["Drei's 100%_"])
      assert.deepEqual(await names('Things', "contains(name, 'wei')"), ['Zwei'])
      assert.deepEqual(await names('Things', "endswith(name, '_')"), ["Drei's 100%_"])
      assert.deepEqual(await names('Things', "endswith(properties/text, '\\x')"), ["Drei's 100%_"])
      assert.deepEqual(await names('Things', 'length(name) eq 4'), ['Eins', 'Zwei'])
      assert.deepEqual(await names('Things', "indexof(name, 'w') eq 1"), ['Zwei'])
      assert.deepEqual(await names('Things', "substring(name, 1) eq 'wei'"), ['Zwei'])
      assert.deepEqual(await names('Things', "substring(name, 1, 2) eq 'we'"), ['Zwei'])
      assert.deepEqual(await names('Things', "tolower(name) eq 'zwei' or toupper(name) eq 'EINS'"), ['Eins', 'Zwei'])
      assert.deepEqual(await names('Things', "trim(concat('  ', name)) eq 'Zwei'"), ['Zwei'])
      assert.deepEqual(await names('Things', "substringof('', name)"), ["Drei's 100%_", 'Eins', 'Zwei'])
    })

    it('req/request-data/built-in-filter-functions: dates and numbers', async () => {
      assert.deepEqual(
        await results(
          'year(phenomenonTime) eq 2016 and month(phenomenonTime) eq 1 and day(phenomenonTime) eq 1 and hour(phenomenonTime) eq 9',
        ),
        [7],
      )
      assert.deepEqual(
        await results(
          'minute(phenomenonTime) eq 1 and second(phenomenonTime) eq 0 and fractionalseconds(phenomenonTime) eq 0 and result lt 4',
        ),
        [3],
      )
      assert.deepEqual(await results('date(phenomenonTime) eq 2016-01-01 and time(phenomenonTime) eq 09:00:00'), [7])
      assert.deepEqual(
        await results(
          'phenomenonTime lt now() and phenomenonTime gt mindatetime() and phenomenonTime lt maxdatetime() and totaloffsetminutes(phenomenonTime) eq 0 and result lt 1',
        ),
        [0],
      )
      assert.deepEqual(
        await results('round(result div 2) eq 1 or floor(result div 2) eq 8 or ceiling(result div 2) eq 4'),
        [1, 2, 7, 8, 16, 17],
      )
      assert.deepEqual(await results(`phenomenonTime sub ${T('08:00')} eq duration'PT1H'`), [7])
      assert.deepEqual(await results(`phenomenonTime add duration'PT1H' gt ${T('09:00')}`), [6, 7, 15])
      assert.deepEqual(await results(`phenomenonTime gt ${T('09:00')} sub duration'PT1H'`), [6, 7, 15])
      assert.deepEqual(await results(`phenomenonTime lt ${T('06:00')}/${T('07:00')} add duration'PT1H'`), [0, 1, 8, 9])
    })

    it('req/request-data/filter: intervals are half open; lt = ends before the other starts', async () => {
      const [T7, I78] = [T('07:00'), `${T('07:00')}/${T('08:00')}`]
      const cases: [string, number[]][] = [
        [`phenomenonTime lt ${T7}`, [0, 1, 8, 9]],
        [`phenomenonTime gt ${T7}`, [3, 4, 5, 6, 7, 12, 13, 14, 15]],
        [`phenomenonTime le ${T7}`, [0, 1, 2, 8, 9]],
        [`phenomenonTime ge ${T7}`, [2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 17]],
        [`phenomenonTime eq ${I78}`, [11]],
        [`phenomenonTime eq ${T7}`, [2]],
        [`phenomenonTime lt ${I78}`, [0, 1, 8, 9]],
        [`phenomenonTime gt ${I78}`, [5, 6, 7, 14, 15]],
        [`phenomenonTime le ${I78}`, [0, 1, 2, 8, 9, 10, 11, 17]],
        [`phenomenonTime ge ${I78}`, [5, 6, 7, 11, 13, 14, 15]],
        [`${T7} lt phenomenonTime`, [3, 4, 5, 6, 7, 12, 13, 14, 15]],
        [`before(phenomenonTime,${T7})`, [0, 1, 8, 9]],
        [`after(phenomenonTime,${I78})`, [5, 6, 7, 14, 15]],
        [`meets(phenomenonTime,${I78})`, [2, 5, 9, 14]],
        [`during(phenomenonTime,${I78})`, [2, 3, 4, 11, 12, 17]],
        [`overlaps(phenomenonTime,${I78})`, [2, 3, 4, 10, 11, 12, 13, 16, 17]],
        [`starts(phenomenonTime,${T7})`, [2, 11, 17]],
        [`finishes(phenomenonTime,${I78})`, [5, 11]],
        [`phenomenonTime lt ${T('06:00')}/PT1H`, []],
        [`phenomenonTime ge 2016-01-01T08:00:00+01:00 and phenomenonTime lt ${T('07:01')}`, [2]],
      ]
      for (const [filter, expected] of cases) assert.deepEqual(await results(filter), expected, filter)
      await refused('Observations', `during(phenomenonTime,${T7})`)
      const raw = await sta.get(
        `Datastreams(${await times()})/Observations?$filter=phenomenonTime%20eq%202016-01-01T08:00:00+01:00`,
      )
      assert.deepEqual(
        raw.value.map((o: { result: number }) => o.result),
        [2],
      )
      const space = await sta.get(
        `Datastreams(${await times()})/Observations?$filter=phenomenonTime+eq+2016-01-01T08:00:00%2001:00`,
      )
      assert.equal(space.value.length, 1)
    })

    it('req/request-data/built-in-filter-functions: geometry, in degrees', async () => {
      const polygon = "geography'POLYGON((7.5 50.5, 7.5 52.5, 8.5 52.5, 8.5 50.5, 7.5 50.5))'"
      assert.deepEqual(await names('Locations', `st_within(location, ${polygon})`), ['Ort 1', 'Ort 2'])
      assert.deepEqual(await names('Locations', `st_contains(${polygon}, location)`), ['Ort 1', 'Ort 2'])
      assert.deepEqual(await names('Locations', "geo.intersects(location, geography'LINESTRING(7.5 51, 7.5 54)')"), [
        'Fläche',
      ])
      assert.deepEqual(await names('Locations', "geo.distance(location, geography'POINT(8 51.1)') lt 1"), [
        'Ort 1',
        'Ort 2',
      ])
      assert.deepEqual(await names('Locations', 'geo.length(location) eq 1'), ['Linie'])
      assert.deepEqual(await names('Locations', "st_equals(location, geography'POINT(8 52)')"), ['Ort 2'])
      assert.deepEqual(await names('Locations', `st_disjoint(location, ${polygon})`), ['Linie'])
      assert.deepEqual(await names('Locations', "st_touches(location, geography'POLYGON((8 52, 9 52, 9 51, 8 52))')"), [
        'Ort 2',
      ])
      assert.deepEqual(await names('Locations', "st_crosses(geography'LINESTRING(7.5 51.5, 7.5 53.5)', location)"), [
        'Fläche',
      ])
      assert.deepEqual(await names('Locations', `st_relate(${polygon}, location, 'T********')`), ['Ort 1', 'Ort 2'])
      assert.deepEqual(
        await names('Locations', "st_overlaps(geography'POLYGON((7.5 52.1,7.5 54,9 54,9 52.1,7.5 52.1))', location)"),
        ['Fläche'],
      )
      assert.deepEqual(await names('Locations', "st_intersects(location, geography'MULTIPOINT((8 51),(8 52))')"), [
        'Ort 1',
        'Ort 2',
      ])
      const both =
        "geography'MULTIPOLYGON(((7.9 50.9,8.1 50.9,8.1 51.1,7.9 50.9)),((7 51.9,9 51.9,9 52.1,7 52.1,7 51.9)))'"
      assert.deepEqual(await names('Locations', `st_within(location, ${both})`), ['Ort 2'])
      const lines = "geography'MULTILINESTRING((5 52,5 52.5),(5 52.5,5 53))'"
      assert.deepEqual(await names('Locations', `st_equals(location, ${lines})`), ['Linie'])
      for (const point of ['POINT Z (8 51 60)', 'POINTZ(8 51 60)', 'MULTIPOINT Z ((8 51 60))', 'SRID=4326;POINT(8 51)'])
        assert.deepEqual(await names('Locations', `st_equals(location, geography'${point}')`), ['Ort 1'], point)
      await refused('Locations', "st_within(location, geography'POINT Z (8 51)')", 20)
      assert.deepEqual(await names('Things', `st_within(Locations/location, ${polygon})`), ['Eins', 'Zwei'])
      assert.deepEqual(await names('Datastreams', `st_intersects(observedArea, ${polygon})`), ['mixed', 'times'])
      assert.deepEqual(await names('Locations', "location/type eq 'Polygon'"), ['Fläche'])
    })

    it('errors name the position and the cause', async () => {
      await refused('Things', 'nonsense eq 1', 0)
      await refused('Things', "name eq 'x' and foo(name) eq 1", 16)
      await refused('Things', 'name eq 5', 5)
      await refused('Things', 'name', 0)
      await refused('Things', 'startswith(name)', 0)
      await refused('Things', 'startswith(name, 5)', 17)
      await refused('Things', "name eq 'x' nonsense", 12)
      await refused('Things', "name/inside eq 'x'", 5)
      await refused('Locations', "st_within(location, geography'POLYGON((1 2))')", 20)
      await refused('Locations', "st_within(location, geography'POINT(NaN 2)')", 20)
      await refused('Observations', 'phenomenonTime gt 10000-01-01T00:00:00Z')
      await refused('Observations', 'phenomenonTime gt 2020-02-30T00:00:00Z', 18)
      await refused('Observations', "phenomenonTime add duration'P1X' gt now()", 19)
    })

    it('req/request-data/orderby: several keys, directions, relations, JSON', async () => {
      const by = async (set: string, orderby: string) =>
        (await sta.get(`${set}?${q({ $orderby: orderby })}`)).value.map((entity: { name: string }) => entity.name)
      assert.deepEqual(await by('Things', 'properties/field desc,name'), ['Zwei', 'Eins', "Drei's 100%_"])
      assert.deepEqual(await by('Things', 'properties/field asc'), ["Drei's 100%_", 'Eins', 'Zwei'])
      assert.deepEqual(await by('Datastreams', 'Thing/name,ObservedProperty/name desc'), ['mixed', 'times'])
      assert.deepEqual(await by('Things', 'length(name),name desc'), ['Zwei', 'Eins', "Drei's 100%_"])
      assert.deepEqual(await by('Things', '-properties/field'), ["Drei's 100%_", 'Zwei', 'Eins'])
      assert.deepEqual(await by('Datastreams', 'length(ObservedProperty/name) sub length(Thing/name) desc,-id'), [
        'mixed',
        'times',
      ])
      const many = await sta.call('GET', 'Things?$orderby=name,length(Datastreams/name)')
      assert.deepEqual([many.status, many.body.position], [400, 12])
      assert.match(many.body.message, /Datastreams leads to several entities.*\$expand=Datastreams\(\$orderby/)
      assert.equal((await sta.call('GET', 'Things?$orderby=Datastreams/name')).status, 400)
      assert.deepEqual((await by('Locations', 'location')).slice(0, 2), ['Worte', 'Linie'])
      const around = await by('Locations', 'location desc')
      assert.deepEqual(await by('Locations', 'location'), around.toReversed())
      assert.deepEqual(await by('Datastreams', 'Thing/name,observedArea'), await by('Datastreams', 'Thing/name,id'))
      assert.equal((await sta.call('GET', 'Things?$orderby=null')).status, 400)
      assert.equal((await sta.call('GET', 'Things?$orderby=nonsense')).status, 400)
      const { value } = await sta.get(`Datastreams(${await mixed()})/Observations?$orderby=result`)
      assert.deepEqual(value.map((o: { result: unknown }) => o.result).slice(-4), [-3, 2, 2.5, 10])
      const falling = `Datastreams(${await times()})/Observations?${q({ $orderby: '-result', $top: 4 })}`
      const page = await sta.get(falling)
      const rest = await sta.get(page['@iot.nextLink'])
      const seen = [...page.value, ...rest.value].map((o: { result: number }) => o.result)
      assert.deepEqual(seen, [17, 16, 15, 14, 13, 12, 11, 10])
    })
  })
}
