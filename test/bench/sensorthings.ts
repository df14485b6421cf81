/**
 * The goals of observations in one run on PostgreSQL, with `rows` observations in 2,000 datastreams lying around: writing,
 * reading beside hand-written SQL for the same answer, growth, sizes, starts. Ratios decide; milliseconds belong to the machine.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Compaction, series } from '../../src/domains/sensing/index.ts'
import { type Database, openDatabase } from '../../src/kernel/db/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { startPlatform } from '../support/platform.ts'
import { sampleStation } from '../support/sensing.ts'
import { fill, multiDatastream, yearOfQuarters } from './fill.ts'
import { atLeast, atMost, load, median, medians, note, round } from './measure.ts'
import { type Ground, hotQueries } from './queries.ts'

const ARRAY_ROWS = 5_000
/** How many times faster than FROST, where no SQL is compared. */
const TIMES_FROST = 10
/** Bytes. */
const OBSERVATION_GOAL = 100

export interface Bench {
  db: Database
  ground: Ground
  /** Datastreams with few values, for writing. */
  datastreams: number[]
  /** The start of a year of quarters in one datastream. */
  chart: { datastream: number; from: string; to: string }
  env: Record<string, string>
  remove(): Promise<void>
}

/** A fresh database with `rows` observations and what else the measurements need. */
export async function prepare(rows: number): Promise<Bench> {
  const server = databases().find((engine) => engine.name === 'server')!
  const place = await server.place()
  const dataDir = mkdtempSync(join(tmpdir(), 'zahnrad-bench-'))
  const db = await openDatabase({ url: place.env.DATABASE_URL, dataDir, log: createLog('warn') })
  const { dataset, datastreams } = await sampleStation(db, 8)
  console.log(`Filling ${rows.toLocaleString('en')} observations in 2,000 datastreams …`)
  const { datastream, thing } = await fill(db, dataset, rows)
  const chart = await yearOfQuarters(db, datastreams[7]!)
  const multi = await multiDatastream(db, dataset, thing)
  const remove = async () => {
    await db.close()
    await place.remove()
  }
  return { db, ground: { dataset, datastream, thing, multi }, datastreams, chart, env: place.env, remove }
}

interface Server {
  url: string
  headers: Record<string, string>
  get(path: string): Promise<string>
  stop(): Promise<void>
}

/** The platform's HTTP server and SensorThings edge (see `server.ts`) on the database. */
export async function serveBench({ env, ground }: Bench): Promise<Server> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'server.ts')],
    {
      env: { ...process.env, ...env, BENCH_GROUND: JSON.stringify(ground) },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  process.on('exit', () => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  const { url, key } = JSON.parse(line.toString())
  // Uncompressed: the database's part is what is compared.
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'accept-encoding': 'identity' }
  return {
    url,
    headers,
    get: async (path) => {
      const response = await fetch(`${url}${path}`, { headers })
      const text = await response.text()
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`)
      return text
    },
    stop: async () => {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** Single posts beside a request that does nothing; data arrays beside raw `unnest` of the same values. */
export async function writing({ db, datastreams }: Bench, { url, headers }: Server, seconds: number): Promise<void> {
  const body = JSON.stringify({ phenomenonTime: '2026-11-01T12:00:00Z', result: 21.5 })
  await load({ url: `${url}/noop`, headers, body, seconds: 2 })
  const noop = await load({ url: `${url}/noop`, headers, body, seconds })
  const posted = `${url}/sta/v1.1/Datastreams(${datastreams[0]})/Observations`
  const single = await load({ url: posted, headers, body, seconds })
  if (single.errors > 0) throw new Error(`${single.errors} single posts failed`)
  atLeast('single Observation POST, durable, beside a POST that does nothing', single.rate, noop.rate, 'req/s', 0.5)
  atLeast('single Observation POST, beside FROST', single.rate, 1_419, 'req/s', TIMES_FROST)

  const values = Array.from({ length: ARRAY_ROWS }, (_, i) => [
    new Date(Date.UTC(2027, 0, 1) + i * 60_000).toISOString(),
    i % 100,
  ])
  const dataArray = (datastream: number) =>
    JSON.stringify([
      {
        Datastream: { '@iot.id': datastream },
        components: ['phenomenonTime', 'result'],
        'dataArray@iot.count': ARRAY_ROWS,
        dataArray: values,
      },
    ])
  const bodies = datastreams.slice(0, 4).map(dataArray)
  const bulk = await load({ url: `${url}/sta/v1.1/CreateObservations`, headers, bodies, connections: 4, seconds })
  if (bulk.errors > 0) throw new Error(`${bulk.errors} data arrays failed`)
  const raw = await rawInserts(db, datastreams, values, seconds)
  atLeast('data array (CreateObservations, 5,000 rows), beside raw unnest', bulk.rate * ARRAY_ROWS, raw, 'rows/s', 0.6)
  atLeast('data array, beside FROST at its best', bulk.rate * ARRAY_ROWS, 4_000, 'rows/s', TIMES_FROST)
}

/** Rows a second by `insert … select unnest` over four connections, and nothing else done with them. */
async function rawInserts(
  db: Database,
  datastreams: number[],
  values: (string | number)[][],
  seconds: number,
): Promise<number> {
  const times = values.map(([t]) => t)
  const results = values.map(([, v]) => v)
  let rows = 0
  let id = 5e12
  const started = performance.now()
  await Promise.all(
    Array.from({ length: 4 }, async (_, client) => {
      while (performance.now() < started + seconds * 1000) {
        const ids = times.map(() => id++)
        await db.query(
          'insert into observation (id, t, v, datastream) select * from unnest($1::int8[], $2::timestamptz[], $3::float8[], $4::int4[])',
          [ids, times, results, times.map(() => datastreams[client])],
        )
        rows += ARRAY_ROWS
      }
    }),
  )
  return rows / ((performance.now() - started) / 1000)
}

/**
 * Each hot query: ten times FROST, or twice the hand-written SQL. Both come through the same HTTP server, which sends the
 * SQL's JSON as it is.
 */
export async function reading({ ground }: Bench, server: Server, seconds: number): Promise<void> {
  for (const [i, { name, path, frost, load: rate }] of hotQueries(ground).entries()) {
    const address = `/sta/v1.1/${path}`
    const one = (ratio: number) => (frost === undefined ? '' : ` · ${round(ratio)} × FROST`)
    if (rate) {
      const ours = await load({ url: server.url + address, headers: server.headers, method: 'GET', seconds })
      const theirs = await load({ url: `${server.url}/plain/${i}`, headers: server.headers, method: 'GET', seconds })
      const ratio = ours.rate / theirs.rate
      note({
        work: `${name}${one(ours.rate / frost!)}`,
        measured: `${round(ours.rate)} req/s`,
        against: `${round(theirs.rate)} req/s SQL`,
        ratio,
        goal: '≥ 0.5 or ≥ 10 × FROST',
        met: ratio >= 0.5 || ours.rate >= TIMES_FROST * frost!,
      })
      continue
    }
    const [ours, sql] = await medians(
      () => server.get(address),
      () => server.get(`/plain/${i}`),
      Math.max(5, Math.round(seconds * 2)),
    )
    const faster = frost === undefined ? 0 : frost / ours
    note({
      work: `${name}${one(faster)}`,
      measured: `${round(ours)} ms`,
      against: `${round(sql)} ms SQL`,
      ratio: ours / sql,
      goal: frost === undefined ? '≤ 2' : '≤ 2 or ≥ 10 × FROST',
      met: ours / sql <= 2 || faster >= TIMES_FROST,
    })
    if (name.startsWith('1,000 Things')) atLeast(`${name}, beside the SQL`, 1000 / ours, 1000 / sql, '1/s', 0.5)
    if (name.startsWith('$count')) atMost('$count of all, exact', ours, 5, 'ms')
  }
}

/** A page far down the nextLinks beside the first one; the orders that allow it. */
export async function paging({ ground }: Bench, server: Server): Promise<void> {
  for (const [name, path, skip] of [
    ['Observations', 'Observations?$top=100', 999_900],
    ['Observations of a datastream', `Datastreams(${ground.datastream})/Observations?$top=1`, 400],
    [
      'Observations of a datastream by result desc',
      `Datastreams(${ground.datastream})/Observations?$top=10&$orderby=result%20desc`,
      400,
    ],
  ] as const) {
    const deep = JSON.parse(await server.get(`/sta/v1.1/${path}&$skip=${skip}`))['@iot.nextLink'] as string
    const [far, first] = await medians(
      () => server.get(deep.slice(server.url.length)),
      () => server.get(`/sta/v1.1/${path}`),
    )
    const page = Math.round(skip / Number(/\$top=(\d+)/.exec(path)![1])) + 2
    atMost(`nextLink of ${name}: page ${page.toLocaleString('en')} beside page 1`, far, first, 'ms', 2)
  }
}

/** Charts of a year of quarters of an hour, beside all the other rows. */
export async function charts({ db, ground, chart }: Bench): Promise<void> {
  for (const resolution of ['hour', 'day'] as const) {
    const { from, to } = chart
    const query = { datastreams: [chart.datastream], from, to, resolution, timeZone: 'Europe/Berlin' }
    atMost(`chart: one year by ${resolution}`, await median(() => series(db, [ground.dataset], query)), 30, 'ms')
  }
}

/** Bytes of an observation with its indexes, and of the hourly sums beside. */
export async function sizes({ db }: Bench, when = 'as written'): Promise<number> {
  const [row] = await db.query<{ n: number; heap: number; indexes: number; sums: number }>(
    `select (select sum(n) from datastream_state)::int8 as n,
       (select sum(pg_relation_size(inhrelid)) from pg_inherits where inhparent = 'observation'::regclass)::int8 as heap,
       (select sum(pg_indexes_size(inhrelid)) from pg_inherits where inhparent = 'observation'::regclass)::int8 as indexes,
       pg_total_relation_size('rollup_hour') as sums`,
  )
  const { n, heap, indexes, sums } = row!
  const bytes = (heap + indexes) / n
  atMost(
    `bytes per observation ${when}: ${round(heap / n)} heap, ${round(indexes / n)} indexes (hourly sums ${round(sums / n)} beside)`,
    bytes,
    OBSERVATION_GOAL,
    'B',
  )
  return bytes
}

/** Bytes of an observation after a night: sparse indexes are built anew. */
export async function compacted(bench: Bench): Promise<void> {
  await bench.db.query('analyze observation', [], { timeoutMs: 1_800_000 })
  await new Compaction({ db: bench.db, log: createLog('warn') }).run()
  await sizes(bench, 'after the nightly compaction')
}

/** From the command to the first answer, on a database that exists. */
export async function starts(): Promise<void> {
  for (const engine of databases()) {
    const platform = await startPlatform(engine)
    try {
      await platform.stop()
      const begun = performance.now()
      await platform.restart()
      const goal = engine.name === 'embedded' ? 4_000 : 1_500
      atMost(`cold start, existing database (${engine.name})`, performance.now() - begun, goal, 'ms')
    } finally {
      await platform.remove()
    }
  }
}
