import { join } from 'node:path'
import type { Config } from './config.ts'
import { Access } from './domains/access/index.ts'
import { Alerts, factsNow } from './domains/alerts/index.ts'
import { Basemap } from './domains/basemap/index.ts'
import { Boards } from './domains/boards/index.ts'
import { Catalog, City } from './domains/catalog/index.ts'
import { Example } from './domains/example/index.ts'
import { FeedbackBox } from './domains/feedback/index.ts'
import { Forecasts, Realtime } from './domains/mobility/index.ts'
import { Plausibility } from './domains/plausibility/index.ts'
import { Release, Retention } from './domains/release/index.ts'
import { Compaction, type Peers, Sensing } from './domains/sensing/index.ts'
import { Setup } from './domains/setup/index.ts'
import { ReadySources, Sources } from './domains/sources/index.ts'
import { PublishErrors } from './edges/broker/index.ts'
import { feeds, formats, gtfsRealtime, unpack } from './edges/feeds/index.ts'
import { Mailer } from './edges/mail/index.ts'
import { type Database, migrate, openDatabase } from './kernel/db/index.ts'
import { Fetcher } from './kernel/fetch/index.ts'
import type { Log } from './kernel/log.ts'

export const ROOT = join(import.meta.dirname, '..')
export const MIGRATIONS = join(ROOT, 'migrations')

/** The domains on an open, migrated database: what commands and edges work with. */
export interface Platform {
  config: Config
  log: Log
  db: Database
  city: City
  catalog: Catalog
  access: Access
  release: Release
  retention: Retention
  compaction: Compaction
  feedback: FeedbackBox
  sensing: Sensing
  sources: Sources
  realtime: Realtime
  forecasts: Forecasts
  basemap: Basemap
  plausibility: Plausibility
  alerts: Alerts
  /** Absent without a mail server. */
  mailer: Mailer | undefined
  ready: ReadySources
  example: Example
  setup: Setup
  boards: Boards
  /** The broker of the city, where one is set up; set by `main.ts`. */
  broker: { problem(): { code: string; since: string; detail: string } | null } | undefined
  /** Publishes over MQTT that were not stored. */
  publishErrors: PublishErrors
  /** Set by `main.ts` while the platform listens on its ports. */
  serving: boolean
  close(): Promise<void>
}

/** Opens the database, brings it up to date and builds the domains on it, in reading order. */
export async function openPlatform(
  config: Config,
  log: Log,
  { exclusive, peers }: { exclusive?: boolean; peers?: Peers } = {},
): Promise<Platform> {
  const db = await openDatabase({ url: config.databaseUrl, dataDir: config.dataDir, log, exclusive })
  try {
    const applied = await migrate(db, MIGRATIONS)
    if (applied.length > 0) log.info({ applied }, 'database migrated')
    const city = await City.load(db, config.cityFile)
    const catalog = await Catalog.load(db)
    const access = new Access({ db, catalog, openWrite: config.openWrite })
    if (config.openWrite) await access.inbox({ kind: 'anonymous', name: 'anonymous' })
    const release = new Release({ db, catalog, access })
    const sensing = new Sensing(db, peers)
    catalog.changed.on((dataset) => dataset.held && sensing.smallCounts.look())
    sensing.smallCounts.changed.on(
      (key) => void catalog.refresh(key).catch((error) => log.error({ error }, 'catalogue')),
    )
    const realtime = new Realtime({ db, sensing, log })
    const feedback = new FeedbackBox({ db, access })
    const retention = new Retention({ db, access, sensing, log, forget: () => feedback.forget() })
    const fetcher = new Fetcher({ allowPrivate: config.allowPrivate })
    const sources = new Sources({
      db,
      sensing,
      catalog,
      access,
      log,
      fetcher,
      formats,
      feeds: [...feeds, gtfsRealtime(realtime)],
      unpack,
      scratch: join(config.dataDir, 'scratch'),
      rawFolder: join(config.dataDir, 'raw'),
      timeZone: () => city.profile.timeZone,
      environment: process.env,
    })
    const basemap = new Basemap({ dataDir: config.dataDir, fetcher, log, profile: () => city.profile.map })
    const plausibility = new Plausibility({ db, sensing, access, log })
    const mailer =
      config.smtpUrl && config.smtpFrom ? new Mailer({ url: config.smtpUrl, from: config.smtpFrom }) : undefined
    const alerts = new Alerts({
      db,
      access,
      catalog,
      log,
      facts: (now) => factsNow({ sources, plausibility, catalog }, now),
      mailer,
      poster: fetcher,
      secret: config.alertSecret,
      letterhead: () => ({
        city: city.profile.name,
        timeZone: city.profile.timeZone,
        origin: config.publicUrl ?? `http://localhost:${config.port}`,
      }),
    })
    const example = new Example({
      db,
      sensing,
      catalog,
      access,
      log,
      timeZone: () => city.profile.timeZone,
      changed: async () => {
        await city.reload()
        await sources.pushed.reload()
      },
    })
    return {
      config,
      log,
      db,
      city,
      catalog,
      access,
      release,
      retention,
      compaction: new Compaction({ db, log }),
      feedback,
      sensing,
      sources,
      realtime,
      forecasts: new Forecasts({ db, city, log }),
      basemap,
      plausibility,
      alerts,
      mailer,
      ready: new ReadySources(join(ROOT, 'sources')),
      example,
      setup: new Setup({ db, city, catalog, sources, example }),
      boards: new Boards({ db, access, catalog }),
      broker: undefined,
      publishErrors: new PublishErrors(),
      serving: false,
      async close() {
        await alerts.stop()
        await plausibility.stop()
        mailer?.close()
        await example.stop()
        await sources.stop()
        await basemap.close()
        await fetcher.close()
        await sensing.smallCounts.stop()
        await sensing.drain()
        await access.close()
        await db.close()
      },
    }
  } catch (error) {
    await db.close().catch(() => {})
    throw error
  }
}
