/** Places of a mode as a map draws them: few as they are, many out of vector tiles. */
import { Failure, get } from './api.ts'
import type { Bounds } from './camera.ts'
import type { Geometry } from './drawing.ts'

export type Layer = 'stops' | 'parking' | 'sharing' | 'charging'

export interface Drawn {
  /** One for each shape on the map. */
  key: string
  /** Of the place; null where one point stands for several. */
  id: string | null
  name: string
  /** Places it stands for. */
  count: number
  geometry: Geometry
  lon: number
  lat: number
}

/** More places than this come as tiles. */
export const MANY = 1000
/** Tiles end here: nearer, the last are drawn larger. */
const MOST_ZOOM = 18
/** So many tiles are kept. */
const KEPT = 120

/** TileJSON 3.0 of a layer, with how many places it holds. */
export interface LayerInfo {
  bounds?: Bounds
  features: number
}

export const infoPath = (layer: Layer, dataset: string): string =>
  `/api/v1/mobility/tiles/${layer}?dataset=${encodeURIComponent(dataset)}`

interface Feature {
  geometry: Geometry | null
  properties: { id?: string; name?: string | null }
}

/** All places of a small layer. Throws `Failure`. */
export async function allOf(layer: Layer, dataset: string): Promise<Drawn[]> {
  const id = encodeURIComponent(dataset)
  if (layer === 'sharing') {
    const { data } = await get<{
      data: { stations: { station_id: string; name: { text: string }[]; lon: number; lat: number }[] }
    }>(`/gbfs/${id}/station_information.json`)
    return data.stations.map(({ station_id, name, lon, lat }) => {
      const key = `${dataset}:${station_id}`
      return drawnOf(key, key, name[0]?.text ?? '', 1, { type: 'Point', coordinates: [lon, lat] })
    })
  }
  const paths = {
    stops: `/api/v1/mobility/transit/${id}/stops.geojson`,
    parking: `/api/v1/mobility/parking?dataset=${id}`,
    charging: `/api/v1/mobility/chargers?dataset=${id}`,
  }
  const { features } = await get<{ features: Feature[] }>(paths[layer])
  return features.flatMap(({ geometry, properties: p }) =>
    geometry && p.id ? [drawnOf(p.id, p.id, p.name ?? '', 1, geometry)] : [],
  )
}

function drawnOf(key: string, id: string | null, name: string, count: number, geometry: Geometry): Drawn {
  let at = geometry.coordinates
  while (Array.isArray(at) && Array.isArray(at[0])) at = at[0]
  const [lon, lat] = at as [number, number]
  return { key, id, name: name || id || '', count, geometry, lon, lat }
}

/** Whether something stands in a part of the world. */
export const within = ({ lon, lat }: Drawn, [w, s, e, n]: Bounds): boolean =>
  lon >= w && lon <= e && lat >= s && lat <= n

/** The tiles of a layer, each asked for once. */
export class Tiles {
  readonly #layer: Layer
  readonly #dataset: string
  readonly #tiles = new Map<string, Promise<Drawn[]>>()

  constructor(layer: Layer, dataset: string) {
    this.#layer = layer
    this.#dataset = dataset
  }

  /** What is drawn in a part of the world; `zoom` in the convention of 512-pixel tiles. Throws `Failure`. */
  async in(bounds: Bounds, zoom: number): Promise<Drawn[]> {
    // A step back: points that stand for several keep room between them.
    const z = Math.max(0, Math.min(MOST_ZOOM, Math.floor(zoom) - 1))
    const last = 2 ** z - 1
    const tile = (share: number): number => Math.max(0, Math.min(last, Math.floor(share * 2 ** z)))
    const [x0, x1] = [tile((bounds[0] + 180) / 360), tile((bounds[2] + 180) / 360)]
    const [y0, y1] = [tile(southOf(bounds[3])), tile(southOf(bounds[1]))]
    const wanted: Promise<Drawn[]>[] = []
    for (let x = x0; x <= x1; x++) for (let y = y0; y <= y1; y++) wanted.push(this.#tile(z, x, y))
    return (await Promise.all(wanted)).flat()
  }

  #tile(z: number, x: number, y: number): Promise<Drawn[]> {
    const address = `${z}/${x}/${y}`
    const known = this.#tiles.get(address)
    if (known) return known
    const asked = this.#load(z, x, y)
    asked.catch(() => this.#tiles.delete(address))
    this.#tiles.set(address, asked)
    if (this.#tiles.size > KEPT) this.#tiles.delete(this.#tiles.keys().next().value!)
    return asked
  }

  async #load(z: number, x: number, y: number): Promise<Drawn[]> {
    const only = `?dataset=${encodeURIComponent(this.#dataset)}`
    let answer: Response
    try {
      answer = await fetch(`/api/v1/mobility/tiles/${this.#layer}/${z}/${x}/${y}.mvt${only}`)
    } catch (error) {
      throw new Failure(navigator.onLine ? 'network' : 'offline', String(error))
    }
    if (answer.status === 204) return []
    if (!answer.ok) throw new Failure(answer.status === 404 ? 'notFound' : 'server', `tile ${z}/${x}/${y}`)
    const [{ VectorTile }, { PbfReader }, bytes] = await Promise.all([
      import('@mapbox/vector-tile'),
      import('pbf'),
      answer.arrayBuffer(),
    ])
    const layer = new VectorTile(new PbfReader(bytes)).layers[this.#layer]
    if (!layer) return []
    const found: Drawn[] = []
    for (let i = 0; i < layer.length; i++) {
      const feature = layer.feature(i)
      if (feature.type === 1) {
        // What lies beyond the edge is drawn by the tile it lies in.
        const at = feature.loadGeometry()[0]![0]!
        if (at.x < 0 || at.y < 0 || at.x >= layer.extent || at.y >= layer.extent) continue
      }
      const { id, name, count } = feature.properties as { id?: string; name?: string; count: number }
      const { geometry } = feature.toGeoJSON(x, y, z) as { geometry: Geometry }
      found.push(drawnOf(`${z}/${x}/${y} ${i}`, id ?? null, name ?? '', count, geometry))
    }
    return found
  }
}

/** How far south a latitude lies on the Mercator map, 0 to 1. */
const southOf = (lat: number): number => {
  const sin = Math.sin((Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 180)
  return 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)
}
