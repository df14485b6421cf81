import type { NewObservation, StoredObservation } from '../../domains/sensing/index.ts'
import { sql } from '../../kernel/db/index.ts'
import { type Json, readId } from './body.ts'
import { Builder } from './builder.ts'
import { allow, mayLink } from './changes.ts'
import { type Context, readerOf, resolve } from './context.ts'
import { bad, StaError } from './errors.ts'
import { requireFeatures } from './features.ts'
import type { Entity } from './format.ts'
import { widenAreas } from './insert.ts'
import { type Row, SENSING_MODEL } from './model.ts'
import { componentsOf } from './multi.ts'
import { OBSERVATION_PROPERTIES, observationValues, type RawObservation } from './observation-values.ts'
import type { Step } from './path.ts'
import { parseInstant } from './times.ts'

const OBSERVATION = SENSING_MODEL.named('Observation')

/** The JSON entity of a stored observation, as GET gives it, without asking the database. */
function observationEntity(row: StoredObservation, base: string): Entity {
  const stored: Row = { id: row.id, t: row.t, t_end: row.tEnd, v: row.v, q: row.q ?? null, x: row.x ?? null }
  const self = `${base}/Observations(${row.id})`
  const entity: Entity = { '@iot.selfLink': self, '@iot.id': row.id }
  for (const property of OBSERVATION.properties) {
    const value = property.format(stored)
    if (value !== null && value !== undefined) entity[property.name] = value
    else if (property.showNull) entity[property.name] = null
  }
  for (const { name, shown } of OBSERVATION.navigations)
    if (!shown || shown(stored)) entity[`${name}@iot.navigationLink`] = `${self}/${name}`
  return entity
}

/** The Datastream a plain observation names, when nothing else of the general machinery is needed; else null. */
function plainDatastream(body: unknown, given: number | null): number | null {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return null
  let datastream = given
  for (const key in body) {
    if (OBSERVATION_PROPERTIES.has(key)) continue
    if (key !== 'Datastream') return null
    const link = (body as Json).Datastream
    if (link === null || typeof link !== 'object') return null
    const id = (link as Json)['@iot.id']
    if (typeof id !== 'number' || (given !== null && given !== id)) return null
    datastream = id
  }
  return datastream
}

/**
 * The hot path: one observation of an existing Datastream without relations of its own, straight into group commit.
 * Null when the request needs the general way (deep insert, own FeatureOfInterest, something wrong).
 */
export async function createPlainObservation(
  context: Context,
  body: unknown,
  given: number | null,
): Promise<Entity | null> {
  if (context.group) return null
  const id = plainDatastream(body, given)
  if (id === null || !Number.isSafeInteger(id) || id < 0 || id > 2_147_483_647) return null
  const info = await context.sensing.datastream(id)
  if (info?.kind !== 'single' || !context.visible.includes(info.dataset)) return null
  allow(context, 'create', info.dataset)
  const row: NewObservation = { datastream: id, ...observationValues(body as RawObservation) }
  if (!info.hasFeature) await requireFeatures(context.db, [{ datastream: id, where: '' }])
  const [made] = await context.sensing.append([row])
  return observationEntity({ ...row, id: made! }, context.base)
}

/**
 * Does an observation with this phenomenonTime and result of the Datastream it names stand there already? For messages
 * that are sent again because nobody knows whether they were stored. Without a phenomenonTime nobody can tell: false.
 */
export async function isStored(
  context: Context,
  { parents }: { parents: readonly Step[] },
  body: unknown,
): Promise<boolean> {
  const given = parents.length === 1 && parents[0]!.type.name === 'Datastream' ? parents[0]!.id : null
  const id = plainDatastream(body, given)
  if (id === null || !Number.isSafeInteger(id) || id < 0 || id > 2_147_483_647) return false
  if ((body as RawObservation).phenomenonTime == null) return false
  const info = await context.sensing.datastream(id)
  if (info?.kind !== 'single' || !context.visible.includes(info.dataset)) return false
  allow(context, 'create', info.dataset)
  const { t, tEnd, v, x } = observationValues(body as RawObservation)
  const [row] = await context.db.run(
    sql`select 1 from observation o left join observation_measured m on m.datastream = o.datastream and m.id = o.id
      where o.datastream = ${id}::int4 and o.t = ${t}::timestamptz and o.t_end is not distinct from ${tEnd}::timestamptz
        and coalesce(m.v, o.v) is not distinct from ${v}::float8 and o.x is not distinct from ${x ? JSON.stringify(x) : null}::jsonb limit 1`,
  )
  return row !== undefined
}

const MAX_ROWS = 200_000

/** POST `CreateObservations` (OGC 18-088 §12.2): per row the address of the new Observation, or `error` and why. */
export async function createObservations(context: Context, json: unknown): Promise<string[]> {
  if (context.actor.kind === 'anonymous' && !context.access.openWrite) await context.access.inbox(context.actor)
  if (!Array.isArray(json)) throw bad('an array of {"Datastream", "components", "dataArray"} is expected')
  const groups = json.map((group, i) => readGroup(group, `[${i}]`))
  if (groups.reduce((n, group) => n + group.rows.length, 0) > MAX_ROWS)
    throw new StaError(413, `more than ${MAX_ROWS} observations in one request`)
  const results: string[] = []
  const rows: NewObservation[] = []
  const places: number[] = []
  const features = await knownFeatures(context, groups)
  for (const group of groups) {
    let refused: string | null = null
    let dataset = -1
    try {
      dataset = await datastreamDataset(context, group)
    } catch (error) {
      refused = messageOf(error)
    }
    for (const values of group.rows) {
      if (refused !== null) {
        results.push(`error: ${refused}`)
        continue
      }
      try {
        rows.push(readRow(context, group, values, dataset, features))
        places.push(results.length)
        results.push('')
      } catch (error) {
        results.push(`error: ${messageOf(error)}`)
      }
    }
  }
  if (rows.length > 0) {
    const ids = await append(context, rows)
    const prefix = `${context.base}/Observations(`
    for (let i = 0; i < ids.length; i++) results[places[i]!] = `${prefix}${ids[i]})`
    await widen(context, rows)
  }
  return results
}

/** By group commit, or in the transaction the request is part of. */
async function append(context: Context, rows: NewObservation[]): Promise<number[]> {
  if (!context.group) return context.sensing.append(rows)
  const stored = await context.sensing.appendIn(context.group.tx, rows)
  context.group.stored.push(...stored)
  return stored.map((row) => row.id)
}

interface Group {
  type: 'Datastream' | 'MultiDatastream'
  datastream: unknown
  /** Of a MultiDatastream: how many values a result has. */
  parts: number | null
  components: string[]
  feature: number
  /** Where the two components are, when there are only these. */
  plain: { time: number; result: number } | null
  rows: unknown[]
  where: string
}

const FEATURE = new Set(['FeatureOfInterest/id', 'FeatureOfInterest/@iot.id', 'FeatureOfInterest'])

function readGroup(json: unknown, where: string): Group {
  if (json === null || typeof json !== 'object') throw bad(`${where}: an object is expected`)
  const { Datastream, MultiDatastream, components, dataArray } = json as Json
  if (Datastream === undefined && MultiDatastream === undefined) throw bad(`${where}/Datastream is missing`)
  const type = Datastream === undefined ? 'MultiDatastream' : 'Datastream'
  if (!Array.isArray(components) || !components.every((c) => typeof c === 'string'))
    throw bad(`${where}/components: an array of names is expected`)
  if (!Array.isArray(dataArray)) throw bad(`${where}/dataArray: an array of rows is expected`)
  components.forEach((name, i) => {
    if (!OBSERVATION_PROPERTIES.has(name) && !FEATURE.has(name))
      throw bad(`${where}/components[${i}]: Observation has no property "${name}"`)
    if (components.indexOf(name) !== i) throw bad(`${where}/components[${i}]: "${name}" is named twice`)
  })
  const feature = components.findIndex((name) => FEATURE.has(name))
  const [time, result] = [components.indexOf('phenomenonTime'), components.indexOf('result')]
  const plain = components.length === 2 && time >= 0 && result >= 0 ? { time, result } : null
  return {
    type,
    datastream: Datastream ?? MultiDatastream,
    parts: null,
    components,
    feature,
    plain,
    rows: dataArray,
    where,
  }
}

async function datastreamDataset(context: Context, group: Group): Promise<number> {
  const link = group.datastream as Json | null
  const id = readId(link?.['@iot.id'], `${group.where}/${group.type}/@iot.id`)
  if (id > 2_147_483_647) throw bad(`${group.type}s(${id}) does not exist`)
  const { dataset } = await resolve(context, [{ type: context.model.named(group.type), navigation: null, id }])
  allow(context, 'create', dataset)
  if (group.feature < 0 && (context.group || !(await context.sensing.datastream(id))?.hasFeature))
    await requireFeatures(readerOf(context), [{ datastream: id, where: '' }])
  if (group.type === 'MultiDatastream') group.parts = await componentsOf(readerOf(context), id)
  return dataset
}

function readRow(
  context: Context,
  group: Group,
  values: unknown,
  dataset: number,
  features: Map<number, number>,
): NewObservation {
  if (!Array.isArray(values) || values.length !== group.components.length)
    throw bad(`a row of ${group.components.length} values is expected`)
  const datastream = (group.datastream as Json)['@iot.id'] as number
  if (group.plain && group.parts === null) {
    // The shape of nearly every row, without making objects for what isn't there.
    const [t, v] = [values[group.plain.time], values[group.plain.result]]
    const iso = typeof v === 'number' && Number.isFinite(v) && typeof t === 'string' ? parseInstant(t) : null
    if (iso !== null) return { datastream, t: iso, tEnd: null, v: v as number }
  }
  const raw: Json = {}
  for (let i = 0; i < values.length; i++) if (i !== group.feature) raw[group.components[i]!] = values[i]
  const row: NewObservation = { datastream, ...observationValues(raw, '', group.parts) }
  if (group.feature >= 0) {
    const id = featureId(values[group.feature])
    const owner = features.get(id)
    if (owner === undefined) throw bad(`FeaturesOfInterest(${id}) does not exist`)
    mayLink(context, dataset, owner, 'FeatureOfInterest')
    row.foi = id
  }
  return row
}

const featureId = (value: unknown): number =>
  readId(value !== null && typeof value === 'object' ? (value as Json)['@iot.id'] : value, 'FeatureOfInterest/id')

/** The features the rows name that the actor may see: id → dataset, in one look-up. */
async function knownFeatures(context: Context, groups: Group[]): Promise<Map<number, number>> {
  const ids = new Set<number>()
  for (const { feature, rows } of groups) {
    if (feature < 0) continue
    for (const row of rows) {
      const value = Array.isArray(row) ? row[feature] : undefined
      const id = value !== null && typeof value === 'object' ? (value as Json)['@iot.id'] : value
      if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 && id <= 2_147_483_647) ids.add(id)
    }
  }
  if (ids.size === 0) return new Map()
  const source = new Builder(context.visible).source(SENSING_MODEL.named('FeatureOfInterest'))
  const found = await readerOf(context).run<{ id: number; dataset: number }>(
    sql`select ${sql.ref(`${source.alias}.id`)} as id, ${sql.ref(`${source.alias}.dataset`)} as dataset from ${source.from}
      where ${sql.ref(`${source.alias}.id`)} = any(${[...ids]}::int4[]) and ${sql.join(source.where, sql` and `)}`,
  )
  return new Map(found.map(({ id, dataset }) => [id, dataset]))
}

async function widen(context: Context, rows: NewObservation[]): Promise<void> {
  if (!rows.some((row) => row.foi)) return
  await widenAreas({ tx: readerOf(context) }, rows)
}

const messageOf = (error: unknown): string => {
  if (error instanceof Error && (error instanceof StaError || 'status' in error)) return error.message
  throw error
}
