/** A map server as others run them: style, TileJSON, tiles, sprites and fonts, behind a key. Can be made to fail. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { groundTile } from './pmtiles.ts'

export interface MapServer {
  /** Address of the style, with the key in it. */
  styleUrl: string
  origin: string
  key: string
  /** Paths asked for, with their query, and whether the answer was "not modified". */
  asked: { path: string; unmodified: boolean }[]
  /** Answers 500 to everything while set. */
  broken: boolean
  close(): Promise<void>
}

/** One transparent pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)

export async function startMapServer(): Promise<MapServer> {
  const key = 'geheim-4711'
  const asked: MapServer['asked'] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://map')
    const unmodified = request.headers['if-none-match'] === '"1"'
    asked.push({ path: request.url!, unmodified })
    if (self.broken) return void response.writeHead(500).end()
    if (url.searchParams.get('key') !== key) return void response.writeHead(403).end()
    if (unmodified) return void response.writeHead(304).end()
    const answer = content(url.pathname)
    if (answer === null) return void response.writeHead(404).end()
    response.writeHead(200, { etag: '"1"', 'content-type': answer.type }).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const self: MapServer = {
    styleUrl: `${origin}/style.json?key=${key}`,
    origin,
    key,
    asked,
    broken: false,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  const json = (value: unknown) => ({ type: 'application/json', body: JSON.stringify(value) })
  const content = (path: string): { type: string; body: string | Buffer } | null => {
    if (path === '/style.json') return json(style(origin, key))
    if (path === '/tiles.json')
      return json({
        tiles: [`${origin}/vector/{z}/{x}/{y}.pbf?key=${key}`],
        minzoom: 0,
        maxzoom: 14,
        attribution:
          '<a href="https://www.openstreetmap.org/copyright?key=1" onclick="x()">© OpenStreetMap</a><img src="https://logo.example/x.png">',
      })
    // Packed, as many servers store them.
    if (/^\/vector\/\d+\/\d+\/\d+\.pbf$/.test(path))
      return { type: 'application/x-protobuf', body: gzipSync(groundTile()) }
    if (path === '/page/3/4/2') return { type: 'text/html', body: '<script>alert(1)</script>' }
    if (path.startsWith('/raster/')) return path.startsWith('/raster/13/') ? null : { type: 'image/png', body: PNG }
    if (/^\/sprite(@2x)?\.json$/.test(path)) return json({})
    if (/^\/sprite(@2x)?\.png$/.test(path)) return { type: 'image/png', body: PNG }
    if (path === '/areas.geojson') return json({ type: 'FeatureCollection', features: [] })
    return null
  }
  return self
}

function style(origin: string, key: string) {
  return {
    version: 8,
    name: 'Stadtplan',
    sprite: `${origin}/sprite?key=${key}`,
    glyphs: `${origin}/fonts/{fontstack}/{range}.pbf?key=${key}`,
    'font-faces': { Bold: `${origin}/bold.ttf?key=${key}` },
    sources: {
      streets: { type: 'vector', url: `/tiles.json?key=${key}` },
      photo: {
        type: 'raster',
        tiles: [`${origin}/raster/{z}/{x}/{y}?key=${key}`],
        tileSize: 256,
        maxzoom: 18,
        attribution: '© Stadt',
      },
      page: { type: 'raster', tiles: [`${origin}/page/{z}/{x}/{y}?key=${key}`] },
      areas: { type: 'geojson', data: `areas.geojson?key=${key}` },
      film: { type: 'video', urls: [`${origin}/film.mp4`] },
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': '#dfe7ee' } },
      { id: 'photo', type: 'raster', source: 'photo', layout: { visibility: 'none' } },
      { id: 'earth', type: 'fill', source: 'streets', 'source-layer': 'earth', paint: { 'fill-color': '#ffffff' } },
      { id: 'water', type: 'fill', source: 'streets', 'source-layer': 'water', paint: { 'fill-color': '#9cc4e4' } },
      { id: 'film', type: 'raster', source: 'film' },
      {
        id: 'places',
        type: 'symbol',
        source: 'streets',
        'source-layer': 'places',
        layout: { 'text-field': ['get', 'name'], 'text-font': ['Plan Bold', 'Plan Regular'] },
      },
    ],
  }
}
