import type { Queryable } from '../../kernel/db/index.ts'
import type { Detection, Mapping } from './detect-model.ts'
import type { RunReport } from './model.ts'

export type DraftKind = 'file' | 'http' | 'mqtt' | 'webhook'

export interface DraftRow {
  id: string
  madeBy: string
  kind: DraftKind
  name: string
  /** Address, topic or name of the file. */
  origin: string
  detection: Detection | null
  mapping: Mapping | null
  yaml: string | null
  source: string | null
  outcome: RunReport | { error: string } | null
  createdAt: string
  changedAt: string
}

const COLUMNS = `id, made_by as "madeBy", kind, name, origin, detection, mapping, yaml, source, outcome,
  created_at as "createdAt", changed_at as "changedAt"`
/** A draft goes this long after its last change. */
const KEPT = '24 hours'

export async function insertDraft(
  db: Queryable,
  draft: Pick<DraftRow, 'id' | 'madeBy' | 'kind' | 'name' | 'origin'>,
): Promise<void> {
  await db.query('insert into source_draft (id, made_by, kind, name, origin) values ($1, $2, $3, $4, $5)', [
    draft.id,
    draft.madeBy,
    draft.kind,
    draft.name,
    draft.origin,
  ])
}

export async function findDraft(db: Queryable, id: string): Promise<DraftRow | undefined> {
  const [row] = await db.query<DraftRow>(
    `select ${COLUMNS} from source_draft where id = $1 and changed_at > now() - interval '${KEPT}'`,
    [id],
  )
  return row
}

export function openDrafts(db: Queryable): Promise<DraftRow[]> {
  return db.query<DraftRow>(
    `select ${COLUMNS} from source_draft
      where source is null and changed_at > now() - interval '${KEPT}' order by changed_at desc limit 100`,
  )
}

/** Changes what is given and leaves the rest. */
export async function updateDraft(
  db: Queryable,
  id: string,
  change: Partial<Pick<DraftRow, 'detection' | 'mapping' | 'yaml' | 'source' | 'outcome' | 'name'>>,
): Promise<void> {
  const sets: string[] = []
  const values: unknown[] = [id]
  for (const [name, value] of Object.entries(change)) {
    const json = name === 'detection' || name === 'mapping' || name === 'outcome'
    values.push(json && value !== null ? JSON.stringify(value) : value)
    sets.push(`${name} = $${values.length}${json ? '::jsonb' : ''}`)
  }
  await db.query(`update source_draft set ${sets.join(', ')}, changed_at = now() where id = $1`, values)
}

export async function deleteDraft(db: Queryable, id: string): Promise<boolean> {
  return (await db.query('delete from source_draft where id = $1 returning id', [id])).length > 0
}

/** Forgets drafts whose time is over; answers the ids of all that are left. */
export async function expireDrafts(db: Queryable): Promise<Set<string>> {
  await db.query(`delete from source_draft where changed_at <= now() - interval '${KEPT}'`)
  return new Set((await db.query<{ id: string }>('select id from source_draft')).map(({ id }) => id))
}
