import type { Queryable } from '../../kernel/db/index.ts'

/** Units a tile has on each side, and beyond its edges so that lines do not end there (Mapbox Vector Tile 2.1, 4.2). */
export const TILE_EXTENT = 4096
const BUFFER = 64
/** Where points lie closer than this, one stands for them: 16 pixels of a tile of 512. */
const CELL = 128
/** From this zoom every point stands for itself. */
const SINGLE_ZOOM = 15
export const MOST_ZOOM = 18
/** Most shapes of one tile. */
const MOST = 20_000
/** Half of the way around the earth in EPSG:3857, metres. */
const HALF = 20_037_508.342789244

export interface TileAddress {
  z: number
  x: number
  y: number
}

/** What is drawn: columns of a query that selects `id`, `key`, `name`, `dataset` (its id) and `geom` (EPSG:4326). */
export interface TileRows {
  sql: string
  values: readonly unknown[]
}

export interface TileShape {
  /** Null where it stands for several. */
  key: string | null
  name: string | null
  dataset: string | null
  count: number
  /** GeoJSON in units of the tile, y downwards; rings as tiles want them: the outer one clockwise. */
  geometry: { type: string; coordinates: unknown }
}

/** Longitude and latitude of a point of the Web Mercator square, 0 to 1 from west and north. */
const degrees = (x: number, y: number): [number, number] => [
  x * 360 - 180,
  (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI,
]

/**
 * The shapes of one tile, cut at its edges and simplified to what can be seen. Points that would cover each other come
 * as one with their `count`. At most 20,000 shapes; `rows` must carry the visibility predicate.
 */
export async function tileShapes(db: Queryable, { z, x, y }: TileAddress, rows: TileRows): Promise<TileShape[]> {
  const side = 2 ** -z
  const margin = (side * BUFFER) / TILE_EXTENT
  const [west, north] = degrees(Math.max(0, x * side - margin), Math.max(0, y * side - margin))
  const [east, south] = degrees(Math.min(1, (x + 1) * side + margin), Math.min(1, (y + 1) * side + margin))
  const scale = TILE_EXTENT / (2 * HALF * side)
  const values = [...rows.values]
  const value = (item: number) => `$${values.push(item)}::float8`
  const box = `st_makeenvelope(${[west, south, east, north].map(value).join(', ')}, 4326)`
  const onTile = (geom: string) =>
    `st_affine(st_transform(${geom}, 3857), ${value(scale)}, 0, 0, ${value(-scale)}, ${value((HALF - 2 * HALF * side * x) * scale)}, ${value((HALF - 2 * HALF * side * y) * scale)})`
  const cell = z >= SINGLE_ZOOM ? '' : `floor(st_x(p.g) / ${CELL}), floor(st_y(p.g) / ${CELL})`
  const found = await db.query<Omit<TileShape, 'geometry'> & { geojson: string }>(
    `with f as materialized (select r.* from (${rows.sql}) r where r.geom && ${box}),
     p as (select f.*, ${onTile('f.geom')} as g from f where st_geometrytype(f.geom) = 'ST_Point'),
     points as (
       select case when count(*) = 1 then min(p.key) end as key, case when count(*) = 1 then min(p.name) end as name,
              case when count(distinct p.dataset) = 1 then min(p.dataset) end as dataset, count(*)::int as count,
              st_makepoint(avg(st_x(p.g)), avg(st_y(p.g))) as g
         from p group by ${cell === '' ? 'p.id' : cell}),
     shapes as (
       select f.key, f.name, f.dataset, 1 as count,
              st_simplify(${onTile(`st_forcepolygoncw(st_clipbybox2d(f.geom, ${box}))`)}, 1) as g
         from f where st_geometrytype(f.geom) <> 'ST_Point')
     select key, name, dataset, count, st_asgeojson(g, 0) as geojson
       from (select * from points union all select * from shapes) s
      where g is not null and not st_isempty(g) limit ${MOST}`,
    values,
  )
  return found.map(({ geojson, ...shape }) => ({ ...shape, geometry: JSON.parse(geojson) }))
}

/** The features of a concept that hold now, for a tile. */
export function featureRows(
  concept: string,
  { visible, dataset }: { visible: readonly number[]; dataset?: number },
): TileRows {
  const only = dataset === undefined ? '' : 'and f.dataset = $3::int4'
  return {
    sql: `select f.id, d.id || ':' || f.natural_key as key, f.name, d.id as dataset, f.geom
            from feature f join dataset d on d.key = f.dataset
           where f.dataset = any($1::int4[]) and f.concept = $2 ${only} and f.gone_at is null and f.geom is not null
             and (f.valid is null or f.valid @> now())`,
    values: [visible, concept, ...(dataset === undefined ? [] : [dataset])],
  }
}
