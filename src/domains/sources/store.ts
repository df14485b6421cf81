import type { Database, Queryable } from '../../kernel/db/index.ts'
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
  etag: string | null
  lastModified: string | null
  createdAt: string
}

export interface RunRow extends RunFigures {
  id: number
  version: number | null
  trigger: string
  origin: string | null
  startedAt: string
  finishedAt: string | null
  outcome: RunOutcome | null
  error: string | null
}

const SOURCE = `s.id, s.version, d.yaml, s.paused, s.state_since as "stateSince", s.cause, s.failures, s.next_run as "nextRun",
  s.last_good as "lastGood", s.etag, s.last_modified as "lastModified", s.created_at as "createdAt"`

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
    `insert into source as s (id, version, next_run) values ($1, $2, $3)
     on conflict (id) do update set version = excluded.version, next_run = excluded.next_run,
       etag = case when s.version = excluded.version then s.etag end,
       last_modified = case when s.version = excluded.version then s.last_modified end`,
    [id, version, nextRun?.toISOString() ?? null],
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

export async function pauseSource(db: Queryable, id: string, paused: boolean, nextRun: Date | null): Promise<boolean> {
  const rows = await db.query('update source set paused = $2, next_run = $3 where id = $1 returning id', [
    id,
    paused,
    nextRun?.toISOString() ?? null,
  ])
  return rows.length > 0
}

export async function setNextRun(db: Queryable, id: string, nextRun: Date | null): Promise<void> {
  await db.query('update source set next_run = $2 where id = $1', [id, nextRun?.toISOString() ?? null])
}

/** After a good run: the failures are forgotten, the validators kept for the next conditional request. */
export async function noteGood(
  db: Queryable,
  id: string,
  dataset: number | null,
  validators: { etag: string | null; lastModified: string | null } | null,
): Promise<void> {
  await db.query(
    `update source set failures = 0, cause = null, last_good = now(), dataset = coalesce($2, dataset), state = 'ok',
       state_since = case when state = 'ok' then state_since else now() end,
       etag = case when $3 then $4 else etag end, last_modified = case when $3 then $5 else last_modified end
     where id = $1`,
    [id, dataset, validators !== null, validators?.etag ?? null, validators?.lastModified ?? null],
  )
}

/** After a failed run: what was good stays; answers how often it failed in a row. */
export async function noteFailure(db: Queryable, id: string, cause: string): Promise<number> {
  const [row] = await db.query<{ failures: number }>(
    `update source set failures = failures + 1, cause = $2, state = 'broken',
       state_since = case when state = 'broken' then state_since else now() end
     where id = $1 returning failures`,
    [id, cause],
  )
  return row?.failures ?? 1
}

export async function startRun(
  db: Queryable,
  run: { source: string; version: number; dataset: number; trigger: string; origin: string },
): Promise<number> {
  const [row] = await db.query<{ id: number }>(
    'insert into source_run (source, version, dataset, trigger, origin) values ($1, $2, $3, $4, $5) returning id',
    [run.source, run.version, run.dataset, run.trigger, run.origin],
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
    `select id, version, trigger, origin, started_at as "startedAt", finished_at as "finishedAt", outcome, error, read, accepted,
            unchanged, corrected, rejected, rejections
     from source_run where source = $1 order by id desc limit $2`,
    [source, limit],
  )
}

/** Runs of a source nobody works on any more: the process was killed. Their batches stand; a further run completes them. */
export async function endInterrupted(db: Queryable, source: string): Promise<number> {
  const rows = await db.query<{ id: number }>(
    `update source_run set outcome = 'interrupted', finished_at = now(), error = 'The process ended before the run did.'
     where source = $1 and finished_at is null returning id`,
    [source],
  )
  if (rows.length > 0)
    await db.query('delete from source_pending where run = any($1::int4[])', [rows.map(({ id }) => id)])
  return rows.length
}

export async function unfinishedSources(db: Queryable): Promise<string[]> {
  return (await db.query<{ source: string }>('select distinct source from source_run where finished_at is null')).map(
    ({ source }) => source,
  )
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
