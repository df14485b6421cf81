import Type, { type Static, type TSchema } from 'typebox'
import { ExampleAnswer } from './schemas-city.ts'

/**
 * The shapes of the platform's own API: they check requests, and they are what `/api/v1/openapi.json` says. Answers are
 * checked against them in tests, not at run time.
 */
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const described = <T extends TSchema>(schema: T, description: string): T => ({ ...schema, description })

const Instant = Type.String({ format: 'date-time', description: 'Instant in UTC, ISO 8601' })
const Day = Type.String({ format: 'date', description: 'Day in the city’s time zone' })
const Aggregate = Type.Enum(['sum', 'mean'], { description: 'How values of a period combine' })
const Unit = Type.Object({ name: Type.String(), symbol: Type.String(), definition: Type.Optional(Type.String()) })
const State = Type.Enum(['current', 'archive', 'empty', 'late', 'broken'], {
  description:
    'current: newest value no older than three periods, at least an hour · late: older · broken: its source failed · archive: from a source without schedule, only as old as it is · empty: no value yet',
})
const Simulated = described(Type.Boolean(), 'Not measured: the values are those of an example')
const ResolutionSchema = Type.Enum(['raw', 'hour', 'day', 'week', 'month', 'year'])

const Usual = Type.Object(
  {
    value: Type.Number(),
    change: described(Type.Number(), 'Ratio to what is usual; 0.08 = 8 % more'),
    basis: Type.Object({
      weekday: Type.Integer({ minimum: 1, maximum: 7, description: 'ISO weekday, 1 = Monday' }),
      days: described(Type.Integer(), 'How many earlier days were compared'),
      until: described(Type.String(), 'Local time of day up to which is compared, HH:MM'),
      stations: Type.Optional(Type.Integer()),
    }),
  },
  {
    description:
      'Median of the same weekday in up to eight earlier weeks up to the same time of day; suspect values are left out',
  },
)

const Headline = Type.Object({
  group: Type.String(),
  datastreams: described(Type.Array(Type.Integer()), 'The total, or the parts that were added up'),
  datastream: Type.Integer(),
  name: Type.String(),
  unit: Unit,
  aggregate: Aggregate,
  value: nullable(Type.Number()),
  time: nullable(Instant),
  timeEnd: nullable(Instant),
  day: nullable(Day),
  dayTotal: described(nullable(Type.Number()), 'Sum (or mean) of that day’s values'),
  usual: nullable(Usual),
})

export const CityAnswer = Type.Object({
  name: Type.String(),
  key: described(nullable(Type.String()), 'Official municipality key'),
  timeZone: Type.String(),
  bounds: Type.Array(Type.Number(), { minItems: 4, maxItems: 4, description: 'West, south, east, north in degrees' }),
  languages: Type.Array(Type.String()),
  contact: nullable(Type.String()),
  map: Type.Object({
    kind: described(Type.Enum(['style', 'archive', 'plain']), 'What the map is drawn on; more at /api/v1/map'),
    attribution: described(nullable(Type.String()), 'Who must be credited for it: HTML with links only'),
  }),
  openWrite: described(Type.Boolean(), 'Anonymous callers may write to the dataset "offen"'),
  version: Type.String(),
  sourceCode: Type.String(),
  actor: Type.Object({
    kind: Type.Enum(['anonymous', 'key', 'user', 'staff', 'owner']),
    name: Type.String(),
    /** Sees the administration. */
    staff: Type.Boolean(),
    /** Administers people and rights. */
    admin: Type.Boolean(),
  }),
  logo: described(nullable(Type.String()), 'Address of the city’s logo'),
  example: described(nullable(ExampleAnswer), 'The example city, while there is one'),
})

export const StationsAnswer = Type.Object({
  now: Instant,
  timeZone: Type.String(),
  groups: Type.Array(
    Type.Object({
      key: described(Type.String(), 'Observed property'),
      name: Type.String(),
      aggregate: Aggregate,
      unit: Unit,
      stations: Type.Integer(),
      day: described(nullable(Day), 'Newest day with values'),
      isToday: Type.Boolean(),
      total: described(
        nullable(Type.Number()),
        'Counts: sum of the day over all stations, each counted once. Else: mean of the newest values',
      ),
      min: nullable(Type.Number()),
      max: nullable(Type.Number()),
      usual: nullable(Usual),
      newest: nullable(Instant),
      worst: State,
    }),
  ),
  stations: Type.Array(
    Type.Object({
      id: Type.Integer(),
      name: Type.String(),
      dataset: Type.String(),
      datasetTitle: Type.String(),
      simulated: Simulated,
      released: described(Type.Boolean(), 'false = only who holds rights to its dataset sees it'),
      lon: nullable(Type.Number()),
      lat: nullable(Type.Number()),
      approximate: described(Type.Boolean(), 'The place is only roughly known'),
      group: nullable(Type.String()),
      groups: Type.Array(Type.String()),
      state: State,
      newest: nullable(Instant),
      headline: nullable(Headline),
      headlines: Type.Array(Headline),
      spark: described(
        Type.Array(Type.Tuple([Instant, nullable(Type.Number())])),
        'The 48 hours up to the newest value: [beginning of the hour, value]',
      ),
    }),
  ),
})

const SeriesLinks = Type.Object({
  sensorthings: Type.String({ format: 'uri' }),
  observations: Type.String({ format: 'uri' }),
  csv: Type.String({ format: 'uri' }),
  mqttTopic: Type.String(),
})

export const StationAnswer = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  description: Type.String(),
  dataset: Type.Object({
    id: Type.String(),
    title: Type.String(),
    licence: nullable(Type.String()),
    licenceName: nullable(Type.String()),
    licenceUrl: nullable(Type.String()),
    attribution: nullable(Type.String()),
    publisher: nullable(Type.String()),
    contact: nullable(Type.String()),
    homepage: nullable(Type.String()),
    state: Type.Enum(['draft', 'review', 'released', 'withdrawn']),
    retention: described(
      nullable(Type.Union([Type.String(), Type.Record(Type.String(), Type.String())])),
      'How long values are kept, in the owner’s words or by language; null = not stated',
    ),
    retentionDays: described(
      nullable(Type.Integer()),
      'After so many days values are deleted; 0 = without end, null = not stated',
    ),
    k: described(Type.Integer(), 'Counts below are published as 0 or this; 1 = as they are'),
    simulated: Simulated,
  }),
  location: nullable(
    Type.Object({ lon: Type.Number(), lat: Type.Number(), approximate: Type.Boolean(), name: Type.String() }),
  ),
  properties: Type.Record(Type.String(), Type.Unknown()),
  since: nullable(Instant),
  newest: nullable(Instant),
  state: State,
  source: nullable(
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
  headline: nullable(Headline),
  headlines: Type.Array(Headline),
  datastreams: Type.Array(
    Type.Object({
      id: Type.Integer(),
      name: Type.String(),
      description: Type.String(),
      group: Type.String(),
      observedProperty: Type.Object({ key: nullable(Type.String()), name: Type.String(), definition: Type.String() }),
      unit: Unit,
      aggregate: Aggregate,
      periodSeconds: nullable(Type.Integer()),
      role: nullable(Type.Enum(['total', 'part'])),
      n: Type.Integer(),
      since: nullable(Instant),
      newest: nullable(Instant),
      latest: nullable(
        Type.Object({
          t: Instant,
          tEnd: nullable(Instant),
          value: nullable(Type.Number()),
          quality: described(nullable(Type.Integer()), 'null = good, 1 = suspect'),
        }),
      ),
      completeness: described(
        nullable(Type.Number()),
        'Values stored per value expected since the first; null = irregular',
      ),
      suspectShare: described(nullable(Type.Number()), 'Share of suspect values in the 365 days up to the newest'),
      links: SeriesLinks,
    }),
  ),
  links: Type.Object({
    sensorthings: Type.String({ format: 'uri' }),
    page: Type.String({ format: 'uri', description: 'The station’s page, at the public address' }),
    place: nullable(
      Type.String({
        format: 'uri',
        description: 'The page of the car park, sharing or charging station it belongs to',
      }),
    ),
    csv: nullable(Type.String({ format: 'uri' })),
    datastreams: Type.Array(Type.Object({ id: Type.Integer(), ...SeriesLinks.properties })),
  }),
})

export const SeriesAnswer = Type.Object({
  from: Instant,
  to: Instant,
  resolution: ResolutionSchema,
  timeZone: Type.String(),
  series: Type.Array(
    Type.Object({
      datastream: Type.Integer(),
      name: Type.String(),
      thing: Type.Object({ id: Type.Integer(), name: Type.String() }),
      unit: Unit,
      aggregate: Aggregate,
      role: nullable(Type.Enum(['total', 'part'])),
      periodSeconds: nullable(Type.Integer()),
      simulated: Simulated,
      points: Type.Array(
        Type.Object({
          t: Instant,
          tEnd: Instant,
          value: described(nullable(Type.Number()), 'null = a value was expected and none came: a gap'),
          n: Type.Integer(),
          min: nullable(Type.Number()),
          max: nullable(Type.Number()),
          suspect: Type.Integer(),
        }),
      ),
      total: described(nullable(Type.Number()), 'Sum of the range; null where adding up makes no sense'),
      mean: nullable(Type.Number()),
      n: Type.Integer(),
      suspect: Type.Integer(),
      min: nullable(Type.Number()),
      max: nullable(Type.Number()),
      thinned: described(Type.Boolean(), 'Only extremes, gaps and suspect values are among the points (see "points")'),
    }),
  ),
})

const Ids = Type.String({ pattern: '^\\d{1,9}(,\\d{1,9}){0,99}$', description: 'Datastream ids, separated by commas' })

export const SeriesQuery = Type.Object(
  {
    datastream: described(Ids, 'At most ten datastream ids, separated by commas'),
    from: Type.Optional(
      Type.String({
        maxLength: 40,
        description:
          'Instant with offset (2026-08-14T00:00:00+02:00), a day in the city’s time zone (2026-08-14 = its beginning), or "start" for the first value. Default: seven days before "to"',
      }),
    ),
    to: Type.Optional(
      Type.String({
        maxLength: 40,
        description:
          'Instant with offset (exclusive), or a day (inclusive: its end). Default: the end of the newest value',
      }),
    ),
    resolution: Type.Optional(
      Type.Enum(['auto', 'raw', 'hour', 'day', 'week', 'month', 'year'], {
        default: 'auto',
        description:
          'auto: the finest that gives at most about 1,500 points. Days, weeks (from Monday), months and years are the city’s',
      }),
    ),
    points: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 20_000,
        description:
          'About how many points of each series a chart has room for: what has more is thinned to extremes, gaps and suspect values. Sums and means stay those of all values. Not for csv. Default: nothing is thinned, and more than 50,000 points are refused',
      }),
    ),
    format: Type.Optional(
      Type.Enum(['json', 'csv'], {
        default: 'json',
        description: 'csv is streamed, has no limit of points and no rows for gaps',
      }),
    ),
  },
  { additionalProperties: false },
)
export type SeriesQuery = Static<typeof SeriesQuery>

export const EventsQuery = Type.Object(
  { datastream: Type.Optional(Ids), dataset: Type.Optional(Type.String({ maxLength: 63, description: 'Dataset id' })) },
  { additionalProperties: false },
)
export type EventsQuery = Static<typeof EventsQuery>

export const StationParams = Type.Object({ id: Type.String({ pattern: '^\\d{1,9}$' }) })

export const ProblemAnswer = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: described(Type.String(), 'Stable, for programs'),
    detail: described(Type.String(), 'What was wrong and what to do, for people'),
    requestId: Type.String(),
  },
  { description: 'RFC 9457 problem details' },
)
