import Type, { type Static } from 'typebox'

const Instant = Type.String({ format: 'date-time' })
const limit = Type.Union([Type.Number(), Type.Null()])
const hours = Type.Union([Type.Number({ exclusiveMinimum: 0, maximum: 8760 }), Type.Null()])
const Rule = Type.Enum(['range', 'stuck', 'spike', 'drop'])

const flag = {
  id: Type.Integer(),
  datastream: Type.Integer(),
  rule: Rule,
  from: Instant,
  to: Instant,
  text: Type.String({ description: 'Why it is hard to believe' }),
}

export const FlagsAnswer = Type.Object({ flags: Type.Array(Type.Object(flag)) })

export const FlagsQuery = Type.Object(
  {
    datastream: Type.String({
      pattern: '^\\d{1,9}(,\\d{1,9}){0,9}$',
      description: 'At most ten datastream ids, separated by commas',
    }),
    from: Type.String({ maxLength: 40, description: 'As for /api/v1/series' }),
    to: Type.String({ maxLength: 40 }),
    lang: Type.Optional(Type.Enum(['de', 'en'])),
  },
  { additionalProperties: false },
)
export type FlagsQuery = Static<typeof FlagsQuery>

export const FlagListAnswer = Type.Object({
  flags: Type.Array(
    Type.Object({
      ...flag,
      name: Type.String(),
      station: Type.Object({ id: Type.Integer(), name: Type.String() }),
      dataset: Type.String(),
      source: Type.Union([Type.String(), Type.Null()]),
      foundAt: Instant,
      okAt: Type.Union([Instant, Type.Null()]),
      okBy: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
})

export const FlagListQuery = Type.Object(
  {
    source: Type.Optional(Type.String({ maxLength: 63 })),
    all: Type.Optional(Type.Boolean({ description: 'Also those called all right' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
    lang: Type.Optional(Type.Enum(['de', 'en'])),
  },
  { additionalProperties: false },
)
export type FlagListQuery = Static<typeof FlagListQuery>

export const FlagParams = Type.Object({ id: Type.String({ pattern: '^\\d{1,9}$' }) })
export type FlagParams = Static<typeof FlagParams>

export const SettingsBody = Type.Object(
  {
    min: limit,
    max: limit,
    stuckHours: hours,
    spikeFactor: Type.Union([Type.Number({ minimum: 1.5, maximum: 1000 }), Type.Null()]),
    dropHours: hours,
  },
  { additionalProperties: false, description: 'null switches a rule off' },
)
export type SettingsBody = Static<typeof SettingsBody>

export const SettingsAnswer = Type.Object({
  datastream: Type.Integer(),
  settings: SettingsBody,
  defaults: SettingsBody,
  changed: Type.Partial(SettingsBody),
})
