import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { StaError } from '../../../src/edges/sensorthings/index.ts'
import { databases } from '../../support/database.ts'
import { type Body, datastream, location, startService, type TestService, thing } from './service.ts'

const LIMIT_MS = 3_000

for (const engine of databases()) {
  describe(`SensorThings hostile requests (${engine.name})`, () => {
    let sta: TestService
    before(async () => {
      sta = await startService(engine)
      await sta.make(
        'Things',
        thing('A', {
          properties: { a: 1 },
          Locations: [location('A', 7, 51)],
          Datastreams: [datastream('a', { Observations: [{ result: 1 }, { result: 'x' }] })],
        }),
      )
    })
    after(() => sta.close())

    /** Over HTTP; what is longer than the server's limit for headers (431) also goes straight to the service. */
    const ask = async (
      method: string,
      path: string,
      body?: unknown,
    ): Promise<{ status: number; body: Body; text: string }> => {
      const reply = await sta.call(method, path, body)
      if (reply.status !== 431) return reply
      const actor = await sta.access.authenticate({ bearer: sta.key })
      const [below, search = ''] = path.split('?', 2) as [string, string?]
      try {
        const answer = await sta.service.handle(sta.service.context(actor, sta.url, null), {
          method,
          path: below,
          search,
          body,
        })
        return { status: answer.status, body: answer.body, text: JSON.stringify(answer.body) }
      } catch (error) {
        assert.ok(error instanceof StaError, String(error))
        return {
          status: error.status,
          body: { code: error.status, type: 'error', message: error.message, position: error.position },
          text: error.message,
        }
      }
    }
    const refuses = async (method: string, path: string, body?: unknown, allowed = [400, 404, 413, 414, 431]) => {
      const start = performance.now()
      const reply = await ask(method, path, body)
      const ms = performance.now() - start
      const what = `${method} ${path.slice(0, 80)} → ${reply.status} ${reply.text.slice(0, 200)}`
      assert.ok(allowed.includes(reply.status), what)
      assert.ok(ms < LIMIT_MS, `${what} took ${ms} ms`)
      if (reply.status >= 400) assert.deepEqual([reply.body.code, reply.body.type], [reply.status, 'error'], what)
      return reply
    }
    const filter = (text: string) => `Things?$filter=${encodeURIComponent(text)}`

    it('10,000 brackets, 1 MB filters, endless lists', async () => {
      const deep = await refuses('GET', filter('('.repeat(10_000)))
      assert.equal(deep.body.position, 100)
      await refuses('GET', filter(`${'('.repeat(5_000)}1${')'.repeat(5_000)}`))
      await refuses('GET', filter('not '.repeat(5_000)))
      await refuses('GET', `Things?$filter=${'a'.repeat(1_000_000)}`)
      await refuses('GET', `Things?$filter=${'a'.repeat(100_000)}`)
      await refuses('GET', filter(`name eq 'x'${" or name eq 'x'".repeat(3_000)}`))
      await refuses('GET', filter(`1${' add 1'.repeat(1_000)} eq 1`))
      await refuses('GET', filter(`a/${'b/'.repeat(2_000)}c eq 1`))
      await refuses('GET', filter(`properties/${'b/'.repeat(500)}c eq 1`))
      await refuses(
        'GET',
        `Things?$expand=${encodeURIComponent(`${'Datastreams($expand=Thing($expand='.repeat(20)}Locations${'))'.repeat(20)}`)}`,
      )
      await refuses('GET', `Things?$expand=${'Datastreams/Thing/'.repeat(30)}Locations`)
      await refuses('GET', `Things?$expand=${'('.repeat(5_000)}`)
      await refuses('GET', `Things?$orderby=${'name,'.repeat(3_000)}name,`)
      await refuses('GET', 'Things(1)/Datastreams(1)/'.repeat(40))
      await refuses('GET', `Things(${'9'.repeat(400)})`)
      await refuses('GET', 'x/'.repeat(2_000))
    })

    it('big but legal requests are answered in time', async () => {
      const start = performance.now()
      for (const path of [
        filter(`name eq 'x'${" or name eq 'x'".repeat(900)}`),
        filter(`id in (${Array.from({ length: 900 }, (_, i) => i).join(',')})`),
        'Things?$top=10000&$skip=1000000000',
        'Things?$top=10000&$expand=Datastreams($top=10000;$expand=Observations($top=10000;$expand=Datastream($expand=Thing)))',
        filter(`${'('.repeat(99)}name eq 'x'${')'.repeat(99)}`),
        `Things?$orderby=${'name,'.repeat(20)}id`,
      ]) {
        const { status, text } = await ask('GET', path)
        assert.equal(status, 200, `${path.slice(0, 60)} ${text.slice(0, 200)}`)
      }
      assert.ok(performance.now() - start < 2 * LIMIT_MS)
    })

    it('everything of everything, by many at once: answered in turn, and small requests do not wait', async () => {
      const large = 'Things?$top=10000&$expand=Datastreams($top=100;$expand=Observations),Locations'
      const all = Array.from({ length: 30 }, () => sta.call('GET', large))
      assert.equal((await sta.call('GET', 'Things?$top=1')).status, 200)
      for (const { status, body } of await Promise.all(all)) {
        assert.equal(status, 200)
        assert.equal(body.value[0].Datastreams[0].name, 'a')
      }
    })

    it('NaN, Infinity and years beyond 9999 are no values, in every way in', async () => {
      const id = (await sta.get('Datastreams')).value[0]['@iot.id']
      for (const result of ['NaN', '-Infinity', 'inf']) {
        await refuses('POST', `Datastreams(${id})/Observations`, { result })
        await refuses('GET', `Observations?$filter=result%20eq%20${result}`)
      }
      await refuses('POST', `Datastreams(${id})/Observations`, '{"result": NaN}')
      for (const phenomenonTime of ['10000-01-01T00:00:00Z', '+012345-01-01T00:00:00Z', '2020-02-30T00:00:00Z'])
        await refuses('POST', `Datastreams(${id})/Observations`, { result: 1, phenomenonTime })
      const rows = [['99999-01-01T00:00:00Z', 1]]
      const components = ['phenomenonTime', 'result']
      const { status, body } = await sta.call('POST', 'CreateObservations', [
        { Datastream: { '@iot.id': id }, components, dataArray: rows },
      ])
      assert.equal(status, 201)
      assert.match(body[0], /^error: phenomenonTime: "99999-/)
    })

    it('huge batches and data arrays have their bound', async () => {
      const id = (await sta.get('Datastreams')).value[0]['@iot.id']
      const requests = Array.from({ length: 1_001 }, (_, i) => ({ id: String(i), method: 'get', url: 'Things' }))
      await refuses('POST', '$batch', { requests })
      const dataArray = Array.from({ length: 200_001 }, () => [1])
      await refuses('POST', 'CreateObservations', [
        { Datastream: { '@iot.id': id }, components: ['result'], dataArray },
      ])
    })

    it('SQL, patterns, NUL, wrong types, invalid geometry, odd dates', async () => {
      const answers = async (path: string, statuses: number[]) => {
        const { status, text } = await sta.call('GET', path)
        assert.ok(statuses.includes(status), `${path} → ${status} ${text.slice(0, 300)}`)
      }
      for (const text of [
        "'; drop table thing; --",
        "x' or '1'='1",
        '%',
        '_',
        '\\',
        '$1',
        '{}',
        '"',
        "'",
        '\u{1F4A9}',
        'a\nb',
      ]) {
        await answers(filter(`name eq '${text.replaceAll("'", "''")}'`), [200])
        await answers(filter(`substringof('${text.replaceAll("'", "''")}', properties/a)`), [200])
        await answers(filter(`properties/${text} eq 1`), [200, 400])
        await answers(`Things?$orderby=${encodeURIComponent(text)}`, [400])
        await answers(`Things?$select=${encodeURIComponent(text)}`, [400])
        await answers(`Things?$expand=${encodeURIComponent(text)}`, [400])
        await answers(`Things?$skiptoken=${encodeURIComponent(text)}`, [400])
        await answers(`Things(1)/${encodeURIComponent(text)}`, [404])
        await answers(`Things(1)/properties/${encodeURIComponent(text)}`, [204])
        await answers(`${encodeURIComponent(text)}`, [404])
      }
      assert.equal((await sta.call('GET', 'Things/$count')).text, '1')
      for (const path of [
        'Things?$filter=name%20eq%20%27%00%27',
        'Things?$filter=%zz',
        'Things(1)/%00',
        'Things?$filter',
        'Things?$top=99999999999999999999',
        filter("st_within(Locations/location, geography'POLYGON((1 1,2 2)')"),
        filter("st_within(Locations/location, geography'SELECT 1')"),
        filter("st_within(Locations/location, geography'POINT(1e999 2)')"),
        filter("st_relate(Locations/location, geography'POINT(1 2)', 'abc')"),
        filter('length(5) eq 1'),
        filter('year(name) eq 1'),
        filter('name add 1 eq 2'),
        filter('1e999 eq 1'),
        filter("properties/a gt duration'P1D'"),
        'Observations?$filter=phenomenonTime gt 99999-01-01T00:00:00Z',
        "Observations?$filter=phenomenonTime gt duration'P1D'",
        'Observations?$orderby=result desc nulls first',
      ])
        await refuses('GET', path.replaceAll(' ', '%20'))
      for (const path of [
        "Observations?$filter=phenomenonTime add duration'P9999Y' gt now()",
        'Observations?$filter=result div 0 gt 1',
        'Observations?$filter=result mul 1e308 mul 1e308 gt 1',
        'Observations?$filter=substring(result, -5, -7) eq 1',
        'Observations?$filter=round(result mul 1e300) gt 1',
        "Locations?$filter=st_within(location, geography'POLYGON((0 0,10 60,10 0,0 60,0 0))')",
        "Locations?$filter=st_intersects(location, geography'POLYGON((0 0,0 0,0 0,0 0))')",
        'Things?$filter=properties/a gt 2020-13-45T00:00:00Z',
      ])
        await answers(path.replaceAll(' ', '%20'), [200, 400])
    })

    it('hostile bodies', async () => {
      const id = (await sta.get('Datastreams')).value[0]['@iot.id']
      let nested: unknown = thing('x')
      for (let i = 0; i < 40; i++) nested = datastream('d', { Thing: thing('x', { Datastreams: [nested] }) })
      await refuses('POST', 'Datastreams', nested)
      await refuses('POST', 'Things', `{"name":${'['.repeat(100_000)}`)
      await refuses('POST', 'Things', '{"name":"a\\u0000b","description":""}')
      await refuses('POST', 'Things', { name: 'x', description: 'y', __proto__: null, constructor: 1 })
      await refuses('POST', 'Things', '{"name":"x","description":"y","__proto__":{"a":1}}')
      await refuses('POST', 'Observations', { result: 1, Datastream: { '@iot.id': 1e15 } })
      await refuses('POST', 'Observations', { result: 1, Datastream: { '@iot.id': -1 } })
      await refuses('POST', 'Observations', {
        result: 1,
        Datastream: { '@iot.id': id },
        phenomenonTime: '0000-01-01T00:00:00Z',
      })
      await refuses('POST', 'Observations', '{"result": 1e999, "Datastream": {"@iot.id": 1}}')
      await refuses('POST', 'Locations', {
        ...location('x', 0, 0),
        location: { type: 'Point', coordinates: [1000, 1000] },
      })
      await refuses(
        'POST',
        'Locations',
        { ...location('x', 0, 0), location: { type: 'Polygon', coordinates: [], extra: 'x'.repeat(10) } },
        [201, 400],
      )
      await refuses('POST', 'CreateObservations', [null])
      await refuses('POST', 'CreateObservations', [{ Datastream: null, components: [], dataArray: [[]] }], [201, 400])
      await refuses('POST', 'Things', `{"name":"x","description":"${'y'.repeat(17 * 1024 * 1024)}"}`)
      const odd = await sta.call('POST', 'Locations', {
        ...location('bow tie', 0, 0),
        location: {
          type: 'Polygon',
          coordinates: [
            [
              [0, 0],
              [1, 1],
              [1, 0],
              [0, 1],
              [0, 0],
            ],
          ],
        },
      })
      assert.equal(odd.status, 201)
      const far = await sta.call('POST', `Datastreams(${id})/Observations`, {
        result: 1,
        phenomenonTime: '0001-01-01T00:00:00Z',
      })
      assert.equal(far.status, 201)
      assert.equal((await sta.get(far.body['@iot.selfLink'])).phenomenonTime, '0001-01-01T00:00:00Z')
      const last = await sta.call('POST', `Datastreams(${id})/Observations`, {
        result: 1,
        phenomenonTime: '9999-12-31T23:59:59.999999Z',
      })
      assert.equal((await sta.get(last.body['@iot.selfLink'])).phenomenonTime, '9999-12-31T23:59:59.999999Z')
    })
  })
}
