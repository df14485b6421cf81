import Type, { type Static } from 'typebox'

const Instant = Type.String({ format: 'date-time' })
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
const Clock = orNull(Type.String({ pattern: '^\\d{2}:\\d{2}$', description: 'Local time of the city' }))
const Ids = (what: string) =>
  Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }), { maxItems: 200, description: what })

const spec = {
  name: Type.String({ minLength: 1, maxLength: 100 }),
  kind: Type.Enum(['email', 'webhook']),
  targets: Type.Array(Type.String({ minLength: 3, maxLength: 500 }), {
    minItems: 1,
    maxItems: 20,
    description: 'E-mail addresses, or one web address',
  }),
  events: Type.Array(Type.Enum(['late', 'broken', 'implausible']), { minItems: 1, maxItems: 3, uniqueItems: true }),
  datasets: Ids('Only these datasets; empty with empty sources = all'),
  sources: Ids('Only these sources'),
  quietFrom: Clock,
  quietTo: Clock,
  groupMinutes: Type.Integer({ minimum: 0, maximum: 120, description: 'Wait so long for more' }),
  perHour: Type.Integer({ minimum: 1, maximum: 60, description: 'Most messages an hour' }),
  active: Type.Boolean(),
}

export const ChannelBody = Type.Object(spec, { additionalProperties: false })
export type ChannelBody = Static<typeof ChannelBody>
export const ChannelAnswer = Type.Object({ id: Type.Integer(), ...spec })
export const ChannelParams = Type.Object({ id: Type.String({ pattern: '^\\d{1,9}$' }) })
export type ChannelParams = Static<typeof ChannelParams>

export const AlertsAnswer = Type.Object({
  ways: Type.Object({
    email: Type.Boolean({ description: 'SMTP_URL and SMTP_FROM are set' }),
    webhook: Type.Boolean({ description: 'ALERT_SECRET is set' }),
  }),
  channels: Type.Array(ChannelAnswer),
  deliveries: Type.Array(
    Type.Object({
      id: Type.Integer(),
      channel: Type.Integer(),
      channelName: Type.String(),
      test: Type.Boolean(),
      subject: Type.String(),
      body: Type.String(),
      createdAt: Instant,
      attempts: Type.Integer(),
      nextAttempt: orNull(Instant),
      sentAt: orNull(Instant),
      error: orNull(Type.String()),
    }),
  ),
})

export const TestAnswer = Type.Object({ sent: Type.Boolean(), error: orNull(Type.String()) })
export const KeyAnswer = Type.Object({ key: Type.String() })
