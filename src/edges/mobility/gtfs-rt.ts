import Type, { type Static } from 'typebox'
import { licenceOf } from '../../domains/catalog/index.ts'
import { encodeFeed, type FeedKind, mergedFeed } from '../../domains/mobility/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { type MobilityDeps, noDataset } from './deps.ts'

const Params = Type.Object({
  dataset: Type.String({ maxLength: 63, description: 'Id of the dataset' }),
  file: Type.String({
    pattern: '^(trip-updates|vehicle-positions|alerts)\\.(pb|json)$',
    description: 'trip-updates, vehicle-positions or alerts, as .pb (protobuf) or .json',
  }),
})

/** `/gtfs-rt/{dataset}/…`: the real time of a dataset, all its feeds merged (GTFS Realtime 2.0). */
export function addGtfsRealtime(app: FastifyInstance, { access, catalog, realtime }: MobilityDeps): void {
  app.get<{ Params: Static<typeof Params> }>(
    '/gtfs-rt/:dataset/:file',
    {
      schema: {
        tags: ['Mobility'],
        summary: 'Real time of public transport, merged (GTFS Realtime 2.0)',
        params: Params,
      },
    },
    async (request, reply) => {
      const { dataset: id, file } = request.params
      const dataset = catalog.byId(id)
      if (!dataset || !access.can(request.actor, 'read', { dataset: dataset.key })) throw noDataset(id)
      const state = realtime.live.get(dataset.key)
      const [kind, form] = file.split('.') as [FeedKind, 'pb' | 'json']
      const now = Date.now() / 1000
      const feed = state && mergedFeed(state, kind, now)
      if (!feed) throw new Problem(404, 'no-realtime', `The dataset "${id}" has no real time.`)
      access.used(request.actor, 'gtfs-rt', [dataset.key])
      const licence = licenceOf(dataset.licence)?.url
      const { timestamp } = feed.header
      reply
        .header('cache-control', request.actor.kind === 'anonymous' ? 'public, max-age=5' : 'no-store')
        .header('last-modified', new Date(timestamp! * 1000).toUTCString())
        .header('x-data-age', String(Math.max(0, Math.round(now - timestamp!))))
      if (licence) reply.header('link', `<${licence}>; rel="license"`)
      if (dataset.attribution) reply.header('x-attribution', encodeURIComponent(dataset.attribution))
      if (form === 'json') return reply.type('application/json; charset=utf-8').send(JSON.stringify(feed))
      return reply.type('application/x-protobuf').send(Buffer.from(encodeFeed(feed)))
    },
  )
}
