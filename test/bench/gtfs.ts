/**
 * `npm run bench -- gtfs`: a whole GTFS import beside raw COPY of the same rows on PostgreSQL, and what a region's phone
 * asks, over HTTP on both databases. `--stop-times 30000000` for a country's; `--only import|queries`; `--times 3`.
 */
import { createReadStream, createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'

process.env.BENCH_POSTGRES = '1'
const { databases } = await import('../support/database.ts')
const { stopPostgres } = await import('../support/postgres.ts')
const { sourcesOn } = await import('../support/sources.ts')
const { openDatabase } = await import('../../src/kernel/db/index.ts')
const { createLog } = await import('../../src/kernel/log.ts')
const { checkDefinition } = await import('../../src/domains/sources/index.ts')
const { currentVersion } = await import('../../src/domains/mobility/index.ts')
const { PARTITIONED_TABLES, partition } = await import('../../src/domains/mobility/transit/tables.ts')
const { sizeOf, writeFeed } = await import('./gtfs-feed.ts')
const { askRegion } = await import('./mobility.ts')
type Engine = ReturnType<typeof databases>[number]

const { values: options } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== 'gtfs'),
  options: {
    'stop-times': { type: 'string', default: '1000000' },
    times: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
})
const STOP_TIMES = Number(options['stop-times'])
const folder = mkdtempSync(join(tmpdir(), 'zahnrad-bench-gtfs-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const feed = join(folder, 'feed.zip')
await writeFeed(feed, sizeOf(STOP_TIMES))
console.log(
  `${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}; ${STOP_TIMES.toLocaleString('en')} stop times, zip of ${(statSync(feed).size / 1e6).toFixed(0)} MB`,
)

const definition = (id: string) =>
  checkDefinition(
    `id: ${id}\ntitle: ${id}\ndataset: { title: ${id}, licence: dl-by-de/2.0, attribution: Verbund }\nfrom: { file: { path: feed.zip } }\nformat: { type: gtfs }\nlimits: { unpacked: 20GB, bytes: 20GB }\n`,
    id,
  )

async function readInto(bench: Awaited<ReturnType<typeof sourcesOn>>, id: string): Promise<void> {
  const report = await bench.sources.run(definition(id), { from: feed })
  if (report.outcome !== 'ok') throw new Error(`${id}: ${report.outcome} ${report.error}`)
}

if (options.only !== 'queries') await imports(databases().find(({ name }) => name === 'server')!)
if (options.only !== 'import') {
  for (const engine of databases()) {
    const place = await engine.place()
    const bench = await sourcesOn(
      await openDatabase({ url: place.env.DATABASE_URL, dataDir: place.dataDir, log: createLog('warn') }),
    )
    await readInto(bench, 'fahrplan')
    await bench.catalog.setState('fahrplan', 'released')
    await askRegion(engine.name, bench, place)
    await place.remove()
  }
}
stopPostgres()
process.exit(0)

async function imports(engine: Engine): Promise<void> {
  const place = await engine.place()
  const url = place.env.DATABASE_URL!
  const bench = await sourcesOn(await openDatabase({ url, dataDir: place.dataDir, log: createLog('warn') }))
  const client = new pg.Client(url)
  await client.connect()
  await client.query('set statement_timeout = 0')
  const postmaster = (await client.query("select current_setting('data_directory') as dir")).rows[0].dir
  const server = Number(readFileSync(join(postmaster, 'postmaster.pid'), 'utf8').split('\n')[0])
  const rows = []
  for (let n = 0; n < Number(options.times); n++) {
    let peak = 0
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss)
    }, 100)
    await client.query('checkpoint')
    const imported = await timed(server, () => readInto(bench, `region${n}`))
    clearInterval(watch)
    const { version } = (await currentVersion(bench.db, bench.catalog.byId(`region${n}`)!.key))!
    const raw = await rawCopy(client, server, version)
    const all = { seconds: raw.copy.seconds + raw.index.seconds, cpu: raw.copy.cpu + raw.index.cpu }
    rows.push({
      'import s': imported.seconds.toFixed(1),
      'raw COPY s': raw.copy.seconds.toFixed(1),
      ratio: (raw.copy.seconds / imported.seconds).toFixed(2),
      'raw COPY + same indexes s': all.seconds.toFixed(1),
      'ratio (goal ≥ 0.5)': (all.seconds / imported.seconds).toFixed(2),
      'processor s, import / raw': `${imported.cpu.toFixed(1)} / ${all.cpu.toFixed(1)}`,
      'peak MB': Math.round(peak / 1e6),
    })
  }
  console.table(rows)
  await client.end()
  await bench.close()
  await place.remove()
}

/**
 * The rows of a version from CSV files into tables alike, one COPY after the other; then the same indexes on them, one
 * after the other. Nothing is read from a zip, checked or compared.
 */
async function rawCopy(client: pg.Client, server: number, version: number) {
  const files: { table: string; file: string; version: string }[] = []
  for (const table of PARTITIONED_TABLES) {
    const file = join(folder, `${table}.csv`)
    await pipeline(
      client.query(copyTo(`copy ${partition(table, version)} to stdout with (format csv)`)),
      createWriteStream(file),
    )
    files.push({ table, file, version: partition(table, version) })
  }
  for (const { table } of files) await client.query(`create table raw_${table} (like ${table} including defaults)`)
  await client.query('checkpoint')
  const copy = await timed(server, async () => {
    for (const { table, file } of files)
      await pipeline(
        createReadStream(file, { highWaterMark: 1 << 18 }),
        client.query(copyFrom(`copy raw_${table} from stdin with (format csv)`)),
      )
  })
  const index = await timed(server, async () => {
    for (const { table, version } of files) {
      const { rows } = await client.query('select indexdef from pg_indexes where tablename = $1', [version])
      for (const { indexdef } of rows) await client.query(indexdef.replace(/INDEX \S+ ON \S+/, `INDEX ON raw_${table}`))
    }
  })
  for (const { table, file } of files) {
    await client.query(`drop table raw_${table}`)
    rmSync(file)
  }
  return { copy, index }
}

/** Seconds by the clock, and of processors: of this process and of the database (`server`: its first process). */
async function timed(server: number, work: () => Promise<unknown>): Promise<{ seconds: number; cpu: number }> {
  const before = performance.now()
  const cpu = processorSeconds(server)
  await work()
  return { seconds: (performance.now() - before) / 1000, cpu: processorSeconds(server) - cpu }
}

function processorSeconds(server: number): number {
  const { user, system } = process.cpuUsage()
  let sum = (user + system) / 1e6
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let text: string
    try {
      text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    } catch {
      continue // It has ended.
    }
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    if (Number(pid) !== server && fields[1] !== server) continue
    // utime, stime, and those of children that have ended, in hundredths.
    sum += (fields[11]! + fields[12]! + fields[13]! + fields[14]!) / 100
  }
  return sum
}
