import Type, { type Static } from 'typebox'
import type { Dataset } from '../../domains/catalog/index.ts'
import { CONCEPTS, type Feature, latestAt } from '../../domains/features/index.ts'
import {
  forecastsAt,
  type ProfileCell,
  type ProfileMode,
  parkingStates,
  profileOf,
} from '../../domains/mobility/index.ts'
import { measuredReader } from '../../domains/sensing/index.ts'
import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'
import { csvOf } from './csv.ts'
import type { MobilityDeps } from './deps.ts'
import { parkingFeature } from './parking.ts'
import { ageOf, featureById, provenance, publicId } from './place.ts'
import { ProblemAnswer } from './schemas.ts'
import { PlaceAnswer, ProfileAnswer } from './schemas-places.ts'

const Params = Type.Object({ id: Type.String({ maxLength: 400, description: 'dataset:key' }) })
const ProfileQuery = Type.Object({
  days: Type.Optional(
    Type.Integer({ minimum: 7, maximum: 731, default: 56, description: 'Days before the newest value' }),
  ),
  format: Type.Optional(Type.Union([Type.Literal('json'), Type.Literal('csv')], { default: 'json' })),
})

/** The path of each mode, and what one of its places is called. */
const MODES: readonly { path: string; mode: ProfileMode; what: string }[] = [
  { path: 'parking', mode: 'parking', what: 'car park' },
  { path: 'vehicles', mode: 'sharing', what: 'sharing station' },
  { path: 'chargers', mode: 'charging', what: 'place to charge' },
]

/** `GET /api/v1/mobility/{parking|vehicles|chargers}/{id}` and `…/profile`: one place as it is now, and how it is used through the week. */
export function addPlaces(api: FastifyInstance, deps: MobilityDeps): void {
  const { access, city, db } = deps
  const tags = ['Mobility']
  for (const { path, mode, what } of MODES) {
    api.get<{ Params: Static<typeof Params> }>(
      `/api/v1/mobility/${path}/:id`,
      {
        schema: {
          tags,
          summary: `One ${what} with its newest values, as GeoJSON`,
          params: Params,
          response: { 200: PlaceAnswer, '4xx': ProblemAnswer },
        },
      },
      async (request, reply) => {
        const { dataset, feature } = await featureById(deps, access.visible(request.actor), mode, request.params.id)
        access.used(request.actor, 'mobility', [dataset.key])
        const answer = await nowOf(request, mode, dataset, feature)
        reply.header('cache-control', 'no-cache').type('application/geo+json')
        return { ...answer, ...provenance([dataset]), age: answer.properties.age }
      },
    )

    api.get<{ Params: Static<typeof Params>; Querystring: Static<typeof ProfileQuery> }>(
      `/api/v1/mobility/${path}/:id/profile`,
      {
        schema: {
          tags,
          summary: `How a ${what} is used through the week, by weekday and hour`,
          description:
            'From the hourly sums of the days before the newest value. Public holidays count as Sundays; hours are those of the city’s clock.',
          params: Params,
          querystring: ProfileQuery,
          response: { 200: ProfileAnswer, '4xx': ProblemAnswer },
        },
      },
      async (request, reply) => {
        const { days = 56, format } = request.query
        const visible = access.visible(request.actor)
        const { dataset, feature } = await featureById(deps, visible, mode, request.params.id)
        access.used(request.actor, 'mobility', [dataset.key])
        const { timeZone, key: cityKey } = city.profile
        const reader = measuredReader(db, access.measured(request.actor))
        const profile = await profileOf(reader, visible, mode, feature, { days, timeZone, cityKey })
        reply.header('cache-control', 'no-cache')
        if (format === 'csv')
          return csvOf(reply, dataset, `${feature.key}-week`, CSV[mode], profile.cells.map(rowOf(mode))) as never
        return {
          id: publicId(dataset, feature),
          name: feature.name,
          ...profile,
          days,
          time_zone: timeZone,
          dataset: dataset.id,
          ...provenance([dataset]),
        }
      },
    )
  }

  async function nowOf(request: FastifyRequest, mode: ProfileMode, dataset: Dataset, feature: Feature) {
    const reader = measuredReader(db, access.measured(request.actor))
    const now = Date.now()
    const visible = access.visible(request.actor)
    const things = feature.thing === null ? [] : [feature.thing]
    const forecast = (await forecastsAt(reader, visible, things, city, now)).get(feature.thing ?? 0)
    if (mode === 'parking') {
      const states = await parkingStates(reader, visible, [feature])
      return parkingFeature(feature, dataset, states.get(feature.id)!, forecast, now)
    }
    const latest = await latestAt(reader, things)
    const at = feature.thing === null ? undefined : latest.get(feature.thing)
    const values = Object.entries(CONCEPTS.get(mode)!.series).flatMap(([name, { property }]) => {
      const found = at?.get(property)
      return found ? [{ name: TERMS[mode]?.[name] ?? name, ...found }] : []
    })
    const measured =
      values
        .map(({ time }) => time)
        .sort()
        .at(-1) ?? null
    const id = publicId(dataset, feature)
    return {
      type: 'Feature',
      id,
      geometry: feature.geometry,
      properties: {
        ...feature.properties,
        ...Object.fromEntries(values.map(({ name, value }) => [name, value])),
        id,
        name: feature.name,
        measured,
        age: ageOf(measured, now),
        ...(forecast ? { forecast } : {}),
        source: dataset.publisher ?? dataset.title,
        dataset: dataset.id,
        ...(feature.thing === null ? {} : { thing: feature.thing }),
      },
    }
  }
}

/** Newest values in the terms of the lists of the same mode. */
const TERMS: Partial<Record<ProfileMode, Record<string, string>>> = {
  sharing: {
    vehicles: 'num_vehicles_available',
    docks: 'num_docks_available',
    vehicles_disabled: 'num_vehicles_disabled',
    docks_disabled: 'num_docks_disabled',
  },
}

const CSV: Record<ProfileMode, readonly string[]> = {
  parking: ['weekday', 'hour', 'hours', 'free', 'occupied_share', 'share_of_hours_full'],
  sharing: ['weekday', 'hour', 'hours', 'vehicles', 'docks', 'share_of_hours_empty', 'share_of_hours_full'],
  charging: ['weekday', 'hour', 'hours', 'free', 'used', 'used_share', 'share_of_hours_none_free'],
}

const round = (value: number | null, digits: number): number | null =>
  value === null ? null : Number(value.toFixed(digits))

const rowOf =
  (mode: ProfileMode) =>
  ({ weekday, hour, hours, free, other, share, none, noDock }: ProfileCell): (number | null)[] => {
    const head = [weekday, hour, hours, round(free, 1)]
    if (mode === 'parking') return [...head, round(share, 3), round(none, 3)]
    if (mode === 'sharing') return [...head, round(other, 1), round(none, 3), round(noDock, 3)]
    return [...head, round(other, 1), round(share, 3), round(none, 3)]
  }
