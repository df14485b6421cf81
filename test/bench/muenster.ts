/**
 * The whole Münster archive (12.5 million values of 23 sites) through a real run, on each engine, beside raw `unnest`
 * inserts of the same values into the same table. Run by hand: `node test/bench/muenster.ts` (TEST_ENGINE=server picks one).
 * Needs ../shared/data; takes some minutes.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Access } from '../../src/domains/access/index.ts'
import { Catalog } from '../../src/domains/catalog/index.ts'
import { type NewObservation, Sensing } from '../../src/domains/sensing/index.ts'
import { checkDefinition, type Definition, Mapper, type Progress, Sources } from '../../src/domains/sources/index.ts'
import { formats, unpack } from '../../src/edges/feeds/index.ts'
import type { Database } from '../../src/kernel/db/index.ts'
import { Fetcher } from '../../src/kernel/fetch/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const ARCHIVE = join(ROOT, '../shared/data/counts/muenster_radverkehr_all_sites.tar.xz')
const definition = checkDefinition(readFileSync(join(ROOT, 'sources/muenster-rad.yaml'), 'utf8'))
const format = formats.find(({ id }) => id === definition.format.type)!

/** Every value of the archive, mapped but not stored: what the parse side alone costs. */
async function* mapped(): AsyncIterable<NewObservation[]> {
  const mapper = new Mapper(definition as Definition, 'Europe/Berlin')
  const limits = { maxEntries: 100_000, maxBytes: 8e9 }
  let streams = 0
  const file = { path: ARCHIVE, name: basename(ARCHIVE), keepZip: false }
  for await (const entry of unpack(
    file,
    limits,
    () => {},
    (path) => mapper.wants(path),
  )) {
    const reading = mapper.file(entry.path)
    for await (const batch of format.parse(entry.bytes, definition.format, {
      name: entry.path,
      maxDocumentBytes: 64e6,
    })) {
      await reading.map(batch)
    }
    reading.end()
    for (const stream of mapper.newStreams) stream.id = ++streams
    for (const { observation, stream } of mapper.waiting) observation.datastream = stream.id
    mapper.newStreams = []
    mapper.waiting = []
    const rows = mapper.ready
    mapper.ready = []
    yield rows
  }
}

let peak = 0
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss)
}, 200)
watch.unref()

const say = (text: string) => console.log(text)
const rate = (values: number, seconds: number) =>
  `${Math.round(values / seconds).toLocaleString('en-US')} values/s (${seconds.toFixed(1)} s)`

async function timed(work: () => Promise<number>): Promise<{ values: number; seconds: number }> {
  const start = performance.now()
  const values = await work()
  return { values, seconds: (performance.now() - start) / 1000 }
}

/** Nothing but the inserts: the partitions are there, ids come from a counter, one statement a batch. */
async function rawInserts(db: Database, batchRows: number): Promise<number> {
  for (let year = 2018; year <= 2026; year++) {
    await db.query(
      `create table if not exists observation_${year} partition of observation for values from ('${year}-01-01Z') to ('${year + 1}-01-01Z')`,
    )
  }
  let id = 0
  let held: NewObservation[] = []
  const insert = async (rows: NewObservation[]) => {
    await db.query(
      `insert into observation (id, t, t_end, v, datastream, q)
       select * from unnest($1::int8[], $2::timestamptz[], $3::timestamptz[], $4::float8[], $5::int4[], $6::int2[])`,
      [
        rows.map(() => ++id),
        rows.map((r) => r.t),
        rows.map((r) => r.tEnd),
        rows.map((r) => r.v),
        rows.map((r) => r.datastream),
        rows.map((r) => r.q ?? null),
      ],
      { name: 'raw' },
    )
  }
  for await (const rows of mapped()) {
    held = held.concat(rows)
    while (held.length >= batchRows) await insert(held.splice(0, batchRows))
  }
  await insert(held)
  return id
}

async function importAll(db: Database, scratch: string) {
  const log = createLog('warn')
  const catalog = await Catalog.load(db)
  const access = new Access({ db, catalog, openWrite: false })
  const fetcher = new Fetcher({ allowPrivate: false })
  const sources = new Sources({
    db,
    sensing: new Sensing(db),
    catalog,
    access,
    log,
    fetcher,
    formats,
    feeds: [],
    unpack,
    scratch,
    rawFolder: join(scratch, 'raw'),
    timeZone: () => 'Europe/Berlin',
  })
  let last = 0
  const onProgress = ({ values, seconds, share }: Progress) => {
    if (seconds - last < 20) return
    last = seconds
    say(
      `    ${values.toLocaleString('en-US')} values, ${Math.round(100 * (share ?? 0))} %, ${Math.round(values / seconds)} /s, ${Math.round(process.memoryUsage().rss / 1e6)} MB`,
    )
  }
  const report = await sources.run(definition, { from: ARCHIVE, onProgress })
  await fetcher.close()
  return report
}

if (!existsSync(ARCHIVE)) {
  console.error(`The bench needs the Münster archive at ${ARCHIVE}.`)
  process.exit(2)
}
const parse = await timed(async () => {
  let values = 0
  for await (const rows of mapped()) values += rows.length
  return values
})
say(
  `parse and map only: ${parse.values.toLocaleString('en-US')} values, ${rate(parse.values, parse.seconds)}, peak ${Math.round(peak / 1e6)} MB`,
)
for (const engine of databases()) {
  const scratch = mkdtempSync(join(tmpdir(), 'zahnrad-bench-'))
  const db = await engine.fresh()
  try {
    peak = 0
    const { read, accepted, unchanged, corrected, rejected, seconds, outcome } = await importAll(db, scratch)
    say(`${engine.name}: ${outcome}, ${JSON.stringify({ read, accepted, unchanged, corrected, rejected })}`)
    say(`${engine.name}: import ${rate(read, seconds)}, peak ${Math.round(peak / 1e6)} MB`)
    if (process.argv.includes('--again')) {
      const again = await importAll(db, scratch)
      say(
        `${engine.name}: again ${rate(again.read, again.seconds)}, unchanged ${again.unchanged}, corrected ${again.corrected}, accepted ${again.accepted}`,
      )
    }
    await db.close()
    const fresh = await engine.fresh()
    const raw = await timed(() => rawInserts(fresh, engine.name === 'embedded' ? 5000 : 20_000))
    say(`${engine.name}: raw unnest ${rate(raw.values, raw.seconds)}; ratio ${(raw.seconds / seconds).toFixed(2)}`)
    await fresh.close()
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
clearInterval(watch)
