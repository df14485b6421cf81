import type { Queryable } from '../../kernel/db/index.ts'
import type { EntityChanged } from './model.ts'

/** What statements of a transaction made or changed on the way: a place's feature, a HistoricalLocation of a move. */
const journal = new WeakMap<Queryable, EntityChanged[]>()

/** Notes changes a statement of `tx` made, for {@link noted}. */
export function note(tx: Queryable, changes: readonly EntityChanged[]): void {
  if (changes.length === 0) return
  const known = journal.get(tx)
  if (known) known.push(...changes)
  else journal.set(tx, [...changes])
}

/** Everything noted of a transaction, each entity once; to be told of after its commit. */
export function noted(tx: Queryable): EntityChanged[] {
  const found = new Map<string, EntityChanged>()
  for (const change of journal.get(tx) ?? []) {
    const key = `${change.type} ${change.id}`
    if (found.get(key)?.change !== 'created') found.set(key, change)
  }
  return [...found.values()]
}

/** What an upsert answers of its row: columns of `returning`, for {@link noteUpsert}. */
export const upserted = (table: string): string =>
  `e.id, e.xmax = 0 as created,
   (select to_jsonb(o) - 'changed_at' from ${table} o where o.id = e.id) is distinct from to_jsonb(e) - 'changed_at' as changed`

export interface Upserted {
  id: number
  created: boolean
  changed: boolean
}

/** Notes the row of an upsert if the upsert made or changed it. */
export function noteUpsert(tx: Queryable, type: string, dataset: number, row: Upserted): number {
  if (row.created || row.changed) note(tx, [{ dataset, type, id: row.id, change: row.created ? 'created' : 'updated' }])
  return row.id
}
