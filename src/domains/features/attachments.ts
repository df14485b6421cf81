import { createHash } from 'node:crypto'
import type { Database, Queryable } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'

export const ATTACHMENT_BYTES = 5 * 1024 * 1024
export const ATTACHMENTS_MOST = 10
/** After so many days a file that was taken away is gone for good. */
const KEPT_DAYS = 30

/** A file beside a feature, without its bytes. */
export interface Attachment {
  id: number
  feature: number
  name: string
  mediaType: string
  /** Bytes. */
  size: number
  digest: string
  addedAt: string
}

/** What is taken: by the first bytes of the file, never by its name. */
const KINDS: readonly { type: string; ending: string; is: (head: Buffer) => boolean }[] = [
  { type: 'application/pdf', ending: 'pdf', is: (head) => head.subarray(0, 5).equals(Buffer.from('%PDF-')) },
  {
    type: 'image/png',
    ending: 'png',
    is: (head) => head.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])),
  },
  { type: 'image/jpeg', ending: 'jpg', is: (head) => head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])) },
  {
    type: 'image/webp',
    ending: 'webp',
    is: (head) => head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP',
  },
]

const COLUMNS = 'id, feature, name, media_type as "mediaType", size, digest, added_at as "addedAt"'

/** What a file is, by its bytes. Throws Problem 400, 413 or 415 that says what is taken. */
function readAttachment(name: string, body: Buffer): Omit<Attachment, 'id' | 'feature' | 'addedAt'> {
  if (body.length === 0) throw new Problem(400, 'body-missing', 'The file is empty.')
  if (body.length > ATTACHMENT_BYTES)
    throw new Problem(
      413,
      'attachment-too-large',
      `The file has ${body.length} bytes, at most ${ATTACHMENT_BYTES} are taken.`,
    )
  const kind = KINDS.find(({ is }) => is(body.subarray(0, 16)))
  if (!kind)
    throw new Problem(415, 'attachment-kind', 'The file is none of those that are taken: PDF, PNG, JPEG, WebP.')
  const stem = name
    .normalize('NFC')
    .replace(/.*[/\\]/s, '')
    .replace(/\.[^.]*$/, '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: just these must not reach a header
    .replace(/[\u0000-\u001f\u007f"<>|:*?;\s]+/g, ' ')
    .trim()
    .slice(0, 150)
  return {
    name: `${stem || 'anlage'}.${kind.ending}`,
    mediaType: kind.type,
    size: body.length,
    digest: createHash('sha256').update(body).digest('hex'),
  }
}

/** The files of these features, oldest first. */
export async function attachmentsOf(
  db: Queryable,
  features: readonly number[],
): Promise<ReadonlyMap<number, Attachment[]>> {
  const found = new Map<number, Attachment[]>()
  if (features.length === 0) return found
  const rows = await db.query<Attachment>(
    `select ${COLUMNS} from feature_attachment where feature = any($1::int8[]) and removed_at is null order by id`,
    [features],
  )
  for (const row of rows) found.set(row.feature, [...(found.get(row.feature) ?? []), row])
  return found
}

/** Keeps a file beside a feature; the same file again is the one that is there. Throws Problem 409 when there are too many. */
export function addAttachment(db: Database, feature: number, name: string, body: Buffer): Promise<Attachment> {
  const file = readAttachment(name, body)
  return db.transaction(async (tx) => {
    await tx.query('select 1 from feature where id = $1 for update', [feature])
    await tx.query(`delete from feature_attachment where removed_at < now() - interval '${KEPT_DAYS} days'`)
    const all = (await attachmentsOf(tx, [feature])).get(feature) ?? []
    const same = all.find(({ digest }) => digest === file.digest)
    if (same) return same
    if (all.length >= ATTACHMENTS_MOST)
      throw new Problem(409, 'attachments-full', `There are ${ATTACHMENTS_MOST} files already: take one away first.`)
    const [row] = await tx.query<Attachment>(
      `insert into feature_attachment (feature, name, media_type, size, digest, body) values ($1, $2, $3, $4, $5, $6)
       returning ${COLUMNS}`,
      [feature, file.name, file.mediaType, file.size, file.digest, body],
    )
    return row!
  })
}

/** Takes a file away, or brings it back. False where there is no such file in that state. */
export async function setAttachmentRemoved(
  db: Queryable,
  { feature, id, removed }: { feature: number; id: number; removed: boolean },
): Promise<boolean> {
  const rows = await db.query(
    `update feature_attachment set removed_at = case when $3 then now() end
     where feature = $1 and id = $2 and (removed_at is null) = $3 returning 1`,
    [feature, id, removed],
  )
  return rows.length > 0
}

/** A file with its bytes; undefined where there is none. */
export async function attachmentBytes(
  db: Queryable,
  feature: number,
  id: number,
): Promise<(Attachment & { body: Uint8Array }) | undefined> {
  const [row] = await db.query<Attachment & { body: Uint8Array }>(
    `select ${COLUMNS}, body from feature_attachment where feature = $1 and id = $2 and removed_at is null`,
    [feature, id],
  )
  return row
}
