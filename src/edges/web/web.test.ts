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
    writeFileSync(join(root, 'index.html'), '<!doctype html><title>Stadt</title>')
    writeFileSync(join(root, 'assets', 'main-abc123.js'), `export const x = 1\n${'//\n'.repeat(2_000)}`)
    writeFileSync(join(root, 'mark.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
    app = await createHttp({ log: createLog('silent'), trustProxy: [] })
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
      routes: { pattern: RegExp }[]
    }
    assert.deepEqual(PAGES.map(String).sort(), [/^\/$/, ...routes.map((route) => route.pattern)].map(String).sort())
  })

  it('answers page addresses with the page, always fresh, under a strict policy', async () => {
    for (const url of ['/', '/?lang=en', '/stationen/7?range=7d', '/index.html']) {
      const answer = await get(url)
      assert.equal(answer.statusCode, 200, url)
      assert.match(answer.body, /<title>Stadt/)
      assert.equal(answer.headers['cache-control'], 'no-cache')
      const policy = String(answer.headers['content-security-policy'])
      assert.match(policy, /default-src 'none'.*script-src 'self';.*frame-ancestors 'none'/)
      assert.match(policy, /connect-src 'self';/)
      assert.doesNotMatch(policy, /https?:/)
      assert.doesNotMatch(policy, /script-src[^;]*unsafe/)
      assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    }
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
