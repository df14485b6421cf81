import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import {
  acrossDatasets,
  datastream,
  location,
  places,
  q,
  startService,
  station,
  type TestService,
  thing,
} from './service.ts'

/** Keys with ties, nulls, mixed types, over relations and into JSON. */
const ORDERS: Record<string, string[]> = {
  Observations: [
    'result',
    'phenomenonTime',
    'resultTime',
    'id',
    'Datastream/name',
    'Datastream/Thing/name',
    'parameters/n',
    'result mod 3',
    'FeatureOfInterest/name',
    'validTime',
    'date(phenomenonTime)',
  ],
  Things: ['name', 'properties/a', 'id', 'description', 'length(name)', 'properties/b'],
  Datastreams: ['name', 'Thing/name', 'phenomenonTime', 'id', 'Thing/properties/a', 'unitOfMeasurement/symbol'],
}

for (const place of places()) {
  describe(`SensorThings paging (${place.name})`, () => {
    let sta: TestService
    let streams: number[] = []

    before(async () => {
      sta = await startService(place)
      const results = [1, 2, 2, 3, null, 'a', 'b', 'a', 2.5, true, null, -1]
      for (let i = 0; i < 12; i++) {
        await sta.make(
          'Things',
          thing(['same', 'Same', 'ähnlich', `t${i}`][i % 4]!, {
            properties: i % 3 === 0 ? undefined : { a: [i % 2, 'x', null, i][i % 4], b: i % 5 },
            Locations: i > 4 && i % 4 === 1 ? [] : [location(`L${i % 3}`, 7 + i / 10, 51)],
            Datastreams:
              i > 4
                ? []
                : [
                    datastream(`d${i % 2}`, {
                      Observations: Array.from({ length: 30 }, (_, k) => ({
                        phenomenonTime: `20${10 + (k % 4)}-01-01T00:${String(k % 7).padStart(2, '0')}:00Z`,
                        result: results[(k + i) % results.length],
                        resultTime: k % 3 === 0 ? '2020-01-01T00:00:00.123456Z' : undefined,
                        parameters: k % 2 === 0 ? { n: k % 3 === 0 ? 'text' : k % 5 } : undefined,
                        validTime: k % 5 === 0 ? '2020-01-01T00:00:00Z/2021-01-01T00:00:00Z' : undefined,
                      })),
                    }),
                  ],
          }),
        )
      }
      streams = (await sta.get('Datastreams?$select=id')).value.map((d: { '@iot.id': number }) => d['@iot.id'])
    })
    after(() => sta.close())

    const walk = async (first: string): Promise<number[]> => {
      const ids: number[] = []
      let next: string | undefined = first
      for (let pages = 0; next; pages++) {
        assert.ok(pages < 500, 'the walk does not end')
        const page: { value: { '@iot.id': number }[]; '@iot.nextLink'?: string } = await sta.get(next)
        ids.push(...page.value.map((entity) => entity['@iot.id']))
        next = page['@iot.nextLink']
      }
      return ids
    }

    const order = (set: string) =>
      fc.uniqueArray(fc.tuple(fc.constantFrom(...ORDERS[set]!), fc.constantFrom('', ' asc', ' desc')), {
        minLength: 0,
        maxLength: 3,
        selector: ([name]) => name,
      })

    for (const set of Object.keys(ORDERS)) {
      it(`req/request-data/pagination: walking nextLink over ${set} gives every row once, in the order of one query`, async () => {
        await fc.assert(
          fc.asyncProperty(
            order(set),
            fc.integer({ min: 3, max: 40 }),
            fc.integer({ min: 0, max: 5 }),
            async (keys, top, skip) => {
              const orderby: Record<string, string> =
                keys.length > 0 ? { $orderby: keys.map(([name, dir]) => name + dir).join(',') } : {}
              const all = (await sta.get(`${set}?${q({ ...orderby, $top: 10_000, $skip: skip })}`)).value.map(
                (e: { '@iot.id': number }) => e['@iot.id'],
              )
              const walked = await walk(`${set}?${q({ ...orderby, $top: top, $skip: skip, $count: true })}`)
              assert.deepEqual(walked, all)
              assert.equal(new Set(all).size, all.length)
            },
          ),
          { numRuns: place.engine.name === 'server' ? 25 : 12, seed: 7 },
        )
      })
    }

    it('req/request-data/pagination: under a Datastream, through a feature, and of nested sets', async () => {
      for (const orderby of ['', 'phenomenonTime desc', 'phenomenonTime', 'result desc', 'result']) {
        const options = q({ ...(orderby ? { $orderby: orderby } : {}), $top: 4 })
        const all = (
          await sta.get(`Datastreams(${streams[0]})/Observations?${q({ ...(orderby ? { $orderby: orderby } : {}) })}`)
        ).value
        assert.equal(all.length, 30)
        const ids = all.map((o: { '@iot.id': number }) => o['@iot.id'])
        assert.deepEqual(await walk(`Datastreams(${streams[0]})/Observations?${options}`), ids)
        const nested = await sta.get(
          `Datastreams(${streams[0]})?${q({ $expand: `Observations($top=4${orderby ? `;$orderby=${orderby}` : ''})` })}`,
        )
        const rest = await walk(nested['Observations@iot.nextLink'])
        assert.deepEqual([...nested.Observations.map((o: { '@iot.id': number }) => o['@iot.id']), ...rest], ids)
      }
      const foi = (
        await sta.get(
          `Observations?${q({ $expand: 'FeatureOfInterest', $top: 1, $filter: `Datastream/id eq ${streams[0]}` })}`,
        )
      ).value[0].FeatureOfInterest
      const ids = await walk(`FeaturesOfInterest(${foi['@iot.id']})/Observations?$top=7`)
      assert.equal(new Set(ids).size, 30)
    })

    it('req/request-data/pagination: the nextLink keeps every option', async () => {
      const first = await sta.get(
        `Observations?${q({ $filter: "result gt 1 and Datastream/name ne 'ä&=+ x'", $orderby: 'result desc', $top: 5, $select: 'id,result', $count: true, $expand: 'Datastream($select=name)' })}`,
      )
      const second = await sta.get(first['@iot.nextLink'])
      assert.equal(second['@iot.count'], first['@iot.count'])
      assert.deepEqual(Object.keys(second.value[0]).sort(), ['@iot.id', 'Datastream', 'result'])
      assert.ok(second.value.every((o: { result: number }) => o.result <= first.value.at(-1).result))
    })

    it('req/request-data/pagination: a row deleted or added meanwhile moves no other', async () => {
      const first = await sta.get(`Datastreams(${streams[1]})/Observations?$top=10`)
      const all = (await sta.get(`Datastreams(${streams[1]})/Observations`)).value.map(
        (o: { '@iot.id': number }) => o['@iot.id'],
      )
      await sta.call('DELETE', `Observations(${first.value[9]['@iot.id']})`)
      await sta.make(`Datastreams(${streams[1]})/Observations`, { result: 0, phenomenonTime: '2000-01-01T00:00:00Z' })
      assert.deepEqual(await walk(first['@iot.nextLink']), all.slice(10))
    })

    it('the short ways give the same rows as the long ones: deep $skip, newest of all, a short time window', {
      skip: acrossDatasets(place),
    }, async () => {
      await sta.catalog.ensure({ id: 'other', title: 'Other' })
      for (const root of ['', `${sta.url}/d/other/sta/v1.1/`]) {
        const id = await sta.make(`${root}Datastreams`, datastream(`bulk ${root}`, { Thing: station('bulk') }))
        const rows = Array.from({ length: 900 }, (_, i) => [
          new Date(Date.UTC(2021, 0, 1) + ((i * 7919) % 900) * 3_600_000).toISOString(),
          i % 50,
        ])
        const reply = await sta.call('POST', `${root || `${sta.root}/`}CreateObservations`, [
          { Datastream: { '@iot.id': id }, components: ['phenomenonTime', 'result'], dataArray: rows },
        ])
        assert.equal(reply.status, 201, reply.text)
      }
      await sta.catalog.ensure({ id: 'released', title: 'Released' })
      await sta.make(
        `${sta.url}/d/released/sta/v1.1/Datastreams`,
        datastream('seen', {
          Thing: station('seen'),
          Observations: [
            { result: 1, phenomenonTime: '2021-01-05T00:00:00Z' },
            { result: 2, phenomenonTime: '2021-01-06T00:00:00Z' },
          ],
        }),
      )
      await sta.catalog.setState('released', 'released')
      const ids = async (path: string, key?: { key: null }) =>
        (await sta.get(path, key)).value.map((o: { '@iot.id': number }) => o['@iot.id'])
      const all = await ids('Observations?$top=10000')
      assert.equal(all.length, (await sta.get('Observations?$count=true&$top=0'))['@iot.count'])
      assert.deepEqual(await walk('Observations?$top=333'), all)
      for (const skip of [999, 1000, 1001, 1234, all.length - 3, all.length, all.length + 5]) {
        assert.deepEqual(await ids(`Observations?$top=10&$skip=${skip}`), all.slice(skip, skip + 10), `skip ${skip}`)
      }
      assert.deepEqual(await walk('Observations?$top=100&$skip=1100'), all.slice(1100))
      for (const [top, skip] of [
        [1, 0],
        [7, 0],
        [50, 3],
        [1000, 20],
      ]) {
        const page = q({ $orderby: 'phenomenonTime desc', $top: top!, $skip: skip! })
        assert.deepEqual(
          await ids(`Observations?${page}`),
          await ids(`Observations?${page}&${q({ $filter: 'id gt 0' })}`),
        )
      }
      assert.deepEqual(
        (await walk(`Observations?${q({ $orderby: 'phenomenonTime desc', $top: 900 })}`)).length,
        all.length,
      )
      for (const $orderby of [
        'phenomenonTime',
        'phenomenonTime desc,id desc',
        'Datastream/name',
        'Datastream/name desc',
        'Datastream/name,phenomenonTime desc',
        'Datastream/Thing/name desc,Datastream/id,phenomenonTime,id',
        'Datastream/Thing/properties/a,Datastream/name desc,phenomenonTime desc',
      ]) {
        const long = await ids(`Observations?${q({ $orderby, $filter: 'id gt 0', $top: 10_000 })}`)
        assert.equal(long.length, all.length)
        assert.deepEqual(await walk(`Observations?${q({ $orderby, $top: 190 })}`), long, $orderby)
        assert.deepEqual(await walk(`Observations?${q({ $orderby, $top: 411, $skip: 60 })}`), long.slice(60), $orderby)
      }
      const window =
        'phenomenonTime ge 2021-01-03T00:00:00Z and phenomenonTime lt 2021-01-20T00:00:00Z and result lt 25'
      const short = await ids(`Observations?${q({ $filter: window, $top: 10_000 })}`)
      const long = await ids(`Observations?${q({ $filter: `${window} or false`, $top: 10_000 })}`)
      assert.ok(short.length > 100)
      assert.deepEqual(short, long)
      assert.deepEqual(await walk(`Observations?${q({ $filter: window, $top: 37 })}`), short)
      const nobody = { key: null }
      assert.equal((await ids('Observations', nobody)).length, 2)
      assert.equal((await ids('Observations?$orderby=phenomenonTime%20desc&$top=10', nobody)).length, 2)
      assert.equal((await ids(`Observations?${q({ $filter: window })}`, nobody)).length, 2)
      assert.equal((await ids('Observations?$skip=1000', nobody)).length, 0)
    })

    it('a token that is not ours is a 400', async () => {
      for (const token of [
        'x',
        'W10',
        Buffer.from('[1]').toString('base64url'),
        Buffer.from('["a","b","c"]').toString('base64url'),
        Buffer.from('["1\\u0000"]').toString('base64url'),
      ]) {
        for (const set of ['Things', 'Observations', 'Things?$orderby=name']) {
          const { status, body } = await sta.call('GET', `${set}${set.includes('?') ? '&' : '?'}$skiptoken=${token}`)
          assert.equal(status, 400, `${set} ${token} ${JSON.stringify(body)}`)
        }
      }
    })
  })
}
