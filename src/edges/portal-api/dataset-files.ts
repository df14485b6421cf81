import { isSimulated, licenceOf } from '../../domains/catalog/index.ts'
import { datasetStations, localDay, measuredReader, planSeries } from '../../domains/sensing/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { csvOf, licenceLinks } from './csv.ts'
import { visibleDataset } from './datasets.ts'
import type { PortalDeps } from './deps.ts'
import { sourceHealth } from './health.ts'
import { ProblemAnswer } from './schemas.ts'
import { DatasetParams, DownloadQuery } from './schemas-datasets.ts'
import { readTime } from './times.ts'

/** Most series one file holds. */
const MOST_SERIES = 20_000

/** Whole datasets as files: `/download` (CSV) and `/stations.geojson`. */
export function addDatasetFiles(api: FastifyInstance, deps: PortalDeps): void {
  const { db, access, catalog, city } = deps
  const sources = sourceHealth(deps.sources)

  api.get<{ Params: { id: string }; Querystring: DownloadQuery }>(
    '/api/v1/datasets/:id/download',
    {
      schema: {
        tags: ['Datasets'],
        summary: 'All series of a dataset as CSV, streamed',
        params: DatasetParams,
        querystring: DownloadQuery,
        response: { '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const visible = access.visible(request.actor)
      const dataset = visibleDataset(deps, visible, request.params.id)
      access.used(request.actor, 'download', [dataset.key])
      const { from = 'start', to, resolution = 'day' } = request.query
      const { timeZone } = city.profile
      const series = await db.query<{ id: number }>(
        `select d.id from datastream d join thing t on t.id = d.thing and t.dataset = any($2::int4[])
          where d.dataset = $1 and d.dataset = any($2::int4[]) and d.kind = 'single' order by t.name, t.id, d.id`,
        [dataset.key, visible],
      )
      if (series.length === 0)
        throw new Problem(
          404,
          'no-series',
          `The dataset "${dataset.id}" has no series yet: there is nothing to download.`,
        )
      const plan = await planSeries(
        db,
        visible,
        {
          datastreams: series.map((one) => one.id),
          from: readTime(from, 'from', timeZone),
          to: to === undefined ? undefined : readTime(to, 'to', timeZone),
          resolution,
          timeZone,
        },
        MOST_SERIES,
      )
      const [first, last] = [plan.from, Math.max(plan.from, plan.to - 1)].map((at) => localDay(at, timeZone))
      const name = isSimulated(dataset) ? `${dataset.id}-simuliert` : dataset.id
      const links = licenceLinks(catalog, [dataset.key])
      if (links) reply.header('link', links)
      return reply
        .header('cache-control', 'no-cache')
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${name}_${first}_${last}_${resolution}.csv"`)
        .send(csvOf(measuredReader(db, access.measured(request.actor)), visible, plan, catalog))
    },
  )

  api.get<{ Params: { id: string } }>(
    '/api/v1/datasets/:id/stations.geojson',
    {
      schema: {
        tags: ['Datasets'],
        summary: 'The stations of a dataset as GeoJSON (RFC 7946), for maps and QGIS',
        params: DatasetParams,
        response: { '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const visible = access.visible(request.actor)
      const dataset = visibleDataset(deps, visible, request.params.id)
      access.used(request.actor, 'download', [dataset.key])
      const stations = await datasetStations(db, visible, { dataset: dataset.key, sources })
      const licence = licenceOf(dataset.licence)
      const links = licenceLinks(catalog, [dataset.key])
      if (links) reply.header('link', links)
      const rights = {
        dataset: dataset.id,
        simulated: isSimulated(dataset),
        attribution: dataset.attribution ?? dataset.publisher ?? dataset.title,
        licence: dataset.licence,
        licence_url: licence?.url || null,
      }
      const features = stations.map((one) => ({
        type: 'Feature',
        id: one.id,
        geometry: one.geometry,
        properties: {
          name: one.name,
          description: one.description,
          measures: [...new Set(one.series.map((series) => series.measure))].join(', '),
          newest: one.newest,
          state: one.state,
          approximate: one.approximate,
          page: `${request.origin}/stationen/${one.id}`,
          sensorthings: `${request.origin}/sta/v1.1/Things(${one.id})`,
          ...rights,
        },
      }))
      return reply
        .header('cache-control', 'no-cache')
        .type('application/geo+json; charset=utf-8')
        .send(JSON.stringify({ type: 'FeatureCollection', title: dataset.title, ...rights, features }))
    },
  )
}
