/**
 * The part `growth`: what the same work costs as the table grows. `--write` puts the table into docs/operating/performance.md,
 * between its marks.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

process.env.BENCH_POSTGRES = '1'
const { prepare, serveBench, sizes } = await import('./sensorthings.ts')
const { load, machine, median, round } = await import('./measure.ts')
const { hotQueries } = await import('./queries.ts')
const { series } = await import('../../src/domains/sensing/index.ts')
const { stopPostgres } = await import('../support/postgres.ts')

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1,10,50' },
    seconds: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
})
const millions = values.sizes.split(',').map(Number)
const seconds = Number(values.seconds)
/** By work: what was measured at each size. */
const measured = new Map<string, string[]>()
const add = (work: string, text: string) => measured.set(work, [...(measured.get(work) ?? []), text])

for (const size of millions) {
  const bench = await prepare(size * 1_000_000)
  const { db, ground, chart, datastreams } = bench
  add('bytes per observation, heap and indexes', `${round(await sizes(bench))}`)
  const server = await serveBench(bench)
  for (const { name, path, load: rate } of hotQueries(ground)) {
    const address = `/sta/v1.1/${path}`
    if (rate) {
      const got = await load({ url: server.url + address, headers: server.headers, method: 'GET', seconds })
      add(name, `${round(got.rate)} /s`)
    } else add(name, `${round(await median(() => server.get(address), 9))} ms`)
  }
  const { from, to } = chart
  const year = { datastreams: [chart.datastream], from, to, resolution: 'day' as const, timeZone: 'Europe/Berlin' }
  add('chart: one year by day', `${round(await median(() => series(db, [ground.dataset], year)))} ms`)
  // Last: what is written here would lie in the way of the reading.
  const post = (path: string, body: unknown, connections: number) =>
    load({ url: server.url + path, headers: server.headers, body: JSON.stringify(body), seconds, connections })
  const single = await post(`/sta/v1.1/Datastreams(${datastreams[0]})/Observations`, { result: 21.5 }, 64)
  add('single Observation POST, durable', `${round(single.rate)} /s`)
  const dataArray = Array.from({ length: 5_000 }, (_, i) => [
    new Date(Date.UTC(2027, 0, 1) + i * 60_000).toISOString(),
    i,
  ])
  const array = [{ Datastream: { '@iot.id': datastreams[1] }, components: ['phenomenonTime', 'result'], dataArray }]
  const bulk = await post('/sta/v1.1/CreateObservations', array, 2)
  add('data array, 5,000 rows a request', `${round(bulk.rate * 5_000)} rows/s`)
  await server.stop()
  await bench.remove()
}
stopPostgres()

const table = [
  `| work | ${millions.map((size) => `${size} M`).join(' | ')} |`,
  `|---|${millions.map(() => '---:').join('|')}|`,
  ...[...measured].map(([work, cells]) => `| ${work.replaceAll('|', '\\|')} | ${cells.join(' | ')} |`),
].join('\n')
const head = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
const when = new Date().toISOString().slice(0, 16).replace('T', ' ')
const text = `Measured on ${when} UTC at ${head}: ${machine()}.\n\n${table}`
console.log(`\n${text}\n`)
if (values.write) {
  const file = join(import.meta.dirname, '..', '..', 'docs', 'operating', 'performance.md')
  const parts = /(<!-- growth -->\n)[\s\S]*(<!-- \/growth -->)/
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(parts, (_, start, end) => `${start}${text}\n${end}`),
  )
}
process.exit()
