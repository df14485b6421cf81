import { Type } from 'typebox'

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()])
const number = (description: string) => Nullable(Type.Number({ description }))
const text = (description: string) => Nullable(Type.String({ description }))

const Provenance = {
  licence: text('identifier of the licence'),
  attribution: text('the words a user of the data has to show'),
  source: text('who the data is from'),
  datasets: Type.Array(Type.Object({ id: Type.String(), title: Type.String() }, { additionalProperties: true })),
}

/** Only where it is measured to be better than "as now". */
export const ForecastAnswer = Type.Object(
  {
    value: Type.Integer({ description: 'free spaces or vehicles expected' }),
    at: Type.String({ description: 'when, an hour after the newest value, ISO 8601' }),
    error: Type.Number({ description: 'mean absolute error over the hours it was measured on' }),
    errorAsNow: Type.Number({ description: 'of "stays as it is now", over the same hours' }),
    pairs: Type.Integer({ description: 'how many hours those were' }),
    method: Type.String({ description: 'how it is made, in words' }),
  },
  { description: 'absent where it is not better than "as now", or the newest value is old' },
)

export const PlaceAnswer = Type.Object(
  {
    type: Type.Literal('Feature'),
    id: Type.String({ description: 'dataset:key' }),
    geometry: Nullable(Type.Object({}, { additionalProperties: true })),
    properties: Type.Object(
      {
        id: Type.String(),
        name: Type.String(),
        measured: text('when the newest value was measured, ISO 8601'),
        age: number('seconds since then'),
        dataset: Type.String(),
        forecast: Type.Optional(ForecastAnswer),
      },
      { additionalProperties: true, description: 'in the terms of the concept, with the newest values' },
    ),
    age: number('seconds since the newest value'),
    ...Provenance,
  },
  { description: 'GeoJSON (RFC 7946)' },
)

const Stretches = (description: string) =>
  Type.Array(
    Type.Object({
      weekday: Type.Integer({ description: 'ISO weekday, 1 Monday … 7 Sunday and holidays' }),
      from: Type.Integer({ description: 'hour of the day' }),
      to: Type.Integer({ description: 'hour of the day, exclusive' }),
    }),
    { description },
  )

export const ProfileAnswer = Type.Object({
  id: Type.String({ description: 'dataset:key' }),
  name: Type.String(),
  mode: Type.Union(['parking', 'sharing', 'charging'].map((name) => Type.Literal(name))),
  from: text('the hours with values lie from here, ISO 8601; null where there are none'),
  to: text('to here, exclusive'),
  days: Type.Integer({ description: 'days before the newest value that were asked for' }),
  hours: Type.Integer({ description: 'hours with values' }),
  capacity: number('spaces, docks or charge points that shares refer to'),
  cells: Type.Array(
    Type.Object({
      weekday: Type.Integer({ description: 'ISO weekday, 1 Monday … 7 Sunday and holidays' }),
      hour: Type.Integer({ description: 'hour of the day' }),
      hours: Type.Integer({ description: 'hours with values that this is made of' }),
      free: Type.Number({ description: 'mean of free spaces, vehicles or free charge points' }),
      other: number('mean of taken spaces, free docks or charge points in use'),
      share: number('of spaces or charge points in use, of docks that hold a vehicle; 0 to 1'),
      none: Type.Number({ description: 'share of the hours in which nothing was free at some time' }),
      noDock: number('sharing: share of the hours in which no dock was free at some time'),
    }),
  ),
  enough: Type.Boolean({
    description:
      'whether nine in ten hours of the week hold values of two weeks at least; `tight` and `best` are empty else',
  }),
  none: number('over all hours: share in which nothing was free at some time'),
  noDock: number('sharing: share in which no dock was free at some time'),
  tight: Stretches('when it is hard to find something'),
  best: Stretches('of each weekday, the two hours between 6 and 22 in which most is free'),
  time_zone: Type.String(),
  dataset: Type.String(),
  ...Provenance,
})
