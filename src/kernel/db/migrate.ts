import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SetupError } from '../problem.ts'
import type { Database } from './types.ts'

export interface MigrationState {
  name: string
  applied: boolean
}

const MIGRATION_LIMIT_MS = 3_600_000
/** Any two processes that start at once on one server take turns by this advisory lock. */
const LOCK = 727_364_001

/** Names of the migrations in `folder`, in order, and which of them this database has. */
export async function migrationState(db: Database, folder: string): Promise<MigrationState[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort()
  const [{ present }] = (await db.query<{ present: boolean }>(
    `select to_regclass('migration') is not null as present`,
  )) as [{ present: boolean }]
  const applied = present ? (await db.query<{ name: string }>('select name from migration')).map((row) => row.name) : []
  const unknown = applied.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    throw new SetupError(
      `The database was already changed by a newer version of Zahnrad (${unknown.join(', ')}): start that version or restore a backup from before.`,
    )
  }
  return names.map((name) => ({ name, applied: applied.includes(name) }))
}

/** Applies what is missing, each migration in a transaction of its own, forward only. Returns the names applied. */
export async function migrate(db: Database, folder: string): Promise<string[]> {
  await db.query(
    'create table if not exists migration (name text primary key, applied_at timestamptz not null default now())',
  )
  const done: string[] = []
  for (const { name, applied } of await migrationState(db, folder)) {
    if (applied) continue
    const text = await readFile(join(folder, name), 'utf8')
    await db.transaction(
      async (tx) => {
        if (db.engine === 'server') await tx.query('select pg_advisory_xact_lock($1)', [LOCK])
        const [already] = await tx.query('select 1 from migration where name = $1', [name])
        if (already) return
        await tx.query(text)
        await tx.query('insert into migration (name) values ($1)', [name])
        done.push(name)
      },
      { timeoutMs: MIGRATION_LIMIT_MS },
    )
  }
  return done
}
