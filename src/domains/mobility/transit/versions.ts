import type { Queryable } from '../../../kernel/db/index.ts'
import type { TransitNotice, TransitVersion } from './model.ts'

const COLUMNS = `version, dataset, source, run, state, origin, created_at as "createdAt", completed_at as "completedAt",
  replaced_at as "replacedAt", time_zone as "timeZone", first_day as "firstDay", last_day as "lastDay",
  feed_info as "feedInfo", counts, read, headers, diff, seconds`

/** The version that serves a dataset (by its key); undefined where there is no complete timetable. */
export async function currentVersion(db: Queryable, dataset: number): Promise<TransitVersion | undefined> {
  const [row] = await db.query<TransitVersion>(
    `select ${COLUMNS} from gtfs_version where dataset = $1 and state = 'current'`,
    [dataset],
  )
  return row
}

/** The versions that serve these datasets, for `version = any($versions::int4[])` in queries over all of them. */
export function currentVersions(db: Queryable, datasets: readonly number[]): Promise<TransitVersion[]> {
  return db.query<TransitVersion>(
    `select ${COLUMNS} from gtfs_version where dataset = any($1::int4[]) and state = 'current' order by version`,
    [datasets],
  )
}

/** All versions of a dataset that are kept, newest first; refused ones too. */
export function versionsOf(db: Queryable, dataset: number): Promise<TransitVersion[]> {
  return db.query<TransitVersion>(
    `select ${COLUMNS} from gtfs_version where dataset = $1 and state <> 'loading' order by version desc`,
    [dataset],
  )
}

/** What validation found in a version: errors first, then by frequency. */
export function noticesOf(db: Queryable, version: number): Promise<TransitNotice[]> {
  return db.query<TransitNotice>(
    `select code, severity, n, examples from gtfs_notice where version = $1
      order by array_position(array['ERROR', 'WARNING', 'INFO'], severity), n desc, code`,
    [version],
  )
}

/** One version of a dataset, undefined where there is none of that number. */
export async function versionOf(db: Queryable, dataset: number, version: number): Promise<TransitVersion | undefined> {
  const [row] = await db.query<TransitVersion>(
    `select ${COLUMNS} from gtfs_version where dataset = $1 and version = $2 and state <> 'loading'`,
    [dataset, version],
  )
  return row
}

/** Does this very content serve already? */
export async function isCurrent(db: Queryable, dataset: number, hash: string): Promise<boolean> {
  const rows = await db.query(`select 1 from gtfs_version where dataset = $1 and state = 'current' and hash = $2`, [
    dataset,
    hash,
  ])
  return rows.length > 0
}
