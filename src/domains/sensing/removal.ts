import type { Database } from '../../kernel/db/index.ts'
import { iso } from './buckets.ts'
import { recompute } from './recompute.ts'

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

/**
 * Deletes the values of a dataset that ended before an instant, with their sums and corrections, in steps that each take
 * a fraction of a second. Series stay. Answers how many values went.
 */
export async function removeBefore(db: Database, dataset: number, before: string): Promise<number> {
  const end = Date.parse(before)
  const series = await db.query<{ id: number; n: number; from: string; to: string }>(
    `select d.id, s.n, s.t_min as "from", s.t_max as "to" from datastream d join datastream_state s on s.datastream = d.id
      where d.dataset = $1 and s.n > 0 and s.t_min < $2 order by d.id`,
    [dataset, before],
  )
  let removed = 0
  for (const { id, n, from, to } of series) {
    const begin = Date.parse(from)
    const parts = Math.max(1, Math.ceil(n / ROWS))
    const length = Math.ceil((Math.max(Date.parse(to), end) - begin + 1) / parts)
    for (let at = begin; at < end; at += length)
      removed += await removeStretch(db, id, at, Math.min(at + length, end), end)
    await db.query('delete from observation_correction where datastream = $1 and t < $2', [id, before], LIMIT)
  }
  return removed
}

/** Values that begin in a stretch and have ended by `end`. */
function removeStretch(db: Database, datastream: number, from: number, to: number, end: number): Promise<number> {
  return db.transaction(async (tx) => {
    await tx.query('select 1 from datastream_state where datastream = $1 for update', [datastream])
    const [gone] = await tx.query<{ n: number; first: string | null; last: string | null }>(
      `with gone as (delete from observation where datastream = $1 and t >= $2 and t < $3 and coalesce(t_end, t) <= $4 returning t)
       select count(*) as n, min(t) as first, max(t) as last from gone`,
      [datastream, iso(from), iso(to), iso(end)],
      LIMIT,
    )
    if (!gone || gone.n === 0) return 0
    await recompute(tx, [{ datastream, from: gone.first!, to: gone.last!, grown: -gone.n }])
    return gone.n
  }, LIMIT)
}
