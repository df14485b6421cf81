import Type, { type Static } from 'typebox'
import {
  type AlertInfo,
  type Departure,
  departures,
  findStop,
  isoIn,
  type RealtimeInfo,
  type Stop,
} from '../../domains/mobility/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { MobilityDeps } from './deps.ts'
import { ageOf, provenance } from './place.ts'

const Query = Type.Object({
  stop: Type.String({
    minLength: 1,
    maxLength: 300,
    description:
      '`{dataset}:{stop_id}`, or the stop_id alone where only one timetable has it. A station gathers its platforms.',
  }),
  at: Type.Optional(
    Type.String({
      maxLength: 60,
      description: 'An instant with offset; now when absent.',
      examples: ['2026-06-09T17:05:00+02:00'],
    }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 20 })),
})

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()])
const Time = Type.String({ description: 'ISO 8601 with the offset of the timetable’s zone' })

const Texts = Type.Record(Type.String(), Type.String(), { description: 'By language; `und` where none is named' })

const Answer = Type.Object({
  departures: Type.Array(
    Type.Object({
      trip: Type.String({ description: 'trip_id' }),
      route: Type.String({ description: 'Name of the line' }),
      headsign: nullable(Type.String()),
      planned: nullable(Time),
      expected: nullable(Time),
      delay: nullable(Type.Integer({ description: 'Seconds; negative = early' })),
      status: Type.Union(['scheduled', 'live', 'cancelled', 'skipped', 'added'].map((name) => Type.Literal(name))),
      platform: nullable(Type.String()),
      stop: Type.String({ description: 'stop_id it leaves from' }),
      date: Type.String({ description: 'Service day' }),
      route_id: nullable(Type.String()),
      route_type: nullable(Type.Integer()),
      route_color: nullable(Type.String()),
      headway: nullable(Type.Integer({ description: 'Runs about every so many seconds, without exact times' })),
      alerts: Type.Array(Type.String(), { description: 'Ids of the `alerts` that concern it' }),
    }),
  ),
  alerts: Type.Array(
    Type.Object({
      id: Type.String({ description: 'Source and id of the entity' }),
      stop: Type.Boolean({ description: 'Concerns the stop as a whole' }),
      header_text: Texts,
      description_text: Texts,
      url: Texts,
      cause: nullable(Type.String()),
      effect: nullable(Type.String()),
      severity_level: nullable(Type.String()),
      active_period: Type.Array(Type.Object({ start: nullable(Time), end: nullable(Time) })),
    }),
    { description: 'What operators say of the stop and of these departures (GTFS Realtime), the most severe first' },
  ),
  stop: Type.Object({ id: Type.String(), name: Type.String() }, { additionalProperties: true }),
  at: Time,
  time_zone: Type.String(),
  source: Type.String({ description: 'Of the newest real time; of the timetable where there is none' }),
  age: nullable(Type.Integer({ description: 'Seconds, at `at`, of that source' })),
  dataset: Type.String(),
  realtime: Type.Array(Type.Object({ source: Type.String() }, { additionalProperties: true })),
  timetable: Type.Object({ source: Type.String(), since: Type.String(), age: nullable(Type.Integer()) }),
  licences: Type.Array(Type.String()),
  attribution: nullable(Type.String()),
})

/** `GET /api/v1/mobility/departures`: the next departures at a stop, planned and live. */
export function addDepartures(app: FastifyInstance, { db, access, catalog, realtime }: MobilityDeps): void {
  app.get<{ Querystring: Static<typeof Query> }>(
    '/api/v1/mobility/departures',
    {
      schema: {
        tags: ['Mobility'],
        summary: 'The next departures at a stop, planned and live',
        querystring: Query,
        response: { 200: Answer },
      },
    },
    async (request, reply) => {
      const { stop: given, at: text, limit = 20 } = request.query
      const at = text === undefined ? Math.floor(Date.now() / 1000) : readInstant(text)
      const visible = new Map(access.visible(request.actor).map((key) => [catalog.byKey(key)!.id, key]))
      const stop = await findStop(db, visible, given)
      const found = await departures(db, realtime.live, stop, at, limit)
      const dataset = catalog.byKey(stop.dataset)!
      access.used(request.actor, 'departures', [dataset.key])
      const newest = found.realtime.reduce<RealtimeInfo | null>(
        (best, one) => (best && best.time >= one.time ? best : one),
        null,
      )
      const timetable = { source: stop.source, since: stop.since, age: ageOf(stop.since, Date.now()) }
      reply.header('cache-control', 'no-cache')
      return {
        ...provenance([dataset]),
        departures: found.departures.map((one) => shown(one, stop)),
        alerts: found.alerts.map((one) => alertShown(one, stop)),
        stop: {
          id: `${dataset.id}:${stop.stopId}`,
          stop_id: stop.stopId,
          name: stop.name,
          lon: stop.lon,
          lat: stop.lat,
        },
        at: isoIn(at, stop.zone),
        time_zone: stop.zone,
        source: newest?.source ?? stop.source,
        age: newest ? newest.age : timetable.age,
        dataset: dataset.id,
        realtime: found.realtime.map(({ time, ...one }) => ({ ...one, time: isoIn(Math.round(time), stop.zone) })),
        timetable,
      }
    },
  )
}

function shown(one: Departure, { zone }: Stop) {
  const time = (at: number | null) => (at === null ? null : isoIn(at, zone))
  return {
    trip: one.trip,
    route: one.route,
    headsign: one.headsign,
    planned: time(one.planned),
    expected: time(one.expected),
    delay: one.delay,
    status: one.status,
    platform: one.platform,
    stop: one.stop,
    date: one.day,
    route_id: one.routeId,
    route_type: one.routeType,
    route_color: one.routeColor,
    headway: one.about,
    alerts: one.alerts,
  }
}

function alertShown({ header, description, severity, periods, ...rest }: AlertInfo, { zone }: Stop) {
  const time = (at: number | null) => (at === null ? null : isoIn(at, zone))
  return {
    ...rest,
    header_text: header,
    description_text: description,
    severity_level: severity,
    active_period: periods.map(({ from, to }) => ({ start: time(from), end: time(to) })),
  }
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/

/** POSIX seconds of an instant with offset, or given as such. Throws Problem 400 `bad-time`. */
export function readInstant(text: string, name = 'at'): number {
  const given = text.replace(/ (?=\d{2}:?\d{2}$)/, '+')
  const ms = /^\d{9,10}$/.test(given) ? Number(given) * 1000 : INSTANT.test(given) ? Date.parse(given) : Number.NaN
  if (Number.isNaN(ms))
    throw new Problem(
      400,
      'bad-time',
      `"${name}" is "${text}" but must be an instant with offset such as 2026-06-09T17:05:00+02:00.`,
    )
  return Math.floor(ms / 1000)
}
