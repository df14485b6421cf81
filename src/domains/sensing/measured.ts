import type { Database, Queryable, QueryOptions, Sql } from '../../kernel/db/index.ts'

/**
 * Reads with the values of `datasets` as they were measured: the same statements, each in a transaction that finds the
 * views of `as_measured` before the tables of the same names (see migration 0040). Without any, it is the database.
 */
export function measuredReader(db: Database, datasets: readonly number[]): Queryable {
  if (datasets.length === 0) return db
  return reader(datasets, (work, options) =>
    db.transaction(work, options?.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  )
}

/** The same inside a transaction that also writes: each statement by itself, since what is written goes to the tables. */
export function measuredWithin(tx: Queryable, datasets: readonly number[]): Queryable {
  return datasets.length === 0 ? tx : reader(datasets, (work) => work(tx), true)
}

function reader(
  datasets: readonly number[],
  within: <R>(work: (tx: Queryable) => Promise<R>, options?: QueryOptions) => Promise<R>,
  goesOn = false,
): Queryable {
  const read = <R>(work: (tx: Queryable) => Promise<R>, options?: QueryOptions): Promise<R> =>
    within(async (tx) => {
      const [before] = await tx.query<{ path: string }>(`select current_setting('search_path') as path`)
      await set(tx, `as_measured, ${before!.path}`, `{${datasets.join()}}`)
      const result = await work(tx)
      // After an error the transaction takes nothing more; otherwise the next statement finds the tables again.
      if (goesOn) await set(tx, before!.path, '{}')
      return result
    }, options)
  return {
    query: <R>(text: string, parameters?: readonly unknown[], options?: QueryOptions) =>
      read((tx) => tx.query<R>(text, parameters, options), options),
    run: <R>(fragment: Sql<R>, options?: QueryOptions) => read((tx) => tx.run<R>(fragment, options), options),
  }
}

const set = (tx: Queryable, path: string, datasets: string) =>
  tx.query(`select set_config('search_path', $1, true), set_config('zahnrad.measured', $2, true)`, [path, datasets])
