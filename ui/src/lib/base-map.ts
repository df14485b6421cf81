import { type Flavor, layers, namedFlavor } from '@protomaps/basemaps'
import { addProtocol, type LayerSpecification, type StyleSpecification } from 'maplibre-gl'
import { Protocol } from 'pmtiles'
import { get } from './api.ts'
import { darkFilter } from './dark-map.ts'

interface MapAnswer {
  kind: 'style' | 'archive' | 'plain'
  address: string | null
  archive: { tiles: 'vector' | 'raster' } | null
}

const SOURCE = 'city'
/** Ours, loaded with the page: the map asks nobody for letters. */
const FONT = ['Fira Sans']
/** Signs and shields need pictures we do not ship; arrows of one-way streets and house numbers are noise here. */
const LEFT_OUT = new Set(['roads_oneway', 'roads_shields', 'pois', 'address_label', 'places_country', 'places_region'])

let known: Protocol | undefined

/** How the city's map is drawn. */
export interface BaseMap {
  style(dark: boolean): StyleSpecification
  /** A filter of CSS over the canvas, for a style that knows no dark; empty = none. */
  filter(dark: boolean): string
}

/** What draws the city's map, light or dark. Throws when the city has none, or it cannot be had. */
export async function loadStyle(lang: string): Promise<BaseMap> {
  const { kind, address, archive } = await get<MapAnswer>('/api/v1/map')
  if (!address) throw new Error('this city has no map of its own')
  if (kind === 'style') {
    const style = ownAddresses(await get<StyleSpecification>(address))
    const filter = darkFilter(style)
    return { style: () => style, filter: (dark) => (dark ? filter : '') }
  }
  if (!known) {
    known = new Protocol()
    addProtocol('pmtiles', known.tile)
  }
  const url = `pmtiles://${location.origin}${address}`
  const raster = archive?.tiles === 'raster'
  return { style: (dark) => (raster ? pictures(url, dark) : drawing(url, dark, lang)), filter: () => '' }
}

/** The platform's paths with our origin in front: MapLibre's worker knows no page they could belong to. */
function ownAddresses(style: StyleSpecification): StyleSpecification {
  const text = JSON.stringify(style, (_name, value) =>
    typeof value === 'string' && value.startsWith('/api/v1/map/') ? location.origin + value : value,
  )
  return JSON.parse(text) as StyleSpecification
}

function pictures(url: string, dark: boolean): StyleSpecification {
  // Pictures have one look: at night they are dimmed.
  const paint = dark ? { 'raster-brightness-max': 0.6, 'raster-saturation': -0.4 } : { 'raster-saturation': -0.2 }
  return {
    version: 8,
    sources: { [SOURCE]: { type: 'raster', url, tileSize: 256 } },
    layers: [{ id: 'pictures', type: 'raster', source: SOURCE, paint }],
  }
}

function drawing(url: string, dark: boolean, lang: string): StyleSpecification {
  const drawn = layers(SOURCE, flavour(dark), { lang }) as LayerSpecification[]
  return {
    version: 8,
    sources: { [SOURCE]: { type: 'vector', url } },
    layers: drawn.filter((layer) => !LEFT_OUT.has(layer.id)).map(withOurFont),
  }
}

function withOurFont(layer: LayerSpecification): LayerSpecification {
  if (layer.type !== 'symbol') return layer
  const { 'icon-image': _sign, ...layout } = layer.layout ?? {}
  return { ...layer, layout: { ...layout, 'text-font': FONT } }
}

/**
 * The colours of the page, a little apart from each other: the ground says where one is, the stations are what is
 * looked at. Taken from KERN's neutral and blue scales.
 */
function flavour(dark: boolean): Flavor {
  const c = dark ? DARK : LIGHT
  const road = { minor: c.road, major: c.major, casing: c.casing }
  return {
    ...namedFlavor(dark ? 'dark' : 'white'),
    background: c.beyond,
    earth: c.land,
    park_a: c.green,
    park_b: c.green,
    wood_a: c.green,
    wood_b: c.green,
    scrub_a: c.green,
    scrub_b: c.green,
    zoo: c.green,
    hospital: c.built,
    industrial: c.built,
    school: c.built,
    military: c.built,
    pedestrian: c.built,
    aerodrome: c.built,
    glacier: c.land,
    sand: c.land,
    beach: c.land,
    runway: c.casing,
    pier: c.built,
    water: c.water,
    buildings: c.house,
    other: road.minor,
    minor_service: road.minor,
    minor_a: road.minor,
    minor_b: road.minor,
    link: road.major,
    major: road.major,
    highway: c.highway,
    minor_service_casing: road.casing,
    minor_casing: road.casing,
    link_casing: road.casing,
    major_casing_late: road.casing,
    major_casing_early: road.casing,
    highway_casing_late: road.casing,
    highway_casing_early: road.casing,
    tunnel_other: c.built,
    tunnel_minor: c.built,
    tunnel_link: c.built,
    tunnel_major: c.built,
    tunnel_highway: c.built,
    tunnel_other_casing: road.casing,
    tunnel_minor_casing: road.casing,
    tunnel_link_casing: road.casing,
    tunnel_major_casing: road.casing,
    tunnel_highway_casing: road.casing,
    bridges_other: road.minor,
    bridges_minor: road.minor,
    bridges_link: road.major,
    bridges_major: road.major,
    bridges_highway: c.highway,
    bridges_other_casing: road.casing,
    bridges_minor_casing: road.casing,
    bridges_link_casing: road.casing,
    bridges_major_casing: road.casing,
    bridges_highway_casing: road.casing,
    railway: c.rail,
    boundaries: c.boundary,
    roads_label_minor: c.text,
    roads_label_minor_halo: c.land,
    roads_label_major: c.text,
    roads_label_major_halo: c.land,
    subplace_label: c.text,
    subplace_label_halo: c.land,
    city_label: c.strong,
    city_label_halo: c.land,
    ocean_label: c.wet,
    landcover: {
      barren: c.land,
      farmland: c.land,
      forest: c.green,
      glacier: c.land,
      grassland: c.green,
      scrub: c.green,
      urban_area: c.land,
    },
  }
}

const LIGHT = {
  beyond: '#f5f6f8',
  land: '#fafbfc',
  green: '#e8f0ea',
  built: '#f1f3f6',
  house: '#e9ecf1',
  water: '#d3e1ee',
  road: '#ffffff',
  major: '#ffffff',
  highway: '#f3efe4',
  casing: '#dfe3ea',
  rail: '#cfd5de',
  boundary: '#aab3c2',
  text: '#5a6372',
  strong: '#343b48',
  wet: '#4c7397',
}

const DARK: typeof LIGHT = {
  beyond: '#12141c',
  land: '#181b25',
  green: '#1a2524',
  built: '#1d212c',
  house: '#232835',
  water: '#15283b',
  road: '#282e3b',
  major: '#323949',
  highway: '#3d4456',
  casing: '#181b25',
  rail: '#343b4a',
  boundary: '#4d566a',
  text: '#98a2b3',
  strong: '#c3cad6',
  wet: '#6d93b8',
}
