import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Queryable } from '../../kernel/db/index.ts'

const NAME = 'webhook:'

/**
 * A secret that lets its holder push to one source and do nothing else: it is no key, so no other address knows it. Only
 * its digest is stored; a new one ends the one before.
 */
export async function makePushSecret(db: Queryable, source: string): Promise<string> {
  const secret = `zw_${randomBytes(32).toString('base64url')}`
  await db.query(
    `insert into setting (name, value) values ($1, to_jsonb($2::text))
     on conflict (name) do update set value = excluded.value, changed_at = now()`,
    [NAME + source, digest(secret).toString('base64')],
  )
  return secret
}

export async function dropPushSecret(db: Queryable, source: string): Promise<void> {
  await db.query('delete from setting where name = $1', [NAME + source])
}

/** Digests by source, to be kept in memory: every message asks. */
export async function pushSecrets(db: Queryable): Promise<Map<string, Buffer>> {
  const rows = await db.query<{ source: string; digest: string }>(
    `select substr(name, ${NAME.length + 1}) as source, value #>> '{}' as digest from setting where starts_with(name, '${NAME}')`,
  )
  return new Map(rows.map((row) => [row.source, Buffer.from(row.digest, 'base64')]))
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export const isSecretOf = (wanted: Buffer | string, given: string): boolean =>
  timingSafeEqual(typeof wanted === 'string' ? digest(wanted) : wanted, digest(given))
