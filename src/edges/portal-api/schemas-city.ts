import Type, { type Static } from 'typebox'
import { CityProfileSchema } from '../../domains/catalog/index.ts'

/** Shapes of the city's profile and the example city. */
export const ExampleAnswer = Type.Object(
  {
    state: Type.Enum(['creating', 'filling', 'complete', 'removing']),
    share: Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Of the history that is there; while removing, of what is gone',
    }),
    filledFrom: Type.String({ format: 'date-time', description: 'History is there from here on' }),
    target: Type.String({ format: 'date-time', description: 'How far back it is to reach' }),
    secondsLeft: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Until the history is complete at the present pace; null = not known',
    }),
  },
  { description: 'How far the example city is' },
)

const { map: _, legal, ...fields } = CityProfileSchema.properties
/** What the form sends; the map is set elsewhere. */
export const CityBody = Type.Object({ ...fields, legal: Type.Optional(legal) }, { additionalProperties: false })
export type CityBody = Static<typeof CityBody>

export const CityProfileAnswer = Type.Object({
  profile: CityBody,
  file: Type.Union([Type.String(), Type.Null()], {
    description: 'The file that decides (CITY_FILE); null = this form',
  }),
  example: Type.Boolean({ description: 'The profile is the one of the example city' }),
  extent: Type.Array(Type.Number(), { description: 'West, south, east, north of the stations; Germany without any' }),
})

export const LogoAnswer = Type.Object({ logo: Type.Union([Type.String(), Type.Null()]) })

export const SetupAnswer = Type.Object({
  done: Type.Object({ city: Type.Boolean(), source: Type.Boolean(), release: Type.Boolean() }),
  dismissed: Type.Boolean(),
})
export const SetupBody = Type.Object({ dismissed: Type.Boolean() }, { additionalProperties: false })
export type SetupBody = Static<typeof SetupBody>
