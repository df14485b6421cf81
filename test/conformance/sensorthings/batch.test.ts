import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  acrossDatasets,
  type Body,
  datastream,
  places,
  q,
  startService,
  station,
  type TestService,
  thing,
} from './service.ts'

for (const place of places()) {
  describe(`SensorThings batch (${place.name})`, () => {
    let sta: TestService
    before(async () => {
      sta = await startService(place)
    })
    after(() => sta.close())

    const json = async (requests: object[]): Promise<Body[]> => {
      const reply = await sta.call('POST', '$batch', { requests })
      assert.equal(reply.status, 200, reply.text)
      return reply.body.responses
    }
    const named = async (name: string): Promise<number> =>
      (await sta.get(`Things?${q({ $filter: `name eq '${name}'`, $count: true, $top: 0 })}`))['@iot.count']

    it('req/batch-request/batch-request: JSON, each request answered in order', async () => {
      const responses = await json([
        { id: 'a', method: 'post', url: 'Things', body: thing('first') },
        { id: 'b', method: 'get', url: '/Things?$top=1&$select=name' },
        { id: 'c', method: 'get', url: 'Things(999999)' },
        { id: 'd', method: 'patch', url: '$a', body: { description: 'changed' } },
        { id: 'e', method: 'get', url: `${sta.root}/Things/$count` },
      ])
      assert.deepEqual(
        responses.map(({ id, status }) => [id, status]),
        [
          ['a', 201],
          ['b', 200],
          ['c', 404],
          ['d', 200],
          ['e', 200],
        ],
      )
      assert.equal(responses[0].headers.location, responses[0].body['@iot.selfLink'])
      assert.deepEqual(Object.keys(responses[1].body.value[0]), ['name'])
      assert.equal(responses[2].body.code, 404)
      assert.equal(responses[3].body.description, 'changed')
      assert.match(String(responses[4].body), /^\d+$/)
    })

    it('refers to what an earlier request made, in URLs and bodies', async () => {
      const responses = await json([
        { id: '1', method: 'POST', url: 'Things', body: station('referred') },
        { id: '2', method: 'POST', url: '$1/Datastreams', body: datastream('by url') },
        { id: '3', method: 'POST', url: 'Observations', body: { result: 4, Datastream: { '@iot.id': '$2' } } },
        { id: '4', method: 'GET', url: '$2/Observations?$select=result' },
      ])
      assert.deepEqual(
        responses.map((one) => one.status),
        [201, 201, 201, 200],
      )
      assert.deepEqual(responses[3].body.value, [{ result: 4 }])
    })

    it('makes a group one transaction: all or nothing, seen from inside before its end', async () => {
      const good = await json([
        { id: '1', atomicityGroup: 'g', method: 'POST', url: 'Things', body: station('in group') },
        { id: '2', atomicityGroup: 'g', method: 'POST', url: '$1/Datastreams', body: datastream('in group') },
        { id: '3', atomicityGroup: 'g', method: 'POST', url: '$2/Observations', body: { result: 1 } },
        {
          id: '4',
          atomicityGroup: 'g',
          method: 'POST',
          url: 'CreateObservations',
          body: [{ Datastream: { '@iot.id': '$2' }, components: ['result'], dataArray: [[2], [3]] }],
        },
        { id: '5', atomicityGroup: 'g', method: 'GET', url: '$2/Observations?$count=true' },
      ])
      assert.deepEqual(
        good.map((one) => [one.status, one.atomicityGroup]),
        [201, 201, 201, 201, 200].map((status) => [status, 'g']),
        JSON.stringify(good),
      )
      assert.equal(good[4].body['@iot.count'], 3)
      const id = good[1].body['@iot.id']
      assert.equal((await sta.get(`Datastreams(${id})/Observations?$count=true`))['@iot.count'], 3)

      const before = (await sta.get('Things?$count=true&$top=0'))['@iot.count']
      const bad = await json([
        { id: '1', atomicityGroup: 'g', method: 'POST', url: 'Things', body: station('rolled back') },
        { id: '2', atomicityGroup: 'g', method: 'POST', url: `Datastreams(${id})/Observations`, body: { result: 9 } },
        { id: '3', atomicityGroup: 'g', method: 'POST', url: 'Things', body: { name: 'no description' } },
        { id: '4', method: 'POST', url: '$1/Datastreams', body: datastream('of nothing') },
        { id: '5', dependsOn: ['g'], method: 'GET', url: 'Things' },
        { id: '6', method: 'GET', url: 'Things?$count=true&$top=0' },
      ])
      assert.deepEqual(
        bad.map((one) => one.status),
        [424, 424, 400, 424, 424, 200],
      )
      assert.match(bad[2].body.message, /description is missing/)
      assert.equal(bad[5].body['@iot.count'], before)
      assert.equal(await named('rolled back'), 0)
      assert.equal((await sta.get(`Datastreams(${id})/Observations?$count=true`))['@iot.count'], 3)
    })

    it('tells subscribers of a group only after its commit', async () => {
      const seen: number[] = []
      const off = sta.sensing.stored.on(({ rows }) => void seen.push(...rows.map((row) => row.v!)))
      const id = await sta.make('Datastreams', datastream('told', { Thing: station('told') }))
      const request = (group: string, n: number, body: object) => ({
        id: `${group}${n}`,
        atomicityGroup: group,
        method: 'POST',
        url: `Datastreams(${id})/Observations`,
        body,
      })
      await json([request('x', 1, { result: 1 }), request('x', 2, {}), request('y', 1, { result: 2 })])
      while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
      off()
      assert.deepEqual(seen, [2])
    })

    it('keeps rights: nobody writes or reads in a batch what they may not outside', {
      skip: acrossDatasets(place),
    }, async () => {
      const reply = await sta.call(
        'POST',
        '$batch',
        {
          requests: [
            { id: '1', method: 'POST', url: 'Things', body: thing('anonymous') },
            { id: '2', method: 'GET', url: 'Things?$count=true' },
            { id: '3', atomicityGroup: 'g', method: 'POST', url: 'Things', body: thing('anonymous') },
          ],
        },
        { key: null },
      )
      assert.deepEqual(
        reply.body.responses.map((one: Body) => one.status),
        [401, 200, 401],
      )
      assert.equal(reply.body.responses[1].body['@iot.count'], 0)
      assert.equal(await named('anonymous'), 0)
    })

    const multipart = (text: string, boundary = 'outer') =>
      sta.call('POST', '$batch', text.replace(/\n/g, '\r\n'), { type: `multipart/mixed; boundary=${boundary}` })
    const post = (id: string, url: string, body: object) =>
      `Content-Type: application/http\nContent-ID: ${id}\n\nPOST ${url} HTTP/1.1\nContent-Type: application/json\n\n${JSON.stringify(body)}\n`

    it('req/batch-request: multipart with a change set and references', async () => {
      const reply = await multipart(
        `--outer\nContent-Type: application/http\n\nGET Things?$top=0&$count=true HTTP/1.1\nHost: x\n\n\n` +
          `--outer\nContent-Type: multipart/mixed; boundary=inner\n\n` +
          `--inner\n${post('1', 'Things', station('changeset'))}` +
          `--inner\n${post('2', '$1/Datastreams', datastream('changeset'))}--inner--\n` +
          `--outer\nContent-Type: multipart/mixed;boundary="second"\n\n` +
          `--second\n${post('3', 'Things', thing('undone'))}` +
          `--second\n${post('4', 'Things', { wrong: true })}--second--\n--outer--\n`,
      )
      assert.equal(reply.status, 200, reply.text)
      assert.match(reply.headers.get('content-type')!, /^multipart\/mixed; ?boundary=batch/)
      const states = [...reply.text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status))
      assert.deepEqual(states, [200, 201, 201, 400])
      assert.match(reply.text, /Content-ID: 4\r\n\r\nHTTP\/1\.1 400 Bad Request/)
      assert.deepEqual([await named('changeset'), await named('undone')], [1, 0])
    })

    it('refuses what is not a batch, with the place', async () => {
      for (const [body, message] of [
        [{}, /requests/],
        [{ requests: [{ id: '1', method: 'GET' }] }, /requests\[0\]\/url/],
        [{ requests: [{ id: '1', method: 'GET', url: 'Things', if: 'x' }] }, /requests\[0\]\/if is not understood/],
        [{ requests: Array.from({ length: 1001 }, (_, i) => ({ id: `${i}`, method: 'GET', url: 'Things' })) }, /1000/],
        [
          {
            requests: [
              { id: '1', method: 'GET', url: 'Things' },
              { id: '1', method: 'GET', url: 'Things' },
            ],
          },
          /two requests/,
        ],
      ] as const) {
        const reply = await sta.call('POST', '$batch', body)
        assert.equal(reply.status, 400, reply.text)
        assert.match(reply.body.message, message)
      }
      const [inner, foreign] = await json([
        { id: '1', method: 'POST', url: '$batch', body: { requests: [] } },
        { id: '2', method: 'GET', url: 'http://elsewhere.example/Things' },
      ])
      assert.deepEqual([inner.status, foreign.status], [400, 400])
      assert.equal((await multipart('--outer\nContent-Type: text/plain\n\nx\n--outer--')).status, 400)
      assert.equal((await multipart('--outer\n')).status, 400)
      assert.equal((await sta.call('POST', '$batch', 'x', { type: 'multipart/mixed' })).status, 400)
      assert.equal((await sta.call('GET', '$batch')).status, 405)
    })
  })
}
