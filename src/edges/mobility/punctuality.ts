import Type, { type Static } from 'typebox'
import { findStop, GROUPS, isoIn, type PunctualityGroup, punctuality } from '../../domains/mobility/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { csvOf } from './csv.ts'
import { readInstant } from './departures.ts'
import type { MobilityDeps } from './deps.ts'
import { provenance } from './place.ts'

const DAY = 86_400
const LONGEST_DAYS = 400

const Query = Type.Object({
  stop: Type.String({ minLength: 1, maxLength: 300, description: 'As for departures' }),
  from: Type.Optional(
    Type.String({ maxLength: 60, description: 'An instant with offset; 28 days before `to` when absent' }),
  ),
  to: Type.Optional(Type.String({ maxLength: 60, description: 'An instant with offset; now when absent' })),
  by: Type.Optional(
    Type.Union(
      GROUPS.map((name) => Type.Literal(name)),
      { default: 'line' },
    ),
  ),
  format: Type.Optional(Type.Union([Type.Literal('json'), Type.Literal('csv')], { default: 'json' })),
})

/** `GET /api/v1/mobility/punctuality`: how punctual the departures at a stop were, from the kept delays. */
export function addPunctuality(app: FastifyInstance, { db, access, catalog }: MobilityDeps): void {
  app.get<{ Querystring: Static<typeof Query> }>(
    '/api/v1/mobility/punctuality',
    {
      schema: {
        tags: ['Mobility'],
        summary: 'Delays and cancelled departures at a stop by line, hour of the day or weekday',
        description:
          'Each group has its departures, median and 90th percentile of the delay in seconds, the share that left between 1 minute early and less than 6 minutes late, and how many were cancelled.',
        querystring: Query,
      },
    },
    async (request, reply) => {
      const { stop: given, from: start, to: end, by = 'line' } = request.query
      const to = end === undefined ? Math.floor(Date.now() / 1000) : readInstant(end, 'to')
      const from = start === undefined ? to - 28 * DAY : readInstant(start, 'from')
      if (from >= to || to - from > LONGEST_DAYS * DAY)
        throw new Problem(400, 'bad-time', `"from" must be before "to", by ${LONGEST_DAYS} days at most.`)
      const visible = new Map(access.visible(request.actor).map((key) => [catalog.byKey(key)!.id, key]))
      const stop = await findStop(db, visible, given)
      const dataset = catalog.byKey(stop.dataset)!
      access.used(request.actor, 'punctuality', [dataset.key])
      const window = {
        from: new Date(from * 1000).toISOString(),
        to: new Date(to * 1000).toISOString(),
        zone: stop.zone,
        by: by as PunctualityGroup,
      }
      const groups = await punctuality(
        db,
        dataset.key,
        stop.platforms.map(({ stopId }) => stopId),
        window,
      )
      reply.header('cache-control', 'no-cache')
      if (request.query.format === 'csv')
        return csvOf(
          reply,
          dataset,
          `${stop.name}-punctuality`,
          [by, 'departures', 'median_seconds', 'p90_seconds', 'punctual_share', 'cancelled'],
          groups.map((one) => [one.key, one.departures, one.median, one.p90, one.punctual, one.cancelled]),
        )
      return {
        by,
        groups,
        stop: { id: `${dataset.id}:${stop.stopId}`, name: stop.name },
        from: isoIn(from, stop.zone),
        to: isoIn(to, stop.zone),
        time_zone: stop.zone,
        dataset: dataset.id,
        ...provenance([dataset]),
      }
    },
  )
}
