/**
 * kill -9 under write load over HTTP and MQTT and in the middle of an import, repeatedly, on both databases: after the restart everything
 * acknowledged is there, nothing is half, and what is derived equals what it is derived from.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import mqtt from 'mqtt'
import { openDatabase } from '../src/kernel/db/index.ts'
import { createLog } from '../src/kernel/log.ts'
import { databases } from './support/database.ts'
import { type RunningPlatform, runZahnrad, startPlatform } from './support/platform.ts'

const ROUNDS = 3
const ROWS = 400_000

const THING = {
  name: 'Probe',
  description: '',
  Locations: [
    {
      name: 'Ort',
      description: '',
      encodingType: 'application/geo+json',
      location: { type: 'Point', coordinates: [7.6, 51.9] },
    },
  ],
  Datastreams: [
    {
      name: 'Werte',
      description: '',
      observationType: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement',
      unitOfMeasurement: { name: 'n', symbol: '', definition: '' },
      Sensor: { name: 's', description: '', encodingType: 'text/html', metadata: 'x' },
      ObservedProperty: { name: 'o', definition: 'https://example.org/o', description: '' },
    },
  ],
}

const DEFINITION = `
id: probe
title: Probe
dataset: { id: probe, title: Probe }
from: { file: { path: probe.csv } }
format: { type: csv }
timeZone: UTC
time: { column: time, format: iso }
thing: { key: probe, name: Probe }
series:
  - { column: value, key: value, name: Wert, property: bicycle_count }
`

/** Sums, counters and latest values must equal what the rows say, and no row may stand there twice. */
async function consistent(env: Record<string, string>): Promise<{ rows: number; values: Set<number> }> {
  const db = await openDatabase({ url: env.DATABASE_URL || undefined, dataDir: env.DATA_DIR!, log: createLog('error') })
  try {
    const rows = await db.query<{ datastream: number; n: number; sum: number; last: number }>(
      'select datastream, count(*)::int4 as n, sum(v) as sum, (array_agg(id order by t desc, id desc))[1] as last from observation group by 1 order by 1',
      [],
      { timeoutMs: 60_000 },
    )
    const sums = await db.query(
      'select datastream, sum(n)::int4 as n, sum(sum) as sum from rollup_hour group by 1 order by 1',
    )
    const states = await db.query(
      'select datastream, n::int4 as n, last_id as last from datastream_state where n > 0 order by 1',
    )
    assert.deepEqual(
      sums,
      rows.map(({ datastream, n, sum }) => ({ datastream, n, sum })),
    )
    assert.deepEqual(
      states,
      rows.map(({ datastream, n, last }) => ({ datastream, n, last })),
    )
    const values = await db.query<{ v: number }>('select v from observation')
    return { rows: rows.reduce((all, row) => all + row.n, 0), values: new Set(values.map((row) => row.v)) }
  } finally {
    await db.close()
  }
}

for (const engine of databases()) {
  describe(`kill -9 (${engine.name})`, () => {
    let platform: RunningPlatform
    let folder: string
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'zahnrad-kill-'))
      platform = await startPlatform(engine)
    })
    after(async () => {
      await platform.remove()
      rmSync(folder, { recursive: true, force: true })
    })

    it(`under write load loses nothing acknowledged, ${ROUNDS} times`, async () => {
      const key = await platform.key()
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      const made = await fetch(`${platform.url}/sta/v1.1/Things`, {
        method: 'POST',
        headers,
        body: JSON.stringify(THING),
      })
      assert.equal(made.status, 201, await made.text())
      const series = `${platform.url}/sta/v1.1/Datastreams(1)/Observations`
      const acknowledged = new Set<number>()
      let next = 0
      for (let round = 1; round <= ROUNDS; round++) {
        let killed = false
        const writers = Array.from({ length: 16 }, async () => {
          while (!killed) {
            const value = ++next
            const body = JSON.stringify({
              phenomenonTime: new Date(Date.UTC(2026, 0, 1) + value * 1000).toISOString(),
              result: value,
            })
            const answer = await fetch(series, { method: 'POST', headers, body }).catch(() => null)
            if (answer?.status === 201) acknowledged.add(value)
            else if (answer && !killed) assert.fail(`${answer.status} ${await answer.text()}`)
          }
        })
        const enough = acknowledged.size + 300
        while (acknowledged.size < enough) await new Promise((resolve) => setTimeout(resolve, 5))
        await platform.stop('SIGKILL')
        killed = true
        await Promise.all(writers)
        const { values } = await consistent(platform.env)
        const lost = [...acknowledged].filter((value) => !values.has(value))
        assert.deepEqual(lost, [], `round ${round}`)
        await platform.restart()
      }
    })

    it('in the middle of QoS 1 publishes loses nothing acknowledged', async () => {
      const key = await platform.key()
      const acknowledged = new Set<number>()
      let next = 500_000
      for (let round = 1; round <= 2; round++) {
        const device = mqtt.connect(platform.mqttUrl, {
          protocolVersion: 4,
          reconnectPeriod: 0,
          username: 'device',
          password: key,
        })
        device.on('error', () => {})
        await once(device as never, 'connect')
        // The broken connection shows as an error first.
        const closed = new Promise((resolve) => device.on('close', () => resolve(undefined)))
        const enough = Promise.withResolvers<void>()
        const goal = acknowledged.size + 2_000
        // Always 500 on their way: some are being stored when the process dies.
        const publish = (): void => {
          const value = ++next
          const phenomenonTime = new Date(Date.UTC(2026, 0, 1) + value * 1000).toISOString()
          device.publish(
            'v1.1/Datastreams(1)/Observations',
            JSON.stringify({ phenomenonTime, result: value }),
            { qos: 1 },
            (error) => {
              if (error) return
              acknowledged.add(value)
              if (acknowledged.size === goal) enough.resolve()
              publish()
            },
          )
        }
        for (let i = 0; i < 500; i++) publish()
        await enough.promise
        await platform.stop('SIGKILL')
        await closed
        device.end(true)
        const { values } = await consistent(platform.env)
        const lost = [...acknowledged].filter((value) => !values.has(value))
        assert.deepEqual(lost, [], `round ${round}`)
        await platform.restart()
      }
    })

    it(`in the middle of an import leaves whole batches, and the next run completes it, ${ROUNDS} times`, async () => {
      const before = (await fetch(`${platform.url}/readyz`)).status
      assert.equal(before, 200)
      const lines = ['time,value']
      for (let i = 0; i < ROWS; i++)
        lines.push(`${new Date(Date.UTC(2020, 0, 1) + i * 60_000).toISOString()},${1e6 + i}`)
      writeFileSync(join(folder, 'probe.csv'), `${lines.join('\n')}\n`)
      const definition = join(folder, 'probe.yaml')
      writeFileSync(definition, DEFINITION)
      let done = 0
      for (let round = 1; round <= ROUNDS; round++) {
        const running = runZahnrad(['source', 'run', definition, '--json'], platform.env, { cwd: folder })
        const limit = Date.now() + 180_000
        const grown = async () => {
          const text = await (await fetch(`${platform.url}/metrics`)).text().catch(() => '')
          return Number(/^zahnrad_ingest_observations_total (\d+)/m.exec(text)?.[1] ?? 0)
        }
        const start = await grown()
        while ((await grown()) <= start + 45_000 && Date.now() < limit)
          await new Promise((resolve) => setTimeout(resolve, 2))
        await platform.stop('SIGKILL')
        assert.notEqual((await running).code, 0)
        const { values } = await consistent(platform.env)
        done = [...values].filter((value) => value >= 1e6).length
        assert.ok(done > 0, 'nothing was imported before the kill')
        await platform.restart()
      }
      const { code, stdout, stderr } = await runZahnrad(['source', 'run', definition, '--json'], platform.env, {
        cwd: folder,
      })
      assert.equal(code, 0, stderr)
      const result = JSON.parse(stdout)
      assert.equal(result.accepted + result.unchanged, ROWS)
      assert.equal(result.unchanged, done)
      const { stdout: log } = await platform.command('source', 'log', 'probe', '--json')
      assert.ok(
        (JSON.parse(log) as { outcome: string }[]).some((run) => run.outcome === 'interrupted'),
        log,
      )
      await platform.stop()
      const { values } = await consistent(platform.env)
      assert.equal([...values].filter((value) => value >= 1e6).length, ROWS)
      await platform.restart()
    })
  })
}
