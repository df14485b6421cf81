/**
 * `npm run bench -- pages`: how soon a page can be used on a mid-range phone. A platform with the example city, a cold
 * cache, 360 × 800, 1.6 Mbit/s down, 0.75 Mbit/s up, 150 ms round trip, CPU four times slower. `--runs 5` (default),
 * `--url http://…` measures a platform that runs already.
 */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { launch } from '../e2e/browser.ts'
import { filled } from '../e2e/tour.ts'
import { databases } from '../support/database.ts'
import { startPlatform } from '../support/platform.ts'
import { type FirstVisit, firstVisit, PHONE } from './first-visit.ts'

const { values: options } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== 'pages'),
  options: { url: { type: 'string' }, runs: { type: 'string', default: '5' }, show: { type: 'boolean' } },
})
const RUNS = Number(options.runs)

const platform = options.url ? null : await startPlatform(databases()[0]!, { ZAHNRAD_EXAMPLE: '1' })
if (platform) await filled(platform)
const origin = options.url ?? platform!.url
const browser = await launch()
const { stations } = (await (await fetch(`${origin}/api/v1/stations`)).json()) as {
  stations: { id: number; dataset: string }[]
}
const { id, dataset } = stations[0]!
const PAGES: [name: string, path: string, usable: string][] = [
  ['start', '/', 'main li .value'],
  ['station', `/stationen/${id}`, 'main canvas'],
  ['datasets', '/datensaetze', 'main li h2'],
  ['dataset', `/datensaetze/${dataset}`, 'main h1'],
]

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
const table = []
const load = loadavg()[0]!
for (const [page, path, usable] of PAGES) {
  const visits: FirstVisit[] = []
  for (let i = 0; i < RUNS; i++) visits.push(await firstVisit(browser, origin + path, usable, PHONE))
  const last = visits.at(-1)!
  table.push({
    page,
    'usable (median)': `${Math.round(median(visits.map((one) => one.usableMs)))} ms`,
    slowest: `${Math.round(Math.max(...visits.map((one) => one.usableMs)))} ms`,
    'requests before': last.before.length,
    'KB before': Math.round(last.before.reduce((sum, one) => sum + one.bytes, 0) / 1024),
    'waves of requests': last.waves,
    'longest task after': `${Math.round(Math.max(...visits.map((one) => one.longestAfterMs)))} ms`,
  })
  if (options.show) console.table(last.all.map((one) => ({ ...one, url: one.url.replace(origin, '') })))
}
await browser.close()
await platform?.remove()
console.log(
  `\n${cpus().length} × ${cpus()[0]?.model}, load ${load.toFixed(2)} before and ${loadavg()[0]!.toFixed(2)} after, ${RUNS} visits a page\n`,
)
console.table(table)
