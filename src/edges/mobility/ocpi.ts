import Type, { type Static } from 'typebox'
import { Charging } from '../../domains/mobility/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { MobilityDeps } from './deps.ts'
import { NearQuery } from './near.ts'
import { ageOf, provenance, readNear } from './place.ts'

const MOST = 1000
const PageQuery = Type.Object({
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000_000, default: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST, default: 100 })),
  date_from: Type.Optional(
    Type.String({ format: 'date-time', description: 'Only what changed since (OCPI 2.2.1, §8.2.1.1)' }),
  ),
})
const LocationParams = Type.Object({ id: Type.String({ maxLength: 36 }) })

/** OCPI's envelope (2.2.1, §4.1.7). */
const envelope = (data: unknown) => ({
  data,
  status_code: 1000,
  status_message: 'Success',
  timestamp: new Date().toISOString(),
})

/** Chargers: OCPI 2.2.1 to read (`/ocpi/versions`, `/ocpi/2.2.1/locations`), and what is near a place. */
export function addChargers(app: FastifyInstance, deps: MobilityDeps): void {
  const charging = new Charging(deps)
  const tags = ['Mobility']

  app.get('/ocpi/versions', { schema: { tags, summary: 'Versions of OCPI offered (§6.1)' } }, async (request) =>
    envelope([{ version: '2.2.1', url: `${request.origin}/ocpi/2.2.1` }]),
  )
  app.get('/ocpi/2.2.1', { schema: { tags, summary: 'Endpoints of OCPI 2.2.1 (§6.2)' } }, async (request) =>
    envelope({
      version: '2.2.1',
      endpoints: [{ identifier: 'locations', role: 'SENDER', url: `${request.origin}/ocpi/2.2.1/locations` }],
    }),
  )
  app.get<{ Querystring: Static<typeof PageQuery> }>(
    '/ocpi/2.2.1/locations',
    { schema: { tags, summary: 'Places to charge, in pages (OCPI 2.2.1, §8.2.1)', querystring: PageQuery } },
    async (request, reply) => {
      const { offset = 0, limit = 100, date_from } = request.query
      const { total, locations } = await charging.locations(request.actor, { offset, limit, from: date_from ?? null })
      reply.header('x-total-count', total).header('x-limit', MOST)
      if (offset + limit < total) {
        const rest = new URLSearchParams({
          offset: String(offset + limit),
          limit: String(limit),
          ...(date_from ? { date_from } : {}),
        })
        reply.header('link', `<${request.origin}/ocpi/2.2.1/locations?${rest}>; rel="next"`)
      }
      return envelope(locations)
    },
  )
  app.get<{ Params: Static<typeof LocationParams> }>(
    '/ocpi/2.2.1/locations/:id',
    { schema: { tags, summary: 'One place to charge (OCPI 2.2.1, §8.2.1)', params: LocationParams } },
    async (request) => {
      const location = await charging.location(request.actor, request.params.id)
      if (!location) throw new Problem(404, 'not-found', `There is no place to charge "${request.params.id}".`)
      return envelope(location)
    },
  )

  app.get<{ Querystring: NearQuery }>(
    '/api/v1/mobility/chargers',
    { schema: { tags, summary: 'Places to charge around a place, as GeoJSON', querystring: NearQuery } },
    async (request) => {
      const found = await charging.near(request.actor, readNear(request.query))
      return {
        type: 'FeatureCollection',
        ...provenance(found.map(({ dataset }) => dataset)),
        features: found.map(({ dataset, key, lon, lat, distance, measured, ...properties }) => ({
          type: 'Feature',
          id: `${dataset.id}:${key}`,
          geometry: { type: 'Point', coordinates: [lon, lat] },
          properties: {
            id: `${dataset.id}:${key}`,
            ...properties,
            distance: Math.round(distance),
            measured,
            age: ageOf(measured, Date.now()),
            source: dataset.publisher ?? dataset.title,
            dataset: dataset.id,
          },
        })),
      }
    },
  )
}
