import type { Queryable } from '../../kernel/db/index.ts'
import type { Feature, FeatureQuery, FeatureSpec, KeptFeature } from './model.ts'

interface Origin {
  dataset: number
  source: string | null
  run: number | null
}

const MINE = 'f.source is not distinct from excluded.source'
const NAME = `case when ${MINE} then excluded.name else f.name end`
const PROPERTIES = `case when not ${MINE} then excluded.properties || f.properties
  when f.shared then f.properties || excluded.properties else excluded.properties end`
const GEOM = `case when ${MINE} then excluded.geom else coalesce(f.geom, excluded.geom) end`
const VALID = `case when ${MINE} then excluded.valid else coalesce(f.valid, excluded.valid) end`

/**
 * Creates or updates the features a run names, at most some hundred a call, each key once. A row is touched only where
 * something differs. The source that named a feature first owns its facts; another one only adds what is missing.
 */
export async function upsertFeatures(
  tx: Queryable,
  { dataset, source, run }: Origin,
  specs: readonly FeatureSpec[],
): Promise<KeptFeature[]> {
  if (specs.length === 0) return []
  const rows = specs.map(({ concept, key, name, geometry, properties, valid }) => ({
    concept,
    key,
    name,
    geometry: geometry === null ? null : JSON.stringify(geometry),
    properties,
    timed: valid !== undefined,
    valid_from: valid?.from ?? null,
    valid_to: valid?.to ?? null,
  }))
  const input = `jsonb_to_recordset($1::jsonb) as i(concept text, key text, name text, geometry text, properties jsonb,
    timed boolean, valid_from timestamptz, valid_to timestamptz)`
  const touched = await tx.query<{ concept: string; key: string; created: boolean }>(
    `insert into feature as f (dataset, concept, natural_key, name, properties, geom, valid, source, run)
     select $2, i.concept, i.key, i.name, coalesce(i.properties, '{}'),
       st_makevalid(st_setsrid(st_geomfromgeojson(i.geometry), 4326)),
       case when i.timed then tstzrange(i.valid_from, i.valid_to) end, $3, $4
     from ${input}
     on conflict (dataset, concept, natural_key) do update set
       (name, properties, geom, valid) = row(${NAME}, ${PROPERTIES}, ${GEOM}, ${VALID}),
       shared = f.shared or not (${MINE}), gone_at = null, run = excluded.run, changed_at = now()
     where f.gone_at is not null or (f.name, f.properties, f.geom, f.valid) is distinct from
       (${NAME}, ${PROPERTIES}, ${GEOM}, ${VALID})
     returning f.concept, f.natural_key as key, f.xmax = 0 as created`,
    [JSON.stringify(rows), dataset, source, run],
  )
  const changes = new Map(touched.map(({ concept, key, created }) => [`${concept}\n${key}`, created]))
  const stored = await tx.query<Omit<KeptFeature, 'change'>>(
    `select f.id, f.concept, f.natural_key as key, f.thing from feature f join ${input}
       on i.concept = f.concept and i.key = f.natural_key where f.dataset = $2`,
    [JSON.stringify(rows.map(({ concept, key }) => ({ concept, key }))), dataset],
  )
  return stored.map((row) => {
    const created = changes.get(`${row.concept}\n${row.key}`)
    return { ...row, change: created === undefined ? 'unchanged' : created ? 'created' : 'updated' }
  })
}

/** Marks the features of a source that a complete run did not name. Answers how many. */
export async function endFeatures(
  tx: Queryable,
  { dataset, source }: Pick<Origin, 'dataset' | 'source'>,
  concept: string,
  named: readonly string[],
): Promise<number> {
  const rows = await tx.query(
    `update feature set gone_at = now(), changed_at = now()
     where dataset = $1 and source = $2 and concept = $3 and gone_at is null and natural_key <> all($4::text[]) returning 1`,
    [dataset, source, concept, named],
  )
  return rows.length
}

/** Says which Thing's datastreams hold the changing values. */
export async function tieToThings(
  tx: Queryable,
  dataset: number,
  ties: readonly { concept: string; key: string; thing: number }[],
): Promise<void> {
  if (ties.length === 0) return
  await tx.query(
    `update feature f set thing = i.thing from jsonb_to_recordset($2::jsonb) as i(concept text, key text, thing int4)
     where f.dataset = $1 and f.concept = i.concept and f.natural_key = i.key and f.thing is distinct from i.thing`,
    [dataset, JSON.stringify(ties)],
  )
}

/** The datastreams of features by concept, key and observed property, for a source that meets them again. */
export function knownStreams(
  db: Queryable,
  dataset: number,
  source: string,
): Promise<{ concept: string; key: string; thing: number; property: string; datastream: number; kind: string }[]> {
  return db.query(
    `select f.concept, f.natural_key as key, f.thing, p.natural_key as property, d.id as datastream
     from feature f join datastream d on d.thing = f.thing join observed_property p on p.id = d.observed_property
     where f.dataset = $1 and d.source = $2 and d.dataset = $1`,
    [dataset, source],
  )
}

/** Marks a feature that people entered as gone; it stays for what refers to it. */
export async function removeFeature(db: Queryable, id: number): Promise<void> {
  await db.query('update feature set gone_at = now(), changed_at = now() where id = $1 and source is null', [id])
}

/** Brings back a feature that people entered and took away. False where it is not gone. */
export async function restoreFeature(db: Queryable, id: number): Promise<boolean> {
  const rows = await db.query(
    'update feature set gone_at = null, changed_at = now() where id = $1 and source is null and gone_at is not null returning 1',
    [id],
  )
  return rows.length > 0
}

const WHEN = {
  current: '(f.valid is null or f.valid @> now())',
  planned: '(lower(f.valid) > now())',
  past: '(upper(f.valid) <= now())',
} as const

/** Features, with the visibility predicate; nearest first where a place is given, else by name. */
export async function findFeatures(db: Queryable, query: FeatureQuery): Promise<Feature[]> {
  const values: unknown[] = [query.visible, query.concept]
  const value = (item: unknown) => `$${values.push(item)}`
  const where = ['f.dataset = any($1::int4[])', 'f.concept = $2']
  if (!query.gone) where.push('f.gone_at is null')
  if (query.dataset !== undefined) where.push(`f.dataset = ${value(query.dataset)}::int4`)
  if (query.key !== undefined) where.push(`f.natural_key = ${value(query.key)}`)
  if (query.entered) where.push('f.source is null')
  if (query.when) where.push(WHEN[query.when])
  if (query.during) {
    const [from, to] = [query.during.from, query.during.to].map((side) => `${value(side)}::timestamptz`)
    where.push(`(f.valid is null or f.valid && tstzrange(${from}, ${to}))`)
  }
  if (query.bbox) {
    const [west, south, east, north] = query.bbox.map((side) => `${value(side)}::float8`)
    where.push(`f.geom && st_makeenvelope(${west}, ${south}, ${east}, ${north}, 4326)`)
  }
  let distance = 'null::float8'
  let order = 'f.name, f.id'
  if (query.near) {
    const { lon, lat, radius } = query.near
    const place = `st_setsrid(st_makepoint(${value(lon)}::float8, ${value(lat)}::float8), 4326)`
    // A degree of latitude is 111 km; of longitude less, the nearer a pole.
    const dLat = radius / 111_000
    const dLon = dLat / Math.max(0.01, Math.cos((lat * Math.PI) / 180))
    where.push(`f.geom && st_expand(${place}, ${value(dLon)}::float8, ${value(dLat)}::float8)`)
    distance = `st_distance(f.geom::geography, ${place}::geography)`
    where.push(`${distance} <= ${value(radius)}::float8`)
    order = 'distance, f.id'
  }
  const rows = await db.query<Feature & { geojson: string | null; distance: number | null }>(
    `select f.id, f.dataset, f.concept, f.natural_key as key, f.name, f.properties, st_asgeojson(f.geom, 7) as geojson,
       case when isfinite(lower(f.valid)) then lower(f.valid) end as "validFrom",
       case when isfinite(upper(f.valid)) then upper(f.valid) end as "validTo",
       f.thing, f.source, f.gone_at as "goneAt", f.changed_at as "changedAt", ${distance} as distance
     from feature f where ${where.join(' and ')} order by ${order} limit ${value(query.limit ?? 10_000)}::int4`,
    values,
  )
  return rows.map(({ geojson, distance: metres, ...row }) => ({
    ...row,
    geometry: geojson === null ? null : JSON.parse(geojson),
    ...(metres === null ? {} : { distance: metres }),
  }))
}
