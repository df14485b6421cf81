import { Overloaded } from '../../domains/sensing/index.ts'
import { DatabaseUnavailable, QueryTimeout, SqlError } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { StaError } from './errors.ts'

/** What an error of any kind means to a client of this service; what it may not know stays in the log. */
export function explain(error: unknown): { status: number; message: string; position?: number } {
  if (error instanceof StaError) return { status: error.status, message: error.message, position: error.position }
  if (error instanceof Problem) return { status: error.status, message: error.message }
  if (error instanceof QueryTimeout)
    return {
      status: 503,
      message: 'The answer would take too long: narrow the request ($filter by time, smaller $top, fewer $expand).',
    }
  if (error instanceof Overloaded) return { status: 503, message: error.message }
  if (error instanceof DatabaseUnavailable)
    return { status: 503, message: 'The database is not available at the moment: try again.' }
  if (error instanceof SqlError) return explainSql(error)
  const { statusCode, message } = error as { statusCode?: number; message?: string }
  if (statusCode && statusCode >= 400 && statusCode < 500)
    return { status: statusCode, message: message ?? 'bad request' }
  return { status: 500, message: 'Something went wrong here; the log knows more.' }
}

/** What values can do wrong only inside the database: data exceptions, limits, links that vanished meanwhile. */
function explainSql(error: SqlError): { status: number; message: string } {
  if (error.code.startsWith('22')) return { status: 400, message: `a value cannot be used so: ${error.message}` }
  if (error.code.startsWith('54')) return { status: 400, message: `too complex: ${error.message}` }
  if (error.code === '23503') return { status: 409, message: 'an entity this request refers to was deleted meanwhile' }
  if (error.code === '23505') return { status: 409, message: 'somebody else made the same entity at the same time' }
  if (error.code === '40P01' || error.code === '40001') return { status: 503, message: 'two changes met; try again' }
  return { status: 500, message: 'Something went wrong here; the log knows more.' }
}
