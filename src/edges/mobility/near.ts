import Type, { type Static } from 'typebox'

/** `?near=LON,LAT&radius=M` of every query around a place. */
export const NearQuery = Type.Object({
  near: Type.String({ description: 'Longitude, latitude in degrees', maxLength: 60, examples: ['12.097,49.017'] }),
  radius: Type.Optional(Type.Number({ minimum: 1, maximum: 20_000, default: 1000, description: 'Metres' })),
})
export type NearQuery = Static<typeof NearQuery>
