import Type, { type Static } from 'typebox'
import { FlagsQuery } from './schemas-flags.ts'

const Instant = Type.String({ format: 'date-time' })

/** As `/api/v1/flags` is asked. */
export const OutagesQuery = Type.Omit(FlagsQuery, ['lang'])
export type OutagesQuery = Static<typeof OutagesQuery>

export const OutagesAnswer = Type.Object({
  outages: Type.Array(
    Type.Object({
      datastreams: Type.Array(Type.Integer()),
      kind: Type.Enum(['failed', 'idle', 'silent', 'empty'], {
        description:
          'failed: runs failed · idle: the source was not asked · silent: values are pushed to it, and none came · empty: it was asked, and had none. The first that fits a gap tells most',
      }),
      from: Instant,
      to: Type.Union([Instant, Type.Null()], { description: 'null = still' }),
      cause: Type.Union([Type.Object({ de: Type.String(), en: Type.String() }), Type.Null()]),
    }),
  ),
})
