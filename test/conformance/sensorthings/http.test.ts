/** SensorThings as HTTP has it (RFC 9110): methods, statuses, compression, other origins, a proxy in front. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { places, startService, type TestService, thing } from './service.ts'

for (const place of places()) {
  describe(`SensorThings over HTTP (${place.name})`, () => {
    let sta: TestService
    let id: number
    const fetched = (path: string, init: RequestInit = {}) =>
      fetch(`${sta.root}/${path}`, {
        ...init,
        headers: { authorization: `Bearer ${sta.key}`, ...(init.headers as Record<string, string>) },
      })
    before(async () => {
      sta = await startService(place, { trustProxy: ['loopback'] })
      id = await sta.make('Things', thing('One', { properties: { a: { b: [1, { c: 'deep' }] } } }))
      for (let i = 0; i < 30; i++) await sta.make('Things', thing(`T${i}`))
    })
    after(() => sta.close())

    it('HEAD has the headers of GET, and no body', async () => {
      const [get, head] = [await fetched(`Things(${id})`), await fetched(`Things(${id})`, { method: 'HEAD' })]
      assert.equal(head.status, 200)
      assert.equal(await head.text(), '')
      for (const name of ['etag', 'content-type']) assert.equal(head.headers.get(name), get.headers.get(name), name)
      assert.equal((await fetched('Things(999999)', { method: 'HEAD' })).status, 404)
    })

    it('OPTIONS and 405 say what is possible', async () => {
      const set = 'GET, HEAD, POST, DELETE, OPTIONS'
      const entity = 'GET, HEAD, PATCH, PUT, DELETE, OPTIONS'
      for (const [path, allow] of [
        ['Things', set],
        [`Things(${id})`, entity],
        [`Things(${id})/name`, 'GET, HEAD, OPTIONS'],
        ['CreateObservations', 'POST, OPTIONS'],
      ] as const) {
        const options = await fetched(path, { method: 'OPTIONS' })
        assert.equal(options.status, 204)
        assert.equal(options.headers.get('allow'), allow, path)
      }
      const wrong = await sta.call('PATCH', 'Things', { name: 'x' })
      assert.equal(wrong.status, 405)
      assert.equal(wrong.headers.get('allow'), set)
      assert.equal((await sta.call('POST', `Things(${id})`, thing('x'))).status, 405)
    })

    it('other origins may ask and write, and see the headers they need', async () => {
      const origin = 'https://elsewhere.example'
      const asked = await fetched('Things', {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'PATCH',
          'access-control-request-headers': 'authorization,content-type,if-match',
        },
      })
      assert.ok(asked.ok)
      // Browsers ask this without the key, also at the root of a dataset that is hidden without it.
      const bare = await fetch(`${sta.root}/Things`, { method: 'OPTIONS', headers: { origin } })
      assert.equal(bare.status, 204)
      assert.equal(asked.headers.get('access-control-allow-origin'), '*')
      assert.match(asked.headers.get('access-control-allow-methods')!, /PATCH/)
      assert.match(asked.headers.get('access-control-allow-headers')!, /authorization/i)
      const exposed = (await fetched('Things', { headers: { origin } })).headers.get('access-control-expose-headers')!
      for (const name of ['Location', 'ETag', 'Link']) assert.match(exposed, new RegExp(name))
    })

    it('long answers are compressed for who can read it', async () => {
      const packed = await fetched('Things', { headers: { 'accept-encoding': 'gzip' } })
      assert.equal(packed.headers.get('content-encoding'), 'gzip')
      assert.match(packed.headers.get('vary')!, /accept-encoding/i)
      assert.equal(((await packed.json()) as { value: unknown[] }).value.length, 31)
      const plain = await fetched('Things', { headers: { 'accept-encoding': 'identity' } })
      assert.equal(plain.headers.get('content-encoding'), null)
    })

    it('an error is JSON that says what was wrong: 400, 404, 405, 412, 415, 501', async () => {
      for (const [status, reply] of [
        [400, await sta.call('GET', 'Things?$top=x')],
        [400, await sta.call('GET', 'Things?$nonsense=1')],
        [400, await sta.call('POST', 'Things', '{"name": ')],
        [400, await sta.call('POST', 'Things', { name: 'x' })],
        [404, await sta.call('GET', 'Things(999999)')],
        [404, await sta.call('GET', `Things(${id})/nonsense`)],
        [404, await sta.call('DELETE', 'Things(999999)')],
        [405, await sta.call('PUT', 'Things', {})],
        [415, await sta.call('POST', 'Things', '<x/>', { type: 'application/xml' })],
        [501, await sta.call('GET', '$metadata')],
      ] as const) {
        assert.equal(reply.status, status, reply.text)
        assert.equal(reply.body.code, status)
        assert.equal(reply.body.type, 'error')
        assert.ok(reply.body.message.length > 10)
        assert.match(reply.headers.get('content-type')!, /^application\/json/)
      }
      const stale = await fetched(`Things(${id})`, {
        method: 'PATCH',
        headers: { 'if-match': '"0"', 'content-type': 'application/json' },
        body: '{"name":"x"}',
      })
      assert.equal(stale.status, 412)
    })

    it('links name the address the caller used, also behind a proxy', async () => {
      const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'daten.example.de' }
      const path = new URL(sta.root).pathname
      const body = (await (await fetched(`Things(${id})`, { headers })).json()) as Record<string, string>
      assert.equal(body['@iot.selfLink'], `https://daten.example.de${path}/Things(${id})`)
      const page = (await (await fetched('Things?$top=1', { headers })).json()) as Record<string, string>
      assert.ok(page['@iot.nextLink']!.startsWith(`https://daten.example.de${path}/Things?`))
    })

    it('paths lead into JSON, and $value is the bare value', async () => {
      const base = `Things(${id})`
      assert.deepEqual(await sta.get(`${base}/properties/a/b[1]/c`), { c: 'deep' })
      const value = await sta.call('GET', `${base}/properties/a/b[1]/c/$value`)
      assert.equal(value.text, 'deep')
      assert.match(value.headers.get('content-type')!, /^text\/plain/)
      assert.equal((await sta.call('GET', `${base}/properties/nothing`)).status, 204)
      assert.deepEqual(await sta.get(`${base}/@iot.id`), { '@iot.id': id })
      assert.equal((await sta.call('GET', `${base}/Datastreams/$count`)).text, '0')
      assert.deepEqual((await sta.get(`${base}/$ref`))['@iot.selfLink'], `${sta.root}/${base}`)
    })
  })
}
