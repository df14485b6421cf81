/** Sources through the real program: commands while it runs and while it is stopped, webhooks, MQTT, a killed import. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { databases } from '../support/database.ts'
import { type RunningPlatform, runZahnrad, startPlatform } from '../support/platform.ts'
import { DATA } from '../support/sources.ts'

const skip = existsSync(DATA) ? false : 'needs the real data at ../shared/data'
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const pushed = (origin: string) => `title: Parkplatz
dataset: { title: Parkplätze }
from: { ${origin} }
format: { type: json }
time: { column: at, format: iso }
thing: { key: "{place}" }
series: [{ column: taken, property: occupancy, values: { "true": 1, "false": 0 } }]
`

for (const engine of databases()) {
  describe(`sources from outside (${engine.name})`, { skip }, () => {
    let platform: RunningPlatform
    let folder: string
    let key: string
    const mosquitto: { process?: ChildProcess; port: number } = { port: 0 }
    const define = (name: string, yaml: string): string => {
      const path = join(folder, `${name}.yaml`)
      writeFileSync(path, yaml)
      return path
    }
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'zahnrad-outside-'))
      platform = await startPlatform(engine, { SOURCE_SECRET: 'sesam' })
      key = await platform.key('sources')
    })
    after(async () => {
      mosquitto.process?.kill('SIGKILL')
      await platform.remove()
      rmSync(folder, { recursive: true, force: true })
    })
    const observations = async (dataset: string): Promise<number> => {
      const { stdout } = await platform.command('dataset', 'list', '--json')
      return JSON.parse(stdout).find(({ id }: { id: string }) => id === dataset)?.observations ?? 0
    }
    const until = async (what: string, holds: () => Promise<boolean>) => {
      for (let wait = 0; !(await holds()); wait++) {
        assert.ok(wait < 100, `${what}: not within 10 s`)
        await sleep(100)
      }
    }

    it('says its exit codes and keeps stdout for JSON', async () => {
      const file = join(DATA, 'counts/muenchen/rad_tage.csv')
      const done = await platform.command('source', 'run', 'sources/muenchen-rad.yaml', '--from', file, '--json')
      assert.equal(done.code, 0, done.stderr)
      const report = JSON.parse(done.stdout)
      for (const field of [
        'source',
        'dataset',
        'read',
        'accepted',
        'unchanged',
        'corrected',
        'rejected',
        'rejections',
        'seconds',
      ])
        assert.ok(field in report, field)
      assert.deepEqual([report.source, report.dataset, report.read], ['muenchen-rad', 'muenchen-rad', 50_817])
      const invalid = await platform.command('source', 'check', define('falsch', 'title: x\nfrom: 1\n'))
      assert.equal(invalid.code, 2)
      assert.match(invalid.stderr, /line 2, from: must be an object, not a number/)
      assert.equal((await platform.command('source', 'run', 'sources/nirgends.yaml')).code, 2)
      assert.equal((await platform.command('source', 'run')).code, 2)
      const failed = await platform.command('source', 'run', 'sources/muenchen-rad.yaml', '--from', 'nirgends.csv')
      assert.equal(failed.code, 1)
      assert.match(failed.stderr, /there is no file or folder/)
      const rejections = await platform.command(
        'source',
        'run',
        'sources/muenchen-rad.yaml',
        '--from',
        define('kaputt', 'datum,zaehlstelle,gesamt\n2020.01.01,X,viele\n'),
        '--json',
      )
      assert.equal(rejections.code, 3, rejections.stderr)
      assert.deepEqual(JSON.parse(rejections.stdout).rejections[0].examples, [
        { row: 2, column: 'gesamt', value: 'viele' },
      ])
      const unreachable = await runZahnrad(['source', 'list'], {
        DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
        DATA_DIR: folder,
      })
      assert.equal(unreachable.code, 4, unreachable.stderr)
      for (const command of ['check', 'preview', 'add', 'run', 'list', 'log', 'pause', 'resume', 'remove']) {
        const help = await platform.command('source', command, '--help')
        assert.equal(help.code, 0)
        assert.match(help.stdout, /Usage: zahnrad source/)
      }
    })

    it('previews real rows', async () => {
      const { stdout, code } = await platform.command(
        'source',
        'preview',
        'sources/isar.yaml',
        '--from',
        join(DATA, 'sensors/isar_muenchen'),
        '-n',
        '3',
        '--json',
      )
      assert.equal(code, 0)
      const rows = JSON.parse(stdout)
      assert.equal(rows.length, 3)
      assert.deepEqual(rows[0].values[0].time, '2024-12-31T23:00:00Z')
    })

    it('takes webhooks from a key or the secret, and from nobody else', async () => {
      assert.equal(
        (await platform.command('source', 'add', define('parken', pushed('webhook: { secret: $SOURCE_SECRET }')))).code,
        0,
      )
      const url = `${platform.url}/api/v1/webhooks/parken`
      const body = (at: string, taken: unknown) => JSON.stringify({ place: 'P1', at, taken })
      const post = (text: string, headers: Record<string, string>, to = url) =>
        fetch(to, { method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers } })
      const bearer = { authorization: `Bearer ${key}` }
      const first = await post(body('2026-01-01T10:00:00Z', true), bearer)
      assert.equal(first.status, 200, await first.clone().text())
      const { read, accepted, rejected } = (await first.json()) as Record<string, number>
      assert.deepEqual([read, accepted, rejected], [1, 1, 0])
      assert.equal((await post(body('2026-01-01T10:05:00Z', false), { 'x-webhook-secret': 'sesam' })).status, 200)
      const refused = await post(body('2026-01-01T10:10:00Z', false), {})
      assert.equal(refused.status, 401)
      assert.equal(refused.headers.get('content-type')?.split(';')[0], 'application/problem+json')
      assert.equal((await post(body('2026-01-01T10:10:00Z', false), { 'x-webhook-secret': 'falsch' })).status, 401)
      assert.equal((await post('{}', {}, `${platform.url}/api/v1/webhooks/unbekannt`)).status, 401)
      assert.equal((await post('{}', bearer, `${platform.url}/api/v1/webhooks/unbekannt`)).status, 404)
      const useless = await post('{"place": "P1", "at": "gestern", "taken": true}', bearer)
      assert.equal(useless.status, 422)
      assert.match(((await useless.json()) as { detail: string }).detail, /not a time of the form iso/)
      assert.equal((await post('{"place', bearer)).status, 422)
      assert.equal((await post('', bearer)).status, 400)
      assert.equal((await post(`{"x": "${'x'.repeat(1_100_000)}"}`, bearer)).status, 413)
      assert.equal(await observations('parken'), 2)
    })

    it('takes topics of its own broker, with the rights of HTTP', async () => {
      assert.equal(
        (await platform.command('source', 'add', define('parken-mqtt', pushed('mqtt: { topic: "parken/+" }')))).code,
        0,
      )
      const publish = (password: string | undefined, message: object) => {
        const { hostname, port } = new URL(platform.mqttUrl)
        const login = password ? ['-u', 'sensor', '-P', password] : []
        return execFileSync(
          'mosquitto_pub',
          ['-h', hostname, '-p', port, '-q', '1', '-t', 'parken/p2', '-m', JSON.stringify(message), ...login],
          { timeout: 5000, stdio: 'pipe' },
        )
      }
      publish(key, { place: 'P2', at: '2026-01-01T10:00:00Z', taken: true })
      assert.equal(await observations('parken-mqtt'), 1)
      try {
        publish(undefined, { place: 'P2', at: '2026-01-01T11:00:00Z', taken: true })
      } catch {
        // The broker closes the connection of somebody who may not publish here.
      }
      assert.equal(await observations('parken-mqtt'), 1)
    })

    it('listens at another broker', async () => {
      mosquitto.port = await freePort()
      const config = define('mosquitto', `listener ${mosquitto.port} 127.0.0.1\nallow_anonymous true\n`)
      const program = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto'].find((path) => existsSync(path)) ?? 'mosquitto'
      mosquitto.process = spawn(program, ['-c', config], { stdio: 'ignore' })
      const origin = `mqtt: { topic: "stadt/#", broker: "mqtt://127.0.0.1:${mosquitto.port}" }`
      assert.equal((await platform.command('source', 'add', define('fremd', pushed(origin)))).code, 0)
      let minute = 0
      await until('a message of the other broker', async () => {
        const message = JSON.stringify({
          place: 'P3',
          at: `2026-01-01T10:${String(minute++ % 60).padStart(2, '0')}:00Z`,
          taken: false,
        })
        execFileSync(
          'mosquitto_pub',
          ['-h', '127.0.0.1', '-p', String(mosquitto.port), '-q', '1', '-t', 'stadt/p3', '-m', message],
          { stdio: 'pipe' },
        )
        return (await observations('fremd')) > 0
      })
    })

    it('lists sources with their state, pauses and removes them', async () => {
      const list = JSON.parse((await platform.command('source', 'list', '--json')).stdout)
      assert.deepEqual(
        list.map(({ id, kind, state }: Record<string, string>) => [id, kind, state]),
        [
          ['fremd', 'mqtt', 'ok'],
          ['parken', 'webhook', 'ok'],
          ['parken-mqtt', 'mqtt', 'ok'],
        ],
      )
      assert.equal((await platform.command('source', 'pause', 'parken')).code, 0)
      const paused = await fetch(`${platform.url}/api/v1/webhooks/parken`, {
        method: 'POST',
        body: '{}',
        headers: { authorization: `Bearer ${key}` },
      })
      assert.equal(paused.status, 404)
      assert.equal((await platform.command('source', 'remove', 'fremd')).code, 0)
      assert.equal((await platform.command('source', 'remove', 'fremd')).code, 1)
    })

    it('keeps every batch of an import that is killed, says it was interrupted, and completes it', async () => {
      const archive = join(DATA, 'counts/muenster_radverkehr_all_sites.tar.xz')
      // Two months of every site: enough to be caught in the middle.
      const months = join(folder, 'months')
      execFileSync('mkdir', ['-p', months])
      execFileSync('tar', ['-xJf', archive, '-C', months, '--wildcards', '*/2025-10.csv', '*/2026-07.csv'])
      const argv = ['source', 'run', 'sources/muenster-rad.yaml', '--from', months, '--json']
      const importing = platform.command(...argv)
      await until('the first batches', async () => (await observations('muenster-rad')) > 20_000)
      await platform.stop('SIGKILL')
      const broken = await importing
      assert.notEqual(broken.code, 0)
      await platform.restart()
      const log = JSON.parse((await platform.command('source', 'log', 'muenster-rad', '--json')).stdout)
      assert.equal(log[0].outcome, 'interrupted')
      const before = await observations('muenster-rad')
      const again = JSON.parse((await platform.command(...argv)).stdout)
      assert.equal(again.rejected, 0)
      assert.equal(again.unchanged, before)
      assert.equal(again.accepted + again.unchanged, again.read)
      assert.equal(await observations('muenster-rad'), again.read)
      await platform.stop()
      const stopped = JSON.parse((await platform.command(...argv)).stdout)
      assert.deepEqual([stopped.accepted, stopped.unchanged], [0, again.read])
    })
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
