import type { Queryable } from '../../kernel/db/index.ts'

/** A part of a feed without history. */
export interface FeedDocument {
  dataset: number
  concept: string
  name: string
  body: unknown
  /** ISO 8601: when it last came. */
  changedAt: string
}

/** Keeps a part of a feed in place of the one before; `merge` puts the fields of an object over those that are there. */
export async function keepDocument(
  tx: Queryable,
  dataset: number,
  { concept, name, body, merge }: { concept: string; name: string; body: unknown; merge?: boolean },
): Promise<void> {
  await tx.query(
    `insert into feed_document as d (dataset, concept, name, body) values ($1, $2, $3, $4::jsonb)
     on conflict (dataset, concept, name) do update
       set body = case when $5::boolean then d.body || excluded.body else excluded.body end, changed_at = now()`,
    [dataset, concept, name, JSON.stringify(body), merge ?? false],
  )
}

/** The parts kept of a concept (or only those of these names), in the datasets the reader may see. */
export function documentsOf(
  db: Queryable,
  {
    concept,
    visible,
    dataset,
    names,
  }: { concept: string; visible: readonly number[]; dataset?: number; names?: readonly string[] },
): Promise<FeedDocument[]> {
  return db.query(
    `select dataset, concept, name, body, changed_at as "changedAt" from feed_document
     where dataset = any($1::int4[]) and concept = $2 and ($3::int4 is null or dataset = $3)
       and ($4::text[] is null or name = any($4))`,
    [visible, concept, dataset ?? null, names ?? null],
  )
}
