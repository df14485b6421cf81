import { type Database, type Queryable, textArray } from '../../kernel/db/index.ts'
import type { Rejection, RunFigures, RunOutcome } from './model.ts'

/** A source as stored, with the text of its current definition. */
export interface SourceRow {
  id: string
  version: number
  yaml: string
  paused: boolean
  stateSince: string
  cause: string | null
  failures: number
  nextRun: string | null
  lastGood: string | null
  /** The time of what it brought last, by its own word. */
  contentAt: string | null
  createdAt: string
}

/** The state of a further part of a source, as stored. */
export type PartRow = Pick<
  SourceRow,
  'stateSince' | 'cause' | 'failures' | 'nextRun' | 'lastGood' | 'contentAt' | 'createdAt'
> & { source: string; part: string }

/** Which part of a source; `part` null is the main one. */
export interface Which {
  source: string
  part: string | null
}

/** What to send with the next request of an address, by the address. */
export type Validators = ReadonlyMap<string, { etag: string | null; lastModified: string | null }>

export interface RunRow extends RunFigures {
  id: number
  /** Null: the main part. */
  part: string | null
  version: number | null
  trigger: string
  origin: string | null
  startedAt: string
  finishedAt: string | null
  outcome: RunOutcome | null
  error: string | null
}

const SOURCE = `s.id, s.version, d.yaml, s.paused, s.state_since as "stateSince", s.cause, s.failures, s.next_run as "nextRun",
  s.last_good as "lastGood", s.content_at as "contentAt", s.created_at as "createdAt"`

/** Keeps a definition's text (every version, for provenance) and answers its number; the same text keeps its number. */
export async function keepDefinition(tx: Queryable, id: string, yaml: string): Promise<number> {
  const [latest] = await tx.query<{ version: number; yaml: string }>(
    'select version, yaml from source_definition where source = $1 order by version desc limit 1',
    [id],
  )
  if (latest?.yaml === yaml) return latest.version
  const version = (latest?.version ?? 0) + 1
  await tx.query('insert into source_definition (source, version, yaml) values ($1, $2, $3)', [id, version, yaml])
  return version
}

/** Adds a source or gives it a new version; its validators are dropped, so the next run reads everything. */
export async function upsertSource(tx: Queryable, id: string, version: number, nextRun: Date | null): Promise<void> {
  await tx.query(
    'delete from source_validator v using source s where s.id = $1 and v.source = s.id and s.version <> $2',
    [id, version],
  )
  await tx.query(
    `insert into source as s (id, version, next_run) values ($1, $2, $3)
     on conflict (id) do update set version = excluded.version, next_run = excluded.next_run`,
    [id, version, nextRun?.toISOString() ?? null],
  )
}

/** The parts a source has beside its main one, and when each runs by itself; those it no longer has are forgotten. */
export async function upsertParts(
  tx: Queryable,
  id: string,
  parts: readonly { name: string; nextRun: Date | null }[],
): Promise<void> {
  const names = textArray(parts.map(({ name }) => name))
  await tx.query('delete from source_part where source = $1 and part <> all($2::text[])', [id, names])
  await tx.query(
    `insert into source_part (source, part, next_run)
     select $1, p.part, p.next_run from unnest($2::text[], $3::timestamptz[]) as p (part, next_run)
     on conflict (source, part) do update set next_run = excluded.next_run`,
    [id, names, textArray(parts.map(({ nextRun }) => nextRun?.toISOString() ?? null))],
  )
}

/** The states of further parts: of one source, or of all. */
export function partRows(db: Queryable, source: string | null): Promise<PartRow[]> {
  return db.query<PartRow>(
    `select source, part, state_since as "stateSince", cause, failures, next_run as "nextRun", last_good as "lastGood",
            content_at as "contentAt", created_at as "createdAt"
     from source_part where $1::text is null or source = $1`,
    [source],
  )
}

export function allSources(db: Queryable): Promise<SourceRow[]> {
  return db.query<SourceRow>(
    `select ${SOURCE} from source s join source_definition d on d.source = s.id and d.version = s.version order by s.id`,
  )
}

export async function findSource(db: Queryable, id: string): Promise<SourceRow | undefined> {
  const [row] = await db.query<SourceRow>(
    `select ${SOURCE} from source s join source_definition d on d.source = s.id and d.version = s.version where s.id = $1`,
    [id],
  )
  return row
}

export async function deleteSource(db: Queryable, id: string): Promise<boolean> {
  return (await db.query('delete from source where id = $1 returning id', [id])).length > 0
}

export async function pauseSource(db: Queryable, id: string, paused: boolean): Promise<void> {
  await db.query('update source set paused = $2 where id = $1', [id, paused])
}

/** The table and condition of a part's state; its parameters are the first two. */
const stateOf = ({ part }: Which) =>
  part === null
    ? { table: 'source', where: 'id = $1 and $2::text is null' }
    : { table: 'source_part', where: 'source = $1 and part = $2' }

export async function setNextRun(db: Queryable, which: Which, nextRun: Date | null): Promise<void> {
  const { table, where } = stateOf(which)
  await db.query(`update ${table} set next_run = $3 where ${where}`, [
    which.source,
    which.part,
    nextRun?.toISOString() ?? null,
  ])
}

/** After a good run: the failures are forgotten, the validators kept for the next conditional requests. */
export async function noteGood(
  db: Queryable,
  which: Which,
  dataset: number | null,
  { validators = new Map(), contentAt = null }: { validators?: Validators; contentAt?: string | null } = {},
): Promise<void> {
  const { table, where } = stateOf(which)
  await db.query(
    `update ${table} set failures = 0, cause = null, last_good = now(), state = 'ok',
       state_since = case when state = 'ok' then state_since else now() end, content_at = coalesce($3, content_at)
     where ${where}`,
    [which.source, which.part, contentAt],
  )
  if (dataset !== null)
    await db.query('update source set dataset = $2 where id = $1 and dataset is distinct from $2', [
      which.source,
      dataset,
    ])
  for (const [address, { etag, lastModified }] of validators) {
    await db.query(
      `insert into source_validator (source, address, etag, last_modified) values ($1, $2, $3, $4)
       on conflict (source, address) do update set etag = excluded.etag, last_modified = excluded.last_modified`,
      [which.source, address, etag, lastModified],
    )
  }
}

export async function validatorsOf(db: Queryable, source: string): Promise<Validators> {
  const rows = await db.query<{ address: string; etag: string | null; lastModified: string | null }>(
    'select address, etag, last_modified as "lastModified" from source_validator where source = $1',
    [source],
  )
  return new Map(rows.map(({ address, ...validators }) => [address, validators]))
}

/** After a failed run: what was good stays. */
export async function noteFailure(
  db: Queryable,
  which: Which,
  cause: string,
  contentAt: string | null = null,
): Promise<void> {
  const { table, where } = stateOf(which)
  await db.query(
    `update ${table} set failures = failures + 1, cause = $3, state = 'broken',
       state_since = case when state = 'broken' then state_since else now() end, content_at = coalesce($4, content_at)
     where ${where}`,
    [which.source, which.part, cause, contentAt],
  )
}

export async function startRun(
  db: Queryable,
  run: Which & { version: number; dataset: number; trigger: string; origin: string },
): Promise<number> {
  const [row] = await db.query<{ id: number }>(
    'insert into source_run (source, part, version, dataset, trigger, origin) values ($1, $2, $3, $4, $5, $6) returning id',
    [run.source, run.part, run.version, run.dataset, run.trigger, run.origin],
  )
  return row!.id
}

/** Writes what is known of a run; `outcome` ends it. */
export async function updateRun(
  db: Queryable,
  id: number,
  figures: RunFigures,
  outcome: RunOutcome | null,
  error?: string,
): Promise<void> {
  await db.query(
    `update source_run set read = $2, accepted = $3, unchanged = $4, corrected = $5, rejected = $6, rejections = $7::jsonb,
       outcome = $8, error = $9, finished_at = case when $8::text is null then null else now() end
     where id = $1`,
    [
      id,
      figures.read,
      figures.accepted,
      figures.unchanged,
      figures.corrected,
      figures.rejected,
      JSON.stringify(figures.rejections satisfies Rejection[]),
      outcome,
      error ?? null,
    ],
  )
}

export function runsOf(db: Queryable, source: string, limit: number): Promise<RunRow[]> {
  return db.query<RunRow>(
    `select id, part, version, trigger, origin, started_at as "startedAt", finished_at as "finishedAt", outcome, error, read, accepted,
            unchanged, corrected, rejected, rejections
     from source_run where source = $1 order by id desc limit $2`,
    [source, limit],
  )
}

/** Runs of a part nobody works on any more: the process was killed. Their batches stand; a further run completes them. */
export async function endInterrupted(db: Queryable, { source, part }: Which): Promise<number> {
  const rows = await db.query<{ id: number }>(
    `update source_run set outcome = 'interrupted', finished_at = now(), error = 'The process ended before the run did.'
     where source = $1 and part is not distinct from $2 and finished_at is null returning id`,
    [source, part],
  )
  if (rows.length > 0)
    await db.query('delete from source_pending where run = any($1::int4[])', [rows.map(({ id }) => id)])
  return rows.length
}

export function unfinishedSources(db: Queryable): Promise<Which[]> {
  return db.query<Which>('select distinct source, part from source_run where finished_at is null')
}

/**
 * Runs `work` while no other process runs the same source; null when one does. On a server an advisory lock says so,
 * held by an open transaction that is kept awake; the embedded engine has only one process anyway.
 */
export async function whileAlone<R>(
  db: Database,
  source: string,
  work: () => Promise<R>,
): Promise<{ result: R } | null> {
  if (db.engine === 'embedded') return { result: await work() }
  return db.transaction(async (tx) => {
    const [lock] = await tx.query<{ got: boolean }>(
      `select pg_try_advisory_xact_lock(hashtext('zahnrad source'), hashtext($1)) as got`,
      [source],
    )
    if (!lock!.got) return null
    // A lost connection shows in the work's own queries; the timer must not add an unhandled rejection to it.
    const awake = setInterval(() => void tx.query('select 1').catch(() => {}), 60_000)
    try {
      return { result: await work() }
    } finally {
      clearInterval(awake)
    }
  })
}
