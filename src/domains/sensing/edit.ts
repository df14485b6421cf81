import type { Queryable } from '../../kernel/db/index.ts'
import { givenAfter, merged, requireVersion, versionOf } from '../../kernel/edit.ts'
import { Problem } from '../../kernel/problem.ts'
import { note } from './changes.ts'
import { placeThing } from './entities.ts'

/** Where a Thing stands, as people edit it: a point. */
export interface Place {
  lon: number
  lat: number
  name: string
  approximate: boolean
}

/** What people edit of a Thing. `place` is null where it has none that can be drawn. */
export interface ThingFields {
  name: string
  description: string
  properties: Record<string, unknown>
  place: Place | null
}

export interface ThingPatch {
  name?: string
  description?: string
  /** Merge patch: null removes a key. */
  properties?: Record<string, unknown>
  /**
   * The new place. `moved`: it stands elsewhere from now on, and earlier values keep the old place. Else the place was
   * wrong before, and all values get the new one.
   */
  place?: Omit<Place, 'name'> & { name?: string; moved?: boolean }
}

export interface EditableThing extends ThingFields {
  id: number
  dataset: number
  version: string
  /** Fields a person changed that a source had said otherwise. */
  edited: string[]
}

interface Row extends Omit<ThingFields, 'properties'> {
  id: number
  dataset: number
  properties: Record<string, unknown> | null
  given: Record<string, unknown>
  fed: boolean
}

interface LocationRow {
  id: number
  dataset: number
  lon: number
  lat: number
  name: string
  properties: Record<string, unknown> | null
  shared: boolean
}

const isTrue = (value: unknown): boolean => value === true || value === 'true'

/** The Thing as a form shows it, or null where there is none the caller may see. */
export async function thingForEdit(
  db: Queryable,
  visible: readonly number[],
  id: number,
): Promise<EditableThing | null> {
  const found = await readThing(db, visible, id)
  return found && shownThing(found.row)
}

/** Changes the fields named, inside the caller's transaction, if nobody else did since `ifMatch`. */
export async function editThing(
  tx: Queryable,
  visible: readonly number[],
  id: number,
  patch: ThingPatch,
  ifMatch: string | undefined,
): Promise<{ before: ThingFields; after: EditableThing }> {
  const found = await readThing(tx, visible, id, true)
  if (!found) throw new Problem(404, 'not-found', `There is no station ${id}, or it is not yours to see.`)
  const { row, location } = found
  const before = fieldsOfThing(row)
  requireVersion(versionOf(before), ifMatch, `the station "${row.name}"`)
  const properties = merged(before.properties, patch.properties ?? {})
  // Some sources say it of the station, some of the place: one answer for both.
  if (patch.place && 'approximate' in properties) properties.approximate = patch.place.approximate
  const after = {
    name: patch.name ?? before.name,
    description: patch.description ?? before.description,
    properties,
    place: patch.place ? placeOf(patch.place, before) : before.place,
  }
  if (patch.place) await changePlace(tx, row, after.place!, location, patch.place.moved === true)
  const given = row.fed ? givenAfter(row.given, { ...before }, { ...after }) : row.given
  await tx.query(
    `update thing set name = $2, description = $3, properties = $4::jsonb, given = $5::jsonb, changed_at = now() where id = $1`,
    [id, after.name, after.description, JSON.stringify(properties), JSON.stringify(given)],
  )
  return { before, after: shownThing({ ...row, ...after, given }) }
}

async function readThing(
  db: Queryable,
  visible: readonly number[],
  id: number,
  lock = false,
): Promise<{ row: Row; location: LocationRow | null } | null> {
  const [row] = await db.query<Omit<Row, 'place'>>(
    `select id, dataset, name, description, properties, given, natural_key is not null as fed
       from thing where id = $1 and dataset = any($2::int4[]) ${lock ? 'for update' : ''}`,
    [id, visible],
  )
  if (!row) return null
  const [location = null] = await db.query<LocationRow>(
    `select l.id, l.dataset, st_x(p.point) as lon, st_y(p.point) as lat, l.name, l.properties,
            exists (select 1 from thing_location o where o.location = l.id and o.thing <> $1) as shared
       from thing_location tl join location l on l.id = tl.location
      cross join lateral (
        select case when geometrytype(l.geom) = 'POINT' then l.geom else st_pointonsurface(l.geom) end as point) p
      where tl.thing = $1 and l.dataset = any($2::int4[]) and l.geom is not null
      order by l.id desc limit 1`,
    [id, visible],
  )
  const approximate = isTrue(location?.properties?.approximate) || isTrue(row.properties?.approximate)
  const place = location && { lon: location.lon, lat: location.lat, name: location.name, approximate }
  return { row: { ...row, place }, location }
}

function fieldsOfThing({ name, description, properties, place }: Row): ThingFields {
  return { name, description, properties: properties ?? {}, place }
}

function shownThing(row: Row): EditableThing {
  const fields = fieldsOfThing(row)
  const { properties = {}, ...given } = row.given
  const edited = [...Object.keys(given), ...Object.keys(properties as object).map((key) => `properties.${key}`)]
  return { id: row.id, dataset: row.dataset, ...fields, version: versionOf(fields), edited }
}

function placeOf({ lon, lat, name, approximate }: NonNullable<ThingPatch['place']>, before: ThingFields): Place {
  return { lon, lat, name: name ?? before.place?.name ?? before.name, approximate }
}

async function changePlace(
  tx: Queryable,
  thing: Row,
  place: Place,
  location: LocationRow | null,
  moved: boolean,
): Promise<void> {
  const geometry = { type: 'Point', coordinates: [place.lon, place.lat] }
  const { approximate: _, ...rest } = location?.properties ?? {}
  const properties = place.approximate ? { ...rest, approximate: true } : rest
  // A place that several stations share is only right or wrong for all of them: this one gets its own.
  if (!location || location.shared || moved) {
    await placeThing(tx, thing.dataset, thing.id, {
      name: place.name,
      location: { name: place.name, geometry, properties },
    })
    return
  }
  const geojson = JSON.stringify(geometry)
  const same = location.lon === place.lon && location.lat === place.lat
  await tx.query(
    `update location set name = $2, properties = $3::jsonb, changed_at = now()
       ${same ? '' : ', location = $4::jsonb, geom = st_setsrid(st_geomfromgeojson($4), 4326)'} where id = $1`,
    [location.id, place.name, JSON.stringify(properties), ...(same ? [] : [geojson])],
  )
  note(tx, [{ dataset: location.dataset, type: 'Location', id: location.id, change: 'updated' }])
  if (same) return
  const features = await tx.query<{ id: number; dataset: number }>(
    `update feature_of_interest set name = $2, feature = $3::jsonb, geom = st_setsrid(st_geomfromgeojson($3), 4326),
       changed_at = now() where made_from = $1 returning id, dataset`,
    [location.id, place.name, geojson],
  )
  note(
    tx,
    features.map(({ id, dataset }) => ({ dataset, type: 'FeatureOfInterest', id, change: 'updated' })),
  )
}
