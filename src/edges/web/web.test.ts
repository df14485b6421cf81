import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createHttp, type FastifyInstance } from '../../kernel/http/index.ts'
import { createLog } from '../../kernel/log.ts'
import { registerWeb } from './index.ts'
import { PAGES } from './pages.ts'

describe('pages', () => {
  let app: FastifyInstance
  const root = mkdtempSync(join(tmpdir(), 'zahnrad-web-'))

  before(async () => {
    mkdirSync(join(root, 'assets'))
    writeFileSync(
      join(root, 'index.html'),
      '<!doctype html><head><title>Stadt</title><script src="/assets/frame-1.js"></script><link href="/assets/frame-1.css"></head><body></body>',
    )
    mkdirSync(join(root, '.vite'))
    const built = {
      'index.html': { file: 'assets/frame-1.js', css: ['assets/frame-1.css'] },
      '_frame.js': { file: 'assets/frame-1.js', css: ['assets/frame-1.css'] },
      '_parts.js': { file: 'assets/parts-1.js', imports: ['_frame.js'] },
      'src/pages/Station.svelte': {
        file: 'assets/Station-1.js',
        css: ['assets/Station-1.css'],
        imports: ['_parts.js'],
      },
      'src/lib/chart.ts': { file: 'assets/chart-1.js', imports: ['_parts.js'] },
    }
    writeFileSync(join(root, '.vite', 'manifest.json'), JSON.stringify(built))
    writeFileSync(join(root, 'assets', 'main-abc123.js'), `export const x = 1\n${'//\n'.repeat(2_000)}`)
    for (const [suffix, text] of Object.entries({ '': 'plain', '.br': 'packed.br', '.gz': 'packed.gz' })) {
      writeFileSync(join(root, 'assets', `packed-1.js${suffix}`), text)
    }
    writeFileSync(join(root, 'mark.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
    app = await createHttp({ log: createLog('silent'), trustProxy: [] })
    app.get('/api/v1/city', async ({ headers }) => ({
      city: "</script>$&$'",
      cookie: headers.cookie,
      host: headers.host,
    }))
    app.get('/api/v1/stations/7', async () => ({ id: 7 }))
    app.get('/api/v1/stations', async () => ({ all: 'x'.repeat(300_000) }))
    app.get('/api/v1/datasets', async () => new Promise(() => {}))
    app.get('/api/v1/boards', async (_, reply) => reply.code(503).send({ status: 503 }))
    await registerWeb(app, { root, stationExists: async (_, id) => id === 7 })
  })
  after(async () => {
    await app.close()
    rmSync(root, { recursive: true })
  })

  const get = (url: string, headers: Record<string, string> = {}) =>
    app.inject({ url, headers: { accept: 'text/html', ...headers } })

  it('knows the same pages as the pages themselves', async () => {
    const { routes } = (await import(join(import.meta.dirname, '../../../ui/src/lib/routes.ts'))) as {
      routes: { pattern: RegExp; load: () => unknown }[]
    }
    const theirs = routes.map(({ pattern, load }) => `${pattern} ${/pages\/(\w+)\.svelte/.exec(String(load))?.[1]}`)
    assert.deepEqual(PAGES.map(({ pattern, source }) => `${pattern} ${source}`).sort(), theirs.sort())
  })

  it('answers page addresses with the page, always fresh, under a strict policy', async () => {
    for (const url of ['/', '/?lang=en', '/stationen/7?range=7d', '/index.html']) {
      const answer = await get(url)
      assert.equal(answer.statusCode, 200, url)
      assert.match(answer.body, /<title>Stadt/)
      assert.equal(answer.headers['cache-control'], 'private, no-cache')
      const policy = String(answer.headers['content-security-policy'])
      assert.match(policy, /default-src 'none'.*script-src 'self';.*frame-ancestors 'none'/)
      assert.match(policy, /connect-src 'self';/)
      assert.doesNotMatch(policy, /https?:/)
      assert.doesNotMatch(policy, /script-src[^;]*unsafe/)
      assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    }
  })

  it('names all files of its page at once, those that come later included, none twice', async () => {
    const files = [...(await get('/stationen/7')).body.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, file]) => file)
    const own = ['Station-1.css', 'Station-1.js', 'parts-1.js', 'chart-1.js']
    assert.deepEqual(
      files,
      ['frame-1.js', 'frame-1.css', ...own].map((name) => `/assets/${name}`),
    )
    assert.doesNotMatch((await get('/datensaetze')).body, /Station-1|chart-1/)
  })

  it('carries the first answers as the person asking gets them, as data that cannot end the page', async () => {
    const { body } = await get('/stationen/7', { cookie: 'who=me', host: 'stadt.example' })
    const carried = [...body.matchAll(/<script type="application\/json" data-answer="([^"]+)">(.*?)<\/script>/g)]
    assert.deepEqual(
      carried.map(([, address, text]) => [address, JSON.parse(text!)]),
      [
        ['/api/v1/city', { city: "</script>$&$'", cookie: 'who=me', host: 'stadt.example' }],
        ['/api/v1/stations/7', { id: 7 }],
      ],
    )
  })

  it('asks early for what is too long to carry, and waits neither for the slow nor for the broken', async () => {
    for (let i = 0; i < 2; i++) {
      const { body } = await get('/')
      assert.match(body, /<link rel="preload" as="fetch" href="\/api\/v1\/stations" crossorigin="anonymous">/)
      assert.ok(body.length < 5_000)
    }
    for (const url of ['/datensaetze', '/tafeln']) {
      const { statusCode, body } = await get(url)
      assert.deepEqual([statusCode, [...body.matchAll(/data-answer="([^"]+)"/g)].length], [200, 1], url)
    }
  })

  it('hands out what the build has compressed', async () => {
    for (const [encoding, suffix] of [
      ['br', '.br'],
      ['gzip', '.gz'],
    ] as const) {
      const answer = await get('/assets/packed-1.js', { 'accept-encoding': encoding })
      assert.deepEqual([answer.headers['content-encoding'], answer.body], [encoding, `packed${suffix}`])
      assert.match(String(answer.headers['content-type']), /javascript/)
      assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable')
    }
    assert.equal((await get('/assets/packed-1.js')).body, 'plain')
  })

  it('lets other sites frame the pages made for it, and no other', async () => {
    for (const [url, ancestors] of [
      ['/einbetten/stationen/7?range=30d', '*'],
      ['/einbetten/stationen/8', '*'],
      ['/stationen/7', "'none'"],
      ['/vergleich', "'none'"],
      ['/login', "'none'"],
      ['/stationen/7/aufkleber', "'none'"],
      ['/einbettenundmehr', "'none'"],
    ] as const) {
      const policy = String((await get(url)).headers['content-security-policy'])
      assert.equal(/frame-ancestors ([^;]+)/.exec(policy)?.[1], ancestors, url)
    }
  })

  it('keeps hashed files for a year, compressed', async () => {
    const answer = await get('/assets/main-abc123.js', { 'accept-encoding': 'gzip' })
    assert.deepEqual(
      [answer.statusCode, answer.headers['cache-control'], answer.headers['content-encoding']],
      [200, 'public, max-age=31536000, immutable', 'gzip'],
    )
    assert.ok(answer.rawPayload.length < 1_000)
    assert.equal((await get('/mark.svg')).headers['cache-control'], 'no-cache')
  })

  it('answers unknown addresses with 404: a page to people, a problem to programs', async () => {
    for (const url of ['/gibtesnicht', '/stationen/abc', '/stationen/7/x', '/stationen/8', '/einbetten/stationen/8']) {
      const answer = await get(url)
      assert.deepEqual([answer.statusCode, /<title>/.test(answer.body)], [404, true], url)
    }
    for (const url of ['/api/v1/gibtesnicht', '/sta/v2', '/d/x/y']) {
      const answer = await get(url)
      assert.deepEqual([answer.statusCode, answer.json().code], [404, 'not-found'], url)
    }
    assert.equal((await app.inject({ url: '/gibtesnicht', headers: { accept: '*/*' } })).json().status, 404)
  })

  it('serves nothing outside its folder, and pages only to readers', async () => {
    for (const url of [
      '/../package.json',
      '/..%2f..%2fetc/passwd',
      '/assets/..%2f..%2fpackage.json',
      '/%2e%2e/etc/passwd',
    ]) {
      const answer = await get(url)
      assert.ok(answer.statusCode >= 400, url)
      assert.doesNotMatch(answer.body, /root:|"name"/)
    }
    assert.equal((await app.inject({ method: 'POST', url: '/' })).statusCode, 404)
    const head = await app.inject({ method: 'HEAD', url: '/' })
    assert.deepEqual([head.statusCode, head.body], [200, ''])
  })
})
