import { randomUUID } from 'node:crypto'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { compile } from './compile.ts'
import { COPY_HEADER, COPY_TRAILER } from './copy.ts'
import { listenTo } from './listen.ts'
import { OftenAsked } from './often.ts'
import {
  type CopyOptions,
  type Database,
  type DatabaseStats,
  DatabaseUnavailable,
  type Queryable,
  type QueryOptions,
  QueryTimeout,
  type Sql,
  SqlError,
} from './types.ts'
import { DEFAULT_TIMEOUT_MS, parsers, SESSION_SETTINGS } from './values.ts'

const QUERY_CANCELED = '57014'

/** A PostgreSQL server, pooled. `statement_timeout` bounds every query on the server's side. */
export class ServerDatabase implements Database {
  readonly engine = 'server'
  readonly #pool: pg.Pool
  readonly #url: string
  /** Tells this process from others in what triggers send by NOTIFY. */
  readonly #process = randomUUID()
  readonly #onError: (error: Error) => void
  readonly #often = new OftenAsked()

  constructor(url: string, options: { connections?: number; onError?: (error: Error) => void } = {}) {
    this.#url = url
    this.#onError = options.onError ?? (() => {})
    const settings = Object.entries(SESSION_SETTINGS).map(([name, value]) => `-c ${name}=${value}`)
    const types = {
      getTypeParser: (oid: number, format?: string) => parsers[oid] ?? pg.types.getTypeParser(oid, format as 'text'),
    }
    this.#pool = new pg.Pool({
      connectionString: url,
      max: options.connections ?? 10,
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 60_000,
      application_name: 'zahnrad',
      options: [
        ...settings,
        `-c zahnrad.process=${this.#process}`,
        `-c statement_timeout=${DEFAULT_TIMEOUT_MS}`,
        '-c idle_in_transaction_session_timeout=600000',
      ].join(' '),
      types: types as pg.CustomTypesConfig,
    })
    this.#pool.on('error', this.#onError)
  }

  async query<R>(text: string, parameters: readonly unknown[] = [], options: QueryOptions = {}): Promise<R[]> {
    if (options.timeoutMs !== undefined && options.timeoutMs !== DEFAULT_TIMEOUT_MS) {
      return this.#withLimit(options.timeoutMs, (client) => runOn<R>(client, text, parameters, options))
    }
    return runOn<R>(this.#pool, text, parameters, options)
  }

  /** On a connection whose limit differs for this one query; no transaction, so VACUUM may run too. */
  async #withLimit<R>(timeoutMs: number, work: (client: pg.PoolClient) => Promise<R>): Promise<R> {
    const client = await this.#pool.connect().catch((error) => {
      throw translate(error)
    })
    let broken: Error | undefined
    try {
      await client.query(`set statement_timeout = ${Math.round(timeoutMs)}`)
      return await work(client)
    } finally {
      await client.query(`set statement_timeout = ${DEFAULT_TIMEOUT_MS}`).catch((error) => {
        broken = error
      })
      client.release(broken)
    }
  }

  async run<R>(fragment: Sql<R>, options?: QueryOptions): Promise<R[]> {
    const { text, parameters } = compile(fragment)
    return this.query<R>(text, parameters, { name: this.#often.nameOf(text), ...options })
  }

  async transaction<R>(work: (tx: Queryable) => Promise<R>, options: QueryOptions = {}): Promise<R> {
    const client = await this.#pool.connect().catch((error) => {
      throw translate(error)
    })
    const tx: Queryable = {
      query: (text, parameters = [], queryOptions = {}) => runOn(client, text, parameters, queryOptions),
      run: (fragment, queryOptions = {}) => {
        const { text, parameters } = compile(fragment)
        return runOn(client, text, parameters, queryOptions)
      },
    }
    let broken: Error | undefined
    try {
      await client.query('begin')
      if (options.timeoutMs !== undefined)
        await client.query(`set local statement_timeout = ${Math.round(options.timeoutMs)}`)
      const result = await work(tx)
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch((rollbackError) => {
        broken = rollbackError
      })
      throw translate(error)
    } finally {
      client.release(broken)
    }
  }

  listen(channel: string, heard: () => void): () => Promise<void> {
    const foreign = (payload: string) => payload !== this.#process && heard()
    return listenTo(this.#url, channel, foreign, this.#onError)
  }

  async copy(
    table: string,
    columns: readonly string[],
    parts: AsyncIterable<Buffer>,
    { fresh = false }: CopyOptions = {},
  ): Promise<void> {
    const client = await this.#pool.connect().catch((error) => {
      throw translate(error)
    })
    let broken: Error | undefined
    const settle = (error: Error) => {
      broken = error
    }
    try {
      await client.query('set statement_timeout = 0')
      // Rows that are frozen from the start need neither hint bits nor a vacuum: PostgreSQL wants the table emptied in the
      // same transaction for it (COPY, "FREEZE").
      if (fresh) await client.query(`begin; truncate ${table}`)
      const options = `format binary${fresh ? ', freeze' : ''}`
      await written(
        client.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin with (${options})`)),
        framed(parts),
      )
      if (fresh) await client.query('commit')
    } catch (error) {
      if (fresh) await client.query('rollback').catch(settle)
      throw translate(error)
    } finally {
      await client.query(`set statement_timeout = ${DEFAULT_TIMEOUT_MS}`).catch(settle)
      client.release(broken)
    }
  }

  stats(): DatabaseStats {
    return { waiting: this.#pool.waitingCount, connections: this.#pool.totalCount, restarts: 0 }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}

/** Writes part by part: one is on its way while the next is made. */
async function written(stream: Writable, parts: AsyncIterable<Buffer>): Promise<void> {
  const ended = finished(stream)
  ended.catch(() => {})
  try {
    let underWay: Promise<unknown> = Promise.resolve()
    for await (const part of parts) {
      await Promise.race([underWay, ended])
      underWay = new Promise<void>((resolve) => stream.write(part, () => resolve()))
    }
    await Promise.race([underWay, ended])
    stream.end()
  } catch (error) {
    stream.destroy(error as Error)
    await ended.catch(() => {})
    throw error
  }
  await ended
}

async function* framed(parts: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  yield COPY_HEADER
  yield* parts
  yield COPY_TRAILER
}

async function runOn<R>(
  target: pg.Pool | pg.PoolClient,
  text: string,
  parameters: readonly unknown[],
  options: QueryOptions,
): Promise<R[]> {
  try {
    const result = await target.query({ text, values: parameters as unknown[], name: options.name })
    return (Array.isArray(result) ? result.flatMap((part) => part.rows) : result.rows) as R[]
  } catch (error) {
    throw translate(error)
  }
}

function translate(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code, detail, constraint } = error as Error & { code?: string; detail?: string; constraint?: string }
  if (code === QUERY_CANCELED) return new QueryTimeout('The query took longer than it may and was stopped.')
  if (code && /^(08|57P|53300)/.test(code))
    return new DatabaseUnavailable(`PostgreSQL is not available: ${error.message}`)
  if (code && /^E[A-Z]+$/.test(code))
    return new DatabaseUnavailable(`PostgreSQL cannot be reached: ${error.message || code}`)
  if (code && /^[0-9A-Z]{5}$/.test(code) && !(error instanceof SqlError))
    return new SqlError(error.message, code, detail, constraint)
  if (/timeout exceeded when trying to connect|Connection terminated/.test(error.message)) {
    return new DatabaseUnavailable(`PostgreSQL cannot be reached: ${error.message}`)
  }
  return error
}
