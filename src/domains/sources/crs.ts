import proj4 from 'proj4'

const etrs = (zone: number) => `+proj=utm +zone=${zone} +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +units=m +no_defs`
const gauss = (zone: number) =>
  `+proj=tmerc +lat_0=0 +lon_0=${zone * 3} +k=1 +x_0=${zone * 1_000_000 + 500_000} +y_0=0 +ellps=bessel ` +
  '+towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7 +units=m +no_defs'

/** Reference systems German files come in; longitude or easting first. */
const SYSTEMS: Readonly<Record<string, string>> = {
  'EPSG:4326': '+proj=longlat +datum=WGS84 +no_defs',
  'EPSG:4258': '+proj=longlat +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +no_defs',
  'EPSG:25831': etrs(31),
  'EPSG:25832': etrs(32),
  'EPSG:25833': etrs(33),
  'EPSG:32632': '+proj=utm +zone=32 +datum=WGS84 +units=m +no_defs',
  'EPSG:32633': '+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs',
  'EPSG:31466': gauss(2),
  'EPSG:31467': gauss(3),
  'EPSG:31468': gauss(4),
  'EPSG:31469': gauss(5),
  'EPSG:3035':
    '+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +units=m +no_defs',
  'EPSG:3857':
    '+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +no_defs',
}

/** Names of the reference systems that are known. */
export const KNOWN_SYSTEMS = Object.keys(SYSTEMS)

type Position = [number, number]
const DECIMALS = 1e7

/** From a reference system to degrees of EPSG:4326, longitude first, 1e-7 degrees; null for a system nobody knows. */
export function toDegrees(system: string): ((position: Position) => Position) | null {
  const from = SYSTEMS[system]
  if (!from) return null
  const { forward } = proj4(from, SYSTEMS['EPSG:4326']!)
  return (position) => {
    if (!position.every(Number.isFinite)) return position
    const [lon, lat] = forward(position)
    return [Math.round(lon * DECIMALS) / DECIMALS, Math.round(lat * DECIMALS) / DECIMALS]
  }
}

/** Every position of a GeoJSON geometry, through `change`; a third coordinate is dropped. */
export function reproject(geometry: object, change: (position: Position) => Position): object {
  const walk = (value: unknown): unknown => {
    if (!Array.isArray(value)) return value
    if (typeof value[0] === 'number') return change([Number(value[0]), Number(value[1])])
    return value.map(walk)
  }
  if ('geometries' in geometry && Array.isArray(geometry.geometries))
    return { ...geometry, geometries: geometry.geometries.map((one) => reproject(one as object, change)) }
  return { ...geometry, ...('coordinates' in geometry ? { coordinates: walk(geometry.coordinates) } : {}) }
}
