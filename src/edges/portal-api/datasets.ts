import {
  type Dataset,
  datasetVersion,
  isPublic,
  isSimulated,
  LICENCES,
  licenceOf,
} from '../../domains/catalog/index.ts'
import { mobilityOf } from '../../domains/mobility/index.ts'
import {
  type DatasetFigures,
  type DatasetQuality,
  type DatasetStation,
  datasetFigures,
  datasetStations,
  iso,
  quality,
} from '../../domains/sensing/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { licenceLinks } from './csv.ts'
import { examplesOf } from './dataset-examples.ts'
import type { PortalDeps } from './deps.ts'
import { sourceHealth } from './health.ts'
import { rememberShared } from './remember.ts'
import { ProblemAnswer } from './schemas.ts'
import {
  DatasetAnswer,
  DatasetParams,
  DatasetsAnswer,
  LicencesAnswer,
  QualityAnswer,
  QualityQuery,
} from './schemas-datasets.ts'

/** The dataset, if the caller may see it; else a 404 that does not tell whether it exists. */
export function visibleDataset(
  { catalog }: Pick<PortalDeps, 'catalog'>,
  visible: readonly number[],
  id: string,
): Dataset {
  const dataset = catalog.byId(id)
  if (!dataset || !visible.includes(dataset.key))
    throw new Problem(404, 'not-found', `There is no dataset "${id}", or it is not public.`)
  return dataset
}

/** `GET /api/v1/datasets…`: what there is, under which licence, how fresh and how complete. */
export function addDatasets(api: FastifyInstance, deps: PortalDeps): void {
  const { db, access, catalog, city } = deps
  const sources = sourceHealth(deps.sources)
  const figures = rememberShared((visible: readonly number[]) => datasetFigures(db, visible, { sources }))
  deps.sensing.changed.on(() => figures.forget())
  const calendars = rememberShared((visible: readonly number[], key: string) => {
    const [dataset, datastream] = key.split(':').map(Number)
    return readQuality(visible, dataset!, datastream)
  })

  api.get(
    '/api/v1/licences',
    {
      schema: {
        tags: ['Datasets'],
        summary: 'Licences a dataset can have, by the identifiers of DCAT-AP.de',
        response: { 200: LicencesAnswer },
      },
    },
    async () => ({ licences: LICENCES }),
  )

  api.get(
    '/api/v1/datasets',
    {
      schema: {
        tags: ['Datasets'],
        summary: 'All datasets with what they hold, licence, state and freshness',
        response: { 200: DatasetsAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-cache')
      const found = await figures(access.visible(request.actor), '')
      const datasets = found.flatMap((one) => {
        const dataset = catalog.byKey(one.dataset)
        return dataset ? [summaryOf(dataset, one)] : []
      })
      const links = licenceLinks(
        catalog,
        found.map((one) => one.dataset),
      )
      if (links) reply.header('link', links)
      datasets.sort((a, b) => a.title.localeCompare(b.title, 'de'))
      return { now: iso(Date.now()), timeZone: city.profile.timeZone, datasets }
    },
  )

  api.get<{ Params: { id: string } }>(
    '/api/v1/datasets/:id',
    {
      schema: {
        tags: ['Datasets'],
        summary: 'One dataset with its stations, series, sources, links and ready examples',
        params: DatasetParams,
        response: { 200: DatasetAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const visible = access.visible(request.actor)
      const dataset = visibleDataset(deps, visible, request.params.id)
      const [found] = await datasetFigures(db, visible, { sources, dataset: dataset.key })
      if (!found) throw new Problem(404, 'not-found', `There is no dataset "${dataset.id}", or it is not public.`)
      const [stations, mobility] = await Promise.all([
        datasetStations(db, visible, { dataset: dataset.key, sources }),
        mobilityOf(db, dataset.key),
      ])
      const links = licenceLinks(catalog, [dataset.key])
      if (links) reply.header('link', links)
      const version = datasetVersion(dataset)
      reply.header('cache-control', 'no-cache').header('etag', `"${version}"`)
      return { ...pageOf(dataset, found, stations, request.origin), mobility, timeZone: city.profile.timeZone, version }
    },
  )

  api.get<{ Params: { id: string }; Querystring: { datastream?: string } }>(
    '/api/v1/datasets/:id/quality',
    {
      schema: {
        tags: ['Datasets'],
        summary:
          'Values that came of those expected, day by day in the city’s time zone, for the dataset or one series',
        params: DatasetParams,
        querystring: QualityQuery,
        response: { 200: QualityAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const visible = access.visible(request.actor)
      const dataset = visibleDataset(deps, visible, request.params.id)
      const { datastream } = request.query
      const answer = await calendars(visible, `${dataset.key}${datastream ? `:${datastream}` : ''}`)
      const links = licenceLinks(catalog, [dataset.key])
      if (links) reply.header('link', links)
      reply.header('cache-control', 'no-cache')
      return answer
    },
  )

  async function readQuality(
    visible: readonly number[],
    dataset: number,
    datastream: number | undefined,
  ): Promise<DatasetQuality> {
    if (datastream !== undefined) await requireMember(visible, dataset, datastream)
    const [found] = await datasetFigures(db, visible, { sources, dataset })
    const archives = new Set((found?.sources ?? []).filter((source) => source.manual).map((source) => source.id))
    return quality(db, visible, { dataset, datastream, timeZone: city.profile.timeZone, archives })
  }

  async function requireMember(visible: readonly number[], dataset: number, datastream: number): Promise<void> {
    const [row] = await db.query(
      'select 1 from datastream where id = $1 and dataset = $2 and dataset = any($3::int4[])',
      [datastream, dataset, visible],
    )
    if (!row)
      throw new Problem(404, 'not-found', `There is no datastream ${datastream} in this dataset, or it is not public.`)
  }
}

function summaryOf(dataset: Dataset, figures: DatasetFigures) {
  const licence = licenceOf(dataset.licence)
  const { id, title, description, publisher, attribution, state, stateSince, k } = dataset
  const { state: freshness, first, last, stations, series, values, measures } = figures
  return {
    id,
    title,
    description,
    publisher,
    licence: dataset.licence,
    licenceName: licence?.name ?? dataset.licence,
    licenceUrl: licence?.url || null,
    attribution,
    simulated: isSimulated(dataset),
    state,
    stateSince,
    k,
    freshness,
    first,
    last,
    stations,
    series,
    values,
    measures,
  }
}

function pageOf(dataset: Dataset, figures: DatasetFigures, stations: readonly DatasetStation[], origin: string) {
  const { id, contact, homepage, properties } = dataset
  const base = `${origin}/api/v1/datasets/${id}`
  return {
    ...summaryOf(dataset, figures),
    now: iso(Date.now()),
    contact,
    homepage,
    retention: textsOf(properties.retention),
    blindSpots: textsOf(properties.blindSpots),
    bounds: boundsOf(stations),
    sources: figures.sources,
    members: stations.map(({ geometry: _, ...station }) => station),
    examples: examplesOf(origin, id, figures.last, isPublic(dataset)),
    links: {
      download: `${base}/download`,
      stations: `${base}/stations.geojson`,
      quality: `${base}/quality`,
      sensorthings: `${origin}/d/${id}/sta/v1.1`,
    },
  }
}

/** A text, or one for each language; anything else that stands there is no text for people. */
function textsOf(value: unknown): string | { de?: string; en?: string } | null {
  if (typeof value === 'string') return value.trim() ? value : null
  if (typeof value !== 'object' || value === null) return null
  const { de, en } = value as Record<string, unknown>
  const found = { ...(typeof de === 'string' && { de }), ...(typeof en === 'string' && { en }) }
  return Object.keys(found).length > 0 ? found : null
}

function boundsOf(stations: readonly DatasetStation[]): number[] | null {
  const lons = stations.flatMap((one) => (one.lon === null ? [] : [one.lon]))
  const lats = stations.flatMap((one) => (one.lat === null ? [] : [one.lat]))
  if (lons.length === 0) return null
  const least = (values: number[]) => values.reduce((a, b) => Math.min(a, b))
  const most = (values: number[]) => values.reduce((a, b) => Math.max(a, b))
  return [least(lons), least(lats), most(lons), most(lats)]
}
