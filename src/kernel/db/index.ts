import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../log.ts'
import { histogram, SECONDS } from '../metrics.ts'
import { SetupError } from '../problem.ts'
import { EmbeddedDatabase } from './embedded.ts'
import { lockFolder } from './folder-lock.ts'
import { maintain } from './maintenance.ts'
import { ServerDatabase } from './server.ts'
import type { Database } from './types.ts'

export { sql } from 'kysely'
export { plainArray, textArray } from './arrays.ts'
export { compile } from './compile.ts'
export { CopyRows } from './copy.ts'
export { type MigrationState, migrate, migrationState } from './migrate.ts'
export * from './types.ts'

export interface DatabaseOptions {
  /** PostgreSQL connection string; absent = the embedded database in `dataDir`. */
  url?: string
  dataDir: string
  log: Log
  connections?: number
  /** Also with a server: take the data folder for this process (its command socket lies there). */
  exclusive?: boolean
}

/** Another process holds the data folder; a command then talks to that one. */
export class FolderInUse extends SetupError {
  override name = 'FolderInUse'
}

/**
 * Opens the database: a server by its address, else the embedded one in `dataDir/db`, taking the folder's lock.
 * Throws {@link SetupError} with one sentence that says what to do.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  return measured(await open(options))
}

async function open({ url, dataDir, log, connections, exclusive }: DatabaseOptions): Promise<Database> {
  if (url && !exclusive) return openServer(url, log, connections)
  await mkdir(dataDir, { recursive: true }).catch((error) => {
    throw new SetupError(
      `The data folder ${dataDir} cannot be written (${error.code}): give DATA_DIR a folder this user may write to.`,
    )
  })
  const lock = takeLock(dataDir)
  try {
    const db = url ? await openServer(url, log, connections) : await openEmbedded(dataDir, log)
    const close = db.close.bind(db)
    db.close = async () => {
      await close()
      lock.release()
    }
    return db
  } catch (error) {
    lock.release()
    throw error
  }
}

const seconds = histogram('zahnrad_database_seconds', 'Duration of database work, waiting included', SECONDS, ['kind'])

/** Measures every query and transaction of `db`. */
function measured(db: Database): Database {
  const timed =
    <A extends unknown[], R>(kind: string, work: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      const start = performance.now()
      try {
        return await work(...given)
      } finally {
        seconds.observe({ kind }, (performance.now() - start) / 1000)
      }
    }
  db.query = timed('query', db.query.bind(db)) as Database['query']
  db.transaction = timed('transaction', db.transaction.bind(db)) as Database['transaction']
  return db
}

async function openEmbedded(dataDir: string, log: Log): Promise<Database> {
  const db = await EmbeddedDatabase.open(join(dataDir, 'db'), log).catch((error) => {
    throw new SetupError((error as Error).message, 4)
  })
  const stop = maintain(db, log)
  const close = db.close.bind(db)
  db.close = async () => {
    stop()
    await close()
  }
  return db
}

function takeLock(dataDir: string): { release(): void } {
  let lock: ReturnType<typeof lockFolder>
  try {
    lock = lockFolder(dataDir)
  } catch (error) {
    throw new SetupError(
      `The data folder ${dataDir} cannot be written (${(error as Error).message}): give DATA_DIR a folder this user may write to.`,
    )
  }
  if (!lock) {
    throw new FolderInUse(
      `The data folder ${dataDir} is in use by another Zahnrad process: stop that one, or set DATA_DIR to another folder.`,
      4,
    )
  }
  return lock
}

async function openServer(url: string, log: Log, connections?: number): Promise<Database> {
  let address: URL
  try {
    address = new URL(url)
    if (!/^postgres(ql)?:$/.test(address.protocol)) throw new Error('protocol')
  } catch {
    throw new SetupError(
      'DATABASE_URL is not a PostgreSQL address: write it as postgres://user:password@host:5432/database.',
    )
  }
  const db = new ServerDatabase(url, {
    connections,
    onError: (error) => log.warn({ error: error.message }, 'database connection lost'),
  })
  const where = `${address.hostname || 'localhost'}:${address.port || 5432}${address.pathname}`
  try {
    const [row] = await db.query<{ version: number; postgis: string | null }>(
      `select current_setting('server_version_num')::int as version,
              (select default_version from pg_available_extensions where name = 'postgis') as postgis`,
    )
    if (row!.version < 150000)
      throw new SetupError(`PostgreSQL at ${where} is too old (${row!.version}): Zahnrad needs version 15 or newer.`)
    if (!row!.postgis)
      throw new SetupError(
        `PostgreSQL at ${where} has no PostGIS: install PostGIS 3.3 or newer there (Debian: postgresql-15-postgis-3).`,
      )
    return db
  } catch (error) {
    await db.close().catch(() => {})
    if (error instanceof SetupError) throw error
    throw new SetupError(
      `The database at ${where} cannot be reached (${(error as Error).message}): check DATABASE_URL and that PostgreSQL is running.`,
      4,
    )
  }
}
