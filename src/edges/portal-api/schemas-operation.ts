import Type from 'typebox'

const Instant = Type.String({ format: 'date-time' })
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])

export const OperationAnswer = Type.Object({
  now: Instant,
  version: Type.String(),
  startedAt: Instant,
  engine: Type.Enum(['embedded', 'server']),
  sources: Type.Object({
    ok: Type.Integer(),
    late: Type.Integer(),
    broken: Type.Integer(),
    new: Type.Integer(),
    paused: Type.Integer(),
  }),
  wrong: Type.Integer({ description: 'Sources and series with a problem now' }),
  problems: Type.Array(
    Type.Object({
      kind: Type.Enum(['late', 'broken', 'implausible']),
      title: Type.String(),
      cause: Type.String(),
      since: Instant,
      path: Type.String(),
    }),
    { description: 'The newest ten of them' },
  ),
  ingest: Type.Object({
    perMinute: Type.Array(Type.Tuple([Instant, Type.Integer()]), {
      description: 'Values stored by this process in each of the last 60 minutes',
    }),
    waiting: Type.Integer({ description: 'Values waiting to be written' }),
  }),
  mqttClients: orNull(Type.Integer()),
  publishErrors: Type.Object(
    {
      count: Type.Integer(),
      latest: Type.Array(
        Type.Object({
          client: orNull(Type.String({ description: 'Client identifier; null where an external broker tells none' })),
          topic: Type.String(),
          reason: Type.Enum(['not-json', 'not-allowed', 'topic-unknown', 'not-found', 'invalid', 'failed']),
          times: Type.Integer(),
          last: Instant,
        }),
      ),
    },
    { description: 'MQTT publishes this process did not store in the last hour; the latest ten kinds, newest first' },
  ),
  eventListeners: orNull(Type.Integer()),
  jobsWaiting: orNull(Type.Integer()),
  database: Type.Object({ bytes: orNull(Type.Integer()), waiting: Type.Integer(), connections: Type.Integer() }),
  disk: orNull(Type.Object({ freeBytes: Type.Number(), totalBytes: Type.Number() })),
  memoryBytes: Type.Integer(),
  flagsToday: Type.Integer(),
  alertsToday: Type.Object({ sent: Type.Integer(), failing: Type.Integer() }),
})

export const DoctorAnswer = Type.Object({
  findings: Type.Array(
    Type.Object({
      check: Type.String(),
      result: Type.Enum(['ok', 'warning', 'problem']),
      found: Type.String(),
      advice: Type.Optional(Type.String()),
      code: Type.String({ description: 'Names what is found and what to do; stable' }),
      params: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
    }),
  ),
})
