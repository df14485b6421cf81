import Type, { type Static } from 'typebox'
import type { Dataset } from '../../domains/catalog/index.ts'
import {
  currentVersion,
  directionsOf,
  findStop,
  isoIn,
  type Line,
  lineOf,
  linesAt,
  timetableOf,
  wayOf,
} from '../../domains/mobility/index.ts'
import { localDay } from '../../domains/sensing/index.ts'
import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { csvOf } from './csv.ts'
import type { MobilityDeps } from './deps.ts'
import { ageOf, provenance } from './place.ts'
import { LineAnswer, StopAnswer, TimetableAnswer } from './schemas-transit.ts'

const StopParams = Type.Object({
  id: Type.String({ maxLength: 300, description: 'As for departures: `{dataset}:{stop_id}`' }),
})
const LineParams = Type.Object({ id: Type.String({ maxLength: 300, description: '`{dataset}:{route_id}`' }) })
const DayQuery = Type.Object({
  date: Type.Optional(
    Type.String({
      pattern: '^\\d{4}-\\d{2}-\\d{2}$',
      description: 'Service day; today in the zone of the timetable when absent',
    }),
  ),
  format: Type.Optional(Type.Union([Type.Literal('json'), Type.Literal('csv')], { default: 'json' })),
})

/** `/api/v1/mobility/stops/{id}` with its timetable of a day, and `/api/v1/mobility/lines/{id}` with its stops and way. */
export function addStops(api: FastifyInstance, { db, access, catalog }: MobilityDeps): void {
  const tags = ['Mobility']

  const stopOf = async (request: FastifyRequest, id: string) => {
    const visible = new Map(access.visible(request.actor).map((key) => [catalog.byKey(key)!.id, key]))
    const stop = await findStop(db, visible, id)
    const dataset = catalog.byKey(stop.dataset)!
    access.used(request.actor, 'mobility', [dataset.key])
    return { stop, dataset }
  }

  api.get<{ Params: Static<typeof StopParams> }>(
    '/api/v1/mobility/stops/:id',
    {
      schema: { tags, summary: 'One stop: its platforms and lines', params: StopParams, response: { 200: StopAnswer } },
    },
    async (request, reply) => {
      const { stop, dataset } = await stopOf(request, request.params.id)
      const [version, lines] = await Promise.all([
        currentVersion(db, dataset.key),
        linesAt(
          db,
          stop.version,
          stop.platforms.map((one) => one.stop),
        ),
      ])
      reply.header('cache-control', 'no-cache')
      return {
        id: `${dataset.id}:${stop.stopId}`,
        stop_id: stop.stopId,
        name: stop.name,
        lon: stop.lon,
        lat: stop.lat,
        time_zone: stop.zone,
        platforms: stop.platforms.map(({ stopId, name, platform }) => ({ stop_id: stopId, name, platform })),
        lines: lines.map((line) => lineIn(dataset, line)),
        first_day: version?.firstDay ?? null,
        last_day: version?.lastDay ?? null,
        dataset: dataset.id,
        ...provenance([dataset]),
        age: ageOf(stop.since, Date.now()),
      }
    },
  )

  api.get<{ Params: Static<typeof StopParams>; Querystring: Static<typeof DayQuery> }>(
    '/api/v1/mobility/stops/:id/timetable',
    {
      schema: {
        tags,
        summary: 'All departures of a day at a stop by the timetable',
        params: StopParams,
        querystring: DayQuery,
        response: { 200: TimetableAnswer },
      },
    },
    async (request, reply) => {
      const { stop, dataset } = await stopOf(request, request.params.id)
      const date = request.query.date ?? localDay(Date.now(), stop.zone)
      if (
        Number.isNaN(Date.parse(`${date}T00:00:00Z`)) ||
        !new Date(`${date}T00:00:00Z`).toISOString().startsWith(date)
      )
        throw new Problem(400, 'bad-time', `"date" is "${date}" but must be a day of the calendar such as 2026-06-09.`)
      const found = await timetableOf(db, stop, date)
      const platforms = new Map(stop.platforms.map(({ stopId, platform }) => [stopId, platform]))
      const departures = found.map((one) => ({
        trip: one.tripId,
        route: one.route,
        route_id: one.routeId,
        route_type: one.routeType,
        route_color: one.routeColor,
        headsign: one.headsign,
        planned: isoIn(one.planned, stop.zone),
        stop: one.stopId,
        platform: platforms.get(one.stopId) ?? null,
        headway: one.about,
      }))
      reply.header('cache-control', 'no-cache')
      if (request.query.format === 'csv')
        return csvOf(
          reply,
          dataset,
          `${stop.name}-${date}`,
          ['planned', 'route', 'headsign', 'platform', 'trip_id'],
          departures.map(({ planned, route, headsign, platform, trip }) => [planned, route, headsign, platform, trip]),
        ) as never
      return {
        stop: { id: `${dataset.id}:${stop.stopId}`, name: stop.name },
        date,
        time_zone: stop.zone,
        departures,
        dataset: dataset.id,
        ...provenance([dataset]),
        age: ageOf(stop.since, Date.now()),
      }
    },
  )

  api.get<{ Params: Static<typeof LineParams> }>(
    '/api/v1/mobility/lines/:id',
    {
      schema: {
        tags,
        summary: 'A line: its way, and its stops in each direction',
        params: LineParams,
        response: { 200: LineAnswer },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const unknown = new Problem(404, 'not-found', `There is no line "${id}", or it is not public.`)
      const colon = id.indexOf(':')
      const dataset = colon > 0 ? catalog.byId(id.slice(0, colon)) : undefined
      if (!dataset || !access.visible(request.actor).includes(dataset.key)) throw unknown
      const version = await currentVersion(db, dataset.key)
      const line = version && (await lineOf(db, version.version, id.slice(colon + 1)))
      if (!line) throw unknown
      access.used(request.actor, 'mobility', [dataset.key])
      const [directions, way] = await Promise.all([
        directionsOf(db, version.version, line.route),
        wayOf(db, version.version, line.route),
      ])
      reply.header('cache-control', 'no-cache')
      return {
        ...lineIn(dataset, line),
        geometry: way,
        directions: directions.map(({ stops, ...one }) => ({
          ...one,
          stops: stops.map(({ stopId, parent, name, lon, lat }) => ({
            id: `${dataset.id}:${parent ?? stopId}`,
            stop_id: stopId,
            name,
            lon,
            lat,
          })),
        })),
        dataset: dataset.id,
        ...provenance([dataset]),
        age: ageOf(version.completedAt, Date.now()),
      }
    },
  )
}

const lineIn = (dataset: Dataset, { routeId, shortName, longName, type, color, textColor, agency }: Line) => ({
  id: `${dataset.id}:${routeId}`,
  route_id: routeId,
  name: shortName ?? longName ?? routeId,
  long_name: longName,
  route_type: type,
  color,
  text_color: textColor,
  agency,
})
