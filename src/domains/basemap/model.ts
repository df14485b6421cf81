/**
 * What the map is drawn on.
 *  - style: the map style of the city profile, fetched and kept by the platform
 *  - archive: a PMTiles file in the data folder
 *  - plain: our own ground, drawn from the city's bounds
 */
export type MapKind = 'style' | 'archive' | 'plain'

/** Something an operator should know; `code` is stable. Never holds the query of an address: keys stand there. */
export interface MapProblem {
  code: string
  detail: string
}

export interface ArchiveInfo {
  /** Of the file, in `DATA_DIR/map`. */
  name: string
  bytes: number
  /** Changes with the file: part of its address, which may then be cached for ever. */
  version: string
  tiles: 'vector' | 'raster'
  minZoom: number
  maxZoom: number
  /** West, south, east, north in degrees. */
  bounds: [number, number, number, number]
  attribution: string | null
}

export interface MapStatus {
  kind: MapKind
  /** Who must be credited, as HTML with nothing but links in it; null = nobody. */
  attribution: string | null
  /** Host the style comes from; null without a style. */
  styleHost: string | null
  archive: ArchiveInfo | null
  /** Why it is not what was wished for, and what is wrong with it. */
  problems: MapProblem[]
}

/** An answer of ours to a browser: bytes with a type we chose. */
export interface MapPart {
  type: string
  body: Buffer
  etag: string
}
