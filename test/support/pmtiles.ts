/** Writes a small, real PMTiles archive (specification version 3), with vector tiles of the Protomaps schema. */
import { fromGeojsonVt } from '@maplibre/vt-pbf'
import { Compression, TileType, zxyToTileId } from 'pmtiles'

export interface ArchiveSpec {
  bounds: [west: number, south: number, east: number, north: number]
  maxZoom: number
  /** Default: vector tiles with ground, a lake, a road and the name of a place. */
  tile?: (z: number, x: number, y: number) => Uint8Array
  tileType?: TileType
  metadata?: Record<string, unknown>
}

const HEADER_BYTES = 127
const SIDE = 4096

/** An archive with every tile that touches the bounds, from zoom 0 to `maxZoom`. */
export function makeArchive({
  bounds,
  maxZoom,
  tile = groundTile,
  tileType = TileType.Mvt,
  metadata,
}: ArchiveSpec): Buffer {
  const tiles: { id: number; data: Uint8Array }[] = []
  for (let z = 0; z <= maxZoom; z++) {
    const [x0, y0] = tileAt(bounds[0], bounds[3], z)
    const [x1, y1] = tileAt(bounds[2], bounds[1], z)
    for (let x = x0; x <= x1; x++)
      for (let y = y0; y <= y1; y++) tiles.push({ id: zxyToTileId(z, x, y), data: tile(z, x, y) })
  }
  tiles.sort((a, b) => a.id - b.id)
  const directory = Buffer.from([
    ...varint(tiles.length),
    ...tiles.flatMap(({ id }, i) => varint(id - (tiles[i - 1]?.id ?? 0))),
    ...tiles.flatMap(() => varint(1)),
    ...tiles.flatMap(({ data }) => varint(data.length)),
    // 0 = directly behind the one before; the first begins at 0, written as 0 + 1.
    ...tiles.flatMap((_tile, i) => varint(i === 0 ? 1 : 0)),
  ])
  const layers = ['earth', 'water', 'roads', 'places'].map((id) => ({ id, fields: {} }))
  const about = Buffer.from(JSON.stringify({ vector_layers: layers, ...metadata }))
  const data = Buffer.concat(tiles.map((one) => one.data))
  const header = Buffer.alloc(HEADER_BYTES)
  header.write('PMTiles', 0)
  header.writeUInt8(3, 7)
  let at = HEADER_BYTES
  const place = (offset: number, bytes: number) => {
    header.writeBigUInt64LE(BigInt(at), offset)
    header.writeBigUInt64LE(BigInt(bytes), offset + 8)
    at += bytes
  }
  place(8, directory.length)
  place(24, about.length)
  place(40, 0)
  place(56, data.length)
  for (const offset of [72, 80, 88]) header.writeBigUInt64LE(BigInt(tiles.length), offset)
  header.writeUInt8(1, 96)
  header.writeUInt8(Compression.None, 97)
  header.writeUInt8(Compression.None, 98)
  header.writeUInt8(tileType, 99)
  header.writeUInt8(0, 100)
  header.writeUInt8(maxZoom, 101)
  for (const [i, degrees] of bounds.entries()) header.writeInt32LE(Math.round(degrees * 1e7), 102 + 4 * i)
  return Buffer.concat([header, directory, about, data])
}

/** Ground all over, a lake in the middle, a road across, a name. */
export function groundTile(): Uint8Array {
  const box = (from: number, to: number) => [
    [from, from],
    [to, from],
    [to, to],
    [from, to],
    [from, from],
  ]
  const layer = (type: 1 | 2 | 3, geometry: unknown, tags: Record<string, string | number>) => ({
    features: [{ type, geometry, tags }],
  })
  const layers = {
    earth: layer(3, [box(0, SIDE)], { kind: 'earth' }),
    water: layer(3, [box(SIDE * 0.4, SIDE * 0.6)], { kind: 'lake' }),
    roads: layer(
      2,
      [
        [
          [0, SIDE * 0.3],
          [SIDE, SIDE * 0.7],
        ],
      ],
      { kind: 'major_road', name: 'Ringstraße', min_zoom: 1 },
    ),
    places: layer(1, [[SIDE / 4, SIDE / 4]], {
      kind: 'locality',
      name: 'Musterstadt',
      min_zoom: 1,
      population_rank: 9,
    }),
  }
  return fromGeojsonVt(layers as never, { version: 2, extent: SIDE })
}

export function tileAt(lon: number, lat: number, z: number): [x: number, y: number] {
  const y = 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI)
  return [Math.floor(((lon + 180) / 360) * 2 ** z), Math.floor(y * 2 ** z)]
}

function varint(value: number): number[] {
  const bytes: number[] = []
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128)
  return [...bytes, value]
}
