import Type, { type Static, type TSchema } from 'typebox'

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const state = Type.Enum(['draft', 'review', 'released', 'withdrawn'])
const text = Type.String({ maxLength: 4000 })

export const SheetBody = Type.Object(
  {
    purpose: nullable(text),
    legalBasis: nullable(text),
    personal: nullable(Type.Boolean()),
    personalWhat: nullable(text),
    /** Days values are kept; 0 = without limit. */
    retentionDays: nullable(Type.Integer({ minimum: 0, maximum: 36_500 })),
    /** Smallest count that may be published; 1 = any. */
    k: nullable(Type.Integer({ minimum: 1, maximum: 1000 })),
  },
  { additionalProperties: false },
)
export type SheetBody = Static<typeof SheetBody>

export const ReviewAnswer = Type.Object({
  id: Type.String(),
  title: Type.String(),
  state,
  stateSince: Type.String(),
  audience: Type.Enum(['public', 'restricted']),
  licence: nullable(Type.String()),
  createdBy: nullable(Type.String()),
  sheet: SheetBody,
  /** Fields that still need an answer. */
  missing: Type.Array(Type.String()),
  steps: Type.Array(
    Type.Object({ at: Type.String(), actor: Type.String(), from: state, to: state, reason: nullable(Type.String()) }),
  ),
  /** While stored values are brought in line with another smallest count the dataset is not public; else null. */
  protecting: nullable(Type.Object({ done: Type.Integer(), total: Type.Integer() })),
  /** The first series that a smallest count cannot protect; the dataset then is public for nobody. */
  unprotected: nullable(
    Type.Object({ kind: Type.Enum(['multi', 'count', 'mean']), datastream: Type.Integer(), name: Type.String() }),
  ),
  may: Type.Object({ update: Type.Boolean(), release: Type.Boolean() }),
  fourEyes: Type.Boolean(),
})

export const ReviewsAnswer = Type.Object({ reviews: Type.Array(ReviewAnswer) })
export const FourEyesBody = Type.Object({ fourEyes: Type.Boolean() }, { additionalProperties: false })
