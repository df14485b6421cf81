import type { NoticeCode } from './notice-codes.ts'
import type { NoticeFacts } from './notices.ts'
import { LOCATIONS } from './schema.ts'

/** An area of GTFS-Flex whose rings are closed; whether they cross is for the database to say. */
export interface Area {
  id: string
  index: number
  geometry: string
}

type Note = (code: NoticeCode, facts: NoticeFacts) => void
type Json = Record<string, unknown>

const KNOWN = {
  collection: ['type', 'features'],
  feature: ['type', 'id', 'geometry', 'properties'],
  properties: ['stop_name', 'stop_desc'],
} as const

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Looks at `locations.geojson` (GTFS Schedule Reference, "locations.geojson"; RFC 7946). Returns its ids and areas. */
export function readLocations(text: string, note: Note): { ids: string[]; areas: Area[] } {
  const nothing = { ids: [], areas: [] }
  const say: Note = (code, facts) => note(code, { filename: LOCATIONS, ...facts })
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch (error) {
    say('malformed_json', { message: (error as Error).message })
    return nothing
  }
  if (!isObject(root)) {
    say('malformed_json', { message: 'no object' })
    return nothing
  }
  unknown(root, KNOWN.collection, {}, say)
  if (root.type === undefined) say('missing_required_element', { missingElement: 'type' })
  else if (root.type !== 'FeatureCollection') say('unsupported_geo_json_type', { geoJsonType: String(root.type) })
  if (!Array.isArray(root.features)) {
    say('missing_required_element', { missingElement: 'features' })
    return nothing
  }
  const seen = new Map<string, number>()
  const areas: Area[] = []
  for (const [index, feature] of root.features.entries()) {
    const id = isObject(feature) && feature.id !== undefined ? String(feature.id) : undefined
    const facts: NoticeFacts = { featureIndex: index, featureId: id ?? null }
    const geometry = featureOf(feature, facts, say)
    if (id === undefined) continue
    if (seen.has(id)) say('duplicate_geo_json_key', { ...facts, firstIndex: seen.get(id)! })
    else seen.set(id, index)
    if (geometry) areas.push({ id, index, geometry: JSON.stringify(geometry) })
  }
  return { ids: [...seen.keys()], areas }
}

function unknown(value: Json, known: readonly string[], facts: NoticeFacts, say: Note): void {
  for (const name of Object.keys(value))
    if (!known.includes(name)) say('geo_json_unknown_element', { ...facts, unknownElement: name })
}

/** The geometry, where it can be one. */
function featureOf(feature: unknown, facts: NoticeFacts, say: Note): Json | undefined {
  const missing = (element: string) => say('missing_required_element', { ...facts, missingElement: element })
  if (!isObject(feature)) {
    missing('features.type')
    return undefined
  }
  unknown(feature, KNOWN.feature, facts, say)
  if (feature.type === undefined) missing('features.type')
  else if (feature.type !== 'Feature') say('unsupported_feature_type', { ...facts, featureType: String(feature.type) })
  if (feature.id === undefined) missing('features.id')
  if (isObject(feature.properties)) unknown(feature.properties, KNOWN.properties, facts, say)
  else missing('features.properties')
  const { geometry } = feature
  if (!isObject(geometry)) {
    missing('features.geometry')
    return undefined
  }
  if (geometry.type === undefined) missing('features.geometry.type')
  if (geometry.coordinates === undefined) missing('features.geometry.coordinates')
  if (geometry.type === undefined || geometry.coordinates === undefined) return undefined
  if (geometry.type !== 'Polygon' && geometry.type !== 'MultiPolygon') {
    say('unsupported_geometry_type', { ...facts, geometryType: String(geometry.type) })
    return undefined
  }
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
  if (Array.isArray(polygons) && polygons.length > 0 && polygons.every(isPolygon)) return geometry
  say('invalid_geometry', { ...facts, message: 'rings are lists of four positions or more, the last as the first' })
  return undefined
}

const isPolygon = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isRing)

function isRing(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 4 || !value.every(isPosition)) return false
  const [first, last] = [value[0] as number[], value.at(-1) as number[]]
  return first[0] === last[0] && first[1] === last[1]
}

const isPosition = (value: unknown): boolean =>
  Array.isArray(value) && value.length >= 2 && value.every((one) => Number.isFinite(one))
