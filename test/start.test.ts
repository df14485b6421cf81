/** Starting and commanding the program as a person does, from outside. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { databases } from './support/database.ts'
import { type RunningPlatform, runZahnrad, startPlatform } from './support/platform.ts'

const FREE = { PORT: '0', MQTT_PORT: '0', LOG_LEVEL: 'warn', DATABASE_URL: '' }

describe('a start that cannot work', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'zahnrad-start-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const refused = async (env: Record<string, string>, sentence: RegExp) => {
    const { code, stderr, stdout } = await runZahnrad(['start'], { ...FREE, DATA_DIR: folder, ...env })
    assert.notEqual(code, 0)
    assert.match(stderr, sentence)
    assert.equal(stderr.trim().split('\n').length, 1, stderr)
    assert.equal(stdout, '')
  }

  it('says which port is in use', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '::', resolve))
    const { port } = server.address() as { port: number }
    await refused(
      { PORT: String(port) },
      new RegExp(`^Port ${port} \\(PORT\\) is in use by another program: .*set PORT`),
    )
    await refused(
      { MQTT_PORT: String(port) },
      new RegExp(`^Port ${port} \\(MQTT_PORT\\) is in use by another program: .*set MQTT_PORT`),
    )
    server.close()
  })

  it('says that a value is wrong', async () => {
    await refused({ PORT: 'http' }, /^PORT is "http" but must be a port number/)
    await refused({ ZAHNRAD_OPEN_WRITE: 'yes' }, /^ZAHNRAD_OPEN_WRITE is "yes" but must be 0 or 1/)
    await refused({ PUBLIC_URL: 'daten.example' }, /^PUBLIC_URL is "daten.example" but must be a web address/)
    await refused({ LOG_LEVEL: 'loud' }, /^LOG_LEVEL is "loud" but must be one of/)
    await refused({ DATABASE_URL: 'mysql://x' }, /^DATABASE_URL is not a PostgreSQL address/)
  })

  it('says that the database cannot be reached', async () => {
    await refused(
      { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
      /^The database at 127.0.0.1:1\/none cannot be reached/,
    )
  })

  it('says that the folder cannot be written', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    await refused({ DATA_DIR: join(file, 'data') }, /^The data folder .* cannot be written/)
  })

  it('says what is wrong with the city profile', async () => {
    const file = join(folder, 'city.yaml')
    writeFileSync(file, 'name: Prüfstadt\ntimeZone: Europe/Nirgends\n')
    await refused({ CITY_FILE: file }, /^The city profile .*city\.yaml \(CITY_FILE\).*unknown time zone/)
  })
})

for (const engine of databases()) {
  describe(`a running platform (${engine.name})`, () => {
    let platform: RunningPlatform
    before(async () => {
      platform = await startPlatform(engine)
    })
    after(() => platform.remove())

    it('is healthy, ready, and tells figures', async () => {
      assert.equal((await fetch(`${platform.url}/healthz`)).status, 200)
      assert.deepEqual(await (await fetch(`${platform.url}/readyz`)).json(), { status: 'ready', problems: {} })
      const metrics = await (await fetch(`${platform.url}/metrics`)).text()
      for (const name of [
        'zahnrad_http_request_seconds_bucket',
        'zahnrad_ingest_waiting',
        'zahnrad_database_connections',
      ])
        assert.match(metrics, new RegExp(name))
    })

    it('refuses a second process on the same data folder', async () => {
      const { code, stderr } = await runZahnrad(['start'], { ...platform.env, PORT: '0', MQTT_PORT: '0' })
      assert.notEqual(code, 0)
      assert.match(stderr, /^The data folder .* is in use by another Zahnrad process/)
    })

    it('opens its command socket to its owner alone', () => {
      assert.equal(statSync(join(platform.env.DATA_DIR!, 'zahnrad.sock')).mode & 0o777, 0o600)
    })

    it('makes keys that open writing, and ends them', async () => {
      const key = await platform.key('probe')
      assert.match(key, /^zk_/)
      const twice = await platform.command('key', 'create', '--name', 'probe')
      assert.equal(twice.code, 1)
      assert.match(twice.stderr, /already a key named "probe"/)
      const session = (authorization?: string) =>
        fetch(`${platform.url}/api/v1/session`, { headers: authorization ? { authorization } : {} })
      const kind = async (answer: Response) => ((await answer.json()) as { kind: string }).kind
      assert.equal(await kind(await session(`Bearer ${key}`)), 'key')
      assert.equal(await kind(await session()), 'anonymous')
      assert.equal((await session('Bearer zk_wrong')).status, 401)
      assert.equal((await session('Basic eDp5')).status, 401)
      assert.equal((await platform.command('key', 'revoke', 'probe')).code, 0)
      assert.equal((await session(`Bearer ${key}`)).status, 401)
      const { stdout } = await platform.command('key', 'list', '--json')
      assert.ok(JSON.parse(stdout).find((k: { name: string; revokedAt: string }) => k.name === 'probe').revokedAt)
      assert.doesNotMatch(stdout, /zk_/)
    })

    it('opens a staff session by the admin link, once', async () => {
      const first = await fetch(platform.adminLink, { redirect: 'manual' })
      assert.equal(first.status, 303)
      const cookie = first.headers.get('set-cookie')!
      assert.match(cookie, /HttpOnly; SameSite=Lax/)
      const own = { cookie: cookie.split(';')[0]! }
      const kind = async () =>
        ((await (await fetch(`${platform.url}/api/v1/session`, { headers: own })).json()) as { kind: string }).kind
      assert.equal(await kind(), 'staff')
      const again = await fetch(platform.adminLink, { redirect: 'manual' })
      assert.equal(again.headers.get('set-cookie'), null)
      const { stdout } = await platform.command('admin', 'link')
      assert.match(stdout, /\/login\?code=zl_\S+\n$/)
      const foreign = await fetch(`${platform.url}/api/v1/logout`, {
        method: 'POST',
        headers: { ...own, 'sec-fetch-site': 'cross-site' },
      })
      assert.equal(foreign.status, 403)
      assert.equal(await kind(), 'staff')
    })

    it('takes the first admin from the link to an account of their own, and people by invitation', async () => {
      const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
        fetch(`${platform.url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        })
      const cookieOf = (answer: Response) => answer.headers.get('set-cookie')?.split(';')[0] ?? ''
      const who = async (cookie: string) =>
        (await (await fetch(`${platform.url}/api/v1/session`, { headers: { cookie } })).json()) as {
          kind: string
          name: string
          staff: boolean
        }
      const { stdout: link } = await platform.command('admin', 'link')
      const machine = cookieOf(await fetch(link.trim(), { redirect: 'manual' }))
      const me = { email: 'Chefin@stadt.example', name: 'Die Chefin', password: 'Windmühle im Regen' }
      assert.equal((await post('/api/v1/sign-in/first', me)).status, 401)
      const made = await post('/api/v1/sign-in/first', me, { cookie: machine })
      assert.equal(made.status, 204, await made.text())
      assert.deepEqual(
        [(await who(cookieOf(made))).name, (await who(cookieOf(made))).staff],
        ['user:chefin@stadt.example', true],
      )
      assert.equal((await who(machine)).kind, 'anonymous', 'the session before has ended')
      const { stdout } = await platform.command(
        ...['user', 'invite', 'otto@partner.example', '--name', 'Otto', '--role', 'consumer', '--json'],
      )
      const token = new URL((JSON.parse(stdout) as { url: string }).url).searchParams.get('link')!
      const info = await (await post('/api/v1/sign-in/link', { token })).json()
      assert.deepEqual(info, { email: 'otto@partner.example', name: 'Otto', kind: 'invitation' })
      const weak = await post('/api/v1/sign-in/password', { token, password: 'kurz' })
      assert.deepEqual([weak.status, ((await weak.json()) as { code: string }).code], [400, 'password-weak'])
      const set = await post('/api/v1/sign-in/password', { token, password: 'Drei Kähne am Kai' })
      assert.equal(set.status, 204)
      const otto = await who(cookieOf(set))
      assert.deepEqual([otto.kind, otto.staff], ['user', false])
      assert.equal((await post('/api/v1/sign-in/password', { token, password: 'Drei Kähne am Kai' })).status, 410)
      const again = { email: 'otto@partner.example', password: 'Drei Kähne am Kai' }
      assert.equal((await post('/api/v1/sign-in', { ...again, password: 'falsch' })).status, 401)
      assert.equal((await post('/api/v1/sign-in', again, { origin: 'https://evil.example' })).status, 403)
      const cookie = cookieOf(await post('/api/v1/sign-in', again))
      assert.equal((await who(cookie)).kind, 'user')
      const foreign: Record<string, string>[] = [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { 'sec-fetch-site': 'cross-site' },
      ]
      for (const headers of foreign) await post('/api/v1/logout', {}, { cookie, ...headers })
      assert.equal((await who(cookie)).kind, 'user', 'another site cannot sign anybody out')
      assert.equal((await platform.command('user', 'block', 'otto@partner.example')).code, 0)
      assert.equal((await who(cookie)).kind, 'anonymous')
    })

    it('keeps a log that proves itself', async () => {
      const { stdout, code } = await platform.command('audit', 'verify', '--json')
      const proof = JSON.parse(stdout) as { ok: boolean; entries: number }
      assert.deepEqual([code, proof.ok], [0, true])
      const list = JSON.parse((await platform.command('audit', 'list', '--act', 'account', '--json')).stdout)
      assert.ok(list.some((e: { act: string; object: string }) => e.act === 'account.block' && /otto/.test(e.object)))
      const { stdout: lines } = await platform.command('audit', 'export')
      const entries = lines
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { text: string; hash: string })
      assert.ok(entries.length >= proof.entries)
      for (const { text, hash } of entries) assert.equal(createHash('sha256').update(text).digest('hex'), hash)
      assert.doesNotMatch(lines, /z[ksli]_|scrypt|Kähne/)
    })

    it('answers commands the same while it runs and while it is stopped', async () => {
      const running = await platform.command('dataset', 'list', '--json')
      const help = await platform.command('dataset', '--help')
      assert.equal(help.code, 0)
      assert.match(help.stdout, /release/)
      assert.match((await platform.command('--version')).stdout, /^\d+\.\d+\.\d+/)
      assert.equal((await platform.command('datasets')).code, 2)
      assert.equal((await platform.command('dataset', 'show', 'nothing')).code, 1)
      assert.equal(await platform.stop('SIGTERM'), 0)
      const stopped = await platform.command('dataset', 'list', '--json')
      assert.deepEqual(JSON.parse(stopped.stdout), JSON.parse(running.stdout))
      assert.equal(stopped.code, 0)
      await platform.restart()
    })

    it('is examined by the doctor', async () => {
      const { code, stdout } = await platform.command('doctor', '--json')
      assert.equal(code, 0, stdout)
      const findings = JSON.parse(stdout) as { check: string; result: string }[]
      for (const check of ['node', 'database', 'postgis', 'migrations', 'clock', 'disk'])
        assert.equal(findings.find((f) => f.check === check)?.result, 'ok', check)
    })
  })
}
