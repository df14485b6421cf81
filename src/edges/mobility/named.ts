import Type, { type Static } from 'typebox'
import { placesNamed } from '../../domains/mobility/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import type { MobilityDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'

const Query = Type.Object({
  q: Type.String({ maxLength: 200, description: 'Words of the name; each must be in it' }),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: 12 })),
})
const Answer = Type.Object({
  places: Type.Array(
    Type.Object({
      id: Type.String({ description: 'dataset:key, or dataset:stop_id' }),
      mode: Type.Union(['stop', 'parking', 'sharing', 'charging'].map((name) => Type.Literal(name))),
      name: Type.String(),
      lon: Type.Number(),
      lat: Type.Number(),
      dataset: Type.String(),
    }),
  ),
})

/** `GET /api/v1/mobility/places`: stops, car parks, sharing and charging stations by name. */
export function addNamedPlaces(api: FastifyInstance, { db, access, catalog }: MobilityDeps): void {
  api.get<{ Querystring: Static<typeof Query> }>(
    '/api/v1/mobility/places',
    {
      schema: {
        tags: ['Mobility'],
        summary: 'Stops, car parks, sharing and charging stations by name',
        querystring: Query,
        response: { 200: Answer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { q, limit = 12 } = request.query
      const found = await placesNamed(db, access.visible(request.actor), q, limit)
      access.used(request.actor, 'search')
      reply.header('cache-control', 'no-cache')
      return {
        places: found.map(({ dataset: number, key, thing: _, ...place }) => {
          const dataset = catalog.byKey(number)!.id
          return { id: `${dataset}:${key}`, ...place, dataset }
        }),
      }
    },
  )
}
