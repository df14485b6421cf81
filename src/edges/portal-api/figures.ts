import { isPublic, isSimulated } from '../../domains/catalog/index.ts'
import { iso, measuredReader, seriesFigures } from '../../domains/sensing/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { licenceLinks, sourceOf } from './csv.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { FiguresAnswer, FiguresQuery } from './schemas-boards.ts'
import { stationQuery } from './station-query.ts'

/** `GET /api/v1/figures`: newest value, day and what is usual of single series. */
export function addFigures(api: FastifyInstance, deps: PortalDeps): void {
  const { db, access, catalog } = deps
  const query = stationQuery(deps)
  api.get<{ Querystring: FiguresQuery }>(
    '/api/v1/figures',
    {
      schema: {
        tags: ['Portal'],
        summary: 'Newest value, the day’s amount and what is usual, of single series',
        description: 'Series that are not public, or that do not exist, are left out of the answer.',
        querystring: FiguresQuery,
        response: { 200: FiguresAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const ids = request.query.datastream.split(',').map(Number)
      const reader = measuredReader(db, access.measured(request.actor))
      const found = await seriesFigures(reader, access.visible(request.actor), ids, query)
      access.used(request.actor, 'figures', [...new Set(found.map((one) => one.dataset))])
      reply.header('cache-control', 'no-cache')
      const licences = licenceLinks(
        catalog,
        found.map((one) => one.dataset),
      )
      if (licences) reply.header('link', licences)
      const figures = found.map((figure) => {
        const dataset = catalog.byKey(figure.dataset)!
        const about = {
          id: dataset.id,
          title: dataset.title,
          released: isPublic(dataset),
          simulated: isSimulated(dataset),
          source: sourceOf(catalog, dataset.key),
        }
        return { ...figure, dataset: about }
      })
      return { now: iso(Date.now()), figures }
    },
  )
}
