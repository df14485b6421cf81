import type { Database, Queryable, QueryOptions, Sql } from '../../kernel/db/index.ts'

/**
 * Reads with the values of `datasets` as they were measured: the same statements, each in a transaction that finds the
 * views of `as_measured` before the tables of the same names (see migration 0040). Without any, it is the database.
 */
export function measuredReader(db: Database, datasets: readonly number[]): Queryable {
  if (datasets.length === 0) return db
  const read = <R>(work: (tx: Queryable) => Promise<R>, options?: QueryOptions): Promise<R> =>
    db.transaction(
      async (tx) => {
        await tx.query(
          `select set_config('search_path', 'as_measured, ' || current_setting('search_path'), true),
                  set_config('zahnrad.measured', $1, true)`,
          [`{${datasets.join()}}`],
        )
        return work(tx)
      },
      options?.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs },
    )
  return {
    query: <R>(text: string, parameters?: readonly unknown[], options?: QueryOptions) =>
      read((tx) => tx.query<R>(text, parameters, options), options),
    run: <R>(fragment: Sql<R>, options?: QueryOptions) => read((tx) => tx.run<R>(fragment, options), options),
  }
}
