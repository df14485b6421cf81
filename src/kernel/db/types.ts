import type { RawBuilder } from 'kysely'

/** A composable piece of SQL with its parameters, made with the `sql` tag of `kernel/db`. */
export type Sql<R = unknown> = RawBuilder<R>

export interface QueryOptions {
  /** Milliseconds after which the query is stopped and {@link QueryTimeout} thrown. Default: the database's own limit. */
  timeoutMs?: number
  /** A name makes the server keep the plan (prepared statement). Only for fixed texts on hot paths. */
  name?: string
  /**
   * For queries whose shape a caller from outside decides: refuse before running when the planner expects more than
   * this total cost. Only the embedded engine needs it (it cannot cancel); the server stops by `timeoutMs`.
   */
  maxCost?: number
}

/**
 * Anything that runs SQL: the database itself, or an open transaction.
 *
 * Both engines answer with the same JavaScript values: `timestamptz` as an ISO 8601 string in UTC
 * (`2026-08-20T12:15:00Z`, microseconds only where there are any), `int8` and `numeric` as numbers (ids stay below
 * 2^53), `json`/`jsonb` parsed, `bytea` as a Buffer. Array parameters are JavaScript arrays and need a cast in the
 * text (`unnest($1::int4[])`); `jsonb[]` parameters are arrays of JSON *texts*.
 */
export interface Queryable {
  /** Runs a query. Several statements in one text (only without parameters) answer with the rows of all of them. */
  query<R = Record<string, unknown>>(
    text: string,
    parameters?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<R[]>
  /** Compiles and runs a fragment made with the `sql` tag. */
  run<R>(fragment: Sql<R>, options?: QueryOptions): Promise<R[]>
}

export interface Database extends Queryable {
  readonly engine: 'embedded' | 'server'
  /** Runs `work` in one transaction: commits when it resolves, rolls back when it throws. Not reentrant. */
  transaction<R>(work: (tx: Queryable) => Promise<R>, options?: QueryOptions): Promise<R>
  /**
   * Calls `heard` after another process sent a NOTIFY on the channel, and after the connection was away, when some may
   * have been missed. What this process sends itself (its `zahnrad.process` as payload) is left out; the embedded
   * engine belongs to one process, so nothing is ever heard there. Returns how to stop.
   */
  listen(channel: string, heard: () => void): () => Promise<void>
  /**
   * Fills a table by COPY, in binary form: `parts` are whole rows as {@link CopyRows} writes them, read as fast as the
   * database takes them; a part must stay as it is until the one after the next is asked for. Outside of any transaction, and on the embedded engine each part for itself: for a table nobody
   * reads before it is complete.
   */
  copy(table: string, columns: readonly string[], parts: AsyncIterable<Buffer>, options?: CopyOptions): Promise<void>
  /** Figures for /metrics: queries waiting, connections, restarts of the embedded engine. */
  stats(): DatabaseStats
  close(): Promise<void>
}

export interface CopyOptions {
  /** The table is new: nothing is in it, and nobody else writes to it meanwhile. Lets the server store rows for good at once. */
  fresh?: boolean
}

export interface DatabaseStats {
  waiting: number
  connections: number
  restarts: number
}

/** A query ran into its time limit; nothing of it was applied. */
export class QueryTimeout extends Error {
  override name = 'QueryTimeout'
}

/** The database cannot be reached or went away; the sentence says which and what to do. */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable'
}

/** An SQL error of the engine, with PostgreSQL's five-letter code. */
export class SqlError extends Error {
  override name = 'SqlError'
  readonly code: string
  readonly detail: string | undefined
  readonly constraint: string | undefined
  constructor(message: string, code: string, detail?: string, constraint?: string) {
    super(message)
    this.code = code
    this.detail = detail
    this.constraint = constraint
  }
}
