import { type Dataset, licenceOf } from '../../domains/catalog/index.ts'
import { type Feature, type FeatureQuery, findFeatures } from '../../domains/features/index.ts'
import type { FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { MobilityDeps } from './deps.ts'

const DEFAULT_RADIUS = 1000
/** Most features one answer holds. */
export const MOST = 10_000

export interface PlaceQuery {
  near?: string
  radius?: number
  bbox?: string
  dataset?: string
  limit?: number
}

/** Where a reader asks: around a place, in a box or in a dataset. Throws Problem 400 with what is wrong, 404 for a hidden dataset. */
export function readPlace(
  { catalog, access }: MobilityDeps,
  request: FastifyRequest,
  { near, radius, bbox, dataset, limit }: PlaceQuery,
): Omit<FeatureQuery, 'concept'> {
  const visible = access.visible(request.actor)
  if (near === undefined && bbox === undefined && dataset === undefined)
    throw new Problem(400, 'place-missing', 'Say where: near=LON,LAT (and radius), bbox=W,S,E,N or dataset=ID.')
  const query: Omit<FeatureQuery, 'concept'> = { visible, limit: limit ?? MOST }
  if (near !== undefined) query.near = readNear({ near, radius })
  if (bbox !== undefined) {
    const box = numbers(bbox, 4, 'bbox is west,south,east,north in degrees.')
    if (box[0]! > box[2]! || box[1]! > box[3]!)
      throw new Problem(400, 'place-invalid', `bbox=${bbox}: west,south,east,north in this order.`)
    query.bbox = box as [number, number, number, number]
  }
  if (dataset !== undefined) query.dataset = visibleDataset(catalog, visible, dataset).key
  return query
}

/** A place and the metres around it. Throws Problem 400 `place-invalid` that says what is expected. */
export function readNear({ near, radius = DEFAULT_RADIUS }: { near: string; radius?: number }) {
  const [lon, lat] = numbers(near, 2, 'near is longitude,latitude in degrees, for example 12.0974,49.0192.')
  if (Math.abs(lon!) > 180 || Math.abs(lat!) > 90)
    throw new Problem(400, 'place-invalid', `near=${near} is not on earth: longitude comes first.`)
  return { lon: lon!, lat: lat!, radius }
}

function numbers(text: string, count: number, expected: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  if (values.length !== count || !values.every(Number.isFinite)) throw new Problem(400, 'place-invalid', expected)
  return values
}

/** 404 for one that does not exist and for one that is hidden alike. */
export function visibleDataset(catalog: MobilityDeps['catalog'], visible: readonly number[], id: string): Dataset {
  const dataset = catalog.byId(id)
  if (!dataset || !visible.includes(dataset.key))
    throw new Problem(404, 'not-found', `There is no dataset "${id}", or it is not public.`)
  return dataset
}

/** The id of a feature outside: the dataset's and what the source calls it. */
export const publicId = (dataset: Dataset, { key }: Pick<Feature, 'key'>): string => `${dataset.id}:${key}`

/** A feature by its id outside; 404 where it is hidden or none. */
export async function featureById(
  { db, catalog }: MobilityDeps,
  visible: readonly number[],
  concept: string,
  id: string,
  { gone = false } = {},
): Promise<{ dataset: Dataset; feature: Feature }> {
  const colon = id.indexOf(':')
  const unknown = new Problem(404, 'not-found', `There is nothing with the id "${id}", or it is not public.`)
  const dataset = colon > 0 ? catalog.byId(id.slice(0, colon)) : undefined
  if (!dataset || !visible.includes(dataset.key)) throw unknown
  const key = id.slice(colon + 1)
  const [feature] = await findFeatures(db, { concept, visible, dataset: dataset.key, key, gone, limit: 1 })
  if (!feature) throw unknown
  return { dataset, feature }
}

/** Who the data of an answer is from and what one may do with it; every answer carries it. */
export function provenance(datasets: readonly Dataset[]) {
  const all = [...new Set(datasets)].map(({ id, title, publisher, licence, attribution, homepage }) => {
    const known = licenceOf(licence)
    return {
      id,
      title,
      publisher,
      licence,
      licenceName: known?.name ?? licence,
      licenceUrl: known?.url || null,
      attribution,
      homepage,
    }
  })
  const distinct = (values: (string | null)[]) => [...new Set(values.filter((value) => value !== null))]
  return {
    licence: distinct(all.map(({ licence }) => licence)).join(', ') || null,
    attribution: distinct(all.map(({ attribution, publisher }) => attribution ?? publisher)).join('; ') || null,
    source: distinct(all.map(({ publisher, title }) => publisher ?? title)).join('; ') || null,
    datasets: all,
  }
}

/** Whole seconds since an instant; null where there is none. */
export const ageOf = (measured: string | null, now: number): number | null =>
  measured === null ? null : Math.max(0, Math.round((now - Date.parse(measured)) / 1000))
