import Type, { type Static } from 'typebox'

const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const Marks = Type.Array(Type.Tuple([Type.Integer(), Type.Integer()]), {
  description: 'Ranges of letters that fit what was asked for: from (inclusive), to (exclusive)',
})

export const SearchQuery = Type.Object(
  {
    q: Type.String({ maxLength: 200, description: 'At most eight words; each must fit somewhere' }),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'Hits of all kinds together' }),
    ),
    lang: Type.Optional(Type.Enum(['de', 'en'], { default: 'de', description: 'Of the names of pages' })),
  },
  { additionalProperties: false },
)
export type SearchQuery = Static<typeof SearchQuery>

export const SearchAnswer = Type.Object({
  groups: Type.Array(
    Type.Object({
      kind: Type.Enum(['station', 'place', 'property', 'dataset', 'board', 'page', 'source'], {
        description:
          'place: a stop, car park, sharing or charging station · property: what is observed, with the number of stations that do · source: for the administration',
      }),
      total: Type.Integer({ description: 'All that fit, also those not among the hits' }),
      hits: Type.Array(
        Type.Object({
          kind: Type.String(),
          id: Type.String(),
          title: Type.String(),
          marks: Marks,
          note: nullable(Type.String()),
          noteMarks: Marks,
          path: Type.String({ description: 'Of the page' }),
          score: Type.Number(),
          stations: Type.Optional(Type.Integer()),
          station: Type.Optional(
            Type.Unknown({ description: 'As in /api/v1/stations: state, newest value, headline' }),
          ),
        }),
      ),
    }),
    { description: 'The kind with the best hit first' },
  ),
})
