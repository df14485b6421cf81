import { Type } from 'typebox'

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()])
const text = (description?: string) => Nullable(Type.String(description ? { description } : {}))
const number = () => Nullable(Type.Number())

const Provenance = {
  dataset: Type.String(),
  licence: text('identifier of the licence'),
  attribution: text('the words a user of the data has to show'),
  source: text('who the data is from'),
  age: Nullable(Type.Integer({ description: 'seconds since this version of the timetable serves' })),
}

const Line = {
  id: Type.String({ description: 'dataset:route_id' }),
  route_id: Type.String(),
  name: Type.String({ description: 'route_short_name, else route_long_name' }),
  long_name: text(),
  route_type: Type.Integer({ description: 'GTFS, routes.txt' }),
  color: text('RRGGBB'),
  text_color: text('RRGGBB'),
  agency: text(),
}

export const StopAnswer = Type.Object(
  {
    id: Type.String({ description: 'dataset:stop_id' }),
    stop_id: Type.String(),
    name: Type.String(),
    lon: number(),
    lat: number(),
    time_zone: Type.String(),
    platforms: Type.Array(Type.Object({ stop_id: Type.String(), name: Type.String(), platform: text() })),
    lines: Type.Array(Type.Object(Line)),
    first_day: text('first day with service'),
    last_day: text('last day with service'),
    ...Provenance,
  },
  { additionalProperties: true },
)

export const TimetableAnswer = Type.Object(
  {
    stop: Type.Object({ id: Type.String(), name: Type.String() }),
    date: Type.String({ description: 'Service day; it may go beyond midnight' }),
    time_zone: Type.String(),
    departures: Type.Array(
      Type.Object({
        trip: Type.String({ description: 'trip_id' }),
        route: Type.String({ description: 'Name of the line' }),
        route_id: Type.String(),
        route_type: Type.Integer(),
        route_color: text(),
        headsign: text(),
        planned: Type.String({ description: 'ISO 8601 with the offset of the timetable’s zone' }),
        stop: Type.String({ description: 'stop_id it leaves from' }),
        platform: text(),
        headway: Nullable(Type.Integer({ description: 'Runs about every so many seconds' })),
      }),
    ),
    ...Provenance,
  },
  { additionalProperties: true },
)

export const LineAnswer = Type.Object(
  {
    ...Line,
    geometry: Nullable(Type.Object({}, { additionalProperties: true, description: 'GeoJSON of its shapes' })),
    directions: Type.Array(
      Type.Object({
        direction: Nullable(Type.Integer()),
        headsign: text(),
        trips: Type.Integer(),
        stops: Type.Array(
          Type.Object({
            id: Type.String({ description: 'dataset:stop_id of the station, else of the stop' }),
            stop_id: Type.String(),
            name: Type.String(),
            lon: number(),
            lat: number(),
          }),
        ),
      }),
    ),
    ...Provenance,
  },
  { additionalProperties: true },
)
