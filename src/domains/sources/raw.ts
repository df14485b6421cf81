import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { Database, Queryable } from '../../kernel/db/index.ts'
import type { Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Access, Actor } from '../access/index.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Definition } from './definition.ts'
import type { Feed } from './feed.ts'
import type { Unpack } from './model.ts'
import { withEnvironment } from './origin.ts'
import { holdsSecret } from './raw-secrets.ts'
import type { Which } from './store.ts'

/** Larger files are not kept. */
const MOST_RAW_BYTES = 50_000_000
/** Bytes on the disk for each source; the oldest go first. */
const MOST_STORED = 200_000_000
/** Files of one run. */
const MOST_FILES = 50

/** One file a run read. */
export interface RawFile {
  /** Address or path it came from. */
  origin: string
  name: string
  path: string
  /** What it is to its feed; null in a mapping. */
  role: string | null
}

/** Why the bytes of a file were not kept. */
export type NotKept = 'too-large' | 'too-many' | 'full' | 'private' | 'secret' | 'small-counts'

/** A file as a source sent it, or the word that it is not kept. */
export interface RawRow {
  id: number
  part: string | null
  /** Of the last good run; false: of the last that failed. */
  good: boolean
  run: number
  origin: string
  name: string
  readAt: string
  bytes: number
  sha256: string | null
  stored: number | null
  why: NotKept | null
}

interface Deps {
  db: Database
  access: Pick<Access, 'can' | 'require' | 'audit'>
  catalog: Catalog
  log: Log
  unpack: Unpack
  rawFolder: string
  environment?: Record<string, string | undefined>
}

interface Target {
  which: Which
  run: number
  dataset: number
}

const COLUMNS = `id, part, good, run, origin, name, read_at as "readAt", bytes, sha256, stored, why`

/**
 * Keeps what sources sent last, so that a mistake in it can be looked at: bounded in size, without what may not be kept
 * (vehicles of sharing systems, secrets, counts too small to publish), and for those who manage the dataset alone.
 */
export class RawFeeds {
  readonly #deps: Deps
  readonly #folder: string

  constructor(deps: Deps) {
    this.#deps = deps
    this.#folder = deps.rawFolder
  }

  /** Keeps the files of a run in place of those of the one before. A failure is logged: it is no reason to fail a run. */
  async keep(
    target: Target,
    definition: Definition,
    feed: Feed | undefined,
    files: readonly RawFile[],
    { good, whole }: { good: boolean; whole: boolean },
  ): Promise<void> {
    const { db, log } = this.#deps
    const { source, part } = target.which
    try {
      const kept: string[] = []
      for (const [index, file] of files.entries()) {
        if (index > MOST_FILES) break
        const id = await this.#keepOne(target, definition, feed, file, good, index === MOST_FILES)
        kept.push(String(id))
      }
      if (whole)
        await this.#forget(
          db,
          `source = $1 and part is not distinct from $2 and good = $3 and not (id = any($4::int8[]))`,
          [source, part, good, `{${kept.join(',')}}`],
        )
      await this.#forgetOldest(source)
    } catch (error) {
      log.warn({ source, run: target.run, error: (error as Error).message }, 'what the source sent could not be kept')
    }
  }

  /** What is kept of a source, for who manages its dataset. Throws Problem 403 for others, also where there is none. */
  async list(source: string, actor: Actor): Promise<RawRow[]> {
    const rows = await this.#rows(source)
    const mine = rows.filter(({ dataset }) => this.#may(actor, dataset))
    // Whoever manages no dataset of it learns nothing, not even whether there is such a source.
    if (mine.length === 0) this.#deps.access.require(actor, 'manage', 'platform')
    return mine.map(({ dataset: _, ...row }) => row)
  }

  /** The bytes of one file as they came. Throws Problem 403 as `list`, 404 where nothing is kept under this number. */
  async open(source: string, id: number, actor: Actor): Promise<{ row: RawRow; bytes: Readable }> {
    const row = (await this.list(source, actor)).find((one) => one.id === id)
    const path = this.#path(source, id)
    const there = row?.stored != null && (await stat(path).catch(() => null))
    const [{ k } = { k: 1 }] = (await this.#rows(source)).flatMap(({ id: one, dataset }) =>
      one === id && dataset !== null ? [this.#deps.catalog.byKey(dataset) ?? { k: 1 }] : [],
    )
    if (!row || !there || k > 1)
      throw new Problem(404, 'raw-unknown', `Of the source "${source}" nothing is kept under this number.`)
    await this.#deps.access.audit(actor, 'source.raw', source, { run: row.run, name: row.name })
    const bytes = createReadStream(path)
    const plain = createGunzip()
    bytes.on('error', (error) => plain.destroy(error))
    return { row, bytes: bytes.pipe(plain) }
  }

  /** The source is removed, and with it what it sent. */
  async drop(source: string): Promise<void> {
    await rm(join(this.#folder, source), { recursive: true, force: true })
  }

  #may(actor: Actor, dataset: number | null): boolean {
    const { access } = this.#deps
    return access.can(actor, 'manage', dataset === null ? 'platform' : { dataset })
  }

  #rows(source: string): Promise<(RawRow & { dataset: number | null })[]> {
    return this.#deps.db.query(
      `select ${COLUMNS}, dataset from source_raw where source = $1 order by part nulls first, good desc, name, id`,
      [source],
    )
  }

  #path(source: string, id: number): string {
    return join(this.#folder, source, `${id}.gz`)
  }

  async #keepOne(
    { which: { source, part }, run, dataset }: Target,
    definition: Definition,
    feed: Feed | undefined,
    file: RawFile,
    good: boolean,
    beyond: boolean,
  ): Promise<number> {
    const { db } = this.#deps
    const { size } = await stat(file.path)
    const address = createHash('sha256').update(`${file.origin}\n${file.name}`).digest('hex')
    const folder = join(this.#folder, source)
    const temporary = join(folder, `${run}.${address.slice(0, 12)}.new`)
    let why: NotKept | null = beyond ? 'too-many' : this.#forbidden(dataset, definition, feed, file)
    if (why === null && size > MOST_RAW_BYTES) why = 'too-large'
    if (why === null && (await holdsSecret(this.#deps.unpack, file, this.#secretsOf(definition)))) why = 'secret'
    let sha256: string | null = null
    let stored: number | null = null
    if (why === null) {
      await mkdir(folder, { recursive: true })
      const hash = createHash('sha256')
      const hashing = new Transform({
        transform(chunk, _encoding, done) {
          hash.update(chunk)
          done(null, chunk)
        },
      })
      await pipeline(createReadStream(file.path), hashing, createGzip({ level: 4 }), createWriteStream(temporary))
      sha256 = hash.digest('hex')
      stored = (await stat(temporary)).size
    }
    const [row] = await db.query<{ id: number }>(
      `insert into source_raw (source, part, good, dataset, run, origin, address, name, bytes, sha256, stored, why)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
       on conflict (source, coalesce(part, ''), good, address) do update set dataset = excluded.dataset, run = excluded.run,
         read_at = now(), bytes = excluded.bytes, sha256 = excluded.sha256, stored = excluded.stored, why = excluded.why
       returning id`,
      [
        source,
        part,
        good,
        dataset,
        run,
        withoutQuery(file.origin),
        address,
        beyond ? '…' : file.name,
        size,
        sha256,
        stored,
        why,
      ],
    )
    if (why === null) await rename(temporary, this.#path(source, row!.id))
    else await rm(this.#path(source, row!.id), { force: true })
    return row!.id
  }

  #forbidden(dataset: number, definition: Definition, feed: Feed | undefined, file: RawFile): NotKept | null {
    if ((this.#deps.catalog.byKey(dataset)?.k ?? 1) > 1) return 'small-counts'
    return feed?.isPrivate?.(file.role ?? definition.part ?? 'main') ? 'private' : null
  }

  /** Values nobody else may read, wherever they turn up. */
  #secretsOf({ from }: Definition): string[] {
    const { environment = {} } = this.#deps
    return Object.entries(from.http?.headers ?? {}).flatMap(([name, value]) => {
      if (!/\$\{?SOURCE_/.test(value) && !/auth|key|token|cookie|secret/i.test(name)) return []
      const whole = withEnvironment(value, environment)
      return [whole, ...whole.split(' ')].filter((one) => one.length >= 8)
    })
  }

  /** Deletes lines, and the files with them. */
  async #forget(db: Queryable, where: string, values: unknown[]): Promise<void> {
    const gone = await db.query<{ id: number; source: string }>(
      `delete from source_raw where ${where} returning id, source`,
      values,
    )
    for (const { id, source } of gone) await rm(this.#path(source, id), { force: true })
  }

  /** Over the bound of a source the oldest files go; their lines say so. */
  async #forgetOldest(source: string): Promise<void> {
    const over = await this.#deps.db.query<{ id: number }>(
      `update source_raw r set stored = null, why = 'full'
         from (select id, sum(stored) over (order by read_at desc, id desc) as sum from source_raw
                where source = $1 and stored is not null) as s
        where r.id = s.id and s.sum > $2 returning r.id`,
      [source, MOST_STORED],
    )
    for (const { id } of over) await rm(this.#path(source, id), { force: true })
  }
}

/** Queries hold keys; the rest says enough. */
function withoutQuery(origin: string): string {
  if (!/^https?:/.test(origin) || !URL.canParse(origin)) return origin
  const { protocol, host, pathname } = new URL(origin)
  return `${protocol}//${host}${pathname}`
}
