import Type, { type Static } from 'typebox'
import { Problem } from '../../kernel/problem.ts'

/** `?near=LON,LAT&radius=M` of every query around a place. */
export const NearQuery = Type.Object({
  near: Type.String({ description: 'Longitude, latitude in degrees', maxLength: 60, examples: ['12.097,49.017'] }),
  radius: Type.Optional(Type.Number({ minimum: 1, maximum: 20_000, default: 1000, description: 'Metres' })),
})
export type NearQuery = Static<typeof NearQuery>

/** Reads `near`. Throws Problem 400 `place-invalid` that says what is expected. */
export function placeOf({ near, radius = 1000 }: NearQuery): { lon: number; lat: number; radius: number } {
  const [lon, lat, ...rest] = near.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  if (lon === undefined || lat === undefined || rest.length > 0 || !(Math.abs(lon) <= 180) || !(Math.abs(lat) <= 90))
    throw new Problem(
      400,
      'place-invalid',
      `near="${near.slice(0, 60)}" is not longitude,latitude in degrees, for example 12.097,49.017.`,
    )
  return { lon, lat, radius }
}
