import Type, { type Static } from 'typebox'

const Instant = Type.String({ format: 'date-time' })
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])

const Running = Type.Object({
  run: Type.Integer(),
  startedAt: Instant,
  progress: orNull(
    Type.Object({
      rows: Type.Integer(),
      values: Type.Integer(),
      seconds: Type.Number(),
      share: Type.Optional(Type.Number({ description: 'Share of the input that is read, 0 to 1' })),
      file: Type.Optional(Type.String()),
    }),
  ),
  secondsLeft: orNull(Type.Number()),
})

const State = Type.Enum(['ok', 'late', 'broken', 'new', 'paused'], {
  description: 'broken: its last run failed · late: nothing good for too long · new: never ran',
})
const Cause = orNull(
  Type.Object({
    text: Type.String({ description: 'In German, for people' }),
    advice: Type.String({ description: 'What to do, in German' }),
    original: Type.String({ description: 'As the program noted it' }),
  }),
)

const Part = Type.Object({
  name: Type.String({ description: 'main, or its role in the definition' }),
  format: Type.String(),
  origin: Type.String({ description: 'Address without its query, or path' }),
  schedule: orNull(Type.String({ description: 'Of its own; null: together with the main part, or by hand' })),
  state: State,
  since: Instant,
  cause: Cause,
  nextRun: orNull(Instant),
  lastGood: orNull(Instant),
  contentAt: orNull(
    Type.String({ format: 'date-time', description: 'The time of what it brought last, by its own word' }),
  ),
})

const SourceSummary = {
  id: Type.String(),
  title: Type.String(),
  dataset: Type.Object({ id: Type.String(), title: Type.String() }),
  kind: Type.Enum(['http', 'file', 'mqtt', 'webhook']),
  state: State,
  since: Instant,
  cause: Cause,
  ailing: orNull(Type.String({ description: 'The part this is about, where the source has several' })),
  schedule: orNull(Type.String()),
  nextRun: orNull(Instant),
  lastGood: orNull(Instant),
  running: orNull(Running),
  rate: Type.Object({
    kind: Type.Enum(['hour', 'run'], { description: 'hour: values by hour, two days · run: new values by run' }),
    points: Type.Array(Type.Tuple([Instant, Type.Number()])),
  }),
  parts: Type.Array(Part, { description: 'Where several are fetched by themselves: each with its state' }),
  flags: Type.Integer({ description: 'Open flags of implausible values of the last seven days' }),
}

export const SourcesAnswer = Type.Object({ now: Instant, sources: Type.Array(Type.Object(SourceSummary)) })

export const SourceAnswer = Type.Object({
  ...SourceSummary,
  version: Type.Integer(),
  versions: Type.Array(Type.Object({ version: Type.Integer(), addedAt: Instant })),
  yaml: Type.String({ description: 'The definition as it was added' }),
})

const Rejection = Type.Object({
  reason: Type.String(),
  count: Type.Integer(),
  examples: Type.Array(
    Type.Object({
      row: Type.Integer(),
      column: Type.String(),
      value: Type.Unknown(),
      file: Type.Optional(Type.String()),
    }),
  ),
})

export const RunAnswer = Type.Object({
  id: Type.Integer(),
  part: orNull(Type.String({ description: 'Of a source with several parts; null: the main one' })),
  version: orNull(Type.Integer()),
  trigger: Type.String(),
  origin: orNull(Type.String()),
  startedAt: Instant,
  finishedAt: orNull(Instant),
  outcome: orNull(Type.Enum(['ok', 'unmodified', 'rejections', 'failed', 'interrupted'])),
  error: orNull(Type.String()),
  cause: Cause,
  read: Type.Integer(),
  accepted: Type.Integer(),
  unchanged: Type.Integer(),
  corrected: Type.Integer(),
  rejected: Type.Integer(),
  rejections: Type.Array(Rejection),
  running: orNull(Running),
})

export const RunsAnswer = Type.Object({ runs: Type.Array(RunAnswer) })
export const RunStarted = Type.Object({ run: Type.Integer() })

export const RawAnswer = Type.Object({
  files: Type.Array(
    Type.Object({
      id: Type.Integer(),
      part: orNull(Type.String()),
      good: Type.Boolean({ description: 'Of the last good run; false: of the last that failed' }),
      run: Type.Integer(),
      origin: Type.String({ description: 'Address without its query, or path' }),
      name: Type.String(),
      readAt: Instant,
      bytes: Type.Integer(),
      sha256: orNull(Type.String()),
      stored: orNull(Type.Integer({ description: 'Bytes on the disk' })),
      why: orNull(
        Type.Enum(['too-large', 'too-many', 'full', 'private', 'secret', 'small-counts'], {
          description: 'Why its bytes are not kept',
        }),
      ),
    }),
  ),
})

export const RejectedAnswer = Type.Object({
  rejected: Type.Integer({ description: 'All values the run rejected' }),
  kept: Type.Integer({ description: 'Rows that are kept; the first 10,000 of each of the last ten runs' }),
  rows: Type.Array(
    Type.Object({
      reason: Type.String(),
      row: Type.Integer(),
      column: Type.String(),
      value: Type.Unknown(),
      file: Type.Optional(Type.String()),
      values: Type.Integer(),
    }),
  ),
})

export const SourceParams = Type.Object({ id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }) })
export type SourceParams = Static<typeof SourceParams>
export const RunParams = Type.Object({ ...SourceParams.properties, run: Type.String({ pattern: '^\\d{1,9}$' }) })
export const RawParams = Type.Object({ ...SourceParams.properties, file: Type.String({ pattern: '^\\d{1,15}$' }) })
export type RawParams = Static<typeof RawParams>
export const RunQuery = Type.Object(
  { part: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9+-]{0,62}$', description: 'Only this part' })) },
  { additionalProperties: false },
)
export type RunQuery = Static<typeof RunQuery>
export type RunParams = Static<typeof RunParams>
const page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0 })),
}
export const RejectedQuery = Type.Object(page, { additionalProperties: false })
export type RejectedQuery = Static<typeof RejectedQuery>
export const RunsQuery = Type.Object({ limit: page.limit }, { additionalProperties: false })
export type RunsQuery = Static<typeof RunsQuery>
export const VersionQuery = Type.Object(
  { version: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })) },
  { additionalProperties: false },
)
export type VersionQuery = Static<typeof VersionQuery>
