/** SensorThings as HTTP has it (RFC 9110): methods, statuses, compression, other origins, a proxy in front. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { datastream, location, places, q, startService, type TestService, thing } from './service.ts'

/** Every address the service gives, in each kind of answer, begins with `base`, and leads somewhere there. */
async function everyLinkBelow(sta: TestService, base: string, headers: Record<string, string>): Promise<void> {
  const ask = async (method: string, path: string, body?: unknown) => {
    const sent = {
      authorization: `Bearer ${sta.key}`,
      ...headers,
      ...(body ? { 'content-type': 'application/json' } : {}),
    }
    const reply = await fetch(`${sta.root}/${path}`, {
      method,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    assert.ok(reply.ok, `${method} ${path}: ${reply.status}`)
    return { text: await reply.text(), headers: reply.headers }
  }
  const links: string[] = []
  const note = (text: string) => links.push(...(text.match(/https?:\/\/[^"<>,\s]+/g) ?? []))
  const made = await ask('POST', 'Things', {
    ...thing('Linked', { Locations: [location('Linked', 8, 51)] }),
    Datastreams: [datastream('Linked', { Observations: [1, 2, 3].map((result) => ({ result })) })],
  })
  const place = made.headers.get('location')!
  await ask('POST', 'Things', thing('Second'))
  assert.match(place, /\/Things\(\d+\)$/)
  const id = /\((\d+)\)$/.exec(place)![1]
  const options = { $expand: 'Datastreams($select=name,Thing;$expand=Observations($top=1))', $top: 1, $skip: 1 }
  const [{ '@iot.id': stream }] = JSON.parse((await ask('GET', `Things(${id})/Datastreams`)).text).value
  const posted = await ask('POST', `Datastreams(${stream})/Observations`, { result: 4 })
  const rows = { Datastream: { '@iot.id': stream }, components: ['result'], dataArray: [[5], [6]] }
  const batch = [
    { id: '1', method: 'post', url: 'Things', body: thing('Batched') },
    { id: '2', method: 'get', url: `${base}/Things(${id})?$select=id,@iot.selfLink` },
  ]
  const table = await ask('GET', `Things?${q({ $resultFormat: 'CSV', $select: '@iot.selfLink', $top: 1 })}`)
  note(`${place} ${table.headers.get('link')}`)
  note(posted.headers.get('location')!)
  for (const { text } of [
    await ask('GET', ''),
    await ask('GET', `Things?${q(options)}`),
    await ask('GET', `Things(${id})?$expand=Locations/$ref&$select=Datastreams`),
    await ask('GET', 'Datastreams/$ref?$top=1'),
    await ask('GET', `Observations?${q({ $resultFormat: 'dataArray', $top: 1, $select: 'result' })}`),
    await ask('PATCH', `Things(${id})`, { properties: { a: 1 } }),
    posted,
    table,
    await ask('POST', 'CreateObservations', [rows]),
    await ask('POST', '$batch', { requests: batch }),
  ])
    note(text.replace(/"(conformance|definition|metadata|encodingType|observationType)":("[^"]*"|\[[^\]]*\])/g, ''))
  assert.ok(links.length > 30, String(links.length))
  for (const link of new Set(links)) {
    assert.ok(link === base || link.startsWith(`${base}/`), link)
    const there = link.slice(base.length + 1)
    await ask('GET', there)
  }
}

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

    it('req/create-update-delete/delete-entity: whatever type of body a DELETE names, and none at all elsewhere', async () => {
      const types = ['application/x-www-form-urlencoded', 'application/json', 'text/plain']
      for (const type of types)
        for (const body of [undefined, '', 'x'] as const) {
          const one = await sta.make('Things', thing('short'))
          const { status } = await fetched(`Things(${one})`, {
            method: 'DELETE',
            headers: { 'content-type': type },
            body,
          })
          assert.equal(status, 200, `${type} ${body}`)
        }
      const plain = await sta.call('POST', 'Things', JSON.stringify(thing('x')), { type: 'text/plain' })
      assert.equal(plain.status, 415)
      assert.match(plain.body.message, /text\/plain cannot be read.*application\/json/)
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
      await everyLinkBelow(sta, `https://daten.example.de${path}`, headers)
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

describe('SensorThings behind a proxy that leaves a path out', () => {
  let sta: TestService
  before(async () => {
    sta = await startService(places()[0]!, { trustProxy: ['loopback'], publicUrl: 'https://stadt.example/daten' })
  })
  after(() => sta.close())

  it('PUBLIC_URL is the base of every link, whatever the request or a proxy says', async () => {
    const headers = { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'elsewhere.example' }
    await everyLinkBelow(sta, 'https://stadt.example/daten/sta/v1.1', headers)
  })

  it('an address of the service by its public name names an entity in a body', async () => {
    const [id, place] = [
      await sta.make('Things', thing('Public')),
      await sta.make('Locations', location('Public', 8, 51)),
    ]
    const link = { '@iot.selfLink': `https://stadt.example/daten/sta/v1.1/Locations(${place})` }
    assert.equal((await sta.call('POST', `Things(${id})/Locations/$ref`, link)).status, 204)
    const wrong = { '@iot.selfLink': `https://elsewhere.example/sta/v1.1/Locations(${place})` }
    assert.equal((await sta.call('POST', `Things(${id})/Locations/$ref`, wrong)).status, 404)
  })
})

describe('SensorThings: who is not believed', () => {
  it('X-Forwarded-* of a caller that is no proxy of ours changes no link', async () => {
    const sta = await startService(places()[0]!, { trustProxy: ['192.0.2.1'] })
    try {
      const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' }
      await everyLinkBelow(sta, sta.root, headers)
    } finally {
      await sta.close()
    }
  })
})
