import Type, { type Static } from 'typebox'

const Instant = Type.String({ format: 'date-time' })
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])

const DeliveryAnswer = Type.Object({
  id: Type.Integer(),
  receipt: Type.String({ description: 'Proof of this delivery' }),
  source: Type.Object({ id: Type.String(), title: Type.String() }),
  dataset: orNull(Type.String()),
  way: Type.Enum(['webhook', 'mqtt']),
  by: Type.String({ description: 'key:NAME, user:E-MAIL, secret (of the source), broker (another one), owner, staff' }),
  topic: orNull(Type.String()),
  firstAt: Instant,
  lastAt: Instant,
  messages: Type.Integer({ description: 'MQTT: all of a minute and sender are one delivery' }),
  bytes: Type.Integer(),
  read: Type.Integer(),
  accepted: Type.Integer(),
  unchanged: Type.Integer(),
  corrected: Type.Integer(),
  rejected: Type.Integer(),
  rejections: Type.Array(
    Type.Object({
      reason: Type.String({ description: 'As the program noted it' }),
      text: Type.String({ description: 'In German, for people' }),
      advice: Type.String({ description: 'What to do, in German' }),
      count: Type.Integer(),
      examples: Type.Array(Type.Object({}, { additionalProperties: true })),
    }),
  ),
})

export const OneDelivery = DeliveryAnswer
export const DeliveriesAnswer = Type.Object({ now: Instant, deliveries: Type.Array(DeliveryAnswer) })

export const DeliverySources = Type.Object({
  sources: Type.Array(
    Type.Object({
      id: Type.String(),
      title: Type.String(),
      dataset: Type.String(),
      way: Type.Enum(['webhook', 'mqtt']),
      format: Type.String(),
      topic: orNull(Type.String({ description: 'MQTT: the filter its messages have to fit' })),
      url: orNull(Type.String({ description: 'Webhook: where messages are posted' })),
      example: orNull(Type.Object({ contentType: Type.String(), body: Type.String(), topic: orNull(Type.String()) })),
    }),
  ),
})

export const DeliveriesQuery = Type.Object(
  {
    source: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' })),
    before: Type.Optional(Type.Integer({ minimum: 1, description: 'Older than this line' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 50 })),
  },
  { additionalProperties: false },
)
export type DeliveriesQuery = Static<typeof DeliveriesQuery>
export const ReceiptParams = Type.Object({ receipt: Type.String({ pattern: '^[0-9a-f]{24}$' }) })
export type ReceiptParams = Static<typeof ReceiptParams>
