import { createHmac, randomBytes } from 'node:crypto'
import type { Queryable } from '../../kernel/db/index.ts'
import type { Guard } from './guards.ts'

const SECRET = 'small_counts_secret'

/** A key of the platform: made when first needed, kept in the database, shown to nobody. By default that of all rounding. */
export async function secretOf(tx: Queryable, name = SECRET): Promise<Buffer> {
  const read = () => tx.query<{ value: string }>('select value from setting where name = $1', [name])
  let [row] = await read()
  if (!row) {
    await tx.query('insert into setting (name, value) values ($1, $2::jsonb) on conflict (name) do nothing', [
      name,
      JSON.stringify(randomBytes(32).toString('base64')),
    ])
    ;[row] = await read()
  }
  return Buffer.from(row!.value, 'base64')
}

/**
 * A number in [0, 1) that hangs on series and instant alone: the same value sent, corrected to and fro, or published
 * under another k meets the same one. Nobody gains anything by asking again.
 */
export function chance(secret: Buffer, datastream: number, t: string): number {
  const digest = createHmac('sha256', secret)
    .update(`${datastream}|${instantOf(t)}`)
    .digest()
  return digest.readUIntBE(0, 6) / 2 ** 48
}

/** One text for one instant, whether it came in or out of the database: whole seconds and microseconds since 1970. */
function instantOf(t: string): string {
  const fraction = /\.(\d+)/.exec(t)?.[1] ?? ''
  return `${Math.floor(Date.parse(t) / 1000)}.${fraction.slice(0, 6).padEnd(6, '0')}`
}

/** What is published of a count: itself if it is 0 or at least k; else k in v of k cases, and 0 in the others. */
export function rounded(v: number, k: number, u: number): number {
  if (v <= 0 || v >= k) return v
  return u < v / k ? k : 0
}

/** A multiple of k next to v, whose mean is v: for what a total holds beyond its parts, where even a large v tells. */
export function stepped(v: number, k: number, u: number): number {
  if (v <= 0) return v
  const down = Math.floor(v / k) * k
  return u < (v - down) / k ? down + k : down
}

/** What is published of a count by itself: related ones, and totals before their parts, in steps of k. */
export const publishedAs = (v: number, { k, steps, parts }: Guard, u: number): number =>
  (steps || parts.length > 0 ? stepped : rounded)(v, k, u)
