import Type, { type Static, type TSchema } from 'typebox'

/** The shapes of what the API says of datasets, and of what people change in them. */
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const optionalText = (maxLength: number) => Type.Optional(nullable(Type.String({ maxLength })))

const Instant = Type.String({ format: 'date-time', description: 'Instant in UTC, ISO 8601' })
const Freshness = Type.Enum(['current', 'archive', 'empty', 'late', 'broken'])
export const DatasetStateSchema = Type.Enum(['draft', 'review', 'released', 'withdrawn'])
const Unit = Type.Object({ name: Type.String(), symbol: Type.String() })
const Texts = Type.Union([
  Type.String(),
  Type.Object({ de: Type.Optional(Type.String()), en: Type.Optional(Type.String()) }),
])

const Summary = {
  id: Type.String(),
  title: Type.String(),
  description: Type.String(),
  publisher: nullable(Type.String()),
  licence: nullable(Type.String()),
  licenceName: nullable(Type.String()),
  licenceUrl: nullable(Type.String()),
  attribution: nullable(Type.String()),
  simulated: Type.Boolean({ description: 'Made up by the example city: nothing of it was measured' }),
  state: DatasetStateSchema,
  stateSince: Instant,
  k: Type.Integer({ description: 'Counts below are published as 0 or this; 1 = as they are' }),
  freshness: Freshness,
  first: nullable(Instant),
  last: nullable(Instant),
  stations: Type.Integer(),
  series: Type.Integer(),
  values: Type.Integer(),
  measures: Type.Array(Type.Object({ key: Type.String(), name: Type.String(), unit: Unit, series: Type.Integer() })),
}

export const LicencesAnswer = Type.Object({
  licences: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), url: Type.String() })),
})

export const DatasetsAnswer = Type.Object({
  now: Instant,
  timeZone: Type.String(),
  datasets: Type.Array(Type.Object(Summary)),
})

export const DatasetAnswer = Type.Object({
  ...Summary,
  now: Instant,
  timeZone: Type.String(),
  contact: nullable(Type.String()),
  homepage: nullable(Type.String()),
  retention: nullable(Texts),
  blindSpots: nullable(Texts),
  bounds: nullable(Type.Array(Type.Number(), { minItems: 4, maxItems: 4, description: 'West, south, east, north' })),
  mobility: Type.Object(
    {
      timetable: Type.Boolean({ description: 'whether a timetable (GTFS) was read' }),
      features: Type.Array(Type.Object({ concept: Type.String(), n: Type.Integer() })),
    },
    { description: 'What it holds of `/api/v1/mobility`: places and roadworks by concept' },
  ),
  sources: Type.Array(
    Type.Object({
      id: Type.String(),
      title: nullable(Type.String()),
      schedule: nullable(Type.String()),
      manual: Type.Boolean(),
      state: Type.Enum(['new', 'ok', 'late', 'broken']),
      lastGood: nullable(Instant),
      cause: nullable(Type.String()),
      causeText: nullable(Type.Object({ de: Type.String(), en: Type.String() })),
    }),
  ),
  members: Type.Array(
    Type.Object({
      id: Type.Integer(),
      name: Type.String(),
      description: Type.String(),
      lon: nullable(Type.Number()),
      lat: nullable(Type.Number()),
      approximate: Type.Boolean(),
      newest: nullable(Instant),
      state: Freshness,
      series: Type.Array(
        Type.Object({
          id: Type.Integer(),
          name: Type.String(),
          measure: Type.String(),
          unit: Type.String(),
          n: Type.Integer(),
          first: nullable(Instant),
          last: nullable(Instant),
        }),
      ),
    }),
  ),
  examples: Type.Array(
    Type.Object({ id: Type.Enum(['curl', 'python', 'r', 'javascript', 'qgis']), code: Type.String() }),
  ),
  links: Type.Object({
    download: Type.String({ format: 'uri' }),
    stations: Type.String({ format: 'uri' }),
    quality: Type.String({ format: 'uri' }),
    sensorthings: Type.String({ format: 'uri' }),
  }),
  version: Type.String({ description: 'Of the fields that can be changed; the ETag' }),
})

export const QualityAnswer = Type.Object({
  timeZone: Type.String(),
  from: nullable(Type.String({ format: 'date' })),
  to: nullable(Type.String({ format: 'date' })),
  regular: Type.Integer({ description: 'Series with a fixed period' }),
  irregular: Type.Integer({ description: 'Series without one: no number of values can be expected' }),
  days: Type.Array(
    Type.Object({
      day: Type.String({ format: 'date' }),
      n: Type.Integer(),
      present: Type.Integer({ description: 'Expected values that came' }),
      expected: nullable(Type.Integer()),
      suspect: Type.Integer(),
    }),
  ),
  n: Type.Integer(),
  present: Type.Integer(),
  expected: nullable(Type.Integer()),
  suspect: Type.Integer(),
})

export const DatasetParams = Type.Object({ id: Type.String({ maxLength: 63, description: 'Dataset id' }) })
export const NumberParams = Type.Object({ id: Type.String({ pattern: '^\\d{1,9}$' }) })
export const QualityQuery = Type.Object(
  {
    datastream: Type.Optional(
      Type.String({ pattern: '^\\d{1,9}$', description: 'One series of the dataset; default: all' }),
    ),
  },
  { additionalProperties: false },
)

export const DownloadQuery = Type.Object(
  {
    from: Type.Optional(
      Type.String({ maxLength: 40, description: 'Instant with offset, a day, or "start". Default: start' }),
    ),
    to: Type.Optional(
      Type.String({
        maxLength: 40,
        description: 'Instant with offset (exclusive), or a day (inclusive). Default: the newest value',
      }),
    ),
    resolution: Type.Optional(Type.Enum(['raw', 'hour', 'day', 'week', 'month', 'year'], { default: 'day' })),
  },
  { additionalProperties: false },
)
export type DownloadQuery = Static<typeof DownloadQuery>

const Properties = Type.Record(Type.String({ minLength: 1, maxLength: 100 }), Type.Unknown(), {
  maxProperties: 200,
  description: 'Merge patch: null removes a key, keys not named stay',
})
const Title = Type.String({ minLength: 1, maxLength: 300, pattern: '\\S' })

export const DatasetPatchBody = Type.Object(
  {
    title: Type.Optional(Title),
    description: Type.Optional(Type.String({ maxLength: 10_000 })),
    publisher: optionalText(300),
    contact: optionalText(300),
    homepage: optionalText(1_000),
    licence: optionalText(100),
    attribution: optionalText(500),
    properties: Type.Optional(Properties),
  },
  { additionalProperties: false, minProperties: 1 },
)
export type DatasetPatchBody = Static<typeof DatasetPatchBody>

export const DatasetCreateBody = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$', description: 'Lower-case letters, digits and hyphens' }),
    title: Title,
  },
  { additionalProperties: false },
)
export type DatasetCreateBody = Static<typeof DatasetCreateBody>

export const DatasetStateBody = Type.Object(
  {
    state: DatasetStateSchema,
    /** Needed to refuse a release; kept with the step. */
    reason: Type.Optional(Type.String({ maxLength: 2000 })),
    /** With a release: whom it is for. */
    audience: Type.Optional(Type.Enum(['public', 'restricted'])),
  },
  { additionalProperties: false },
)
export type DatasetStateBody = Static<typeof DatasetStateBody>

export const ThingPatchBody = Type.Object(
  {
    name: Type.Optional(Title),
    description: Type.Optional(Type.String({ maxLength: 10_000 })),
    properties: Type.Optional(Properties),
    place: Type.Optional(
      Type.Object(
        {
          lon: Type.Number({ minimum: -180, maximum: 180 }),
          lat: Type.Number({ minimum: -90, maximum: 90 }),
          name: Type.Optional(Type.String({ maxLength: 300 })),
          approximate: Type.Boolean(),
          moved: Type.Optional(
            Type.Boolean({
              description: 'true: it stands elsewhere from now on. false: the place was wrong, also for earlier values',
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
)
export type ThingPatchBody = Static<typeof ThingPatchBody>

export const DatastreamPatchBody = Type.Object(
  {
    name: Type.Optional(Title),
    description: Type.Optional(Type.String({ maxLength: 10_000 })),
    unit: Type.Optional(
      Type.Object(
        {
          name: Type.Optional(Type.String({ maxLength: 100 })),
          symbol: Type.Optional(Type.String({ maxLength: 30 })),
          definition: Type.Optional(Type.String({ maxLength: 500 })),
        },
        { additionalProperties: false },
      ),
    ),
    observedProperty: Type.Optional(Type.Integer({ minimum: 1, description: 'Id of one of the dataset’s own' })),
    aggregate: Type.Optional(Type.Enum(['sum', 'mean'])),
    periodSeconds: Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: 366 * 86_400 }))),
    role: Type.Optional(nullable(Type.Enum(['total', 'part']))),
  },
  { additionalProperties: false, minProperties: 1 },
)
export type DatastreamPatchBody = Static<typeof DatastreamPatchBody>

export const Versioned = Type.Object({ version: Type.String() }, { additionalProperties: true })
