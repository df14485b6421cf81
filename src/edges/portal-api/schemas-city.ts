import Type from 'typebox'

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
