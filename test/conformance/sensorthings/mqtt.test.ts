/** OGC 18-088 §14: creating by MQTT, and being told of what is made and changed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { databases } from '../../support/database.ts'
import { type Listening, startBroker, type TestBroker } from './mqtt-service.ts'
import {
  type Body,
  datastream,
  location,
  observedProperty,
  q,
  sensor,
  startService,
  type TestService,
  thing,
} from './service.ts'

/** What GET answers, with links as a message has them: the address of the city, for no request tells another. */
const asTold = (sta: TestService, body: Body): Body =>
  JSON.parse(JSON.stringify(body).replaceAll(sta.url, 'http://city.example'))

for (const engine of databases()) {
  describe(`SensorThings over MQTT (${engine.name})`, { timeout: 240_000 }, () => {
    let sta: TestService
    let broker: TestBroker
    let me: Listening
    let station: number
    let stream: number
    const same = async (message: Body, path: string) => assert.deepEqual(message, asTold(sta, await sta.get(path)))

    before(async () => {
      sta = await startService(engine)
      broker = await startBroker(sta)
      me = await broker.connect()
      station = await sta.make('Things', thing('Station', { Locations: [location('Square', 7.6, 51.9)] }))
      stream = await sta.make(`Things(${station})/Datastreams`, datastream('Bikes'))
      await sta.make(`Datastreams(${stream})/Observations`, { result: 1, phenomenonTime: '2026-01-01T00:00:00Z' })
    })
    after(async () => {
      await broker?.close()
      await sta?.close()
    })

    it("the root document names both classes with the broker's address", async () => {
      const { serverSettings } = await sta.get('')
      for (const name of [
        'create-observations-via-mqtt/observations-creation',
        'receive-updates-via-mqtt/receive-updates',
      ]) {
        const uri = `http://www.opengis.net/spec/iot_sensing/1.1/req/${name}`
        assert.ok(serverSettings.conformance.includes(uri))
        assert.deepEqual(serverSettings[uri], { endpoints: [`mqtt://127.0.0.1:${sta.mqttPort}`] })
      }
    })

    describe('req/receive-updates-via-mqtt/receive-updates', () => {
      it('a set: every entity that is made, as GET gives it; all types, at the general and the dataset root', async () => {
        const sets = ['Things', 'Locations', 'HistoricalLocations', 'Datastreams', 'Sensors', 'ObservedProperties']
        const topics = [...sets, 'Observations', 'FeaturesOfInterest'].flatMap((set) => [
          `v1.1/${set}`,
          `d/eingang/v1.1/${set}`,
        ])
        const other = await broker.connect()
        for (const topic of topics) await other.subscribe(topic)
        await sta.make(
          'Things',
          thing('Deep', {
            Locations: [location('Deep place', 7, 51)],
            Datastreams: [
              datastream('Deep stream', { Observations: [{ result: 5, phenomenonTime: '2026-01-01T00:00:00Z' }] }),
            ],
          }),
        )
        for (const topic of topics) {
          const message = await other.next(topic)
          const set = topic.slice(topic.lastIndexOf('/') + 1)
          const base = topic.startsWith('d/') ? `${sta.url}/d/eingang/sta/v1.1/` : ''
          await same(message, `${base}${set}(${message['@iot.id']})`)
          assert.deepEqual(other.left(topic), [], `${topic}: once`)
        }
        other.client.end(true)
      })

      it('entities made implicitly: the HistoricalLocation of a move, the FeatureOfInterest of the first Observation after it', async () => {
        for (const topic of [
          'v1.1/HistoricalLocations',
          `v1.1/Things(${station})/HistoricalLocations`,
          'v1.1/FeaturesOfInterest',
          `v1.1/Things(${station})/Locations`,
        ])
          await me.subscribe(topic)
        const place = await sta.make(`Things(${station})/Locations`, location('Bridge', 7.61, 51.91))
        const history = await me.next('v1.1/HistoricalLocations')
        await same(history, `HistoricalLocations(${history['@iot.id']})`)
        assert.deepEqual(await me.next(`v1.1/Things(${station})/HistoricalLocations`), history)
        assert.equal((await me.next(`v1.1/Things(${station})/Locations`))['@iot.id'], place)
        const feature = await me.next('v1.1/FeaturesOfInterest')
        assert.equal(feature.name, 'Bridge')
        await same(feature, `FeaturesOfInterest(${feature['@iot.id']})`)
      })

      it('an entity: PATCH, PUT and JSON Patch, and not what others do', async () => {
        const topic = `v1.1/Things(${station})`
        await me.subscribe(topic)
        const path = `Things(${station})`
        for (const [method, body, type] of [
          ['PATCH', { description: 'patched' }, undefined],
          ['PUT', thing('Put', { properties: { a: 1 } }), undefined],
          ['PATCH', [{ op: 'replace', path: '/properties/a', value: 2 }], 'application/json-patch+json'],
        ] as const) {
          await sta.make('Things', thing('Somebody else'))
          const reply = await sta.call(method, path, body, { type })
          assert.equal(reply.status, 200, reply.text)
          await same(await me.next(topic), path)
        }
        assert.deepEqual(me.left(topic), [])
      })

      it('a property: when its value changes, by {name: value}', async () => {
        const topic = `v1.1/Things(${station})/description`
        await me.subscribe(topic)
        await sta.call('PATCH', `Things(${station})`, { name: 'Only the name' })
        await sta.call('PATCH', `Things(${station})`, { description: 'Another' })
        assert.deepEqual(await me.next(topic), { description: 'Another' })
        const observation = (await sta.get(`Datastreams(${stream})/Observations`)).value[0]['@iot.id']
        const result = `v1.1/Observations(${observation})/result`
        await me.subscribe(result)
        await sta.call('PATCH', `Observations(${observation})`, { result: 77 })
        assert.deepEqual(await me.next(result), { result: 77 })
      })

      it('a property the server keeps: phenomenonTime of a Datastream follows its Observations', async () => {
        const topic = `v1.1/Datastreams(${stream})/phenomenonTime`
        await me.subscribe(topic)
        await sta.make(`Datastreams(${stream})/Observations`, { result: 2, phenomenonTime: '2030-01-01T00:00:00Z' })
        assert.deepEqual(await me.next(topic), { phenomenonTime: '2026-01-01T00:00:00Z/2030-01-01T00:00:00Z' })
      })

      it('relations: of one entity, to one entity, over several steps', async () => {
        const topics = {
          datastreams: `v1.1/Things(${station})/Datastreams`,
          observations: `v1.1/Things(${station})/Datastreams(${stream})/Observations`,
          sensor: `v1.1/Datastreams(${stream})/Sensor`,
          sensorName: `v1.1/Datastreams(${stream})/Sensor/name`,
        }
        for (const topic of Object.values(topics)) await me.subscribe(topic)
        await sta.make('Things', thing('Other', { Datastreams: [datastream('Not mine')] }))
        const made = await sta.make(`Things(${station})/Datastreams`, datastream('Mine'))
        assert.equal((await me.next(topics.datastreams))['@iot.id'], made)
        const id = await sta.make(`Datastreams(${stream})/Observations`, { result: 3 })
        await same(await me.next(topics.observations), `Observations(${id})`)
        const sensorId = (await sta.get(`Datastreams(${stream})/Sensor`))['@iot.id']
        await sta.call('PATCH', `Sensors(${sensorId})`, { name: 'Loop' })
        assert.equal((await me.next(topics.sensor)).name, 'Loop')
        assert.deepEqual(await me.next(topics.sensorName), { name: 'Loop' })
      })

      it('Observations of $batch, the data array, a changed one; through their feature', async () => {
        const topic = `v1.1/Datastreams(${stream})/Observations`
        await me.subscribe(topic)
        const reply = await sta.call('POST', '$batch', {
          requests: [
            { id: '1', method: 'post', url: `Datastreams(${stream})/Observations`, body: { result: 10 } },
            {
              id: '2',
              atomicityGroup: 'g',
              method: 'post',
              url: `Datastreams(${stream})/Observations`,
              body: { result: 11 },
            },
          ],
        })
        assert.equal(reply.status, 200)
        assert.deepEqual([(await me.next(topic)).result, (await me.next(topic)).result].sort(), [10, 11])
        await sta.call('POST', 'CreateObservations', [
          { Datastream: { '@iot.id': stream }, components: ['result'], dataArray: [[12], [13]] },
        ])
        assert.deepEqual([(await me.next(topic)).result, (await me.next(topic)).result], [12, 13])
        const own = await sta.make('FeaturesOfInterest', {
          name: 'Own',
          description: '-',
          encodingType: 'application/geo+json',
          feature: { type: 'Point', coordinates: [1, 2] },
        })
        await me.subscribe(`v1.1/FeaturesOfInterest(${own})/Observations`)
        const id = await sta.make(`Datastreams(${stream})/Observations`, {
          result: 14,
          FeatureOfInterest: { '@iot.id': own },
        })
        assert.equal((await me.next(topic)).result, 14)
        await same(await me.next(`v1.1/FeaturesOfInterest(${own})/Observations`), `Observations(${id})`)
        await sta.call('PATCH', `Observations(${id})`, { result: 15 })
        await same(await me.next(topic), `Observations(${id})`)
      })

      it('$select, $expand and $filter shape and choose as in HTTP', async () => {
        const base = `v1.1/Datastreams(${stream})/Observations`
        const [selected, filtered, expanded] = [
          `${base}?$select=result,phenomenonTime`,
          `${base}?$filter=result gt 100 and Datastream/name eq 'Bikes'&$select=result`,
          'v1.1/Observations?$expand=Datastream($select=name;$expand=Thing($select=@iot.id))&$filter=result%20gt%20100&$select=result,Datastream',
        ] as [string, string, string]
        const inside = ['v1.1/Things?$select=properties/a', 'v1.1/Things?$select=properties/b'] as const
        for (const topic of [selected, filtered, expanded, 'v1.1/Things?$select=name', ...inside])
          await me.subscribe(topic)
        for (const result of [99, 101])
          await sta.make(`Datastreams(${stream})/Observations`, { result, phenomenonTime: '2026-02-01T00:00:00Z' })
        assert.deepEqual(await me.next(selected), { result: 99, phenomenonTime: '2026-02-01T00:00:00Z' })
        assert.deepEqual(await me.next(selected), { result: 101, phenomenonTime: '2026-02-01T00:00:00Z' })
        assert.deepEqual(await me.next(filtered), { result: 101 })
        assert.deepEqual(await me.next(expanded), {
          result: 101,
          Datastream: { name: 'Bikes', Thing: { '@iot.id': station } },
        })
        await sta.make('Things', thing('Selected', { properties: { a: 1, b: 2 } }))
        assert.deepEqual(await me.next('v1.1/Things?$select=name'), { name: 'Selected' })
        assert.deepEqual(await me.next(inside[0]), { properties: { a: 1 } })
        assert.deepEqual(await me.next(inside[1]), { properties: { b: 2 } })
        assert.deepEqual([...me.left(filtered), ...me.left(expanded)], [])
      })

      it('refuses what is no topic, and says why', async () => {
        const client = await broker.connect({ clientId: 'asking' })
        await client.subscribe('errors/asking')
        for (const [topic, expected] of [
          ['v1.1/Nothing', /no entity set/],
          ['v1.1/Things?$filter=nme eq 1', /nme/],
          ['v1.1/Things?$orderby=name', /orderby.*subscription/],
          ['v1.1/Things?$top=3', /top.*subscription/],
          ['v1.1/Things(999999)/Datastreams', /does not exist/],
          ['v1.1/Things/$ref', /subscriptions are to/],
          ['v1.1/Things(1)/name/$value', /subscriptions are to/],
          [`v1.1/Things?$filter=${'('.repeat(200)}`, /brackets/],
          ['sta/v1.1/Things', /not a topic/],
        ] as const) {
          await assert.rejects(client.subscribe(topic), topic)
          const told = await client.next('errors/asking')
          assert.equal(told.topic, topic)
          assert.match(told.message, expected)
        }
        client.client.end(true)
      })
    })

    describe('rights are those of HTTP, and of now', () => {
      it('a stranger is told of released data alone; withdrawing ends the subscription', async () => {
        const eingang = sta.catalog.byId('eingang')!
        const stranger = await broker.connect({ key: null })
        for (const topic of ['v1.1/Things', 'v1.1/Observations?$filter=result gt 0']) await stranger.subscribe(topic)
        await assert.rejects(stranger.subscribe(`v1.1/Things(${station})`))
        await sta.make('Things', thing('Secret'))
        await sta.make(`Datastreams(${stream})/Observations`, { result: 1 })
        await sta.catalog.setState(eingang.id, 'released')
        await sta.make('Things', thing('Public'))
        assert.equal((await stranger.next('v1.1/Things')).name, 'Public')
        await stranger.subscribe(`v1.1/Things(${station})`)
        const closed = once(stranger.client as never, 'close')
        await sta.catalog.setState(eingang.id, 'draft')
        await closed
        assert.deepEqual(
          [...stranger.left('v1.1/Things'), ...stranger.left('v1.1/Observations?$filter=result gt 0')],
          [],
        )
      })
    })

    describe('req/create-observations-via-mqtt/observations-creation', () => {
      it('to Observations, of a Datastream or naming it, with a feature of its own', async () => {
        const count = async () =>
          (await sta.get(`Datastreams(${stream})/Observations?${q({ $count: true, $top: 0 })}`))['@iot.count']
        const from = await count()
        await me.publish(`v1.1/Datastreams(${stream})/Observations`, { result: 1000 })
        await me.publish('v1.1/Observations', { result: 1001, Datastream: { '@iot.id': stream } })
        await me.publish('v1.1/Observations', {
          result: 1002,
          Datastream: { '@iot.id': stream },
          FeatureOfInterest: {
            name: 'By MQTT',
            description: '-',
            encodingType: 'application/geo+json',
            feature: { type: 'Point', coordinates: [3, 4] },
          },
        })
        assert.equal(await count(), from + 3)
        const { value } = await sta.get(
          `Observations?${q({ $filter: 'result eq 1002', $expand: 'FeatureOfInterest' })}`,
        )
        assert.equal(value[0].FeatureOfInterest.name, 'By MQTT')
      })

      it('to every set, with deep insert, all or nothing', async () => {
        await me.publish(
          'v1.1/Things',
          thing('By MQTT', {
            Locations: [location('By MQTT', 7, 51)],
            Datastreams: [datastream('Inside', { Observations: [{ result: 3 }] })],
          }),
        )
        const { value } = await sta.get(
          `Things?${q({ $filter: "name eq 'By MQTT'", $expand: 'Datastreams($expand=Observations)' })}`,
        )
        assert.equal(value[0].Datastreams[0].Observations[0].result, 3)
        await me.publish(`v1.1/Things(${value[0]['@iot.id']})/Locations`, location('Pushed', 1, 1))
        assert.equal((await sta.get(`Things(${value[0]['@iot.id']})/Locations`)).value[0].name, 'Pushed')
        await me.publish('v1.1/Sensors', sensor('Sensor by MQTT'))
        await me.publish('v1.1/ObservedProperties', observedProperty('Property by MQTT'))
        for (const set of ['Sensors', 'ObservedProperties'])
          assert.equal((await sta.get(`${set}?${q({ $filter: "endswith(name,'by MQTT')" })}`)).value.length, 1)
        await me.publish('v1.1/Things', thing('Half', { Datastreams: [{ name: 'incomplete' }] }))
        assert.equal((await sta.get(`Things?${q({ $filter: "name eq 'Half'" })}`)).value.length, 0)
      })

      it('a message sent again (DUP) that is stored already is not stored twice', async () => {
        const body = { result: 4711, phenomenonTime: '2026-03-01T00:00:00Z' }
        const found = async () => (await sta.get(`Observations?${q({ $filter: 'result eq 4711' })}`)).value.length
        await me.publish(`v1.1/Datastreams(${stream})/Observations`, body)
        await me.client.publishAsync(`v1.1/Datastreams(${stream})/Observations`, JSON.stringify(body), {
          qos: 1,
          dup: true,
        })
        assert.equal(await found(), 1)
        await me.publish(`v1.1/Datastreams(${stream})/Observations`, body)
        assert.equal(await found(), 2)
      })
    })
  })
}
