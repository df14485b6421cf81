import { bad } from './errors.ts'

const GEOJSON = new Set(['application/geo+json', 'application/vnd.geo+json', 'application/geojson'])
const POSITIONS: Record<string, number> = {
  Point: 0,
  MultiPoint: 1,
  LineString: 1,
  MultiLineString: 2,
  Polygon: 2,
  MultiPolygon: 3,
}
const MAX_POSITIONS = 200_000

/**
 * The geometry of a Location or FeatureOfInterest for PostGIS: the GeoJSON text of a geometry, of a Feature's, or
 * of a FeatureCollection's together; null where the encoding is not GeoJSON (kept as posted, not searchable) or a Feature has none.
 * Throws 400 naming the place when GeoJSON is announced and isn't there (RFC 7946: longitude, latitude).
 */
export function geometryOf(encodingType: unknown, value: unknown, where: string): string | null {
  if (typeof encodingType !== 'string' || !GEOJSON.has(encodingType.trim().toLowerCase())) return null
  const count = { positions: 0 }
  const geometry = geometryIn(value, where, count)
  return geometry === null ? null : JSON.stringify(geometry)
}

interface Counter {
  positions: number
}

function geometryIn(value: unknown, where: string, count: Counter, depth = 0): object | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw bad(`${where}: a GeoJSON object is expected`)
  const { type, coordinates, geometry, geometries, features } = value as Record<string, unknown>
  if (type === 'Feature')
    return geometry === null || geometry === undefined
      ? null
      : geometryIn(geometry, `${where}/geometry`, count, depth + 1)
  if (type === 'FeatureCollection') {
    if (!Array.isArray(features) || depth > 0) throw bad(`${where}/features: an array of Features is expected`)
    const found = features.map((f, i) => geometryIn(f, `${where}/features[${i}]`, count, 1)).filter((g) => g !== null)
    return found.length === 0 ? null : { type: 'GeometryCollection', geometries: found }
  }
  if (type === 'GeometryCollection') {
    if (!Array.isArray(geometries) || depth > 3) throw bad(`${where}/geometries: an array of geometries is expected`)
    return { type, geometries: geometries.map((g, i) => geometryIn(g, `${where}/geometries[${i}]`, count, depth + 1)) }
  }
  const levels = typeof type === 'string' && Object.hasOwn(POSITIONS, type) ? POSITIONS[type] : undefined
  if (levels === undefined)
    throw bad(`${where}/type: "${String(type).slice(0, 40)}" is not a GeoJSON geometry, Feature or FeatureCollection`)
  checkCoordinates(coordinates, levels, `${where}/coordinates`, count)
  checkLengths(type as string, coordinates as never, `${where}/coordinates`)
  return { type, coordinates }
}

function checkCoordinates(value: unknown, levels: number, where: string, count: Counter): void {
  if (!Array.isArray(value)) throw bad(`${where}: an array is expected`)
  if (levels > 0) {
    for (let i = 0; i < value.length; i++) checkCoordinates(value[i], levels - 1, where, count)
    return
  }
  if (++count.positions > MAX_POSITIONS) throw bad(`${where}: more than ${MAX_POSITIONS} positions`)
  const ok = value.length >= 2 && value.length <= 4 && value.every((n) => typeof n === 'number' && Number.isFinite(n))
  if (!ok) throw bad(`${where}: a position is [longitude, latitude] in numbers`)
  const [lon, lat] = value as [number, number]
  if (Math.abs(lon) > 360 || Math.abs(lat) > 90)
    throw bad(`${where}: [${lon}, ${lat}] is not on Earth: longitude comes first`)
}

type Position = number[]

function checkLengths(type: string, coordinates: never, where: string): void {
  const line = (points: Position[]) => {
    if (points.length < 2) throw bad(`${where}: a line has two positions at least`)
  }
  const polygon = (rings: Position[][]) => {
    for (const ring of rings) {
      const [first, last] = [ring[0], ring.at(-1)]
      if (ring.length < 4 || first![0] !== last![0] || first![1] !== last![1]) {
        throw bad(`${where}: a ring has four positions at least and ends where it starts`)
      }
    }
  }
  if (type === 'LineString') line(coordinates)
  else if (type === 'MultiLineString') (coordinates as Position[][]).forEach(line)
  else if (type === 'Polygon') polygon(coordinates)
  else if (type === 'MultiPolygon') (coordinates as Position[][][]).forEach(polygon)
}
