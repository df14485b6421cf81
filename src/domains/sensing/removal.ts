import type { Database } from '../../kernel/db/index.ts'
import { iso } from './buckets.ts'

/** Most rows one statement deletes. */
const ROWS = 20_000
const LIMIT = { timeoutMs: 120_000 }

/**
 * Deletes all series of a dataset with their values, in steps that each take a fraction of a second, so that others are
 * served meanwhile. Every step can be repeated: what was interrupted is finished by doing it again.
 */
export async function removeValues(db: Database, dataset: number): Promise<void> {
  const series = await db.query<{ id: number; n: number; from: string | null; to: string | null }>(
    `select d.id, coalesce(s.n, 0) as n, s.t_min as "from", s.t_max as "to"
       from datastream d left join datastream_state s on s.datastream = d.id where d.dataset = $1 order by d.id`,
    [dataset],
  )
  for (const { id, n, from, to } of series) {
    if (from !== null && to !== null) {
      const [begin, end] = [Date.parse(from), Date.parse(to)]
      const length = Math.ceil((end - begin + 1) / Math.max(1, Math.ceil(n / ROWS)))
      for (let at = begin; at <= end; at += length) {
        await db.query(
          'delete from observation where datastream = $1 and t >= $2 and t < $3',
          [id, iso(at), iso(at + length)],
          LIMIT,
        )
      }
    }
    await db.transaction(async (tx) => {
      await tx.query('delete from observation where datastream = $1', [id], LIMIT)
      await tx.query('delete from datastream where id = $1', [id], LIMIT)
    }, LIMIT)
  }
}
