import { Type } from 'typebox'
import type { Dataset } from '../../domains/catalog/index.ts'
import { type Feature, findFeatures } from '../../domains/features/index.ts'
import { type Forecast, forecastsAt, type ParkingState, parkingStates } from '../../domains/mobility/index.ts'
import { measuredReader } from '../../domains/sensing/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import type { MobilityDeps } from './deps.ts'
import { ageOf, type PlaceQuery, provenance, publicId, readPlace } from './place.ts'
import { ParkingAnswer, Place, ProblemAnswer } from './schemas.ts'

const Query = Type.Object({
  ...Place,
  purpose: Type.Optional(Type.Union([Type.Literal('car'), Type.Literal('bike')], { description: 'what is parked' })),
})

/** `GET /api/v1/mobility/parking`: car parks, bicycle parking and bays with their newest values. */
export function addParking(api: FastifyInstance, deps: MobilityDeps): void {
  const { db, access, catalog, city } = deps
  api.get<{ Querystring: PlaceQuery & { purpose?: string } }>(
    '/api/v1/mobility/parking',
    {
      schema: {
        tags: ['Mobility'],
        summary: 'Parking with free spaces, near a place, in a box or of a dataset, as GeoJSON',
        querystring: Query,
        response: { 200: ParkingAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { purpose } = request.query
      const place = readPlace(deps, request, request.query)
      const found = await findFeatures(db, { ...place, concept: 'parking' })
      const features = purpose ? found.filter((one) => (one.properties.purpose ?? 'car') === purpose) : found
      const reader = measuredReader(db, access.measured(request.actor))
      const states = await parkingStates(reader, place.visible, features)
      const things = features.flatMap(({ thing }) => thing ?? [])
      const forecasts = await forecastsAt(reader, place.visible, things, city)
      const datasets = new Map(features.map(({ dataset }) => [dataset, catalog.byKey(dataset)!]))
      access.used(request.actor, 'mobility', [...datasets.keys()])
      const now = Date.now()
      const ages = [...states.values()].flatMap(({ measured }) => ageOf(measured, now) ?? [])
      reply.header('cache-control', 'no-cache').type('application/geo+json')
      return {
        type: 'FeatureCollection',
        ...provenance([...datasets.values()]),
        age: ages.length > 0 ? ages.reduce((least, age) => Math.min(least, age)) : null,
        features: features.map((one) =>
          parkingFeature(one, datasets.get(one.dataset)!, states.get(one.id)!, forecasts.get(one.thing ?? 0), now),
        ),
      }
    },
  )
}

export function parkingFeature(
  feature: Feature,
  dataset: Dataset,
  state: ParkingState,
  forecast: Forecast | undefined,
  now: number,
) {
  const { capacity, free, occupied, state: word, trend, measured } = state
  const { capacity: _, ...facts } = feature.properties
  const id = publicId(dataset, feature)
  return {
    type: 'Feature',
    id,
    geometry: feature.geometry,
    properties: {
      ...facts,
      id,
      name: feature.name,
      capacity,
      free,
      ...(occupied === null ? {} : { occupied }),
      state: word,
      trend,
      measured,
      age: ageOf(measured, now),
      ...(forecast ? { forecast } : {}),
      source: dataset.publisher ?? dataset.title,
      dataset: dataset.id,
      ...(feature.thing === null ? {} : { thing: feature.thing }),
      ...(feature.distance === undefined ? {} : { distance: Math.round(feature.distance) }),
    },
  }
}
