import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { Fetcher, FetchFailed, isPublicAddress } from './index.ts'

describe('addresses a source may reach', () => {
  const inside = [
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
  ]
  const inside6 = [
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fd12::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'ff02::1',
  ]
  for (const address of [...inside, ...inside6, 'localhost', '']) {
    it(`refuses ${address || 'nothing'}`, () => assert.equal(isPublicAddress(address), false))
  }
  for (const address of ['8.8.8.8', '193.99.144.85', '2001:4860:4860::8888', '::ffff:8.8.8.8']) {
    it(`allows ${address}`, () => assert.equal(isPublicAddress(address), true))
  }
})

describe('fetching', () => {
  let base: string
  let seen: { url?: string; headers: Record<string, unknown> }[] = []
  const handler: RequestListener = (request, response) => {
    seen.push({ url: request.url, headers: request.headers })
    if (request.url === '/data') {
      if (request.headers['if-none-match'] === '"1"') return void response.writeHead(304).end()
      response
        .writeHead(200, { etag: '"1"', 'last-modified': 'Mon, 23 Nov 2026 08:00:00 GMT', 'content-type': 'text/csv' })
        .end('a,b\n1,2\n')
    } else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end()
    else if (request.url === '/moved') response.writeHead(301, { location: '/data' }).end()
    else if (request.url === '/large') response.writeHead(200, { 'content-length': 100_000 }).end(Buffer.alloc(100_000))
    else if (request.url === '/endless') {
      response.writeHead(200)
      const timer = setInterval(() => response.write(Buffer.alloc(10_000)), 1)
      response.on('close', () => clearInterval(timer))
    } else if (request.url === '/silent') return
    else response.writeHead(500).end()
  }
  const server = createServer(handler)
  const open = new Fetcher({ allowPrivate: true })
  const guarded = new Fetcher({ allowPrivate: false })
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  })
  after(async () => {
    await Promise.all([open.close(), guarded.close()])
    server.closeAllConnections()
    server.close()
  })

  it('brings the body with its validators, and nothing when it is unmodified', async () => {
    const first = await open.get(`${base}/data`)
    assert.equal(await text(first!.body), 'a,b\n1,2\n')
    assert.equal(first!.etag, '"1"')
    assert.equal(await open.get(`${base}/data`, { etag: first!.etag, lastModified: first!.lastModified }), null)
    assert.match(String(seen.at(-1)!.headers['user-agent']), /^Zahnrad/)
    assert.equal(seen.at(-1)!.headers['if-modified-since'], 'Mon, 23 Nov 2026 08:00:00 GMT')
  })

  it('follows redirects, but not for ever', async () => {
    assert.equal((await open.get(`${base}/moved`))!.url, `${base}/data`)
    seen = []
    await assert.rejects(open.get(`${base}/loop`), /redirects more than 5 times/)
    assert.equal(seen.length, 6)
  })

  it('stops at the size limit, announced or not, and at silence', async () => {
    await assert.rejects(open.get(`${base}/large`, { maxBytes: 1000 }), /100000 bytes long, more than the 1000 allowed/)
    const endless = await open.get(`${base}/endless`, { maxBytes: 50_000 })
    await assert.rejects(text(endless!.body), FetchFailed)
    await assert.rejects(open.get(`${base}/silent`, { timeoutMs: 300 }), /cannot be reached/)
  })

  it('tells the status of a failure', async () => {
    await assert.rejects(open.get(`${base}/other`), (error: FetchFailed) => error.status === 500)
  })

  it('does not reach into the operator’s network, by address or by name', async () => {
    await assert.rejects(guarded.get(`${base}/data`), /127\.0\.0\.1 is not a public address.*ZAHNRAD_ALLOW_PRIVATE/)
    await assert.rejects(guarded.get(base.replace('127.0.0.1', 'localhost')), /leads to .*not a public address/)
    await assert.rejects(guarded.get('file:///etc/passwd'), /not http or https/)
    await assert.rejects(guarded.get('http://user:secret@example.org/'), /not allowed/)
  })
})
