import { FileError, KNOWN_SYSTEMS, toDegrees } from '../../../domains/sources/index.ts'
import { below, every, numberAt, type XmlElement } from '../xml.ts'

export type Place = (element: XmlElement | undefined) => object | null

/**
 * Reads the place of a location reference: the first element below with latitude and longitude. Some German feeds
 * write UTM coordinates there (latitude = northing): by `crs`, else zone 32, as what is no degrees can only be metres.
 */
export function placing(crs: string | undefined): Place {
  const change = toDegrees(crs ?? 'EPSG:25832')
  if (!change) throw new FileError(`format.crs is not known: ${KNOWN_SYSTEMS.join(', ')} are`)
  return (element) => {
    const position = element && positionIn(element)
    if (!position) return null
    const [lon, lat] = position
    const metres = Math.abs(lon) > 180 || Math.abs(lat) > 90
    return { type: 'Point', coordinates: metres ? change([lon, lat]) : [lon, lat] }
  }
}

function positionIn(element: XmlElement): [number, number] | null {
  const lat = numberAt(element, 'latitude')
  const lon = numberAt(element, 'longitude')
  if (lat !== undefined && lon !== undefined) return lat === 0 && lon === 0 ? null : [lon, lat]
  for (const child of element.children) {
    const found = positionIn(child)
    if (found) return found
  }
  return null
}

/**
 * Lines of a location as positions, longitude first: `posList` of GML has latitude first (EPSG:4326). What is in an
 * element named `without` is left out.
 */
export function linesIn(element: XmlElement, without?: string): [number, number][][] {
  const own = element.name === 'posList' ? positionsOf(element.text) : []
  return [
    ...(own.length >= 2 ? [own] : []),
    ...element.children.flatMap((child) => (child.name === without ? [] : linesIn(child, without))),
  ]
}

/** Areas of a location (`gmlPolygon`): the outer ring and the rings cut out of it. */
export function* areasIn(element: XmlElement): Iterable<[number, number][][]> {
  for (const polygon of below(element, 'gmlPolygon')) {
    const rings = ['exterior', 'interior'].flatMap((name) => every(polygon, name)).flatMap((ring) => linesIn(ring))
    if (rings.length > 0 && rings.every((ring) => ring.length >= 4)) yield rings
  }
}

/** Pairs of numbers, latitude first; none where something else stands there. */
function positionsOf(text: string): [number, number][] {
  const numbers = text.split(/\s+/).map(Number)
  if (!numbers.every(Number.isFinite)) return []
  const line: [number, number][] = []
  for (let index = 0; index + 1 < numbers.length; index += 2) line.push([numbers[index + 1]!, numbers[index]!])
  return line
}
