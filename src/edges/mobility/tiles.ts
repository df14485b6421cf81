import { createHash } from 'node:crypto'
import { fromGeojsonVt } from '@maplibre/vt-pbf'
import Type, { type Static } from 'typebox'
import {
  featureRows,
  MOST_ZOOM,
  TILE_EXTENT,
  type TileRows,
  type TileShape,
  tileShapes,
} from '../../domains/features/index.ts'
import { stopRows } from '../../domains/mobility/index.ts'
import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { MobilityDeps } from './deps.ts'
import { provenance, visibleDataset } from './place.ts'

type Scope = { visible: readonly number[]; dataset?: number }

/** What can be drawn; by the name of the layer in the tile. */
const LAYERS: Readonly<Record<string, { rows: (scope: Scope) => TileRows; holds: string }>> = {
  parking: { rows: (scope) => featureRows('parking', scope), holds: 'car parks, bicycle parking, bays' },
  sharing: { rows: (scope) => featureRows('sharing', scope), holds: 'stations of sharing systems' },
  charging: { rows: (scope) => featureRows('charging', scope), holds: 'charging stations' },
  roadworks: { rows: (scope) => featureRows('roadworks', scope), holds: 'roadworks that are in force' },
  stops: { rows: stopRows, holds: 'stops and stations' },
}
const layer = Type.Union(
  Object.keys(LAYERS).map((name) => Type.Literal(name)),
  {
    description: Object.entries(LAYERS)
      .map(([name, { holds }]) => `${name}: ${holds}`)
      .join('; '),
  },
)
const Query = Type.Object({
  dataset: Type.Optional(Type.String({ maxLength: 63, description: 'Only what is in this dataset' })),
})
const LayerParams = Type.Object({ layer })
const Address = Type.Object({
  layer,
  z: Type.Integer({ minimum: 0, maximum: MOST_ZOOM }),
  x: Type.Integer({ minimum: 0 }),
  y: Type.Integer({ minimum: 0 }),
})

/**
 * `/api/v1/mobility/tiles/…`: places of a mode as Mapbox Vector Tiles 2.1 with their TileJSON 3.0, for maps that would
 * choke on all of them as GeoJSON.
 */
export function addTiles(api: FastifyInstance, { db, access, catalog }: MobilityDeps): void {
  const tags = ['Mobility']

  const scopeOf = (request: FastifyRequest, id: string | undefined): Scope => {
    const visible = access.visible(request.actor)
    return id === undefined ? { visible } : { visible, dataset: visibleDataset(catalog, visible, id).key }
  }

  api.get<{ Params: Static<typeof LayerParams>; Querystring: Static<typeof Query> }>(
    '/api/v1/mobility/tiles/:layer',
    {
      schema: {
        tags,
        summary: 'Where the vector tiles of a layer are and what is in them: TileJSON 3.0',
        params: LayerParams,
        querystring: Query,
      },
    },
    async (request) => {
      const name = String(request.params.layer)
      const { rows } = LAYERS[name]!
      const scope = scopeOf(request, request.query.dataset)
      const { sql, values } = rows(scope)
      const found = await db.query<{
        dataset: string
        n: number
        west: number
        south: number
        east: number
        north: number
      }>(
        `select dataset, count(*)::int as n, min(st_xmin(geom)) as west, min(st_ymin(geom)) as south, max(st_xmax(geom)) as east,
                max(st_ymax(geom)) as north from (${sql}) rows group by dataset`,
        [...values],
      )
      const datasets = found.map(({ dataset }) => catalog.byId(dataset)!)
      access.used(
        request.actor,
        'mobility',
        datasets.map(({ key }) => key),
      )
      const { attribution, ...from } = provenance(datasets)
      const only = request.query.dataset === undefined ? '' : `?dataset=${encodeURIComponent(request.query.dataset)}`
      return {
        tilejson: '3.0.0',
        name,
        tiles: [`${request.origin}/api/v1/mobility/tiles/${name}/{z}/{x}/{y}.mvt${only}`],
        minzoom: 0,
        maxzoom: MOST_ZOOM,
        ...(found.length > 0 && {
          bounds: [
            Math.min(...found.map(({ west }) => west)),
            Math.min(...found.map(({ south }) => south)),
            Math.max(...found.map(({ east }) => east)),
            Math.max(...found.map(({ north }) => north)),
          ],
        }),
        // Not of TileJSON: whether tiles are worth it.
        features: found.reduce((sum, { n }) => sum + n, 0),
        attribution: attribution ?? '',
        ...from,
        vector_layers: [
          {
            id: name,
            description: LAYERS[name]!.holds,
            fields: {
              id: 'Id; absent where one point stands for several',
              name: 'Name; absent where one point stands for several',
              dataset: 'Id of the dataset; absent where there are several',
              count: 'Number of places this stands for',
            },
          },
        ],
      }
    },
  )

  api.get<{ Params: Static<typeof Address>; Querystring: Static<typeof Query> }>(
    '/api/v1/mobility/tiles/:layer/:z/:x/:y.mvt',
    {
      schema: {
        tags,
        summary: 'One tile of a layer: Mapbox Vector Tile 2.1; 204 where nothing is',
        params: Address,
        querystring: Query,
      },
    },
    async (request, reply) => {
      const { z, x, y } = request.params
      const name = String(request.params.layer)
      if (x >= 2 ** z || y >= 2 ** z)
        throw new Problem(400, 'tile-unknown', `There is no tile ${z}/${x}/${y}: x and y go from 0 to ${2 ** z - 1}.`)
      const scope = scopeOf(request, request.query.dataset)
      const shapes = await tileShapes(db, { z, x, y }, LAYERS[name]!.rows(scope))
      // Seen by whom decides what is in it: it is asked again each time, and sent again only when it has changed.
      reply.header('cache-control', 'private, no-cache')
      if (shapes.length === 0) return reply.code(204).send()
      const tile = Buffer.from(encode(name, shapes))
      const etag = `"${createHash('sha256').update(tile).digest('base64url').slice(0, 22)}"`
      reply.header('etag', etag)
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
      return reply
        .type('application/vnd.mapbox-vector-tile')
        .serializer((bytes: unknown) => bytes as string)
        .send(tile)
    },
  )
}

type Parts = [number, number][] | [number, number][][]

/** Kinds of geometry of a tile (4.3.4): points, lines, areas; what GeoJSON calls Multi is one feature of many parts. */
function partsOf({ type, coordinates }: TileShape['geometry']): { type: 1 | 2 | 3; geometry: Parts } | null {
  switch (type) {
    case 'Point':
      return { type: 1, geometry: [coordinates as [number, number]] }
    case 'MultiPoint':
      return { type: 1, geometry: coordinates as [number, number][] }
    case 'LineString':
      return { type: 2, geometry: [coordinates as [number, number][]] }
    case 'MultiLineString':
      return { type: 2, geometry: coordinates as [number, number][][] }
    case 'Polygon':
      return { type: 3, geometry: coordinates as [number, number][][] }
    case 'MultiPolygon':
      return { type: 3, geometry: (coordinates as [number, number][][][]).flat() }
    default:
      return null
  }
}

function encode(name: string, shapes: readonly TileShape[]): Uint8Array {
  const features = shapes.flatMap(({ key, name: title, dataset, count, geometry }) => {
    const parts = partsOf(geometry)
    if (!parts) return []
    const said = { id: key, name: title, dataset, count }
    return [{ ...parts, tags: Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null)) }]
  })
  return fromGeojsonVt({ [name]: { features } } as unknown as Parameters<typeof fromGeojsonVt>[0], {
    version: 2,
    extent: TILE_EXTENT,
  })
}
