import type { Database } from '../../../kernel/db/index.ts'
import { dropPartitions, PARTITIONED_TABLES } from './tables.ts'

/** Versions that served before and are kept whole, and refused ones of which the report is kept. */
const OLD_KEPT = 2
const REFUSED_KEPT = 5

/** Tables that hold all versions together. */
export const SMALL_TABLES = [
  'gtfs_agency',
  'gtfs_route',
  'gtfs_level',
  'gtfs_service',
  'gtfs_service_date',
  'gtfs_frequency',
  'gtfs_transfer',
  'gtfs_pathway',
  'gtfs_translation',
  'gtfs_other_row',
  'gtfs_other_file',
]

/** Drops a version: the large tables whole, the small ones row by row. */
export async function forget(db: Database, version: number, { keepRow = false } = {}): Promise<void> {
  await db.transaction(
    async (tx) => {
      await dropPartitions(tx, version)
      await tx.query(`drop table if exists gtfs_shape_point_${Math.trunc(version)}`)
      if (keepRow)
        for (const table of SMALL_TABLES) await tx.query(`delete from ${table} where version = $1`, [version])
      else await tx.query('delete from gtfs_version where version = $1', [version])
    },
    { timeoutMs: 600_000 },
  )
}

/** Drops versions of a dataset that nobody needs any more, and partitions whose version went with its dataset. */
export async function keepFew(db: Database, dataset: number): Promise<void> {
  const versions = await db.query<{ version: number }>(
    `select version from (
       select version, state, row_number() over (partition by state order by version desc) as k
         from gtfs_version where dataset = $1 and state in ('old', 'refused')) v
      where k > case state when 'old' then ${OLD_KEPT} else ${REFUSED_KEPT} end`,
    [dataset],
  )
  for (const { version } of versions) await forget(db, version)
  const orphans = await db.query<{ version: number }>(
    `select distinct substring(c.relname from '_([0-9]+)$')::int4 as version
       from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
      where p.relname = any($1::text[]) and p.relkind = 'p' and c.relname ~ '_[0-9]+$'
        and not exists (select from gtfs_version v where v.version = substring(c.relname from '_([0-9]+)$')::int4)`,
    [PARTITIONED_TABLES],
  )
  for (const { version } of orphans) await forget(db, version)
}
