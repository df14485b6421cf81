import { wktToGeoJSON } from 'betterknown'
import { reproject, toDegrees } from './crs.ts'
import type { Definition } from './definition.ts'
import { parseDuration } from './duration.ts'
import type { Cell, StreamRef, ThingRef } from './model.ts'
import type { Plan, PlannedSeries } from './plan.ts'
import { fillDeep, placeholders, type Reader, readText } from './template.ts'
import { NO_UNIT, PROPERTIES } from './vocabulary.ts'

export const observationTypes = {
  number: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement',
  text: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CategoryObservation',
  boolean: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_TruthObservation',
}

/** The thing a row speaks of, described by the definition's `thing:`. */
export function makeThing(definition: Definition, plan: Plan, key: string, row: readonly Cell[]): ThingRef {
  const { thing } = definition
  const text = (template: string | undefined) => (template === undefined ? '' : readText(plan.read(template), row))
  const fill = (value: Record<string, unknown> | undefined) =>
    properties(value, (part) => plan.typed(part, row) ?? text(part))
  return {
    id: 0,
    key,
    name: text(thing.name) || key,
    description: text(thing.description),
    properties: fill(thing.properties),
    location: location(definition, text, fill, (template) => plan.read(template), row),
    streams: new Map(),
  }
}

function location(
  definition: Definition,
  text: (template: string | undefined) => string,
  fill: (value: Record<string, unknown> | undefined) => Record<string, unknown> | null,
  read: (template: string) => Reader,
  row: readonly Cell[],
): ThingRef['location'] {
  const { location: place } = definition.thing
  if (!place) return null
  const degrees = place.crs === undefined ? null : toDegrees(place.crs)
  let geometry: object | undefined
  if (place.geometry !== undefined) {
    geometry = parseGeometry(readText(read(place.geometry), row))
    if (geometry && degrees) geometry = reproject(geometry, degrees)
  } else {
    const [lat, lon] =
      place.point === undefined ? [text(place.lat), text(place.lon)] : text(place.point).split(/[,;\s]+/)
    geometry = point(lat ?? '', lon ?? '', degrees)
  }
  if (!geometry) return null
  const named = text(place.name)
  return {
    ...(named ? { name: named } : {}),
    ...(place.description === undefined ? {} : { description: text(place.description) }),
    geometry,
    properties: fill(place.properties) ?? undefined,
  }
}

function point(latText: string, lonText: string, degrees: ReturnType<typeof toDegrees>): object | undefined {
  const given: [number, number] = [Number(lonText.replace(',', '.')), Number(latText.replace(',', '.'))]
  const [lon, lat] = degrees ? degrees(given) : given
  if (latText === '' || lonText === '' || !(Math.abs(lat) <= 90) || !(Math.abs(lon) <= 180)) return undefined
  return { type: 'Point', coordinates: [lon, lat] }
}

/** GeoJSON or well-known text (OGC 06-103r4 §7). */
function parseGeometry(text: string): object | undefined {
  if (/^\s*(SRID=|[A-Za-z]+\s*[(ZM])/.test(text)) {
    try {
      return wktToGeoJSON(text) as object
    } catch {
      return undefined
    }
  }
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'type' in value ? value : undefined
  } catch {
    return undefined
  }
}

/** The datastream of a series at a thing, described by the definition and, where it says nothing, by the vocabulary. */
export function makeStream(
  definition: Definition,
  planned: PlannedSeries,
  thing: ThingRef,
  key: string,
  row: readonly Cell[],
  sample: unknown,
): StreamRef {
  const { document } = planned
  const propertyKey = readText(planned.property, row)
  const own = definition.properties?.[propertyKey]
  const shared = PROPERTIES.get(propertyKey)
  const propertyName = own?.name ?? shared?.name ?? propertyKey
  const kind = planned.kind === 'auto' ? sampleKind(sample) : planned.kind
  const numeric = kind === 'number'
  return {
    id: 0,
    key,
    thing,
    name: (planned.name && readText(planned.name, row)) || `${propertyName} ${key}`,
    description: planned.description ? readText(planned.description, row) : '',
    observedProperty: {
      key: propertyKey,
      name: propertyName,
      definition: own?.definition ?? shared?.definition ?? `urn:zahnrad:source:${definition.id}:${propertyKey}`,
      description: own?.description ?? shared?.description ?? '',
    },
    unit: document.unit ?? (numeric ? (own?.unit ?? shared?.unit ?? NO_UNIT) : NO_UNIT),
    observationType: observationTypes[kind],
    aggregate: document.aggregate ?? own?.aggregate ?? shared?.aggregate ?? 'mean',
    periodSeconds: definition.time.period === undefined ? null : parseDuration(definition.time.period).seconds,
    role: document.role ?? null,
    properties: properties(document.properties, (part) => readText(planned.fill(part), row)),
  }
}

function sampleKind(sample: unknown): 'number' | 'text' | 'boolean' {
  return typeof sample === 'number' ? 'number' : typeof sample === 'boolean' ? 'boolean' : 'text'
}

/** Fills texts; a field whose only placeholder is empty is left out rather than kept as an empty text. */
function properties(
  value: Record<string, unknown> | undefined,
  fill: (text: string) => unknown,
): Record<string, unknown> | null {
  if (!value) return null
  const filled = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
    const result = fillDeep(item, fill as (text: string) => string)
    const dropped = result === '' && typeof item === 'string' && placeholders(item).length > 0
    return dropped ? [] : [[key, result]]
  })
  return filled.length === 0 ? null : Object.fromEntries(filled)
}
