/** Hostile requests to the real program: headers that protect, and bytes that try to slip into headers, paths and logs. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { databases } from './support/database.ts'
import { type RunningPlatform, startPlatform } from './support/platform.ts'

/** As a proxy on this machine says that it was asked by https. */
const HTTPS = { 'x-forwarded-proto': 'https' }
const [engine] = databases()

describe('hostile requests', { timeout: 120_000 }, () => {
  let platform: RunningPlatform
  before(async () => {
    platform = await startPlatform(engine!, { LOG_LEVEL: 'debug' })
  })
  after(() => platform?.remove())

  const base = () => platform.url

  /** Bytes over the wire as they are: no client repairs or refuses them. */
  const raw = async (text: string): Promise<string> => {
    const socket = connect(Number(new URL(base()).port), 'localhost')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.write(text)
    // Whoever answers before all was sent may break the connection off: that is an end like another.
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    setTimeout(() => socket.destroy(), 10_000).unref()
    await closed
    return answer
  }
  const ask = (target: string, headers = '') =>
    raw(`GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`)

  it('sends the headers that protect with every answer, and frames only what is made for frames', async () => {
    const html = { accept: 'text/html' }
    for (const path of ['/', '/stationen/1', '/login', '/nirgends', '/einbetten/stationen/1']) {
      const { headers } = await fetch(base() + path, { headers: html })
      const policy = headers.get('content-security-policy')!
      assert.match(policy, /default-src 'none'/, path)
      assert.doesNotMatch(policy, /unsafe/, path)
      assert.match(policy, path.startsWith('/einbetten/') ? /frame-ancestors \*/ : /frame-ancestors 'none'/, path)
      assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin', path)
    }
    for (const path of ['/', '/api/v1/city', '/api/v1/nirgends', '/sta/v1.1', '/healthz', '/metrics', '/mark.svg']) {
      const { headers } = await fetch(base() + path, { headers: HTTPS })
      assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
      assert.equal(headers.get('referrer-policy'), 'same-origin', path)
      assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin', path)
      assert.equal(headers.get('strict-transport-security'), 'max-age=31536000', path)
      assert.match(headers.get('permissions-policy')!, /camera=\(\)/, path)
      assert.match(headers.get('content-security-policy')!, /default-src 'none'/, path)
    }
    const page = await (await fetch(`${base()}/`, { headers: html })).text()
    assert.doesNotMatch(
      page,
      /\sstyle=|<style|\son\w+=|<script(?! type="application\/json"|[^>]*\ssrc=)/,
      'nothing inline',
    )
    assert.equal((await fetch(`${base()}/healthz`)).headers.get('strict-transport-security'), null, 'not by http')
    const key = await platform.key()
    const own = await fetch(`${base()}/api/v1/people`, { headers: { authorization: `Bearer ${key}` } })
    assert.deepEqual([own.status, own.headers.get('cache-control')], [200, 'no-store'])
  })

  it('lets nothing slip into a header', async () => {
    for (const next of [
      '/%0d%0aSet-Cookie:%20x=1',
      '//boese.example',
      '/\\boese.example',
      'https://boese.example',
      '/%09x',
    ]) {
      const link = new URL((await platform.command('admin', 'link')).stdout.trim())
      const target = `/login?code=${link.searchParams.get('code')}&next=${next}`
      const answer = await fetch(base() + target, { redirect: 'manual', headers: HTTPS })
      assert.equal(answer.status, 303)
      assert.match(answer.headers.get('location')!, /^\/(?![/\\])[^\r\n]*$/, next)
      assert.equal(answer.headers.getSetCookie().length, 1, next)
      assert.match(
        answer.headers.getSetCookie()[0]!,
        /^zahnrad_session=zs_[\w-]+; Path=\/; HttpOnly; SameSite=Lax; .*; Secure$/,
      )
    }
    const split = await ask('/api/v1/datasets/x%0d%0aX-Injected:%20yes/download')
    assert.match(split, /^HTTP\/1\.1 40[04]/)
    assert.doesNotMatch(split.split('\r\n\r\n')[0]!, /^x-injected/im)
    assert.match(await ask('/', 'X-Bad: a\nb\x00c\r\n'), /^HTTP\/1\.1 400/)
    assert.match(
      await raw(
        'POST /api/v1/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ),
      /^HTTP\/1\.1 400/,
      'two lengths (request smuggling)',
    )
  })

  it('serves no file but the pages’ own', async () => {
    for (const path of [
      '/../package.json',
      '/..%2fpackage.json',
      '/%2e%2e/%2e%2e/package.json',
      '/assets/..%2f..%2f..%2fpackage.json',
      '/assets/%252e%252e/package.json',
      '/..\\package.json',
      '/assets/..%5c..%5cpackage.json',
      '/.env',
      '/package.json%00.html',
      '//etc/passwd',
      '/api/v1/map/sprite/..%2f..%2fpackage.json',
      '/api/v1/map/archive/..%2f..%2f..%2fetc%2fpasswd',
      '/api/v1/map/glyphs/..%2f..%2f/0-255',
    ]) {
      const answer = await ask(path)
      assert.match(answer, /^HTTP\/1\.1 40[04]/, `${path}: ${answer.slice(0, 200)}`)
      assert.doesNotMatch(answer, /"dependencies"|root:/, path)
    }
  })

  it('writes one line of JSON per entry, whatever people send', async () => {
    const evil = 'x%0a{"level":"info","msg":"forged"}%0d%0a%1b[2J'
    await ask(`/api/v1/datasets/${evil}`)
    await ask(`/login/oidc?next=${evil}`)
    await fetch(`${base()}/api/v1/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'x"}{"msg":"forged"' },
      body: JSON.stringify({ email: 'a@b.example\n{"msg":"forged"}', password: '\u001b[31m' }),
    })
    await ask('/healthz', 'User-Agent: \x1b[2J{"msg":"forged"}\r\n')
    await new Promise((resolve) => setTimeout(resolve, 300))
    const lines = platform
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
    assert.ok(
      lines.some((line) => line.includes('forged')),
      'what was sent is logged',
    )
    for (const line of lines) {
      assert.notEqual((JSON.parse(line) as { msg?: string }).msg, 'forged')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      assert.doesNotMatch(line, /[\x00-\x1f\x7f]/)
    }
  })

  it('bounds bodies, headers and depth', async () => {
    const post = (body: string, path = '/api/v1/sign-in') =>
      fetch(base() + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    assert.equal((await post('['.repeat(100_000))).status, 400)
    assert.equal((await post(`${'[['.repeat(20_000)}${']]'.repeat(20_000)}`)).status, 400)
    assert.equal((await post('{"__proto__":{"x":1}}')).status, 400)
    // Only announced: who sends it all may meet a closed connection before the answer.
    const long = `Content-Type: application/json\r\nContent-Length: ${17 * 1024 * 1024}\r\nConnection: close\r\n\r\n"`
    assert.match(await raw(`POST /api/v1/sign-in HTTP/1.1\r\nHost: x\r\n${long}`), /^HTTP\/1\.1 413/)
    assert.match(await ask('/healthz', `X-Long: ${'x'.repeat(300_000)}\r\n`), /^HTTP\/1\.1 431/)
    assert.equal((await fetch(`${base()}/healthz`)).status, 200)
  })
})
