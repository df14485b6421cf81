/**
 * Databases for tests: the same suite runs on the embedded engine and on a real PostgreSQL. A fresh database is a copy
 * of a template with all migrations applied, so it costs a fraction of a second.
 */
import { createHash, randomBytes } from 'node:crypto'
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Database, migrate, openDatabase } from '../../src/kernel/db/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { ensurePostgres, INSTALL_HINT } from './postgres.ts'

const ROOT = join(import.meta.dirname, '..', '..')
export const MIGRATIONS = join(ROOT, 'migrations')
const log = createLog('warn')

/** What decides whether a template still fits: the migrations and the engine. */
function fingerprint(): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(MIGRATIONS).sort()) hash.update(name).update(readFileSync(join(MIGRATIONS, name)))
  hash.update(readFileSync(join(ROOT, 'node_modules/@electric-sql/pglite/package.json')))
  for (const name of ['embedded-worker.ts', 'postgis.ts']) hash.update(readFileSync(join(ROOT, 'src/kernel/db', name)))
  return hash.digest('hex').slice(0, 16)
}

export interface TestEngine {
  name: 'embedded' | 'server'
  /** A migrated, empty database; `close` also removes it. */
  fresh(): Promise<Database>
  /** Where a fresh database lives, for tests that start a process of their own: environment variables. */
  place(): Promise<{ env: Record<string, string>; dataDir: string; remove(): Promise<void> }>
}

async function once(dir: string, make: (unfinished: string) => Promise<void>): Promise<void> {
  for (let wait = 0; !existsSync(dir); wait++) {
    try {
      mkdirSync(`${dir}.making`)
    } catch {
      if (wait > 1200) throw new Error(`Another test run seems to hang: remove ${dir}.making`)
      await new Promise((resolve) => setTimeout(resolve, 100))
      continue
    }
    try {
      if (!existsSync(dir)) {
        await make(`${dir}.making/data`)
        renameSync(`${dir}.making/data`, dir)
      }
    } finally {
      rmSync(`${dir}.making`, { recursive: true, force: true })
    }
  }
}

async function embeddedCopy(): Promise<string> {
  const template = join(tmpdir(), `zahnrad-test-template-${userInfo().uid}-${fingerprint()}`)
  await once(template, async (unfinished) => {
    const db = await openDatabase({ dataDir: unfinished, log })
    await migrate(db, MIGRATIONS)
    await db.query('checkpoint')
    await db.close()
  })
  const dataDir = mkdtempSync(join(tmpdir(), 'zahnrad-test-'))
  for (const name of readdirSync(template))
    if (name.startsWith('postgis-')) linkSync(join(template, name), join(dataDir, name))
  cpSync(join(template, 'db'), join(dataDir, 'db'), { recursive: true, mode: 1 /* copy on write where possible */ })
  return dataDir
}

const embedded: TestEngine = {
  name: 'embedded',
  async fresh() {
    const dataDir = await embeddedCopy()
    const db = await openDatabase({ dataDir, log })
    return closing(db, async () => rmSync(dataDir, { recursive: true, force: true }))
  },
  async place() {
    const dataDir = await embeddedCopy()
    return {
      env: { DATA_DIR: dataDir, DATABASE_URL: '' },
      dataDir,
      remove: async () => rmSync(dataDir, { recursive: true, force: true }),
    }
  },
}

function closing(db: Database, after: () => Promise<void>): Database {
  const close = db.close.bind(db)
  db.close = async () => {
    await close()
    await after()
  }
  return db
}

async function asAdmin<R>(url: string, work: (client: pg.Client) => Promise<R>): Promise<R> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function serverCopy(): Promise<{ url: string; remove(): Promise<void> }> {
  const admin = await ensurePostgres()
  if (!admin) throw new Error(INSTALL_HINT)
  const template = `zahnrad_template_${fingerprint()}`
  const name = `zahnrad_test_${randomBytes(6).toString('hex')}`
  const address = (database: string) => {
    const url = new URL(admin)
    url.pathname = `/${database}`
    return url.href
  }
  await asAdmin(admin, async (client) => {
    await client.query('select pg_advisory_lock(727364099)')
    const { rows } = await client.query('select 1 from pg_database where datname = $1', [template])
    if (rows.length === 0) {
      const making = `${template}_making`
      await client.query(`drop database if exists ${making}`)
      await client.query(`create database ${making} template template0`)
      const db = await openDatabase({ url: address(making), dataDir: '', log })
      await migrate(db, MIGRATIONS)
      await db.close()
      await client.query(`alter database ${making} rename to ${template}`)
    }
    await client.query(`create database ${name} template ${template}`)
  })
  return {
    url: address(name),
    remove: () =>
      asAdmin(admin, async (client) => void (await client.query(`drop database if exists ${name} with (force)`))),
  }
}

const server: TestEngine = {
  name: 'server',
  async fresh() {
    const { url, remove } = await serverCopy()
    return closing(await openDatabase({ url, dataDir: '', log }), remove)
  },
  async place() {
    const { url, remove } = await serverCopy()
    const dataDir = mkdtempSync(join(tmpdir(), 'zahnrad-test-'))
    return {
      env: { DATA_DIR: dataDir, DATABASE_URL: url },
      dataDir,
      remove: async () => {
        await remove()
        rmSync(dataDir, { recursive: true, force: true })
      },
    }
  },
}

/** The engines to run a suite on; `TEST_ENGINE=embedded|server` picks one while developing. */
export function databases(): TestEngine[] {
  const only = process.env.TEST_ENGINE
  return [embedded, server].filter((engine) => !only || engine.name === only)
}
