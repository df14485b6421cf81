import type { Queryable } from '../../../kernel/db/index.ts'

/**
 * The tables with a partition a version, and the indexes of each partition. A partition is filled before it has an index
 * and attached when all is there: readers of other versions notice nothing.
 */
const PARTITIONED = {
  gtfs_stop: ['unique (stop)', 'unique (stop_id)', 'gist (geom)', '(parent)'],
  gtfs_shape: ['unique (shape)', 'unique (shape_id)', 'gist (geom)'],
  gtfs_trip: ['unique (trip)', 'unique (trip_id)', '(route)', '(service)'],
  gtfs_stop_time: ['unique (trip, stop_sequence)', '(stop, departure)'],
  gtfs_service_day: ['unique (day, service)', '(service, day)'],
} as const

export type Partitioned = keyof typeof PARTITIONED
export const PARTITIONED_TABLES = Object.keys(PARTITIONED) as Partitioned[]

/** Name of the partition; only ever made of a table above and a number. */
export const partition = (table: Partitioned, version: number): string => `${table}_${version}`

/** Makes the empty tables a version is read into. They are no partitions yet. */
export async function createPartitions(db: Queryable, version: number): Promise<void> {
  for (const table of PARTITIONED_TABLES) {
    const name = partition(table, version)
    // The check spares the scan when the partition is attached.
    await db.query(
      `create table ${name} (like ${table} including defaults, constraint ${name}_version check (version = ${version}))`,
    )
  }
}

/** Builds the indexes of a filled table. `unique` fails where a key stands twice: duplicates are to be removed before. */
export async function indexPartition(db: Queryable, table: Partitioned, version: number): Promise<void> {
  const name = partition(table, version)
  for (const index of PARTITIONED[table]) {
    const [, unique, method, columns] = /^(unique )?(gist )?(\(.*\))$/.exec(index)!
    await db.query(`create ${unique ?? ''}index on ${name} ${method ? `using ${method}` : ''}${columns}`, [], {
      timeoutMs: INDEX_LIMIT_MS,
    })
  }
}

const INDEX_LIMIT_MS = 3_600_000

/** Lets a complete version be read through the parent tables. */
export async function attachPartitions(tx: Queryable, version: number): Promise<void> {
  for (const table of PARTITIONED_TABLES) {
    const name = partition(table, version)
    await tx.query(`alter table ${table} attach partition ${name} for values in (${version})`, [], {
      timeoutMs: INDEX_LIMIT_MS,
    })
  }
}

/** Drops what a version was read into, attached or not. */
export async function dropPartitions(tx: Queryable, version: number): Promise<void> {
  for (const table of PARTITIONED_TABLES) await tx.query(`drop table if exists ${partition(table, version)}`)
}
