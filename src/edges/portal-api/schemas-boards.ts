import Type, { type Static } from 'typebox'
import { BoardInput, ShownItem, Visibility } from '../../domains/boards/index.ts'
import { StationAnswer } from './schemas.ts'

const { headline, state, since, newest } = StationAnswer.properties
const Headline = headline.anyOf[0]

const about = {
  id: Type.String(),
  title: Type.String(),
  description: Type.String(),
  visibility: Visibility,
  version: Type.Integer({ description: 'Counts the changes; stands in the ETag' }),
  createdAt: Type.String({ format: 'date-time' }),
  changedAt: Type.String({ format: 'date-time' }),
}

export const BoardsAnswer = Type.Object({
  boards: Type.Array(
    Type.Object({
      ...about,
      kinds: Type.Record(Type.String(), Type.Integer(), { description: 'How many items of each kind are on it' }),
    }),
  ),
})

export const BoardAnswer = Type.Object({ ...about, items: Type.Array(ShownItem) })

/** What is described; the domain checks it and says which item is wrong. */
export const BoardBody = BoardInput
export const NewBoardBody = Type.Object(
  {
    id: Type.Optional(
      Type.String({ description: 'In the address: a-z, 0-9 and -; without it a short random one is made' }),
    ),
    ...BoardInput.properties,
  },
  { additionalProperties: false },
)

export const BoardParams = Type.Object({ id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }) })
export type BoardParams = Static<typeof BoardParams>

export const FiguresQuery = Type.Object(
  {
    datastream: Type.String({
      pattern: '^\\d{1,9}(,\\d{1,9}){0,99}$',
      description: 'At most 100 datastream ids, separated by commas',
    }),
  },
  { additionalProperties: false },
)
export type FiguresQuery = Static<typeof FiguresQuery>

export const FiguresAnswer = Type.Object({
  now: Type.String({ format: 'date-time' }),
  figures: Type.Array(
    Type.Object({
      ...Headline.properties,
      thing: Type.Object({ id: Type.Integer(), name: Type.String() }),
      dataset: Type.Object({
        id: Type.String(),
        title: Type.String(),
        released: Type.Boolean({ description: 'Everybody may see it' }),
        simulated: Type.Boolean({ description: 'Not measured: the values are those of an example' }),
        /** Who is to be named and the licence, as one line. */
        source: Type.String(),
      }),
      role: Type.Union([Type.Enum(['total', 'part']), Type.Null()]),
      periodSeconds: Type.Union([Type.Integer(), Type.Null()]),
      since,
      newest,
      state,
    }),
  ),
})
