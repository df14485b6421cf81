import type { Log } from '../log.ts'
import type { EmbeddedDatabase } from './embedded.ts'

const EVERY_MS = 60_000
const LIMIT_MS = 600_000

/**
 * What background processes do on a server and nobody does in the embedded engine: CHECKPOINT (or the write-ahead log
 * grows without end), ANALYZE and VACUUM of the tables that changed most. Returns the function that stops it.
 */
export function maintain(db: EmbeddedDatabase, log: Log): () => void {
  const round = async () => {
    const writes = db.takeWrites()
    if (writes === 0) return
    await db.query('checkpoint', [], { timeoutMs: LIMIT_MS })
    const [table] = await db.query<{ name: string }>(
      `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables
       where n_mod_since_analyze > 1000 + 0.1 * n_live_tup or n_dead_tup > 1000 + 0.2 * n_live_tup
       order by n_mod_since_analyze + n_dead_tup desc limit 1`,
    )
    if (table) await db.query(`vacuum (analyze) ${table.name}`, [], { timeoutMs: LIMIT_MS })
  }
  const timer = setInterval(() => {
    round().catch((error) => log.warn({ error: error.message }, 'maintenance of the embedded database failed'))
  }, EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}
