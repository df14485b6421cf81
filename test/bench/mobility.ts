/** What is asked around a place, and departures, over HTTP from the real program with a region's data. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestEngine } from '../support/database.ts'
import type { SourcesBench } from '../support/sources.ts'
import { fillRegion } from './region.ts'

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'zahnrad.mjs')
const ASKED = 300

/** Prints p50 and p95 of each; `bench` is closed, as the program takes the database. */
export async function askRegion(
  name: string,
  bench: SourcesBench,
  place: Awaited<ReturnType<TestEngine['place']>>,
): Promise<void> {
  await fillRegion(bench)
  await bench.close()
  const child = spawn(process.execPath, [LAUNCHER, 'start'], {
    env: { ...process.env, LOG_LEVEL: 'warn', PORT: '0', MQTT_PORT: '0', ZAHNRAD_EXAMPLE: '0', ...place.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let output = ''
      child.stdout.on('data', (chunk) => {
        output += chunk
        const found = /^Zahnrad: (\S+)$/m.exec(output)
        if (found && output.includes('Admin:')) resolve(found[1]!)
      })
      child.once('exit', () => reject(new Error(output)))
    })
    const near = (i: number) =>
      `${(11.1 + ((i * 7919) % 250) * 0.001).toFixed(4)},${(48.05 + ((i * 104_729) % 200) * 0.001).toFixed(4)}`
    const monday = Date.parse('2026-11-30T00:00:00Z') / 1000
    const asked: Record<string, (i: number) => string> = {
      'departures of a stop': (i) =>
        `departures?stop=de:09:${20 + ((i * 7919) % 4_900)}&at=${monday + ((i * 7919) % 604_800)}`,
      'departures of a station': (i) => `departures?stop=hub&at=${monday + ((i * 7919) % 604_800)}`,
      stops: (i) => `stops?near=${near(i)}&radius=1000`,
      parking: (i) => `parking?near=${near(i)}&radius=2000`,
      vehicles: (i) => `vehicles?near=${near(i)}&radius=1000`,
      chargers: (i) => `chargers?near=${near(i)}&radius=1000`,
      roadworks: (i) => `roadworks?near=${near(i)}&radius=2000`,
    }
    const rows = []
    for (const [what, path] of Object.entries(asked)) {
      const times: number[] = []
      let bytes = 0
      for (let i = -20; i < ASKED; i++) {
        const start = performance.now()
        const response = await fetch(`${url}/api/v1/mobility/${path(i + 20)}`)
        const text = await response.text()
        if (response.status !== 200) throw new Error(`${path(i + 20)}: ${response.status} ${text.slice(0, 300)}`)
        if (i < 0) continue
        times.push(performance.now() - start)
        bytes += text.length
      }
      times.sort((a, b) => a - b)
      const p = (share: number) => `${times[Math.floor(share * ASKED)]!.toFixed(1)} ms`
      rows.push({ what, p50: p(0.5), 'p95 (goal < 30 ms)': p(0.95), bytes: Math.round(bytes / ASKED) })
    }
    console.log(`${name}: one after the other, ${ASKED} each`)
    console.table(rows)
  } finally {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
}
