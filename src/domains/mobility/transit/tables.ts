import type { Database, Queryable } from '../../../kernel/db/index.ts'

/**
 * The tables with a partition a version, and the indexes of each partition. A partition is filled before it has an index
 * and attached when all is there: readers of other versions notice nothing.
 */
const PARTITIONED = {
  gtfs_stop: ['unique (stop)', 'unique (stop_id)', 'gist (geom)', '(parent)'],
  gtfs_shape: ['unique (shape)', 'unique (shape_id)', 'gist (geom)'],
  gtfs_trip: ['unique (trip)', 'unique (trip_id)', '(route)', '(service)'],
  gtfs_stop_time: ['(stop, departure)', 'unique (trip, stop_sequence)'],
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

/** Indexes and statistics are built on this many connections at once, by size of the table. */
const AT_ONCE = 3
const INDEX_LIMIT_MS = 3_600_000

/**
 * Builds the indexes of the filled tables of a version and looks at what they hold (ANALYZE), also of `others`; readers of
 * other versions notice nothing. A unique one fails where a key stands twice: duplicates are to be removed before.
 */
export async function indexPartitions(db: Database, version: number, others: readonly string[] = []): Promise<void> {
  // Those of one table lock one another out only against ANALYZE, which comes after.
  await inTurn(
    BY_SIZE.flatMap((table) => PARTITIONED[table].map((index) => ({ name: partition(table, version), index }))),
    ({ name, index }) => {
      const [, unique, method, columns] = /^(unique )?(gist )?(\(.*\))$/.exec(index)!
      return db.transaction(
        async (tx) => {
          // What PostgreSQL takes by default is for machines of long ago: sorting 30 million rows then goes by disk.
          await tx.query(`set local maintenance_work_mem = '${db.engine === 'server' ? '256MB' : '64MB'}'`)
          await tx.query(`create ${unique ?? ''}index on ${name} ${method ? `using ${method}` : ''}${columns}`)
        },
        { timeoutMs: INDEX_LIMIT_MS },
      )
    },
  )
  const all = [...BY_SIZE.map((table) => partition(table, version)), ...others]
  await inTurn(all, (name) => db.query(`analyze ${name}`, [], { timeoutMs: INDEX_LIMIT_MS }))
}

/** The largest first. */
const BY_SIZE: readonly Partitioned[] = ['gtfs_stop_time', 'gtfs_trip', 'gtfs_shape', 'gtfs_stop', 'gtfs_service_day']

async function inTurn<T>(given: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const left = [...given]
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one)
    }),
  )
}

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
