import Type, { type Static } from 'typebox'

const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

export const MapAnswer = Type.Object({
  kind: Type.Enum(['style', 'archive', 'plain'], {
    description:
      'style: the map style of the city profile, passed on by this platform · archive: a PMTiles file in the data folder · plain: drawn by the pages from the city’s bounds',
  }),
  attribution: Type.Union([Type.String(), Type.Null()], { description: 'Who must be credited: HTML with links only' }),
  address: Type.Union([Type.String(), Type.Null()], {
    description: 'Path of the style (JSON) or of the file (PMTiles); null for plain',
  }),
  archive: nullable(
    Type.Object({
      tiles: Type.Enum(['vector', 'raster']),
      minZoom: Type.Integer(),
      maxZoom: Type.Integer(),
      bounds: Type.Array(Type.Number(), { minItems: 4, maxItems: 4 }),
    }),
  ),
  operation: Type.Union(
    [
      Type.Object({
        styleHost: nullable(Type.String()),
        file: nullable(Type.Object({ name: Type.String(), bytes: Type.Integer() })),
        problems: Type.Array(Type.Object({ code: Type.String(), detail: Type.String() })),
      }),
      Type.Null(),
    ],
    {
      description: 'For the administration: where the map comes from and what is wrong with it; null for everyone else',
    },
  ),
})

const digits = (most: number, description: string) => Type.String({ pattern: `^\\d{1,${most}}$`, description })

export const TileParams = Type.Object({
  source: digits(3, 'Number of the source in the style'),
  z: digits(2, 'Zoom'),
  x: digits(8, 'Column'),
  y: digits(8, 'Row'),
})
export type TileParams = Static<typeof TileParams>

export const SpriteParams = Type.Object({ file: Type.String({ pattern: '^\\d{1,3}(@2x)?\\.(json|png)$' }) })
export const GlyphParams = Type.Object({
  stack: Type.String({ minLength: 1, maxLength: 300 }),
  range: Type.String({ pattern: '^\\d{1,7}-\\d{1,7}$' }),
})
export const DataParams = Type.Object({ source: digits(3, 'Number of the data in the style') })
export const ArchiveParams = Type.Object({ file: Type.String({ pattern: '^[0-9a-f]{16}\\.pmtiles$' }) })
