import { createHash, randomBytes } from 'node:crypto'
import type { Queryable } from '../../kernel/db/index.ts'
import type { Actor } from '../access/index.ts'
import type { Rejection, RunFigures } from './model.ts'
import { Rejections } from './rejections.ts'

/** Proofs older than this are forgotten. */
const KEPT_DAYS = 90

/** Who sent something: as the log names them, with the number of the account and of the key. */
export interface Sender {
  actor: string
  account: number | null
  key: number | null
}

/** What became of something that was pushed, as whoever sent it may see it. Times are ISO 8601. */
export interface Delivery extends RunFigures {
  id: number
  receipt: string
  source: string
  dataset: number
  way: 'webhook' | 'mqtt'
  actor: string
  topic: string | null
  firstAt: string
  lastAt: string
  messages: number
  /** Bytes of all messages. */
  bytes: number
}

export const senderOf = ({ name, account, key }: Actor): Sender => ({
  actor: name,
  account: account ?? null,
  key: key ?? null,
})
/** Whoever holds the secret of a source. */
export const SECRET: Sender = { actor: 'secret', account: null, key: null }
/** A broker we fetch from. */
export const BROKER: Sender = { actor: 'broker', account: null, key: null }

interface Noted {
  source: string
  dataset: number
  way: Delivery['way']
  by: Sender
  topic: string | null
  messages: number
  bytes: number
  figures: RunFigures
}

/** Notes a delivery and answers its receipt; what comes by MQTT is one line for each minute and sender. */
export async function noteDelivery(db: Queryable, noted: Noted, at = new Date()): Promise<string> {
  const { source, dataset, way, by, topic, messages, bytes, figures } = noted
  const minute = at.toISOString().slice(0, 16)
  const receipt =
    way === 'webhook'
      ? randomBytes(12).toString('hex')
      : createHash('sha256').update([source, by.actor, by.key, minute].join('\n')).digest('hex').slice(0, 24)
  const { read, accepted, unchanged, corrected, rejected } = figures
  const rows = await db.query<{ rejections: Rejection[]; merged: boolean }>(
    `insert into delivery as d (receipt, source, dataset, way, actor, account, key, topic, messages, bytes,
       read, accepted, unchanged, corrected, rejected, rejections)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::jsonb)
     on conflict (receipt) do update set topic = excluded.topic, last_at = now(), messages = d.messages + excluded.messages,
       bytes = d.bytes + excluded.bytes, read = d.read + excluded.read, accepted = d.accepted + excluded.accepted,
       unchanged = d.unchanged + excluded.unchanged, corrected = d.corrected + excluded.corrected,
       rejected = d.rejected + excluded.rejected
     returning d.rejections, d.xmax <> 0 as merged`,
    [
      ...[receipt, source, dataset, way, by.actor, by.account, by.key, topic, messages, bytes],
      ...[read, accepted, unchanged, corrected, rejected, JSON.stringify(figures.rejections)],
    ],
  )
  const [row] = rows
  if (row?.merged && figures.rejections.length > 0) {
    const all = new Rejections()
    for (const { reason, count, examples } of [...row.rejections, ...figures.rejections])
      all.merge(reason, count, examples)
    await db.query('update delivery set rejections = $2::jsonb where receipt = $1', [
      receipt,
      JSON.stringify(all.list()),
    ])
  }
  return receipt
}

/** Forgets old proofs of a source. */
export async function forgetDeliveries(db: Queryable, source: string): Promise<void> {
  await db.query(`delete from delivery where source = $1 and last_at < now() - interval '${KEPT_DAYS} days'`, [source])
}

/** Whose deliveries: everybody's, or those of an account and its keys, of a key, and of datasets one answers for. */
export type Whose = 'all' | { account: number | null; key: number | null; datasets: readonly number[] }

/** Deliveries, newest first; those before the line `before`, of one source, or by receipt. */
export function deliveriesOf(
  db: Queryable,
  whose: Whose,
  { source, receipt, before, limit }: { source?: string; receipt?: string; before?: number; limit: number },
): Promise<Delivery[]> {
  const all = whose === 'all'
  return db.query<Delivery>(
    `select id, receipt, source, dataset, way, actor, topic, first_at as "firstAt", last_at as "lastAt", messages, bytes,
       read, accepted, unchanged, corrected, rejected, rejections
     from delivery
     where ($1::boolean or account = $2 or key = $3 or dataset = any($4::int4[]))
       and ($5::text is null or source = $5) and ($6::text is null or receipt = $6) and ($7::int8 is null or id < $7)
     order by id desc limit $8`,
    [
      all,
      all ? null : whose.account,
      all ? null : whose.key,
      all ? [] : whose.datasets,
      source ?? null,
      receipt ?? null,
      before ?? null,
      limit,
    ],
  )
}
