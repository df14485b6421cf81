/**
 * Runs PGlite. It is synchronous WebAssembly, so it lives in a thread of its own; `embedded.ts` supervises it.
 * One connection: the supervisor sends one request at a time.
 */
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { postgisFor } from './postgis.ts'
import { parsers, SESSION_SETTINGS } from './values.ts'

export interface WorkerRequest {
  id: number
  text: string
  parameters: readonly unknown[]
  /** Refuse when the planner expects a higher total cost (the embedded engine cannot cancel a query). */
  maxCost?: number
  /** What `COPY … FROM '/dev/blob'` reads. */
  blob?: Uint8Array<ArrayBuffer>
}

export interface WorkerFailure {
  message: string
  code?: string
  detail?: string
  constraint?: string
}

export type WorkerAnswer =
  | { id: number; rows: unknown[] }
  | { id: number; failure: WorkerFailure }
  | { ready: true }
  | { fatal: string }

const port = parentPort!
const { folder } = workerData as { folder: string }
/** What can be made in the database; migrations make it. */
const EXTENSIONS = { postgis: postgisFor(folder), pg_trgm }

/** A database folder appears under its name only when it is complete: a process killed while making it leaves no half. */
async function openFolder(): Promise<PGlite> {
  if (!existsSync(folder)) {
    const unfinished = `${folder}.new`
    await rm(unfinished, { recursive: true, force: true })
    await mkdir(unfinished, { recursive: true })
    const fresh = await PGlite.create(unfinished, { extensions: EXTENSIONS })
    await fresh.exec('create extension if not exists postgis; checkpoint')
    await fresh.close()
    await rename(unfinished, folder)
  }
  const db = await PGlite.create(folder, { extensions: EXTENSIONS, parsers })
  for (const [name, value] of Object.entries(SESSION_SETTINGS)) await db.exec(`set ${name} = '${value}'`)
  await db.exec(`set work_mem = '32MB'; set maintenance_work_mem = '64MB'`)
  return db
}

function failureOf(error: unknown): WorkerFailure {
  const { message, code, detail, constraint } = error as Error & WorkerFailure
  return { message: String(message), code, detail, constraint }
}

async function refuseIfTooCostly(db: PGlite, { text, parameters, maxCost }: WorkerRequest): Promise<void> {
  const [row] = (
    await db.query<{ 'QUERY PLAN': [{ Plan: { 'Total Cost': number } }] }>(`explain (format json) ${text}`, [
      ...parameters,
    ])
  ).rows
  const cost = row?.['QUERY PLAN'][0].Plan['Total Cost'] ?? 0
  if (cost > maxCost!)
    throw Object.assign(new Error('The query would take too long and was not started.'), { code: '57014' })
}

async function answer(db: PGlite, request: WorkerRequest): Promise<unknown[]> {
  if (request.blob) return (await db.query(request.text, [], { blob: new Blob([request.blob]) })).rows
  if (request.maxCost !== undefined) await refuseIfTooCostly(db, request)
  if (request.parameters.length === 0 && request.text.includes(';')) {
    const results = await db.exec(request.text)
    return results.flatMap((part) => part.rows)
  }
  const result = await db.query(request.text, [...request.parameters])
  // An exception inside GEOS ends the statement without an error and without a command tag.
  if (result.command === undefined) {
    throw Object.assign(new Error('A geometry function failed inside the database.'), { code: 'XX000' })
  }
  return result.rows
}

try {
  const db = await openFolder()
  port.on('message', (request: WorkerRequest | 'close') => {
    if (request === 'close') {
      db.close().then(
        () => process.exit(0),
        () => process.exit(1),
      )
      return
    }
    answer(db, request).then(
      (rows) => port.postMessage({ id: request.id, rows } satisfies WorkerAnswer),
      (error) => port.postMessage({ id: request.id, failure: failureOf(error) } satisfies WorkerAnswer),
    )
  })
  port.postMessage({ ready: true } satisfies WorkerAnswer)
} catch (error) {
  port.postMessage({ fatal: (error as Error).message } satisfies WorkerAnswer)
}
