import { Type } from 'typebox'
import { ForecastAnswer } from './schemas-places.ts'

export const ProblemAnswer = Type.Object(
  { type: Type.String(), title: Type.String(), status: Type.Integer(), detail: Type.String(), code: Type.String() },
  { additionalProperties: true, description: 'RFC 9457' },
)

export const Place = {
  near: Type.Optional(
    Type.String({ maxLength: 60, description: 'longitude,latitude; nearest first', examples: ['9.1785,48.7761'] }),
  ),
  radius: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 20_000, description: 'metres, default 1000' })),
  bbox: Type.Optional(Type.String({ maxLength: 120, description: 'west,south,east,north, degrees' })),
  dataset: Type.Optional(Type.String({ maxLength: 63, description: 'only of this dataset' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'default 10000' })),
}

export const RoadworksId = Type.Object({ id: Type.String({ maxLength: 400, description: 'dataset:key' }) })

const Nullable = <T extends ReturnType<typeof Type.String | typeof Type.Number | typeof Type.Integer>>(type: T) =>
  Type.Union([type, Type.Null()])
const text = (description: string) => Nullable(Type.String({ description }))

export function collection(properties: Parameters<typeof Type.Object>[0]) {
  return Type.Object(
    {
      type: Type.Literal('FeatureCollection'),
      licence: text('identifiers of the licences'),
      attribution: text('the words a user of the data has to show'),
      source: text('who the data is from'),
      age: Nullable(Type.Integer({ description: 'seconds since the newest value in the answer' })),
      datasets: Type.Array(Type.Object({ id: Type.String(), title: Type.String() }, { additionalProperties: true })),
      features: Type.Array(
        Type.Object({
          type: Type.Literal('Feature'),
          id: Type.String(),
          geometry: Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()]),
          properties: Type.Object(properties, { additionalProperties: true }),
        }),
      ),
    },
    { description: 'GeoJSON (RFC 7946)' },
  )
}

export const ParkingAnswer = collection({
  id: Type.String({ description: 'dataset:key' }),
  name: Type.String(),
  capacity: Nullable(Type.Number({ description: 'spaces' })),
  free: Nullable(Type.Number({ description: 'free spaces' })),
  state: Type.String({ description: 'spacesAvailable, almostFull, full, closed, open or unknown' }),
  trend: text('of the occupation: increasing, stable or decreasing'),
  measured: text('when, ISO 8601'),
  age: Nullable(Type.Integer({ description: 'seconds' })),
  source: text('who publishes it'),
  dataset: Type.String(),
  forecast: Type.Optional(ForecastAnswer),
})

export const RoadworksAnswer = collection({
  id: Type.String({ description: 'dataset:key' }),
  name: Type.String(),
  validFrom: text('ISO 8601'),
  validTo: text('ISO 8601'),
  when: Type.String({ description: 'current, planned or past' }),
  source: text('who publishes it'),
  dataset: Type.String(),
  changed: Type.String({ description: 'when it was changed last, ISO 8601' }),
  age: Type.Integer({ description: 'seconds since then' }),
})

const properties = Type.Object({}, { additionalProperties: true, description: 'in the terms of the concept' })
const geometry = Type.Object({ type: Type.String() }, { additionalProperties: true, description: 'GeoJSON, EPSG:4326' })
const time = Type.Union([Type.String({ maxLength: 40, description: 'ISO 8601 with an offset' }), Type.Null()])

export const RoadworksBody = Type.Object(
  {
    dataset: Type.String({ maxLength: 63 }),
    name: Type.String({ minLength: 1, maxLength: 300 }),
    geometry,
    validFrom: Type.Optional(time),
    validTo: Type.Optional(time),
    properties: Type.Optional(properties),
  },
  { additionalProperties: false },
)

export const RoadworksPatch = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
    geometry: Type.Optional(geometry),
    validFrom: Type.Optional(time),
    validTo: Type.Optional(time),
    properties: Type.Optional(properties),
  },
  { additionalProperties: false, minProperties: 1 },
)
