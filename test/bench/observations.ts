/** The part `observations`: see `sensorthings.ts`. */
import { parseArgs } from 'node:util'

process.env.BENCH_POSTGRES = '1'
const { charts, compacted, paging, prepare, reading, serveBench, sizes, starts, writing } = await import(
  './sensorthings.ts'
)
const { machine, printLines } = await import('./measure.ts')
const { stopPostgres } = await import('../support/postgres.ts')

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '10000000' }, seconds: { type: 'string', default: '8' } },
})
const rows = Number(values.rows)
const seconds = Number(values.seconds)
const bench = await prepare(rows)
await sizes(bench)
const server = await serveBench(bench)
await reading(bench, server, seconds)
await paging(bench, server)
await charts(bench)
await compacted(bench)
await writing(bench, server, seconds)
await server.stop()
await bench.remove()
await starts()
stopPostgres()
console.log(`\n${machine()}, PostgreSQL with fsync, ${rows.toLocaleString('en')} observations in 2,000 datastreams\n`)
printLines()
process.exit()
