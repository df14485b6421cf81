import type { Queryable } from '../../../kernel/db/index.ts'
import { decodeFeed, encodeFeed } from './codec.ts'
import type { FeedPart } from './resolve.ts'

/** Keeps the last good state of a feed, for the next start. */
export async function keepPart(db: Queryable, dataset: number, run: number, part: FeedPart): Promise<void> {
  const bytes = Buffer.from(encodeFeed(part.message))
  await db.query(
    `insert into realtime_feed (source, part, dataset, run, feed_time, validity_s, entities, message)
     values ($1, $2, $3, $4, to_timestamp($5), $6, $7, decode($8, 'base64'))
     on conflict (source, part) do update set dataset = excluded.dataset, run = excluded.run, feed_time = excluded.feed_time,
       arrived_at = now(), validity_s = excluded.validity_s, entities = excluded.entities, message = excluded.message`,
    [
      part.source,
      part.part,
      dataset,
      run,
      part.time,
      part.validity,
      part.message.entity.length,
      bytes.toString('base64'),
    ],
    { timeoutMs: 60_000 },
  )
}

/** The kept states of all feeds. */
export async function keptParts(db: Queryable): Promise<{ dataset: number; part: FeedPart }[]> {
  const rows = await db.query<{
    source: string
    part: string
    dataset: number
    time: number
    validity: number
    message: string
  }>(
    `select source, part, dataset, extract(epoch from feed_time)::float8 as time, validity_s as validity,
            encode(message, 'base64') as message from realtime_feed order by dataset, source, part`,
    [],
    { timeoutMs: 60_000 },
  )
  return rows.map(({ dataset, message, ...row }) => ({
    dataset,
    part: { ...row, message: decodeFeed(Buffer.from(message, 'base64')) },
  }))
}

/** What time the kept states of a source are of (POSIX seconds), and for how long they are shown as live. */
export function partTimes(
  db: Queryable,
  dataset: number,
  { source, part }: { source: string; part: string | null },
): Promise<{ time: number; validity: number }[]> {
  return db.query(
    `select extract(epoch from feed_time)::float8 as time, validity_s as validity from realtime_feed
      where source = $1 and dataset = $2 and ($3::text is null or part = $3)`,
    [source, dataset, part],
  )
}
