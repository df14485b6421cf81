/**
 * `npm run bench`: ratios measured in one run on PostgreSQL (a throw-away cluster that waits for the disk), never a
 * timed test. `npm run bench -- --rows 10000000` sets how many other observations lie around (default 10 million).
 * `npm run bench -- pages` measures pages on a slow phone instead (`pages.ts`), `npm run bench -- gtfs` timetables (`gtfs.ts`).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'

if (process.argv[2] === 'pages') {
  await import('./pages.ts')
  process.exit(0)
}
if (process.argv[2] === 'gtfs') await import('./gtfs.ts')
process.env.BENCH_POSTGRES = '1'
const { databases } = await import('../support/database.ts')
const { sampleStation } = await import('../support/sensing.ts')
const { openDatabase } = await import('../../src/kernel/db/index.ts')
const { createLog } = await import('../../src/kernel/log.ts')
const { stopPostgres } = await import('../support/postgres.ts')
const { fill, yearOfQuarters } = await import('./fill.ts')
type LoadResult = import('./load.ts').LoadResult

const { values: options } = parseArgs({
  options: { rows: { type: 'string', default: '10000000' }, seconds: { type: 'string', default: '8' } },
})
const ROWS = Number(options.rows)
const SECONDS = Number(options.seconds)
const run = promisify(execFile)
const rowsOut: { work: string; measured: string; against: string; ratio: string; goal: string }[] = []

function report(work: string, measured: number, against: number, unit: string, goal: string): void {
  rowsOut.push({
    work,
    measured: `${round(measured)} ${unit}`,
    against: `${round(against)} ${unit}`,
    ratio: (measured / against).toFixed(2),
    goal,
  })
}
const round = (n: number) => (n >= 100 ? Math.round(n).toLocaleString('en') : n.toFixed(2))

async function load(options: object): Promise<LoadResult> {
  const script = join(import.meta.dirname, 'load.ts')
  const running = run(process.execPath, [script])
  running.child.stdin!.end(JSON.stringify({ seconds: SECONDS, connections: 64, method: 'POST', ...options }))
  return JSON.parse((await running).stdout)
}

/** Median milliseconds of `work` over `times` runs after one to warm up. */
async function median(work: () => Promise<unknown>, times = 15): Promise<number> {
  await work()
  const taken: number[] = []
  for (let i = 0; i < times; i++) {
    const start = performance.now()
    await work()
    taken.push(performance.now() - start)
  }
  return taken.sort((a, b) => a - b)[times >> 1]!
}

const server = databases().find((engine) => engine.name === 'server')!
const place = await server.place()
const log = createLog('warn')
const db = await openDatabase({
  url: place.env.DATABASE_URL,
  dataDir: mkdtempSync(join(tmpdir(), 'zahnrad-bench-')),
  log,
})
const { dataset, thing, datastreams } = await sampleStation(db, 8)
console.log(`Filling ${ROWS.toLocaleString('en')} observations in 2,000 datastreams …`)
const filled = await fill(db, dataset, ROWS)
const chart = await yearOfQuarters(db, datastreams[7]!)

const child: ChildProcess = spawn(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'server.ts')],
  {
    env: { ...process.env, ...place.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
process.on('exit', () => child.kill('SIGKILL'))
const [line] = (await once(child.stdout!, 'data')) as [Buffer]
const { url, key } = JSON.parse(line.toString())
// Uncompressed: the database's part is what is compared.
const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'accept-encoding': 'identity' }
const get = async (path: string) => {
  const response = await fetch(`${url}${path}`, { headers })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`)
  return text
}

// Single posts: durable insert against a route that does nothing, same server, same body.
const body = JSON.stringify({ phenomenonTime: '2026-11-01T12:00:00Z', result: 21.5 })
await load({ url: `${url}/noop`, headers, body, seconds: 2 })
const noop = await load({ url: `${url}/noop`, headers, body })
const single = await load({ url: `${url}/sta/v1.1/Datastreams(${datastreams[0]})/Observations`, headers, body })
if (single.errors > 0) throw new Error(`${single.errors} single posts failed`)
report('single Observation POST, durable', single.rate, noop.rate, 'req/s', '≥ 0.5')

// Data array against raw unnest of the same values into the same table.
const COUNT = 5_000
const values = Array.from({ length: COUNT }, (_, i) => [
  new Date(Date.UTC(2027, 0, 1) + i * 60_000).toISOString(),
  i % 100,
])
const dataArray = (datastream: number) =>
  JSON.stringify([
    {
      Datastream: { '@iot.id': datastream },
      components: ['phenomenonTime', 'result'],
      'dataArray@iot.count': COUNT,
      dataArray: values,
    },
  ])
const bulk = await load({
  url: `${url}/sta/v1.1/CreateObservations`,
  headers,
  bodies: datastreams.slice(0, 4).map(dataArray),
  connections: 4,
})
if (bulk.errors > 0) throw new Error(`${bulk.errors} data arrays failed`)
const times = values.map(([t]) => t)
const results = values.map(([, v]) => v)
let raw = 0
let id = 5e12
const until = performance.now() + SECONDS * 1000
const started = performance.now()
await Promise.all(
  Array.from({ length: 4 }, async (_, client) => {
    while (performance.now() < until) {
      const ids = times.map(() => id++)
      await db.query(
        'insert into observation (id, t, v, datastream) select * from unnest($1::int8[], $2::timestamptz[], $3::float8[], $4::int4[])',
        [ids, times, results, times.map(() => datastreams[client])],
      )
      raw += COUNT
    }
  }),
)
report(
  'data array (CreateObservations, 5,000 rows)',
  bulk.rate * COUNT,
  raw / ((performance.now() - started) / 1000),
  'rows/s',
  '≥ 0.6',
)

// Latest value of every datastream of 1,000 Things, against the plain SQL for the same answer.
const latestUrl =
  '/sta/v1.1/Things?$top=1000&$select=id,name&$expand=Datastreams($select=id,name;$expand=Observations($top=1;$orderby=phenomenonTime%20desc))'
const latest = await median(() => get(latestUrl))
const plain = await median(() =>
  db.query(
    `select json_agg(json_build_object('id', t.id, 'name', t.name, 'datastreams', (
       select json_agg(json_build_object('id', d.id, 'name', d.name, 'latest', json_build_object('id', s.last_id, 't', s.last_t, 'v', s.last_v)))
       from datastream d join datastream_state s on s.datastream = d.id where d.thing = t.id)))
     from (select * from thing order by id limit 1000) t`,
  ),
)
report('1,000 Things with latest values (requests/s)', 1000 / latest, 1000 / plain, '1/s', '≥ 0.5')

// One year of 15-minute values by hour and by day, beside all the other rows.
const { series } = await import('../../src/domains/sensing/index.ts')
for (const resolution of ['hour', 'day'] as const) {
  const query = {
    datastreams: [chart.datastream],
    from: chart.from,
    to: chart.to,
    resolution,
    timeZone: 'Europe/Berlin',
  }
  const ms = await median(() => series(db, [dataset], query))
  rowsOut.push({
    work: `chart: one year by ${resolution}`,
    measured: `${ms.toFixed(1)} ms`,
    against: '30 ms',
    ratio: (ms / 30).toFixed(2),
    goal: '≤ 1',
  })
}

// Paging: newest 100 of one datastream.
const page = await median(() =>
  get(`/sta/v1.1/Datastreams(${filled.datastream})/Observations?$top=100&$orderby=phenomenonTime%20desc`),
)
const pageSql = await median(() =>
  db.query('select id, t, t_end, v from observation where datastream = $1 order by t desc, id desc limit 100', [
    filled.datastream,
  ]),
)
rowsOut.push({
  work: 'newest 100 of a datastream',
  measured: `${page.toFixed(2)} ms`,
  against: `${pageSql.toFixed(2)} ms SQL`,
  ratio: (page / pageSql).toFixed(2),
  goal: 'FROST: 32 ms',
})
const count = await median(() => get('/sta/v1.1/Observations?$count=true&$top=0'))
rowsOut.push({
  work: `$count of ${ROWS.toLocaleString('en')}`,
  measured: `${count.toFixed(2)} ms`,
  against: '5 ms',
  ratio: (count / 5).toFixed(2),
  goal: '≤ 1',
})

child.kill('SIGTERM')
await once(child, 'exit')
await db.close()
await place.remove()
stopPostgres()
void thing
console.log(
  `\n${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}, PostgreSQL with fsync, ${ROWS.toLocaleString('en')} other observations\n`,
)
console.table(rowsOut)
