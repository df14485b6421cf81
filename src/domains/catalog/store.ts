import type { Queryable } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Audience, Dataset, DatasetState } from './model.ts'

const K = 'coalesce((select s.k from dataset_sheet s where s.dataset = key), 1)'
const COLUMNS = `key, id, title, description, publisher, contact, homepage, licence, attribution, properties, state,
  state_since as "stateSince", created_at as "createdAt", space, audience, created_by as "createdBy",
  ${K} as k, ${K} <> coalesce((select p.k from dataset_protection p where p.dataset = key), 1) as held`

export function allDatasets(db: Queryable): Promise<Dataset[]> {
  return db.query<Dataset>(`select ${COLUMNS} from dataset order by id`)
}

export type DatasetSpec = Pick<Dataset, 'id' | 'title'> &
  Partial<
    Pick<
      Dataset,
      'description' | 'publisher' | 'contact' | 'homepage' | 'licence' | 'attribution' | 'properties' | 'createdBy'
    >
  >

/** Creates the dataset as a draft, or updates its describing fields but those people changed; its state stays. */
export async function upsertDataset(db: Queryable, spec: DatasetSpec): Promise<Dataset> {
  const [row] = await db.query<Dataset>(
    `insert into dataset as d (id, title, description, publisher, contact, homepage, licence, attribution, properties, created_by)
     values ($1, $2, coalesce($3, ''), $4, $5, $6, $7, $8, coalesce($9::jsonb, '{}'), $10)
     on conflict (id) do update set
       title = case when d.given ? 'title' then d.title else excluded.title end,
       description = case when d.given ? 'description' then d.description else coalesce($3, d.description) end,
       publisher = case when d.given ? 'publisher' then d.publisher else coalesce($4, d.publisher) end,
       contact = case when d.given ? 'contact' then d.contact else coalesce($5, d.contact) end,
       homepage = case when d.given ? 'homepage' then d.homepage else coalesce($6, d.homepage) end,
       licence = case when d.given ? 'licence' then d.licence else coalesce($7, d.licence) end,
       attribution = case when d.given ? 'attribution' then d.attribution else coalesce($8, d.attribution) end,
       properties = kept_properties(coalesce($9::jsonb, d.properties), d.properties, d.given -> 'properties'),
       changed_at = now()
     returning ${COLUMNS}`,
    [
      spec.id,
      spec.title,
      spec.description ?? null,
      spec.publisher ?? null,
      spec.contact ?? null,
      spec.homepage ?? null,
      spec.licence ?? null,
      spec.attribution ?? null,
      spec.properties ? JSON.stringify(spec.properties) : null,
      spec.createdBy ?? null,
    ],
  )
  return row!
}

export async function setDatasetState(db: Queryable, key: number, state: DatasetState): Promise<Dataset> {
  const [row] = await db.query<Dataset>(
    `update dataset set state = $2, state_since = case when state = $2 then state_since else now() end, changed_at = now()
     where key = $1 returning ${COLUMNS}`,
    [key, state],
  )
  return row!
}

export async function setDatasetAudience(db: Queryable, key: number, audience: Audience): Promise<Dataset> {
  const [row] = await db.query<Dataset>(
    `update dataset set audience = $2, changed_at = now() where key = $1 returning ${COLUMNS}`,
    [key, audience],
  )
  return row!
}

export async function setDatasetSpace(db: Queryable, key: number, space: number | null): Promise<Dataset> {
  const [row] = await db.query<Dataset>(
    `update dataset set space = $2, changed_at = now() where key = $1 returning ${COLUMNS}`,
    [key, space],
  )
  return row!
}

export interface DatasetSummary {
  id: string
  title: string
  state: DatasetState
  things: number
  datastreams: number
  observations: number
}

/** What `zahnrad dataset list` prints; observations from the maintained counters. */
export function summariseDatasets(db: Queryable): Promise<DatasetSummary[]> {
  return db.query<DatasetSummary>(
    `select d.id, d.title, d.state,
            (select count(*) from thing t where t.dataset = d.key) as things,
            (select count(*) from datastream s where s.dataset = d.key) as datastreams,
            (select coalesce(sum(n), 0) from datastream s join datastream_state c on c.datastream = s.id where s.dataset = d.key) as observations
     from dataset d order by d.id`,
  )
}

/**
 * Links from entities of dataset `key` to entities of another dataset that is less public than `audience`: releasing
 * `key` would show a hole where they are, or leak their existence. Answers one line per kind of link.
 */
export function lessPublicLinks(
  db: Queryable,
  key: number,
  audience: Audience,
): Promise<{ kind: string; count: number; dataset: string }[]> {
  const link = (kind: string, query: string) =>
    `select '${kind}' as kind, d.id as dataset from (${query}) as l (target) join dataset d on d.key = l.target
      where d.key <> $1 and (d.state <> 'released' or (d.audience <> 'public' and $2 = 'public'))`
  return db.query(
    `select kind, dataset, count(*) as count from (
       ${[
         link(
           'Datastream → Thing',
           'select e.dataset from datastream s join thing e on e.id = s.thing where s.dataset = $1',
         ),
         link(
           'Datastream → Sensor',
           'select e.dataset from datastream s join sensor e on e.id = s.sensor where s.dataset = $1',
         ),
         link(
           'Datastream → ObservedProperty',
           'select e.dataset from datastream s join observed_property e on e.id = s.observed_property where s.dataset = $1',
         ),
         link(
           'Datastream → FeatureOfInterest',
           'select e.dataset from datastream s join datastream_foi f on f.datastream = s.id join feature_of_interest e on e.id = f.foi where s.dataset = $1',
         ),
         link(
           'Thing → Location',
           'select e.dataset from thing s join thing_location l on l.thing = s.id join location e on e.id = l.location where s.dataset = $1',
         ),
       ].join(' union all ')}
     ) as links group by kind, dataset order by kind, dataset`,
    [key, audience],
  )
}

/** The dataset as it is now, locked until the transaction ends, with what its source had said of changed fields. */
export async function datasetForEdit(
  tx: Queryable,
  key: number,
): Promise<Dataset & { given: Record<string, unknown> }> {
  const [row] = await tx.query<Dataset & { given: Record<string, unknown> }>(
    `select ${COLUMNS}, given from dataset where key = $1 for update`,
    [key],
  )
  if (!row) throw new Problem(404, 'dataset-unknown', 'This dataset was deleted in the meantime.')
  return row
}

export async function writeDataset(
  tx: Queryable,
  key: number,
  fields: Omit<DatasetSpec, 'id'>,
  given: Record<string, unknown>,
): Promise<Dataset> {
  const [row] = await tx.query<Dataset>(
    `update dataset set title = $2, description = $3, publisher = $4, contact = $5, homepage = $6, licence = $7,
       attribution = $8, properties = $9::jsonb, given = $10::jsonb, changed_at = now()
     where key = $1 returning ${COLUMNS}`,
    [
      key,
      fields.title,
      fields.description ?? '',
      fields.publisher ?? null,
      fields.contact ?? null,
      fields.homepage ?? null,
      fields.licence ?? null,
      fields.attribution ?? null,
      JSON.stringify(fields.properties ?? {}),
      JSON.stringify(given),
    ],
  )
  return row!
}

/** What is left of a dataset once its values are gone: its entities follow by their foreign keys. */
export async function deleteDataset(db: Queryable, key: number): Promise<void> {
  await db.query('delete from dataset where key = $1', [key], { timeoutMs: 600_000 })
}
