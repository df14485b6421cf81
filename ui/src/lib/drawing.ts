import { geometryProblem } from '../../../src/domains/features/geometry.ts'

export type Position = [lon: number, lat: number]
export type Kind = 'Point' | 'LineString' | 'Polygon'

export interface Geometry {
  type: string
  coordinates?: unknown
  geometries?: Geometry[]
}

/** Lines, rings and points of a geometry, to be drawn. */
export function partsOf(geometry: Geometry | null): { positions: Position[]; area: boolean }[] {
  if (!geometry) return []
  const { type, coordinates, geometries } = geometry
  const area = type.endsWith('Polygon')
  const parts = (value: unknown, depth: number): { positions: Position[]; area: boolean }[] =>
    depth === 0
      ? [{ positions: value as Position[], area }]
      : (value as unknown[]).flatMap((one) => parts(one, depth - 1))
  switch (type) {
    case 'Point':
      return [{ positions: [coordinates as Position], area }]
    case 'MultiPoint':
      return (coordinates as Position[]).map((one) => ({ positions: [one], area }))
    case 'LineString':
      return parts(coordinates, 0)
    case 'MultiLineString':
    case 'Polygon':
      return parts(coordinates, 1)
    case 'MultiPolygon':
      return parts(coordinates, 2)
    default:
      return (geometries ?? []).flatMap(partsOf)
  }
}

/** What can be drawn by hand: a point, one line, one area without holes. Else null: then the text is the way. */
export function handDrawn(geometry: Geometry | null): { kind: Kind; positions: Position[] } | null {
  if (!geometry) return null
  const { type } = geometry
  if (type !== 'Point' && type !== 'LineString' && type !== 'Polygon') return null
  const parts = partsOf(geometry)
  if (parts.length !== 1) return null
  const { positions } = parts[0]!
  return { kind: type, positions: type === 'Polygon' ? positions.slice(0, -1) : positions }
}

/** Corners as a geometry, closed where it is an area; null while there are too few. */
export function drawnAs(kind: Kind, positions: readonly Position[]): Geometry | null {
  if (kind === 'Point') return positions.length > 0 ? { type: 'Point', coordinates: positions.at(-1)! } : null
  if (positions.length < (kind === 'Polygon' ? 3 : 2)) return null
  return kind === 'Polygon'
    ? { type: 'Polygon', coordinates: [[...positions, positions[0]!]] }
    : { type: 'LineString', coordinates: [...positions] }
}

/** A geometry as people can read and type it: a place per line, latitude first; GeoJSON where it is more than that. */
export function textOf(geometry: Geometry | null): string {
  if (!geometry) return ''
  const drawn = handDrawn(geometry)
  return drawn ? drawn.positions.map(([lon, lat]) => `${lat}, ${lon}`).join('\n') : JSON.stringify(geometry)
}

type Read = { geometry: Geometry | null } | { problem: 'json' | 'geometry' | 'line' | 'range' | 'few'; at: string }

/**
 * Reads what somebody typed or pasted: a place per line (`49,0195; 12,0974` or `49.0195, 12.0974`, latitude first), or
 * GeoJSON (a geometry, a feature, a collection of one feature). Empty is no geometry.
 */
export function readText(text: string, kind: Kind): Read {
  const trimmed = text.trim()
  if (trimmed === '') return { geometry: null }
  if (trimmed.startsWith('{')) return readJson(trimmed)
  const positions: Position[] = []
  for (const [index, line] of trimmed.split('\n').entries()) {
    if (line.trim() === '') continue
    const numbers = (line.includes(';') ? line.replaceAll(',', '.').split(';') : line.split(/[\s,]+/))
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(Number)
    const [lat, lon] = numbers
    if (numbers.length !== 2 || !Number.isFinite(lat) || !Number.isFinite(lon))
      return { problem: 'line', at: `${index + 1}` }
    if (Math.abs(lat!) > 90 || Math.abs(lon!) > 180) return { problem: 'range', at: `${index + 1}` }
    positions.push([lon!, lat!])
  }
  const geometry = drawnAs(kind, positions)
  return geometry ? { geometry } : { problem: 'few', at: kind === 'Polygon' ? '3' : '2' }
}

function readJson(text: string): Read {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (error) {
    return { problem: 'json', at: (error as Error).message }
  }
  const { type, features } = found as { type?: string; features?: unknown[] }
  if (type === 'FeatureCollection' && features?.length === 1) found = features[0]
  const { geometry } = found as { geometry?: unknown }
  if ((found as { type?: string }).type === 'Feature') found = geometry
  const problem = geometryProblem(found)
  return problem ? { problem: 'geometry', at: problem } : { geometry: found as Geometry }
}
