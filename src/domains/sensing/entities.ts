import type { Queryable } from '../../kernel/db/index.ts'
import { note, noteUpsert, type Upserted, upserted } from './changes.ts'
import type { DatastreamSpec, ObservedPropertySpec, SensorSpec, ThingSpec } from './model.ts'

/**
 * Creates or updates entities by what their source calls them (`natural_key`). Each is idempotent and touches a row
 * only when something differs. What people changed by form stays (`given`, see migration 0012).
 */
const own = (column: string, key = column): string =>
  `case when e.given ? '${key}' then e.${column} else excluded.${column} end`
const PROPERTIES = `kept_properties(excluded.properties, e.properties, e.given -> 'properties')`
const THING = `${own('name')}, ${own('description')}, ${PROPERTIES}`

export async function ensureThing(tx: Queryable, dataset: number, spec: ThingSpec): Promise<number> {
  const [row] = await tx.query<Upserted & { placed: boolean }>(
    `insert into thing as e (dataset, natural_key, name, description, properties) values ($1, $2, $3, $4, $5::jsonb)
     on conflict (dataset, natural_key) do update set (name, description, properties) = row(${THING}),
       changed_at = case when (e.name, e.description, e.properties) is distinct from (${THING}) then now() else e.changed_at end
     returning ${upserted('thing')}, e.given ? 'place' as placed`,
    [dataset, spec.key, spec.name, spec.description ?? '', json(spec.properties)],
  )
  const thing = noteUpsert(tx, 'Thing', dataset, row!)
  if (spec.location && !row!.placed) await placeThing(tx, dataset, thing, spec)
  return thing
}

/** Puts the Thing where `spec.location` says; a new place makes a HistoricalLocation (OGC 18-088 §8.2.3). */
export async function placeThing(
  tx: Queryable,
  dataset: number,
  thing: number,
  spec: Pick<ThingSpec, 'name' | 'location'>,
): Promise<void> {
  const { geometry, name, description, properties } = spec.location!
  const geojson = JSON.stringify(geometry)
  const [same] = await tx.query<{ id: number; changed: boolean }>(
    `update location l set name = $3, description = $4, properties = $5::jsonb, changed_at = now()
     from thing_location tl, location before
     where tl.location = l.id and tl.thing = $1 and l.location = $2::jsonb and before.id = l.id
     returning l.id, (l.name, l.description, l.properties) is distinct from (before.name, before.description, before.properties) as changed`,
    [thing, geojson, name ?? spec.name, description ?? '', json(properties)],
  )
  if (same?.changed) note(tx, [{ dataset, type: 'Location', id: same.id, change: 'updated' }])
  if (same) return
  const [made] = await tx.query<{ id: number }>(
    `insert into location (dataset, name, description, location, geom, properties)
     values ($1, $2, $3, $4::jsonb, st_makevalid(st_setsrid(st_geomfromgeojson($4), 4326)), $5::jsonb) returning id`,
    [dataset, name ?? spec.name, description ?? '', geojson, json(properties)],
  )
  await tx.query('delete from thing_location where thing = $1', [thing])
  await tx.query('insert into thing_location (thing, location) values ($1, $2)', [thing, made!.id])
  const [history] = await tx.query<{ id: number }>(
    'insert into historical_location (dataset, thing, time) values ($1, $2, now()) returning id',
    [dataset, thing],
  )
  await tx.query('insert into historical_location_location (historical_location, location) values ($1, $2)', [
    history!.id,
    made!.id,
  ])
  note(tx, [
    { dataset, type: 'Location', id: made!.id, change: 'created' },
    { dataset, type: 'HistoricalLocation', id: history!.id, change: 'created' },
  ])
  await moveFeatures(tx, thing)
}

export async function ensureSensor(tx: Queryable, dataset: number, spec: SensorSpec): Promise<number> {
  const [row] = await tx.query<Upserted>(
    `insert into sensor as e (dataset, natural_key, name, description, encoding_type, metadata, properties)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb)
     on conflict (dataset, natural_key) do update set name = excluded.name, description = excluded.description,
       encoding_type = excluded.encoding_type, metadata = excluded.metadata,
       properties = coalesce(excluded.properties, e.properties)
     returning ${upserted('sensor')}`,
    [
      dataset,
      spec.key,
      spec.name,
      spec.description ?? '',
      spec.encodingType ?? 'text/html',
      JSON.stringify(spec.metadata ?? ''),
      json(spec.properties),
    ],
  )
  return noteUpsert(tx, 'Sensor', dataset, row!)
}

export async function ensureObservedProperty(
  tx: Queryable,
  dataset: number,
  spec: ObservedPropertySpec,
): Promise<number> {
  const [row] = await tx.query<Upserted>(
    `insert into observed_property as e (dataset, natural_key, name, definition, description, properties)
     values ($1, $2, $3, $4, $5, $6::jsonb)
     on conflict (dataset, natural_key) do update set name = excluded.name, definition = excluded.definition,
       description = excluded.description, properties = coalesce(excluded.properties, e.properties)
     returning ${upserted('observed_property')}`,
    [dataset, spec.key, spec.name, spec.definition ?? '', spec.description ?? '', json(spec.properties)],
  )
  return noteUpsert(tx, 'ObservedProperty', dataset, row!)
}

export async function ensureDatastream(tx: Queryable, dataset: number, spec: DatastreamSpec): Promise<number> {
  const [row] = await tx.query<Upserted>(
    `insert into datastream as e (dataset, natural_key, thing, sensor, observed_property, name, description, observation_type,
                                  unit, properties, aggregate, period_s, role, source)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11, $12, $13, $14)
     on conflict (dataset, natural_key) do update set thing = excluded.thing, sensor = excluded.sensor,
       observed_property = ${own('observed_property', 'observedProperty')}, name = ${own('name')},
       description = ${own('description')}, observation_type = excluded.observation_type, unit = ${own('unit')},
       properties = excluded.properties, aggregate = ${own('aggregate')}, period_s = ${own('period_s', 'periodSeconds')},
       role = ${own('role')}, source = excluded.source
     returning ${upserted('datastream')}`,
    [
      dataset,
      spec.key,
      spec.thing,
      spec.sensor,
      spec.observedProperty,
      spec.name,
      spec.description ?? '',
      spec.observationType ?? 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement',
      JSON.stringify(spec.unit),
      json(spec.properties),
      spec.aggregate,
      spec.periodSeconds ?? null,
      spec.role ?? null,
      spec.source ?? null,
    ],
  )
  return noteUpsert(tx, 'Datastream', dataset, row!)
}

/**
 * Gives datastreams without a default FeatureOfInterest one made of their Thing's Location, made once per Location and
 * shared (OGC 18-088 §8.2.8). A Thing without a GeoJSON Location leaves its datastreams without.
 */
export async function ensureFeatures(tx: Queryable, datastreams: readonly number[]): Promise<void> {
  const made = await tx.query<Made>(
    `with needed as (
       select distinct on (d.id) d.id as datastream, l.id as location
       from datastream d join thing_location tl on tl.thing = d.thing join location l on l.id = tl.location
       where d.id = any($1::int4[]) and not exists (select 1 from datastream_foi f where f.datastream = d.id)
       order by d.id, l.geom is null, l.id
     ), made as (
       insert into feature_of_interest (dataset, name, description, encoding_type, feature, geom, properties, made_from)
       select l.dataset, l.name, l.description, l.encoding_type, l.location, l.geom, l.properties, l.id from location l
       where l.id in (select location from needed)
         and not exists (select 1 from feature_of_interest f where f.made_from = l.id)
       returning id, dataset, made_from
     ), every as (
       select id, made_from from made
       union all
       select min(id), made_from from feature_of_interest where made_from in (select location from needed) group by made_from
     ), given as (
       insert into datastream_foi (datastream, foi)
       select n.datastream, e.id from needed n join every e on e.made_from = n.location
       on conflict do nothing
     )
     select id, dataset from made`,
    [datastreams],
  )
  noteFeatures(tx, made)
}

/**
 * After a Thing moved: later observations of its datastreams refer to a feature made of the new Location. Where none of
 * them has a feature yet, the first observation makes it.
 */
export async function moveFeatures(tx: Queryable, thing: number, from?: string): Promise<void> {
  const made = await tx.query<Made>(
    `with place as (
       select l.* from thing_location tl join location l on l.id = tl.location where tl.thing = $1
       order by l.geom is null, l.id limit 1
     ), made as (
       insert into feature_of_interest (dataset, name, description, encoding_type, feature, geom, properties, made_from)
       select dataset, name, description, encoding_type, location, geom, properties, id from place
       where not exists (select 1 from feature_of_interest f where f.made_from = place.id)
         and exists (select 1 from datastream d join datastream_foi f on f.datastream = d.id where d.thing = $1)
       returning id, dataset
     ), feature as (
       select id from made union all (select f.id from feature_of_interest f join place on f.made_from = place.id order by f.id limit 1)
     ), given as (
       insert into datastream_foi (datastream, valid_from, foi)
       select d.id, coalesce($2::timestamptz, now()), (select id from feature limit 1)
       from datastream d
       where d.thing = $1 and exists (select 1 from feature) and exists (select 1 from datastream_foi f where f.datastream = d.id)
       on conflict (datastream, valid_from) do update set foi = excluded.foi
     )
     select id, dataset from made`,
    [thing, from ?? null],
  )
  noteFeatures(tx, made)
}

type Made = { id: number; dataset: number }

function noteFeatures(tx: Queryable, made: readonly Made[]): void {
  note(
    tx,
    made.map(({ id, dataset }) => ({ dataset, type: 'FeatureOfInterest', id, change: 'created' })),
  )
}

const json = (value: unknown): string | null => (value == null ? null : JSON.stringify(value))
