import type { Queryable } from '../../kernel/db/index.ts'
import { givenAfter, requireVersion, versionOf } from '../../kernel/edit.ts'
import { Problem } from '../../kernel/problem.ts'

/** What people edit of a Datastream. */
export interface DatastreamFields {
  name: string
  description: string
  unit: { name: string; symbol: string; definition: string }
  /** Id of an ObservedProperty of the same dataset. */
  observedProperty: number
  /** How values of a period combine. Sums and means are both kept by the hour, so a change needs no rebuilding. */
  aggregate: 'sum' | 'mean'
  periodSeconds: number | null
  role: 'total' | 'part' | null
}

export type DatastreamPatch = Partial<Omit<DatastreamFields, 'unit'>> & { unit?: Partial<DatastreamFields['unit']> }

export interface EditableDatastream extends DatastreamFields {
  id: number
  thing: number
  dataset: number
  n: number
  newest: string | null
  version: string
  edited: string[]
}

interface Row extends DatastreamFields {
  id: number
  thing: number
  dataset: number
  n: number
  newest: string | null
  given: Record<string, unknown>
  fed: boolean
}

const SELECT = `select d.id, d.thing, d.dataset, d.name, d.description, d.unit, d.observed_property as "observedProperty",
  d.aggregate, d.period_s as "periodSeconds", d.role, d.given, d.natural_key is not null as fed,
  coalesce((select n from datastream_state where datastream = d.id), 0) as n,
  (select t_max from datastream_state where datastream = d.id) as newest
  from datastream d`

/** The series of a Thing as forms show them. */
export async function datastreamsForEdit(
  db: Queryable,
  visible: readonly number[],
  thing: number,
): Promise<EditableDatastream[]> {
  const rows = await db.query<Row>(
    `${SELECT} where d.thing = $1 and d.dataset = any($2::int4[]) and d.kind = 'single' order by d.id`,
    [thing, visible],
  )
  return rows.map(shown)
}

/** What a series of this dataset may say it measures. */
export function propertiesOf(
  db: Queryable,
  visible: readonly number[],
  dataset: number,
): Promise<{ id: number; key: string | null; name: string }[]> {
  return db.query(
    `select id, natural_key as key, name from observed_property
      where dataset = $1 and dataset = any($2::int4[]) order by name, id limit 1000`,
    [dataset, visible],
  )
}

/** The dataset a visible Datastream belongs to; null where there is none the caller may see. */
export async function datasetOfDatastream(
  db: Queryable,
  visible: readonly number[],
  id: number,
): Promise<number | null> {
  const [row] = await db.query<{ dataset: number }>(
    'select dataset from datastream where id = $1 and dataset = any($2::int4[])',
    [id, visible],
  )
  return row?.dataset ?? null
}

/** Changes the fields named, inside the caller's transaction, if nobody else did since `ifMatch`. */
export async function editDatastream(
  tx: Queryable,
  visible: readonly number[],
  id: number,
  patch: DatastreamPatch,
  ifMatch: string | undefined,
): Promise<{ before: DatastreamFields; after: EditableDatastream }> {
  const [row] = await tx.query<Row>(`${SELECT} where d.id = $1 and d.dataset = any($2::int4[]) for update of d`, [
    id,
    visible,
  ])
  if (!row) throw new Problem(404, 'not-found', `There is no series ${id}, or it is not yours to see.`)
  const before = fieldsOf(row)
  requireVersion(versionOf(before), ifMatch, `the series "${row.name}"`)
  const { unit = {}, ...fields } = patch
  const after: DatastreamFields = { ...before, ...fields, unit: { ...before.unit, ...unit } }
  await requireProperty(tx, row.dataset, after)
  await requireSingleTotal(tx, row, after)
  const given = row.fed ? givenAfter(row.given, { ...before }, { ...after }) : row.given
  await tx.query(
    `update datastream set name = $2, description = $3, unit = $4::jsonb, observed_property = $5, aggregate = $6,
       period_s = $7, role = $8, given = $9::jsonb, changed_at = now() where id = $1`,
    [
      id,
      after.name,
      after.description,
      JSON.stringify(after.unit),
      after.observedProperty,
      after.aggregate,
      after.periodSeconds,
      after.role,
      JSON.stringify(given),
    ],
  )
  return { before, after: shown({ ...row, ...after, given }) }
}

function fieldsOf(row: Row): DatastreamFields {
  const { name, description, unit, observedProperty, aggregate, periodSeconds, role } = row
  const { name: unitName = '', symbol = '', definition = '' } = unit
  return {
    name,
    description,
    unit: { name: unitName, symbol, definition },
    observedProperty,
    aggregate,
    periodSeconds,
    role,
  }
}

function shown(row: Row): EditableDatastream {
  const { id, thing, dataset, n, newest, given } = row
  const fields = fieldsOf(row)
  return { id, thing, dataset, n, newest, ...fields, version: versionOf(fields), edited: Object.keys(given) }
}

async function requireProperty(tx: Queryable, dataset: number, { observedProperty }: DatastreamFields): Promise<void> {
  const [known] = await tx.query('select 1 from observed_property where id = $1 and dataset = $2', [
    observedProperty,
    dataset,
  ])
  if (!known) {
    throw new Problem(
      400,
      'property-unknown',
      `"observedProperty" is ${observedProperty}, which this dataset does not have: name one of its own.`,
    )
  }
}

/** A station's figure is its total, or the sum of its parts: with two totals of one kind it would be neither. */
async function requireSingleTotal(tx: Queryable, row: Row, after: DatastreamFields): Promise<void> {
  if (after.role !== 'total') return
  const [other] = await tx.query<{ name: string }>(
    `select name from datastream where thing = $1 and id <> $2 and role = 'total' and observed_property = $3 and aggregate = $4`,
    [row.thing, row.id, after.observedProperty, after.aggregate],
  )
  if (other) {
    throw new Problem(
      409,
      'total-exists',
      `"${other.name}" is the total of this station already: make that one a part first.`,
    )
  }
}
