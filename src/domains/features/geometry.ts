const DEPTHS: Readonly<Record<string, number>> = {
  Point: 0,
  MultiPoint: 1,
  LineString: 1,
  MultiLineString: 2,
  Polygon: 2,
  MultiPolygon: 3,
}
const MOST_POSITIONS = 100_000

/** Why this is no GeoJSON geometry (RFC 7946) in EPSG:4326 that a database could keep; null when it is one. */
export function geometryProblem(geometry: unknown): string | null {
  if (typeof geometry !== 'object' || geometry === null) return 'the geometry is not an object'
  const { type, coordinates, geometries } = geometry as { type?: unknown; coordinates?: unknown; geometries?: unknown }
  if (type === 'GeometryCollection') {
    if (!Array.isArray(geometries) || geometries.length === 0) return 'the collection of geometries is empty'
    return geometries.map(geometryProblem).find((problem) => problem !== null) ?? null
  }
  const depth = typeof type === 'string' ? DEPTHS[type] : undefined
  if (depth === undefined) return `"${String(type)}" is no kind of geometry`
  const counter = { left: MOST_POSITIONS }
  return walk(coordinates, depth, String(type), counter)
}

function walk(value: unknown, depth: number, type: string, counter: { left: number }): string | null {
  if (depth === 0) return position(value, counter)
  if (!Array.isArray(value) || value.length === 0) return `the coordinates of the ${type} are empty`
  for (const part of value) {
    const problem = walk(part, depth - 1, type, counter)
    if (problem) return problem
  }
  if (depth === 1 && type.endsWith('LineString') && value.length < 2) return 'a line needs two positions'
  if (depth === 1 && type.endsWith('Polygon')) {
    const [first, last] = [value[0], value.at(-1)] as number[][]
    if (value.length < 4 || first![0] !== last![0] || first![1] !== last![1])
      return 'a ring of the polygon is not closed'
  }
  return null
}

function position(value: unknown, counter: { left: number }): string | null {
  if (--counter.left < 0) return `the geometry has more than ${MOST_POSITIONS} positions`
  if (!Array.isArray(value) || value.length < 2) return 'a position is not [longitude, latitude]'
  const [lon, lat] = value
  if (typeof lon !== 'number' || typeof lat !== 'number' || !Number.isFinite(lon) || !Number.isFinite(lat))
    return 'a position is not [longitude, latitude]'
  if (Math.abs(lon) > 180 || Math.abs(lat) > 90)
    return `[${lon}, ${lat}] are not degrees: longitude and latitude (EPSG:4326) are expected`
  return null
}
