import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { databases } from '../../support/database.ts'
import { datastream, location, q, startService, type TestService, thing } from './service.ts'

for (const engine of databases()) {
  describe(`SensorThings rights (${engine.name})`, () => {
    let sta: TestService
    const nobody = { key: null }
    before(async () => {
      sta = await startService(engine)
      await sta.catalog.ensure({ id: 'open', title: 'Open' })
      await sta.catalog.ensure({ id: 'hidden', title: 'Hidden' })
    })
    after(() => sta.close())
    const at = (slug: string, path: string) => `${sta.url}/d/${slug}/sta/v1.1/${path}`
    const station = (name: string) =>
      thing(name, {
        Locations: [location(name, 8, 51)],
        Datastreams: [datastream(name, { Observations: [{ result: 1 }] })],
      })

    it('what is posted to a dataset belongs to it; its root shows only that', async () => {
      await sta.make(at('open', 'Things'), station('public'))
      await sta.make(at('hidden', 'Things'), station('secret'))
      await sta.make('Things', station('inbox'))
      await sta.catalog.setState('open', 'released')
      const names = async (path: string, key?: { key: null }) =>
        (await sta.get(`${path}${path.includes('?') ? '&' : '?'}$orderby=name`, key)).value.map(
          (t: { name: string }) => t.name,
        )
      assert.deepEqual(await names('Things'), ['inbox', 'public', 'secret'])
      assert.deepEqual(await names(at('hidden', 'Things')), ['secret'])
      assert.deepEqual(await names(at('eingang', 'Things')), ['inbox'])
      assert.deepEqual(await names('Things', nobody), ['public'])
      assert.equal(
        (await sta.get(at('hidden', 'Things'))).value[0]['@iot.selfLink'].startsWith(at('hidden', 'Things(')),
        true,
      )
      assert.equal((await sta.call('GET', at('hidden', 'Things'), undefined, nobody)).status, 404)
      assert.equal((await sta.call('GET', at('nonsense', 'Things'))).status, 404)
    })

    it('nobody sees what is not released: not in sets, paths, counts, expands, filters, orders, links', async () => {
      const secret = (
        await sta.get(
          `Things?${q({ $filter: "name eq 'secret'", $expand: 'Datastreams($expand=Observations,Sensor),Locations,HistoricalLocations' })}`,
        )
      ).value[0]
      const [stream] = secret.Datastreams
      const paths = [
        `Things(${secret['@iot.id']})`,
        `Things(${secret['@iot.id']})/name`,
        `Things(${secret['@iot.id']})/Datastreams`,
        `Datastreams(${stream['@iot.id']})`,
        `Datastreams(${stream['@iot.id']})/Observations`,
        `Datastreams(${stream['@iot.id']})/Thing`,
        `Observations(${stream.Observations[0]['@iot.id']})`,
        `Observations(${stream.Observations[0]['@iot.id']})/FeatureOfInterest`,
        `Sensors(${stream.Sensor['@iot.id']})`,
        `Locations(${secret.Locations[0]['@iot.id']})`,
        `HistoricalLocations(${secret.HistoricalLocations[0]['@iot.id']})`,
        at('hidden', 'Observations'),
        at('open', `Things(${secret['@iot.id']})`),
      ]
      for (const path of paths) assert.equal((await sta.call('GET', path, undefined, nobody)).status, 404, path)
      for (const set of [
        'Things',
        'Datastreams',
        'Observations',
        'Sensors',
        'ObservedProperties',
        'Locations',
        'HistoricalLocations',
        'FeaturesOfInterest',
      ]) {
        assert.equal((await sta.get(`${set}?$count=true`, nobody))['@iot.count'], 1, set)
        assert.equal((await sta.get(`${set}?$count=true&$filter=id%20gt%200`, nobody))['@iot.count'], 1, set)
      }
      // A hidden sensor shared by a public datastream: the datastream shows, the sensor nowhere.
      const [shown] = (await sta.get('Datastreams', nobody)).value
      await sta.db.query('update datastream set sensor = $1 where id = $2', [
        stream.Sensor['@iot.id'],
        shown['@iot.id'],
      ])
      assert.equal((await sta.call('GET', `Datastreams(${shown['@iot.id']})/Sensor`, undefined, nobody)).status, 404)
      assert.ok(!('Sensor' in (await sta.get('Datastreams?$expand=Sensor', nobody)).value[0]))
      assert.equal(
        (await sta.get(`Datastreams?${q({ $filter: `Sensor/name eq '${stream.Sensor.name}'` })}`, nobody)).value.length,
        0,
      )
      assert.equal(
        (await sta.get(`Datastreams?${q({ $filter: `not (Sensor/name eq 'x')`, $count: true })}`, nobody)).value.length,
        1,
      )
      assert.equal((await sta.get(`Datastreams?${q({ $orderby: 'Sensor/name' })}`, nobody)).value.length, 1)
      const token = (await sta.get(`Datastreams?${q({ $orderby: 'Sensor/name', $top: 1 })}`))['@iot.nextLink']
      assert.ok(token)
      assert.equal(
        (await sta.get(`Things?${q({ $filter: 'Datastreams/any(d:d/Sensor/id gt 0)' })}`, nobody)).value.length,
        0,
      )
      assert.equal(
        (await sta.get(`Observations?${q({ $filter: 'Datastream/Sensor/id gt 0' })}`, nobody)).value.length,
        0,
      )
    })

    it('writing needs a key: 401 without and with a wrong one, with WWW-Authenticate', async () => {
      const [shown] = (await sta.get('Datastreams', nobody)).value
      for (const [method, path, body] of [
        ['POST', 'Things', thing('x')],
        ['POST', `Datastreams(${shown['@iot.id']})/Observations`, { result: 1 }],
        [
          'POST',
          'CreateObservations',
          [{ Datastream: { '@iot.id': shown['@iot.id'] }, components: ['result'], dataArray: [[1]] }],
        ],
        ['POST', at('open', 'Things'), thing('x')],
        ['PATCH', `Datastreams(${shown['@iot.id']})`, { name: 'x' }],
        ['PUT', `Datastreams(${shown['@iot.id']})`, { name: 'x' }],
        ['DELETE', `Datastreams(${shown['@iot.id']})`, undefined],
      ] as const) {
        const reply = await sta.call(method, path, body, nobody)
        assert.equal(reply.status, 401, `${method} ${path} ${reply.text}`)
        assert.match(reply.headers.get('www-authenticate')!, /Bearer/)
        assert.equal(reply.body.type, 'error')
        assert.equal((await sta.call(method, path, body, { key: 'zk_wrong' })).status, 401)
      }
      const count = (await sta.get('Observations?$count=true&$top=0'))['@iot.count']
      assert.equal(count, 3)
    })

    it('new entities go to the dataset of what they belong to', async () => {
      const [hidden] = (await sta.get(at('hidden', 'Things'))).value
      await sta.make(`Things(${hidden['@iot.id']})/Datastreams`, datastream('via path'))
      await sta.make('Datastreams', datastream('via link', { Thing: { '@iot.id': hidden['@iot.id'] } }))
      const names = (await sta.get(at('hidden', 'Datastreams?$orderby=name'))).value.map(
        (d: { name: string }) => d.name,
      )
      assert.deepEqual(names, ['secret', 'via link', 'via path'])
    })

    it('nothing links to what is less public than itself', async () => {
      const [secret] = (await sta.get(at('hidden', 'Sensors?$top=1'))).value
      const [shown] = (await sta.get(at('open', 'Datastreams'))).value
      const refused = await sta.call('PATCH', `Datastreams(${shown['@iot.id']})`, {
        Sensor: { '@iot.id': secret['@iot.id'] },
      })
      assert.equal(refused.status, 400)
      assert.match(refused.body.message, /not released/)
      const [open] = (await sta.get(at('open', 'Sensors'))).value
      const [hidden] = (await sta.get(at('hidden', 'Datastreams?$top=1'))).value
      assert.equal(
        (await sta.call('PATCH', `Datastreams(${hidden['@iot.id']})`, { Sensor: { '@iot.id': open['@iot.id'] } }))
          .status,
        200,
      )
    })
  })

  describe(`SensorThings with open write (${engine.name})`, () => {
    it('anonymous callers write to and read the dataset "offen", and nothing else', async () => {
      const sta = await startService(engine, { openWrite: true })
      try {
        await sta.make('Things', thing('of a key'))
        const reply = await sta.call(
          'POST',
          'Things',
          thing('of nobody', { Locations: [location('of nobody', 8, 51)], Datastreams: [datastream('d')] }),
          {
            key: null,
          },
        )
        assert.equal(reply.status, 201, reply.text)
        const { value } = await sta.get('Things', { key: null })
        assert.deepEqual(
          value.map((t: { name: string }) => t.name),
          ['of nobody'],
        )
        const [ds] = (await sta.get('Datastreams', { key: null })).value
        assert.equal(
          (await sta.call('POST', `Datastreams(${ds['@iot.id']})/Observations`, { result: 1 }, { key: null })).status,
          201,
        )
        assert.equal((await sta.call('DELETE', `Things(${value[0]['@iot.id']})`, undefined, { key: null })).status, 200)
        const [other] = (await sta.get('Things')).value
        assert.equal((await sta.call('DELETE', `Things(${other['@iot.id']})`, undefined, { key: null })).status, 404)
      } finally {
        await sta.close()
      }
    })
  })
}
