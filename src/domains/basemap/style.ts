import { createHash } from 'node:crypto'
import { cleanAttribution, joinAttributions } from './attribution.ts'

/** Where our addresses begin; the pages put their own origin in front. */
const OWN = '/api/v1/map'

export interface TileSet {
  templates: string[]
  kind: 'vector' | 'picture'
  minZoom: number
  maxZoom: number
}

/**
 * A foreign style as we serve it: each address in it became one of ours, and here stands where ours lead. Only these can
 * be asked for, so nobody uses the platform to fetch anything else.
 */
export interface Plan {
  version: string
  /** For the browser; its addresses begin with {@link OWN}. */
  style: Record<string, unknown>
  tiles: TileSet[]
  /** Addresses of sprites, without the ending. */
  sprites: string[]
  glyphs: { template: string; fonts: ReadonlySet<string> } | null
  /** GeoJSON and pictures laid on the map. */
  data: { address: string; kind: 'geojson' | 'picture' }[]
  attribution: string | null
  /** What had to be left out. */
  left: string[]
}

type Json = Record<string, unknown>

/** What of a style goes to the browser. What is not known here might load something: it stays out. */
const KEPT = [
  'version',
  'name',
  'center',
  'zoom',
  'bearing',
  'pitch',
  'light',
  'sky',
  'terrain',
  'projection',
  'transition',
  'layers',
  'state',
]
const SOURCE_KEPT = [
  'type',
  'scheme',
  'tileSize',
  'encoding',
  'redFactor',
  'greenFactor',
  'blueFactor',
  'baseShift',
  'volatile',
  'promoteId',
  'buffer',
  'tolerance',
  'cluster',
  'clusterRadius',
  'clusterMaxZoom',
  'clusterMinPoints',
  'clusterProperties',
  'filter',
  'lineMetrics',
  'generateId',
  'coordinates',
  'maxzoom',
  'minzoom',
  'bounds',
]
const MOST_ZOOM = 24
const DEFAULT_ZOOM = 22
/** What a layer without fonts of its own is written in (MapLibre style specification, text-font). */
const DEFAULT_FONTS = ['Open Sans Regular', 'Arial Unicode MS Regular']

/** Addresses of TileJSON documents a style names, by source. */
export function tileJsonAddresses(style: Json, base: string): Map<string, string> {
  const addresses = new Map<string, string>()
  for (const [id, source] of sourcesOf(style)) {
    const url = isTiled(source) && !source.tiles ? resolved(source.url, base) : null
    if (url) addresses.set(id, url)
  }
  return addresses
}

/** Takes a style apart. `base` is where it came from; `tileJsons` are the documents of {@link tileJsonAddresses}. */
export function planStyle(
  style: Json,
  base: string,
  tileJsons: ReadonlyMap<string, { base: string; document: Json }>,
): Plan {
  if (style.version !== 8 || !Array.isArray(style.layers)) throw new Error('it is not a map style of version 8')
  const version = createHash('sha256')
    .update(JSON.stringify([base, style, [...tileJsons]]))
    .digest('hex')
    .slice(0, 16)
  const plan: Plan = {
    version,
    style: pick(style, KEPT),
    tiles: [],
    sprites: [],
    glyphs: null,
    data: [],
    attribution: null,
    left: [],
  }
  const sources: Json = {}
  const attributions: string[] = []
  for (const [id, source] of sourcesOf(style)) {
    const json = tileJsons.get(id)
    const own = isTiled(source) ? tiled(source, json, base, plan) : other(source, base, plan)
    if (!own) {
      plan.left.push(`source "${id}"`)
      continue
    }
    const attribution = cleanAttribution(String(source.attribution ?? json?.document.attribution ?? ''))
    if (attribution) {
      own.attribution = attribution
      attributions.push(attribution)
    }
    sources[id] = own
  }
  plan.style.sources = sources
  plan.style.layers = (style.layers as Json[]).filter(
    (layer) => layer.source === undefined || String(layer.source) in sources,
  )
  plan.attribution = joinAttributions(attributions)
  addSprites(style, base, plan)
  addGlyphs(style, base, plan)
  return plan
}

function tiled(
  source: Json,
  json: { base: string; document: Json } | undefined,
  base: string,
  plan: Plan,
): Json | null {
  const from = source.tiles ? source : json?.document
  const templates = (Array.isArray(from?.tiles) ? from.tiles : [])
    .map((template) => resolvedTemplate(template, source.tiles ? base : json!.base))
    .filter((template) => template !== null)
  if (templates.length === 0) return null
  const limits = { ...json?.document, ...source }
  const minZoom = zoomOf(limits.minzoom, 0)
  const maxZoom = zoomOf(limits.maxzoom, DEFAULT_ZOOM)
  const number =
    plan.tiles.push({ templates, kind: source.type === 'vector' ? 'vector' : 'picture', minZoom, maxZoom }) - 1
  const own = pick(
    { ...pick(json?.document ?? {}, ['scheme', 'bounds', 'encoding', 'tileSize']), ...source },
    SOURCE_KEPT,
  )
  return { ...own, minzoom: minZoom, maxzoom: maxZoom, tiles: [`${OWN}/tiles/${number}/{z}/{x}/{y}?v=${plan.version}`] }
}

function other(source: Json, base: string, plan: Plan): Json | null {
  const own = pick(source, SOURCE_KEPT)
  if (source.type === 'geojson') {
    if (typeof source.data !== 'string') return { ...own, data: source.data }
    const address = resolved(source.data, base)
    return address ? { ...own, data: dataAddress(plan, address, 'geojson') } : null
  }
  const address = source.type === 'image' ? resolved(source.url, base) : null
  return address ? { ...own, url: dataAddress(plan, address, 'picture') } : null
}

function dataAddress(plan: Plan, address: string, kind: 'geojson' | 'picture'): string {
  return `${OWN}/data/${plan.data.push({ address, kind }) - 1}?v=${plan.version}`
}

function addSprites(style: Json, base: string, plan: Plan): void {
  const given = typeof style.sprite === 'string' ? [{ id: 'default', url: style.sprite }] : style.sprite
  if (!Array.isArray(given)) return
  const own = []
  for (const { id, url } of given as { id: string; url: string }[]) {
    const address = resolved(url, base)
    if (address) own.push({ id, url: `${OWN}/sprite/${plan.sprites.push(address) - 1}?v=${plan.version}` })
    else plan.left.push(`sprite "${id}"`)
  }
  if (own.length > 0) plan.style.sprite = own
}

function addGlyphs(style: Json, base: string, plan: Plan): void {
  const template = resolvedTemplate(style.glyphs, base)
  if (!template) return
  const fonts = new Set(DEFAULT_FONTS)
  for (const layer of style.layers as { layout?: Json }[]) collectTexts(layer.layout?.['text-font'], fonts)
  plan.glyphs = { template, fonts }
  plan.style.glyphs = `${OWN}/glyphs/{fontstack}/{range}?v=${plan.version}`
}

function collectTexts(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') into.add(value)
  else if (value && typeof value === 'object') for (const one of Object.values(value)) collectTexts(one, into)
}

const sourcesOf = (style: Json): [string, Json][] =>
  Object.entries((style.sources ?? {}) as Record<string, Json>).filter(
    ([, source]) => source && typeof source === 'object',
  )

const isTiled = (source: Json): boolean => ['vector', 'raster', 'raster-dem'].includes(String(source.type))

const pick = (from: Json, names: readonly string[]): Json =>
  Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]))

const zoomOf = (value: unknown, fallback: number): number =>
  typeof value === 'number' && value >= 0 && value <= MOST_ZOOM ? Math.floor(value) : fallback

function resolved(address: unknown, base: string): string | null {
  if (typeof address !== 'string' || !URL.canParse(address, base)) return null
  const url = new URL(address, base)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null
}

/** As {@link resolved}, with `{z}` and its like left as they stand. */
function resolvedTemplate(template: unknown, base: string): string | null {
  return resolved(template, base)?.replace(/%7B([\w-]+)%7D/gi, '{$1}') ?? null
}

/** The address of a tile, with everything a template may ask for (MapLibre: `{quadkey}`, `{bbox-epsg-3857}`, `{prefix}`). */
export function tileAddress({ templates }: TileSet, z: number, x: number, y: number): string {
  const values: Record<string, string> = {
    z: String(z),
    x: String(x),
    y: String(y),
    prefix: (x % 16).toString(16) + (y % 16).toString(16),
    quadkey: quadkey(z, x, y),
    'bbox-epsg-3857': mercatorBox(z, x, y).join(','),
    ratio: '',
  }
  return templates[(x + y) % templates.length]!.replace(/\{([\w-]+)\}/g, (all, name: string) => values[name] ?? all)
}

function quadkey(z: number, x: number, y: number): string {
  let key = ''
  for (let i = z; i > 0; i--) {
    const bit = 2 ** (i - 1)
    key += (Math.floor(x / bit) % 2) + 2 * (Math.floor(y / bit) % 2)
  }
  return key
}

const HALF = 20037508.342789244

function mercatorBox(z: number, x: number, y: number): number[] {
  const side = (2 * HALF) / 2 ** z
  return [x * side - HALF, HALF - (y + 1) * side, (x + 1) * side - HALF, HALF - y * side]
}

/** Does the tile lie, at least in part, in the area (west, south, east, north in degrees)? */
export function tileTouches(
  [w, s, e, n]: readonly [number, number, number, number],
  z: number,
  x: number,
  y: number,
): boolean {
  const tiles = 2 ** z
  const column = (lon: number) => ((lon + 180) / 360) * tiles
  const row = (lat: number) =>
    (0.5 - Math.log(Math.tan(Math.PI / 4 + (Math.max(-85, Math.min(85, lat)) * Math.PI) / 360)) / (2 * Math.PI)) * tiles
  return x + 1 > column(w) && x < column(e) && y + 1 > row(n) && y < row(s)
}
