import { isSimulated } from '../../domains/catalog/index.ts'
import { localDay, measuredReader, planSeries, series, thinnedSeries } from '../../domains/sensing/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { counter } from '../../kernel/metrics.ts'
import { csvName, csvOf, licenceLinks } from './csv.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer, SeriesAnswer, SeriesQuery } from './schemas.ts'
import { readTime } from './times.ts'

const answered = counter('zahnrad_series_answers_total', 'Series answered by resolution and format', [
  'resolution',
  'format',
])

/** `GET /api/v1/series`: values of up to ten datastreams for a chart, a table or a file. */
export function addSeries(api: FastifyInstance, { db, access, catalog, city }: PortalDeps): void {
  api.get<{ Querystring: SeriesQuery }>(
    '/api/v1/series',
    {
      schema: {
        tags: ['Portal'],
        summary: 'Values over time, with gaps, at the resolution asked for',
        querystring: SeriesQuery,
        response: { 200: SeriesAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { datastream, from, to, resolution = 'auto', points, format = 'json' } = request.query
      const { timeZone } = city.profile
      const visible = access.visible(request.actor)
      const reader = measuredReader(db, access.measured(request.actor))
      const used = (channel: string, heads: readonly { dataset: number }[]) =>
        access.used(request.actor, channel, [...new Set(heads.map((head) => head.dataset))])
      const query = {
        datastreams: datastream.split(',').map(Number),
        from: from === undefined ? undefined : readTime(from, 'from', timeZone),
        to: to === undefined ? undefined : readTime(to, 'to', timeZone),
        resolution,
        timeZone,
      }
      reply.header('cache-control', 'no-cache')
      if (format === 'csv') {
        const plan = await planSeries(reader, visible, query)
        answered.inc({ resolution: plan.resolution, format })
        used('csv', plan.heads)
        const days = { from: localDay(plan.from, timeZone), to: localDay(Math.max(plan.from, plan.to - 1), timeZone) }
        const simulated = plan.heads.some((head) => isSimulated(catalog.byKey(head.dataset)!))
        const name = csvName(plan, days, simulated)
        const licences = licenceLinks(
          catalog,
          plan.heads.map((head) => head.dataset),
        )
        if (licences) reply.header('link', licences)
        return reply
          .type('text/csv; charset=utf-8; header=present')
          .header('content-disposition', `attachment; filename="${name}"`)
          .send(csvOf(reader, visible, plan, catalog))
      }
      const answer =
        points === undefined
          ? await series(reader, visible, query)
          : await thinnedSeries(reader, visible, { ...query, points })
      answered.inc({ resolution: answer.resolution, format })
      used('series', answer.series)
      const licences = licenceLinks(
        catalog,
        answer.series.map((one) => one.dataset),
      )
      if (licences) reply.header('link', licences)
      const simulated = (key: number) => isSimulated(catalog.byKey(key)!)
      const shown = answer.series.map(({ dataset, ...one }) => ({
        thinned: false,
        ...one,
        simulated: simulated(dataset),
      }))
      return { ...answer, series: shown }
    },
  )
}
