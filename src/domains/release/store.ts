import type { Queryable } from '../../kernel/db/index.ts'
import type { DatasetState } from '../catalog/index.ts'
import { EMPTY, type Sheet, type Step, type Unprotected } from './model.ts'

const SHEET = `purpose, legal_basis as "legalBasis", personal, personal_what as "personalWhat",
  retention_days as "retentionDays", k`

export async function readSheet(db: Queryable, dataset: number): Promise<Sheet> {
  const [row] = await db.query<Sheet>(`select ${SHEET} from dataset_sheet where dataset = $1`, [dataset])
  return row ?? EMPTY
}

export async function writeSheet(db: Queryable, dataset: number, sheet: Sheet, by: string): Promise<void> {
  await db.query(
    `insert into dataset_sheet (dataset, purpose, legal_basis, personal, personal_what, retention_days, k, changed_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (dataset) do update set purpose = $2, legal_basis = $3, personal = $4, personal_what = $5,
       retention_days = $6, k = $7, changed_by = $8, changed_at = now()`,
    [dataset, sheet.purpose, sheet.legalBasis, sheet.personal, sheet.personalWhat, sheet.retentionDays, sheet.k, by],
  )
}

/** How far the work on its small counts is (see `sensing`). */
export async function readProtection(db: Queryable, dataset: number): Promise<{ done: number; total: number }> {
  const [row] = await db.query<{ done: number; total: number }>(
    'select done, total from dataset_protection where dataset = $1',
    [dataset],
  )
  return row ?? { done: 0, total: 0 }
}

/** The first series of a dataset whose small counts cannot be protected. */
export async function readUnprotected(db: Queryable, dataset: number): Promise<Unprotected | null> {
  const [row] = await db.query<Unprotected>('select kind, datastream, name from protection_hindrance($1)', [dataset])
  return row ?? null
}

export function readSteps(db: Queryable, dataset: number): Promise<Step[]> {
  return db.query<Step>(
    `select at, actor, from_state as "from", to_state as "to", reason from dataset_step where dataset = $1 order by id`,
    [dataset],
  )
}

export async function addStep(
  db: Queryable,
  dataset: number,
  step: { actor: string; from: DatasetState; to: DatasetState; reason: string | null; sheet: Sheet },
): Promise<void> {
  await db.query(
    'insert into dataset_step (dataset, actor, from_state, to_state, reason, sheet) values ($1, $2, $3, $4, $5, $6::jsonb)',
    [dataset, step.actor, step.from, step.to, step.reason, JSON.stringify(step.sheet)],
  )
}

/** Days values of a dataset are kept, once submitted for review: 0 = without end, null = not answered. */
export async function retentionDays(db: Queryable, dataset: number): Promise<number | null> {
  const [row] = await db.query<{ days: number | null }>(
    `select s.retention_days as days from dataset_sheet s join dataset d on d.key = s.dataset
      where s.dataset = $1 and d.state <> 'draft'`,
    [dataset],
  )
  return row?.days ?? null
}

/** Datasets whose values have an end, once that was submitted for review. */
export function withRetention(db: Queryable): Promise<{ dataset: number; id: string; days: number }[]> {
  return db.query(
    `select s.dataset, d.id, s.retention_days as days from dataset_sheet s join dataset d on d.key = s.dataset
      where s.retention_days > 0 and d.state <> 'draft' order by d.id`,
  )
}

export async function readSetting<T>(db: Queryable, name: string): Promise<T | null> {
  const [row] = await db.query<{ value: T }>('select value from setting where name = $1', [name])
  return row ? row.value : null
}

export async function writeSetting(db: Queryable, name: string, value: unknown): Promise<void> {
  await db.query(
    `insert into setting (name, value) values ($1, $2::jsonb)
     on conflict (name) do update set value = excluded.value, changed_at = now()`,
    [name, JSON.stringify(value)],
  )
}
