import { FileError, KNOWN_SYSTEMS, toDegrees } from '../../../domains/sources/index.ts'
import { below, numberAt, type XmlElement } from '../xml.ts'

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

/** Lines and areas of a location as positions, longitude first: `posList` of GML has latitude first (EPSG:4326). */
export function linesIn(element: XmlElement): [number, number][][] {
  const lines: [number, number][][] = []
  for (const { text } of below(element, 'posList')) {
    const numbers = text.split(/\s+/).map(Number)
    const line: [number, number][] = []
    for (let index = 0; index + 1 < numbers.length; index += 2) line.push([numbers[index + 1]!, numbers[index]!])
    if (line.length >= 2 && line.flat().every(Number.isFinite)) lines.push(line)
  }
  return lines
}
