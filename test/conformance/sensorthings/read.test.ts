import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { datastream, location, places, q, startService, type TestService, thing } from './service.ts'

const SETS = [
  'Datastreams',
  'FeaturesOfInterest',
  'HistoricalLocations',
  'Locations',
  'Observations',
  'ObservedProperties',
  'Sensors',
  'Things',
]

for (const place of places()) {
  describe(`SensorThings reading (${place.name})`, () => {
    let sta: TestService
    before(async () => {
      sta = await startService(place)
      await sta.make(
        'Things',
        thing('Rathaus', {
          properties: { floor: 3, tags: ['a', 'b'], deep: { x: { y: 'z' } } },
          Locations: [location('Prinzipalmarkt', 7.6286, 51.9616)],
          Datastreams: [
            datastream('temperature', {
              Observations: [
                { phenomenonTime: '2026-08-20T10:00:00Z', result: 20.5, resultTime: '2026-08-20T10:00:05.25Z' },
                {
                  phenomenonTime: '2026-08-20T11:00:00Z/2026-08-20T12:00:00Z',
                  result: 21,
                  parameters: { method: 'mean' },
                },
                {
                  phenomenonTime: '2026-08-20T13:00:00+02:00',
                  result: 'n/a',
                  resultQuality: { code: 7 },
                  validTime: '2026-01-01T00:00:00Z/2027-01-01T00:00:00Z',
                },
              ],
            }),
            datastream('humidity'),
          ],
        }),
      )
    })
    after(() => sta.close())

    it('req/datamodel: the root document names the entity sets and the conformance classes', async () => {
      const root = await sta.get('')
      assert.deepEqual(root.value.map((v: { name: string }) => v.name).sort(), [...SETS, 'MultiDatastreams'].sort())
      for (const { name, url } of root.value) assert.equal(url, `${sta.root}/${name}`)
      assert.ok(root.serverSettings.conformance.length >= 5)
      assert.equal(root.serverSettings.version, '1.2.3')
      assert.equal((await sta.call('GET', sta.root)).status, 200)
    })

    it('req/datamodel/entity-control-information: every entity has id, selfLink and navigationLinks that lead somewhere', async () => {
      for (const set of SETS) {
        const { value } = await sta.get(set)
        assert.ok(value.length > 0, set)
        const entity = value[0]
        assert.equal(typeof entity['@iot.id'], 'number')
        assert.equal(entity['@iot.selfLink'], `${sta.root}/${set}(${entity['@iot.id']})`)
        assert.deepEqual(await sta.get(entity['@iot.selfLink']), entity, set)
        for (const [name, link] of Object.entries(entity)) {
          if (!name.endsWith('@iot.navigationLink')) continue
          assert.equal(link, `${entity['@iot.selfLink']}/${name.slice(0, name.indexOf('@'))}`)
          await sta.get(link as string)
        }
      }
    })

    it('req/datamodel/observation: times, intervals, results and what the server makes of them', async () => {
      const { value } = await sta.get(`Observations?${q({ $orderby: 'phenomenonTime,id' })}`)
      assert.deepEqual(
        value.map((o: { phenomenonTime: string }) => o.phenomenonTime),
        ['2026-08-20T10:00:00Z', '2026-08-20T11:00:00Z/2026-08-20T12:00:00Z', '2026-08-20T11:00:00Z'],
      )
      assert.equal(value[0].resultTime, '2026-08-20T10:00:05.25Z')
      assert.equal(value[1].resultTime, null)
      assert.deepEqual(value[1].parameters, { method: 'mean' })
      assert.equal(value[2].result, 'n/a')
      assert.deepEqual(value[2].resultQuality, { code: 7 })
      assert.equal(value[2].validTime, '2026-01-01T00:00:00Z/2027-01-01T00:00:00Z')
      assert.ok(!('parameters' in value[0]))
    })

    it('req/datamodel/datastream: observedArea, phenomenonTime and resultTime are made by the server', async () => {
      const { value } = await sta.get(`Datastreams?${q({ $orderby: 'name desc' })}`)
      assert.equal(value[0].phenomenonTime, '2026-08-20T10:00:00Z/2026-08-20T12:00:00Z')
      assert.equal(value[0].resultTime, '2026-08-20T10:00:05.25Z/2026-08-20T10:00:05.25Z')
      assert.deepEqual(value[0].observedArea, { type: 'Point', coordinates: [7.6286, 51.9616] })
      assert.ok(!('phenomenonTime' in value[1]))
      assert.deepEqual(value[0].unitOfMeasurement.symbol, '°C')
    })

    it('req/resource-path: entities, properties, raw values and places inside JSON', async () => {
      const [{ '@iot.id': id }] = (await sta.get('Things')).value
      assert.deepEqual(await sta.get(`Things(${id})/name`), { name: 'Rathaus' })
      const raw = await sta.call('GET', `Things(${id})/name/$value`)
      assert.equal(raw.text, 'Rathaus')
      assert.match(raw.headers.get('content-type')!, /text\/plain/)
      assert.deepEqual(await sta.get(`Things(${id})/properties/deep/x`), { x: { y: 'z' } })
      assert.deepEqual(await sta.get(`Things(${id})/properties/tags[1]`), { 'tags[1]': 'b' })
      assert.equal((await sta.call('GET', `Things(${id})/properties/floor/$value`)).text, '3')
      assert.deepEqual(await sta.get(`Things(${id})/id`), { '@iot.id': id })
      assert.equal((await sta.call('GET', `Things(${id})/properties/missing`)).status, 204)
      assert.equal((await sta.call('GET', `Things(${id})/nonsense`)).status, 404)
    })

    it('req/resource-path: nested navigation checks every step', async () => {
      const [stream] = (await sta.get(`Datastreams?${q({ $filter: "name eq 'temperature'" })}`)).value
      const [{ '@iot.id': id }] = (await sta.get('Things')).value
      const path = `Things(${id})/Datastreams(${stream['@iot.id']})/Observations`
      const { value } = await sta.get(path)
      assert.equal(value.length, 3)
      const deep = await sta.get(`${path}(${value[0]['@iot.id']})/Datastream/Thing/Locations`)
      assert.equal(deep.value[0].name, 'Prinzipalmarkt')
      assert.equal((await sta.get(`${path}(${value[0]['@iot.id']})/FeatureOfInterest`)).name, 'Prinzipalmarkt')
      const other = await sta.make('Things', thing('Other'))
      assert.equal((await sta.call('GET', `Things(${other})/Datastreams(${stream['@iot.id']})`)).status, 404)
      assert.equal(
        (await sta.call('GET', `Things(${other})/Datastreams(${stream['@iot.id']})/Observations`)).status,
        404,
      )
      assert.equal((await sta.call('GET', 'Things(999999)/Datastreams')).status, 404)
      assert.deepEqual((await sta.get(`Things(${other})/Datastreams`)).value, [])
      await sta.call('DELETE', `Things(${other})`)
    })

    it('req/resource-path: $ref and $count of a set', async () => {
      const { value } = await sta.get('Datastreams/$ref')
      assert.deepEqual(Object.keys(value[0]), ['@iot.selfLink'])
      assert.equal((await sta.call('GET', 'Observations/$count')).text, '3')
    })

    it('req/request-data/select: only what was asked for', async () => {
      const { value } = await sta.get(`Things?${q({ $select: 'name,Datastreams' })}`)
      assert.deepEqual(Object.keys(value[0]).sort(), ['Datastreams@iot.navigationLink', 'name'])
      const one = await sta.get(`Things(${(await sta.get('Things')).value[0]['@iot.id']})?$select=id,description`)
      assert.deepEqual(Object.keys(one), ['@iot.id', 'description'])
      assert.equal((await sta.call('GET', 'Things?$select=nonsense')).status, 400)
    })

    it('req/request-data/select: places inside JSON, with the objects around them', async () => {
      const selected = async (path: string, select: string) =>
        (await sta.get(`${path}${path.includes('?') ? '&' : '?'}${q({ $select: select })}`)).value
      assert.deepEqual(await selected('Things', 'properties/floor,properties/deep/x/y'), [
        { properties: { floor: 3, deep: { x: { y: 'z' } } } },
      ])
      assert.deepEqual(await selected('Things', 'name,properties/nothing,properties/floor/none'), [{ name: 'Rathaus' }])
      assert.deepEqual(await selected('Things', 'properties/tags'), [{ properties: { tags: ['a', 'b'] } }])
      const whole = (await sta.get('Things')).value[0].properties
      assert.deepEqual(await selected('Things', 'properties/floor,properties'), [{ properties: whole }])
      assert.deepEqual(await selected('Locations', 'location/type'), [{ location: { type: 'Point' } }])
      assert.deepEqual(await selected("Datastreams?$filter=name%20eq%20'humidity'", 'unitOfMeasurement/symbol'), [
        { unitOfMeasurement: { symbol: '°C' } },
      ])
      const [{ Datastreams: inner }] = (
        await sta.get(
          `Things?${q({ $expand: 'Datastreams($select=unitOfMeasurement/symbol;$top=1)', $select: 'name' })}`,
        )
      ).value
      assert.deepEqual(inner, [{ unitOfMeasurement: { symbol: '°C' } }])
      const [group] = await selected('Observations?$resultFormat=dataArray', 'parameters/method')
      assert.deepEqual(group.components, ['parameters'])
      assert.deepEqual(
        group.dataArray.map(([one]: unknown[]) => one),
        [null, { method: 'mean' }, null],
      )
      for (const [select, message] of [
        ['name/inside', /has no "name\/inside"/],
        ['nonsense/a', /has no "nonsense\/a"/],
        ['Datastreams/name', /\$expand=Datastreams\(\$select/],
      ] as const) {
        const reply = await sta.call('GET', `Things?${q({ $select: select })}`)
        assert.equal(reply.status, 400, select)
        assert.match(reply.body.message, message)
      }
    })

    it('req/request-data/expand: references alone', async () => {
      const { value } = await sta.get(
        `Things?${q({ $expand: 'Locations/$ref,Datastreams/$ref($orderby=name desc;$top=1;$count=true)', $select: 'name' })}`,
      )
      const [one] = value
      const [place] = (await sta.get('Locations')).value
      assert.deepEqual(one.Locations, [{ '@iot.selfLink': place['@iot.selfLink'] }])
      assert.equal(one['Datastreams@iot.count'], 2)
      const temperature = (await sta.get(`Datastreams?${q({ $filter: "name eq 'temperature'" })}`)).value[0]
      assert.deepEqual(one.Datastreams, [{ '@iot.selfLink': temperature['@iot.selfLink'] }])
      const rest = await sta.get(one['Datastreams@iot.nextLink'])
      assert.deepEqual(
        rest.value.map((link: object) => Object.keys(link)),
        [['@iot.selfLink']],
      )
      const thingOf = await sta.get(`Datastreams(${temperature['@iot.id']})?${q({ $expand: 'Thing/$ref' })}`)
      assert.deepEqual(Object.keys(thingOf.Thing), ['@iot.selfLink'])
      assert.equal(thingOf.name, 'temperature')
      const { status, body } = await sta.call('GET', `Things?${q({ $expand: 'Locations/$ref($select=name)' })}`)
      assert.equal(status, 400)
      assert.match(body.message, /nothing to select/)
    })

    it('req/request-data/expand: nested, with options of their own, and as a path', async () => {
      const { value } = await sta.get(
        `Things?${q({ $expand: 'Locations($select=name),Datastreams($orderby=name desc;$count=true;$top=1;$expand=Observations($top=2;$orderby=phenomenonTime desc;$count=true),Sensor)' })}`,
      )
      const [one] = value
      assert.deepEqual(one.Locations, [{ name: 'Prinzipalmarkt' }])
      assert.equal(one['Datastreams@iot.count'], 2)
      assert.equal(one.Datastreams.length, 1)
      assert.equal(one.Datastreams[0].name, 'temperature')
      assert.equal(one.Datastreams[0].Sensor.name, 'Sensor of temperature')
      assert.equal(one.Datastreams[0].Observations.length, 2)
      assert.equal(one.Datastreams[0]['Observations@iot.count'], 3)
      const rest = await sta.get(one.Datastreams[0]['Observations@iot.nextLink'])
      assert.equal(rest.value.length, 1)
      assert.ok(!rest['@iot.nextLink'])
      const more = await sta.get(one['Datastreams@iot.nextLink'])
      assert.equal(more.value[0].name, 'humidity')
      assert.deepEqual(more.value[0].Observations, [])
      const path = await sta.get(
        `Datastreams?${q({ $expand: 'Thing/Locations,Observations/FeatureOfInterest', $filter: "name eq 'temperature'" })}`,
      )
      assert.equal(path.value[0].Thing.Locations[0].name, 'Prinzipalmarkt')
      assert.equal(path.value[0].Observations[0].FeatureOfInterest.name, 'Prinzipalmarkt')
    })

    it('req/request-data/expand: the stored latest observation is the newest one', async () => {
      const latest = await sta.get(
        `Datastreams?${q({ $filter: "name eq 'temperature'", $expand: 'Observations($orderby=phenomenonTime desc;$top=1)' })}`,
      )
      const searched = await sta.get(
        `Datastreams?${q({ $filter: "name eq 'temperature'", $expand: 'Observations($orderby=phenomenonTime desc,id desc;$top=1;$filter=id gt 0)' })}`,
      )
      assert.deepEqual(latest.value[0].Observations, searched.value[0].Observations)
      const id = latest.value[0]['@iot.id']
      const direct = await sta.get(`Datastreams(${id})/Observations?${q({ $orderby: 'phenomenonTime desc', $top: 1 })}`)
      assert.deepEqual(direct.value, latest.value[0].Observations)
      assert.equal((await sta.get(direct['@iot.nextLink'])).value.length, 1)
      assert.equal((await sta.get(latest.value[0]['Observations@iot.nextLink'])).value.length, 1)
    })

    it('req/request-data/count, top, skip: exact counts, pages, options in any case and without $', async () => {
      const page = await sta.get('Observations?$COUNT=true&top=2&$skip=1')
      assert.equal(page['@iot.count'], 3)
      assert.equal(page.value.length, 2)
      assert.ok(!page['@iot.nextLink'])
      assert.equal((await sta.get('Observations?$count=true&$filter=result%20gt%2020.7'))['@iot.count'], 1)
      assert.equal((await sta.get('Observations?$top=0&$count=true'))['@iot.count'], 3)
      const cut = await sta.get('Observations?$top=20000')
      assert.equal(cut.value.length, 3)
      for (const bad of ['$top=-1', '$skip=-1', '$top=x', '$count=maybe', '$nonsense=1', '$top=1&$top=2']) {
        const { status, body } = await sta.call('GET', `Things?${bad}`)
        assert.equal(status, 400, bad)
        assert.equal(body.code, 400)
        assert.equal(body.type, 'error')
        assert.ok(body.message.length > 5)
      }
    })

    it('req/request-data: options that are percent-encoded as a whole', async () => {
      const options = ["$filter=name eq 'humidity'", '$select=name', '$count=true']
      for (const search of [
        options.map(encodeURIComponent).join('&'),
        options.map((option) => new URLSearchParams({ x: option }).toString().slice(2)).join('&'),
      ])
        assert.deepEqual(await sta.get(`Datastreams?${search}`), { '@iot.count': 1, value: [{ name: 'humidity' }] })
      for (const search of ['$filter', '%24filter', '$count%3Dtrue%3D'])
        assert.equal((await sta.call('GET', `Things?${search}`)).status, 400, search)
    })

    it('req/data-array: Observations as arrays by Datastream', async () => {
      const { value } = await sta.get(
        `Observations?${q({ $resultFormat: 'dataArray', $select: 'result,phenomenonTime', $orderby: 'id' })}`,
      )
      assert.equal(value.length, 1)
      assert.deepEqual(value[0].components, ['phenomenonTime', 'result'])
      assert.equal(value[0]['dataArray@iot.count'], 3)
      assert.deepEqual(value[0].dataArray[0], ['2026-08-20T10:00:00Z', 20.5])
      await sta.get(value[0]['Datastream@iot.navigationLink'])
    })

    it('http: HEAD, OPTIONS, wrong methods and types', async () => {
      const head = await sta.call('HEAD', 'Things')
      assert.equal(head.status, 200)
      assert.equal(head.text, '')
      assert.equal((await sta.call('OPTIONS', 'Things')).status, 204)
      const put = await sta.call('PUT', 'Things', {})
      assert.equal(put.status, 405)
      assert.match(put.headers.get('allow')!, /GET/)
      assert.equal((await sta.call('POST', 'Things', '<x/>', { type: 'application/xml' })).status, 415)
      assert.equal((await sta.call('GET', 'Nonsense')).status, 404)
      assert.equal((await sta.call('GET', 'Things(abc)')).status, 404)
      assert.equal((await sta.call('GET', '$metadata')).status, 501)
      const body = (await sta.call('GET', 'Things?$filter=name%20eq')).body
      assert.deepEqual(Object.keys(body), ['code', 'type', 'message', 'position'])
      assert.equal(body.position, 7)
    })
  })
}
