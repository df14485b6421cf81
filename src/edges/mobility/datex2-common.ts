import { type Dataset, licenceOf } from '../../domains/catalog/index.ts'
import { el, type Out } from './xml.ts'

export interface Publisher {
  dataset: Dataset
  /** Name of the city that runs the platform. */
  city: string
}

const NAMESPACES = {
  'xmlns:d2': 'http://datex2.eu/schema/3/d2Payload',
  'xmlns:com': 'http://datex2.eu/schema/3/common',
  'xmlns:loc': 'http://datex2.eu/schema/3/locationReferencing',
  'xmlns:par': 'http://datex2.eu/schema/3/parking',
  'xmlns:sit': 'http://datex2.eu/schema/3/situation',
  'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
}
/** Most characters of com:String and com:MultilingualStringValueType. */
const MOST = 1024

export const short = (text: string): string => text.slice(0, MOST)

/** com:MultilingualString, German. */
export const words = (name: string, text: string): Out =>
  el(name, {}, el('com:values', {}, el('com:value', { lang: 'de' }, short(text))))

/** The payload around a publication; licence and attribution stand in its description. */
export function payload(type: string, { dataset, city }: Publisher, ...children: (Out | readonly Out[])[]): Out {
  const licence = licenceOf(dataset.licence)
  const rights = [
    dataset.title,
    licence ? `Lizenz: ${licence.name}${licence.url ? ` (${licence.url})` : ''}` : dataset.licence,
    dataset.attribution ? `Namensnennung: ${dataset.attribution}` : null,
  ]
  return el(
    'd2:payload',
    { ...NAMESPACES, 'xsi:type': type, lang: 'de', modelBaseVersion: '3' },
    words('com:feedDescription', rights.filter(Boolean).join('. ')),
    el('com:publicationTime', {}, new Date().toISOString()),
    el(
      'com:publicationCreator',
      {},
      el('com:country', {}, 'de'),
      el('com:nationalIdentifier', {}, short(dataset.publisher ?? city)),
    ),
    ...children,
  )
}

/** Public, and not an exercise. */
export const header = (name: string): Out =>
  el(name, {}, el('com:confidentiality', {}, 'noRestriction'), el('com:informationStatus', {}, 'real'))

type Position = [number, number]

/** A GeoJSON geometry as loc:LocationReference: a point, lines, or areas. */
export function location(name: string, geometry: object | null, place: string): Out {
  const { type, coordinates } = (geometry ?? {}) as { type?: string; coordinates?: unknown }
  switch (type) {
    case 'Point':
      return point(name, coordinates as Position)
    case 'LineString':
      return line(name, coordinates as Position[])
    case 'MultiLineString': {
      const lines = coordinates as Position[][]
      if (lines.length === 1) return line(name, lines[0]!)
      return el(
        name,
        { 'xsi:type': 'loc:LocationGroupByList' },
        lines.map((one) => line('loc:locationContainedInGroup', one)),
      )
    }
    case 'Polygon':
      return areas(name, [coordinates as Position[][]])
    case 'MultiPolygon':
      return areas(name, coordinates as Position[][][])
    case 'MultiPoint':
      return point(name, (coordinates as Position[])[0]!)
    default:
      // The standard has no record without a place: its name is the place then.
      return el(
        name,
        { 'xsi:type': 'loc:AreaLocation' },
        el('loc:namedArea', { 'xsi:type': 'loc:NamedArea' }, words('loc:areaName', place)),
      )
  }
}

/** One point for something that has a point, a line or an area: the middle of its extent. */
export function middle(geometry: object | null): Position | null {
  const positions = [...positionsIn(geometry)]
  if (positions.length === 0) return null
  const [lons, lats] = [positions.map(([lon]) => lon), positions.map(([, lat]) => lat)]
  const half = (values: number[]) => {
    let [least, most] = [values[0]!, values[0]!]
    for (const value of values) {
      if (value < least) least = value
      if (value > most) most = value
    }
    return (least + most) / 2
  }
  return [half(lons), half(lats)]
}

function* positionsIn(value: unknown): Iterable<Position> {
  if (Array.isArray(value)) {
    if (typeof value[0] === 'number') yield value as Position
    else for (const part of value) yield* positionsIn(part)
  } else if (typeof value === 'object' && value !== null) {
    const { coordinates, geometries } = value as { coordinates?: unknown; geometries?: unknown[] }
    if (coordinates !== undefined) yield* positionsIn(coordinates)
    for (const one of geometries ?? []) yield* positionsIn(one)
  }
}

const degrees = (value: number) => value.toFixed(7)

export const point = (name: string, [lon, lat]: Position): Out =>
  el(
    name,
    { 'xsi:type': 'loc:PointLocation' },
    el(
      'loc:pointByCoordinates',
      {},
      el('loc:pointCoordinates', {}, el('loc:latitude', {}, degrees(lat)), el('loc:longitude', {}, degrees(lon))),
    ),
  )

/** Latitude first, as EPSG:4326 has it. */
const posList = (line: readonly Position[]): Out =>
  el('loc:posList', {}, line.map(([lon, lat]) => `${degrees(lat)} ${degrees(lon)}`).join(' '))

const GML = { srsDimension: 2, srsName: 'EPSG:4326' }

const line = (name: string, positions: readonly Position[]): Out =>
  el(name, { 'xsi:type': 'loc:LinearLocation' }, el('loc:gmlLineString', GML, posList(positions)))

const areas = (name: string, polygons: readonly Position[][][]): Out =>
  el(
    name,
    { 'xsi:type': 'loc:AreaLocation' },
    el(
      'loc:gmlMultiPolygon',
      {},
      polygons.map(([outer, ...inner]) =>
        el(
          'loc:gmlPolygon',
          {},
          el('loc:exterior', GML, posList(outer!)),
          inner.map((ring) => el('loc:interior', GML, posList(ring))),
        ),
      ),
    ),
  )
