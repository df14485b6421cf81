import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
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
} from './service.ts'

for (const place of places()) {
  describe(`SensorThings changes (${place.name})`, () => {
    let sta: TestService
    before(async () => {
      sta = await startService(place)
    })
    after(() => sta.close())

    const patch = (path: string, body: unknown) =>
      sta.call('PATCH', path, body, { type: 'application/json-patch+json' })
    const withMatch = (method: string, path: string, ifMatch: string, body?: unknown) =>
      fetch(`${sta.root}/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${sta.key}`,
          'if-match': ifMatch,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      })

    it('req/create-update-delete/update-entity-jsonpatch: changes properties inside and out', async () => {
      const id = await sta.make('Things', thing('P', { properties: { colour: 'red', list: [1, 2], gone: true } }))
      const reply = await patch(`Things(${id})`, [
        { op: 'test', path: '/name', value: 'P' },
        { op: 'replace', path: '/name', value: 'Patched' },
        { op: 'add', path: '/properties/list/-', value: 3 },
        { op: 'remove', path: '/properties/gone' },
        { op: 'move', from: '/properties/colour', path: '/properties/paint' },
      ])
      assert.equal(reply.status, 200, reply.text)
      assert.equal(reply.body.name, 'Patched')
      assert.deepEqual(reply.body.properties, { list: [1, 2, 3], paint: 'red' })
      assert.equal(reply.body.description, 'Thing P')
      const gone = await patch(`Things(${id})`, [{ op: 'remove', path: '/properties' }])
      assert.equal(gone.status, 200, gone.text)
      assert.equal(gone.body.properties, undefined)
    })

    it('changes an observation and its sums by JSON Patch, and relations by a link', async () => {
      const id = await sta.make(
        'Datastreams',
        datastream('jp', {
          Thing: station('jp'),
          Observations: [{ phenomenonTime: '2024-01-01T00:00:00Z', result: 1 }],
        }),
      )
      const [{ '@iot.id': observation }] = (await sta.get(`Datastreams(${id})/Observations`)).value
      const reply = await patch(`Observations(${observation})`, [{ op: 'replace', path: '/result', value: 5 }])
      assert.equal(reply.body.result, 5, reply.text)
      const [sum] = await sta.db.query('select sum, n from rollup_hour where datastream = $1', [id])
      assert.deepEqual(sum, { sum: 5, n: 1 })
      const other = await sta.make('Sensors', sensor('other'))
      const linked = await patch(`Datastreams(${id})`, [{ op: 'add', path: '/Sensor', value: { '@iot.id': other } }])
      assert.equal(linked.status, 200, linked.text)
      assert.equal((await sta.get(`Datastreams(${id})/Sensor`))['@iot.id'], other)
    })

    it('refuses a JSON Patch that is none, or does not fit, and changes nothing', async () => {
      const id = await sta.make('Things', thing('same'))
      for (const [body, message] of [
        [{ name: 'x' }, /array of operations/],
        [[{ op: 'set', path: '/name' }], /\[0\]\/op/],
        [[{ op: 'replace', path: 'name', value: 1 }], /JSON Pointer/],
        [[{ op: 'remove', path: '/properties/none' }], /nothing at that place/],
        [[{ op: 'test', path: '/name', value: 'other' }], /the test of \/name failed/],
        [[{ op: 'replace', path: '/name', value: 7 }], /name: a string/],
        [[{ op: 'remove', path: '/name' }], /name is missing/],
        [[{ op: 'add', path: '/unknown', value: 7 }], /no such property/],
        [[{ op: 'add', path: '/__proto__/polluted', value: 1 }], /not allowed/],
        [[{ op: 'add', path: '/properties/constructor/prototype', value: 1 }], /not allowed/],
      ] as const) {
        const reply = await patch(`Things(${id})`, body)
        assert.equal(reply.status, 400, JSON.stringify(body) + reply.text)
        assert.match(reply.body.message, message)
      }
      assert.equal(({} as Record<string, unknown>).polluted, undefined)
      assert.equal((await sta.get(`Things(${id})`)).name, 'same')
    })

    it('gives an ETag, and changes or deletes only the version that If-Match names', async () => {
      const made = await sta.call('POST', 'Things', thing('E'))
      const id = made.body['@iot.id']
      const first = made.headers.get('etag')!
      assert.match(first, /^W\/"\d+"$/)
      assert.equal((await sta.call('GET', `Things(${id})?$select=name`)).headers.get('etag'), first)
      const changed = await withMatch('PATCH', `Things(${id})`, first, { name: 'E2' })
      const second = changed.headers.get('etag')!
      assert.deepEqual([changed.status, second !== first], [200, true])
      for (const method of ['PATCH', 'PUT', 'DELETE']) {
        const body = method === 'DELETE' ? undefined : { name: 'lost', description: '-' }
        const late = await withMatch(method, `Things(${id})`, first, body)
        assert.deepEqual([late.status, ((await late.json()) as { code: number }).code], [412, 412], method)
      }
      assert.equal((await sta.get(`Things(${id})`)).name, 'E2')
      assert.equal((await withMatch('PATCH', `Things(${id})`, `"0", ${second}`, { name: 'E3' })).status, 200)
      assert.equal((await withMatch('DELETE', `Things(${id})`, '*')).status, 200)
    })

    it('answers 304 to If-None-Match while an entity is the same', async () => {
      const id = await sta.make('Sensors', sensor('N'))
      const ask = (tag: string) =>
        fetch(`${sta.root}/Sensors(${id})`, { headers: { authorization: `Bearer ${sta.key}`, 'if-none-match': tag } })
      const { headers } = await sta.call('GET', `Sensors(${id})`)
      const same = await ask(headers.get('etag')!)
      assert.deepEqual([same.status, await same.text()], [304, ''])
      await sta.call('PATCH', `Sensors(${id})`, { name: 'N2' })
      assert.equal((await ask(headers.get('etag')!)).status, 200)
    })

    it('409: what a new entity refers to is deleted while it is made; made again, it is told that it is not there', async () => {
      const id = await sta.make('Sensors', sensor('going'))
      const stream = datastream('late', { Thing: thing('late'), Sensor: { '@iot.id': id } })
      let reply: ReturnType<TestService['call']> | undefined
      await sta.db.transaction(async (tx) => {
        await tx.query('delete from sensor where id = $1', [id])
        reply = sta.call('POST', 'Datastreams', stream)
        // The embedded database lets others wait for the whole transaction, a server for the row.
        const waits = async () =>
          (await tx.query("select 1 from pg_locks where not granted and locktype in ('transactionid', 'tuple')"))
            .length > 0
        for (let i = 0; i < (place.engine.name === 'server' ? 400 : 4) && !(await waits()); i++) await wait(25)
      })
      const { status, body } = await reply!
      assert.equal(status, place.engine.name === 'server' ? 409 : 400)
      assert.match(body.message, status === 409 ? /deleted meanwhile/ : /Sensors\(\d+\) does not exist/)
      assert.equal((await sta.call('POST', 'Datastreams', stream)).status, 400)
      assert.deepEqual((await sta.get(`Things?${q({ $filter: "name eq 'late'" })}`)).value, [])
    })

    it('an id or address that comes with a new entity is not taken over: a copy is an entity of its own', async () => {
      const first = (await sta.call('POST', 'Things', thing('original'))).body
      const { status, body } = await sta.call('POST', 'Things', { ...first, name: 'copy' })
      assert.equal(status, 201)
      assert.notEqual(body['@iot.id'], first['@iot.id'])
      assert.equal((await sta.get(`Things(${first['@iot.id']})`)).name, 'original')
    })

    it('relates and unrelates by $ref', async () => {
      const thingId = await sta.make('Things', thing('R', { Locations: [location('R', 7, 51)] }))
      const place = await sta.make('Locations', location('R2', 8, 52))
      const placesOf = async () =>
        (await sta.get(`Things(${thingId})/Locations/$ref`)).value.map(
          (one: Record<string, string>) => one['@iot.selfLink'],
        )
      assert.equal((await sta.call('POST', `Things(${thingId})/Locations/$ref`, { '@iot.id': place })).status, 204)
      assert.deepEqual(await placesOf(), [`${sta.root}/Locations(${place})`])
      assert.equal((await sta.call('DELETE', `Things(${thingId})/Locations(${place})/$ref`)).status, 204)
      assert.deepEqual(await placesOf(), [])
      await sta.call('POST', `Locations(${place})/Things/$ref`, { '@iot.selfLink': `${sta.root}/Things(${thingId})` })
      assert.deepEqual(await placesOf(), [`${sta.root}/Locations(${place})`])
      const byId = `Things(${thingId})/Locations/$ref?${q({ $id: `${sta.root}/Locations(${place})` })}`
      assert.equal((await sta.call('DELETE', byId)).status, 204)
      assert.equal((await sta.get(`Locations(${place})`)).name, 'R2')

      const stream = await sta.make('Datastreams', datastream('R', { Thing: { '@iot.id': thingId } }))
      const property = await sta.make('ObservedProperties', observedProperty('R3'))
      const ref = `Datastreams(${stream})/ObservedProperty/$ref`
      assert.equal((await sta.call('PUT', ref, { '@iot.id': property })).status, 204)
      assert.equal((await sta.get(`Datastreams(${stream})/ObservedProperty`)).name, 'R3')
      for (const [method, path, body, status] of [
        ['DELETE', ref, undefined, 400],
        ['PUT', ref, { '@iot.id': 999_999 }, 400],
        ['PUT', ref, { '@iot.selfLink': `${sta.root}/Things(1)` }, 400],
        ['POST', `Things(${thingId})/Locations/$ref`, {}, 400],
        ['DELETE', `Things(${thingId})/Locations(${place})/$ref`, undefined, 404],
        ['POST', 'Things/$ref', { '@iot.id': thingId }, 405],
      ] as const) {
        const reply = await sta.call(method, path, body)
        assert.equal(reply.status, status, `${method} ${path} ${reply.text}`)
      }
      assert.equal(
        (await sta.call('POST', `Things(${thingId})/Locations/$ref`, { '@iot.id': place }, { key: null })).status,
        404,
      )
    })

    it('deletes what fits a filter, with sums and counters after it, and never by forgetting the filter', async () => {
      const rows = Array.from({ length: 48 }, (_, i) => ({
        phenomenonTime: new Date(Date.UTC(2024, 0, 1, i)).toISOString(),
        result: i,
      }))
      const id = await sta.make('Datastreams', datastream('D', { Thing: station('D'), Observations: rows }))
      const other = await sta.make(
        'Datastreams',
        datastream('D2', { Thing: station('D2'), Observations: rows.slice(0, 3) }),
      )
      const path = `Datastreams(${id})/Observations`
      assert.equal((await sta.call('DELETE', path)).status, 400)
      assert.equal((await sta.call('DELETE', `${path}?$top=1&$filter=result gt 1`)).status, 400)
      const filter = q({ $filter: 'phenomenonTime lt 2024-01-02T00:00:00Z and result ne 5' })
      assert.equal((await sta.call('DELETE', `${path}?${filter}`, undefined, { key: null })).status, 404)
      const gone = await sta.call('DELETE', `${path}?${filter}`)
      assert.deepEqual([gone.status, gone.body['@iot.count']], [200, 23])
      const left = await sta.get(`${path}?$count=true`)
      assert.equal(left['@iot.count'], 25)
      assert.equal(left.value[0].result, 5)
      const [sums] = await sta.db.query<{ n: number; sum: number }>(
        'select sum(n)::int8 as n, sum(sum) as sum from rollup_hour where datastream = $1',
        [id],
      )
      assert.deepEqual(sums, { n: 25, sum: 5 + (24 + 47) * 12 })
      assert.equal((await sta.get(`Datastreams(${other})/Observations?$count=true`))['@iot.count'], 3)
      const things = await sta.call('DELETE', `Things?${q({ $filter: "startswith(name,'D')" })}`)
      assert.equal(things.body['@iot.count'], 2)
      assert.equal((await sta.call('GET', `Datastreams(${id})`)).status, 404)
      assert.equal((await sta.call('DELETE', `Things?${q({ $filter: 'name eq' })}`)).status, 400)
    })
  })
}
