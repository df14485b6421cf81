import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Access } from '../../src/domains/access/index.ts'
import { Catalog } from '../../src/domains/catalog/index.ts'
import { Realtime } from '../../src/domains/mobility/index.ts'
import { Sensing } from '../../src/domains/sensing/index.ts'
import { checkDefinition, type Definition, Sources } from '../../src/domains/sources/index.ts'
import { feeds, formats, gtfsRealtime, unpack } from '../../src/edges/feeds/index.ts'
import type { Database } from '../../src/kernel/db/index.ts'
import { Fetcher } from '../../src/kernel/fetch/index.ts'
import { createLog } from '../../src/kernel/log.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** The real data; see its README. */
export const DATA = join(ROOT, '..', 'shared', 'data')

export interface SourcesBench {
  db: Database
  sources: Sources
  sensing: Sensing
  catalog: Catalog
  access: Access
  realtime: Realtime
  scratch: string
  close(): Promise<void>
}

/** The sources domain wired as in the program, on a database; fetches may reach this machine. */
export async function sourcesOn(db: Database, environment: Record<string, string> = {}): Promise<SourcesBench> {
  const scratch = mkdtempSync(join(tmpdir(), 'zahnrad-scratch-'))
  const rawFolder = mkdtempSync(join(tmpdir(), 'zahnrad-raw-'))
  const catalog = await Catalog.load(db)
  const access = new Access({ db, catalog, openWrite: false })
  const sensing = new Sensing(db)
  const fetcher = new Fetcher({ allowPrivate: true })
  const log = createLog('silent')
  const realtime = new Realtime({ db, sensing, log })
  const deps = {
    db,
    sensing,
    catalog,
    access,
    log,
    fetcher,
    formats,
    feeds: [...feeds, gtfsRealtime(realtime)],
    unpack,
    scratch,
    rawFolder,
    environment,
  }
  const sources = new Sources({ ...deps, timeZone: () => 'Europe/Berlin' })
  const close = async () => {
    await sources.stop()
    await fetcher.close()
    await db.close()
    for (const folder of [scratch, rawFolder]) rmSync(folder, { recursive: true, force: true })
  }
  return { db, sources, sensing, catalog, access, realtime, scratch, close }
}

/** A ready definition of `sources/`. */
export function ready(name: string): Definition {
  return checkDefinition(readFileSync(join(ROOT, 'sources', `${name}.yaml`), 'utf8'), name)
}

/** What is stored of a dataset: by station and series, number, sum, suspect ones, first and last time. */
export interface StoredSeries {
  thing: string
  series: string
  role: string | null
  property: string
  n: number
  sum: number
  suspect: number
  first: string
  last: string
}

export async function storedSeries(db: Database, dataset: string): Promise<Map<string, StoredSeries>> {
  const rows = await db.query<StoredSeries>(
    `select t.natural_key as thing, substr(s.natural_key, length(t.natural_key) + 2) as series, s.role, p.natural_key as property,
            count(*) as n, coalesce(sum(o.v), 0) as sum, count(*) filter (where o.q = 1) as suspect, min(o.t) as first, max(o.t) as last
     from observation o join datastream s on s.id = o.datastream join thing t on t.id = s.thing
       join observed_property p on p.id = s.observed_property join dataset d on d.key = s.dataset
     where d.id = $1 group by 1, 2, 3, 4`,
    [dataset],
  )
  return new Map(rows.map((row) => [`${row.thing}/${row.series}`, row]))
}
