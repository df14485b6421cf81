import { outagesOf, plainCause } from '../../domains/sources/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { OutagesAnswer, OutagesQuery } from './schemas-outages.ts'
import { readTime } from './times.ts'

/** `GET /api/v1/outages`: why values of a range are missing, as the log of their sources tells. Visible as the series. */
export function addOutages(api: FastifyInstance, { access, city, sensing, sources, db }: PortalDeps): void {
  api.get<{ Querystring: OutagesQuery }>(
    '/api/v1/outages',
    {
      schema: {
        tags: ['Portal'],
        summary: 'When the sources of series brought nothing, and why; for the gaps of a chart',
        querystring: OutagesQuery,
        response: { 200: OutagesAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { datastream, from, to } = request.query
      const { timeZone } = city.profile
      const ids = [...new Set(datastream.split(',').map(Number))]
      const visible = access.visible(request.actor)
      const infos = await sensing.datastreams(ids)
      const missing = ids.find((id) => !infos.has(id) || !visible.includes(infos.get(id)!.dataset))
      if (missing !== undefined)
        throw new Problem(404, 'not-found', `There is no datastream ${missing}, or it is not public.`)
      const range = { from: readTime(from, 'from', timeZone), to: readTime(to, 'to', timeZone) }
      if (range.from === 'start') range.from = '1900-01-01T00:00:00Z'
      const fed = await db.query<{ id: number; source: string }>(
        'select id, source from datastream where id = any($1::int4[]) and source is not null',
        [ids],
      )
      const wanted = new Set(fed.map(({ source }) => source))
      const registered = (await sources.list()).filter(({ id }) => wanted.has(id))
      reply.header('cache-control', 'no-cache')
      const outages = await outagesOf(db, registered, range, timeZone)
      return {
        outages: outages.map(({ source, error, ...outage }) => ({
          ...outage,
          datastreams: fed.filter((one) => one.source === source).map(({ id }) => id),
          cause: error === null ? null : { de: plainCause(error).text, en: error },
        })),
      }
    },
  )
}
