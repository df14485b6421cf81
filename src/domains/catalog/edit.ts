import type { Queryable } from '../../kernel/db/index.ts'
import { givenAfter, merged, requireVersion, versionOf } from '../../kernel/edit.ts'
import type { Dataset } from './model.ts'
import { datasetForEdit, writeDataset } from './store.ts'

/** The fields of a dataset people edit. Its state is changed by itself. */
export type DatasetFields = Pick<
  Dataset,
  'title' | 'description' | 'publisher' | 'contact' | 'homepage' | 'licence' | 'attribution' | 'properties'
>
/** `properties` is a merge patch: null removes a key, what is not named stays. */
export type DatasetPatch = Partial<DatasetFields>

export function fieldsOf(dataset: Dataset): DatasetFields {
  const { title, description, publisher, contact, homepage, licence, attribution, properties } = dataset
  return { title, description, publisher, contact, homepage, licence, attribution, properties }
}

export const datasetVersion = (dataset: Dataset): string => versionOf(fieldsOf(dataset))

/** Changes the fields named, if nobody else did since `ifMatch`; answers what they were and are. */
export async function editDataset(
  tx: Queryable,
  key: number,
  patch: DatasetPatch,
  ifMatch: string | undefined,
): Promise<{ before: DatasetFields; after: DatasetFields; dataset: Dataset }> {
  const { given, ...dataset } = await datasetForEdit(tx, key)
  requireVersion(datasetVersion(dataset), ifMatch, `the dataset "${dataset.id}"`)
  const before = fieldsOf(dataset)
  const { properties = {}, ...fields } = patch
  const after = { ...before, ...fields, properties: merged(before.properties, properties) }
  const changed = await writeDataset(tx, key, after, givenAfter(given, { ...before }, { ...after }))
  return { before, after, dataset: changed }
}
