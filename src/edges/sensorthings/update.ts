import { forgetMeasured, type ObservationExtra, recompute, type Touched } from '../../domains/sensing/index.ts'
import { sql } from '../../kernel/db/index.ts'
import { type Body, type Mode, readBody } from './body.ts'
import { allow, mayLink, type Work } from './changes.ts'
import { columnsOf } from './columns.ts'
import { bad } from './errors.ts'
import { requireFeatures } from './features.ts'
import { adopt, connect, type Found, Inserter, narrowAreas, widenAreas } from './insert.ts'
import { type EntityType, type Navigation, propertyOf } from './model.ts'
import { checkComponents, componentsOf } from './multi.ts'
import { observationValues, type RawObservation } from './observation-values.ts'
import { followHistory, locationMoved, setHistory } from './places.ts'
import { checkTaskChange, noteOf } from './tasking.ts'
import { showInstant } from './times.ts'

/**
 * PATCH and PUT of one entity (OGC 18-088 §10.3): properties and links; an entity inside the body is a 400. With PUT
 * what is left out is emptied, and mandatory properties must be there; relations left out stay.
 */
export async function updateEntity(
  work: Work,
  type: EntityType,
  self: Found,
  json: unknown,
  mode: Exclude<Mode, 'create'>,
): Promise<void> {
  allow(work.context, type.right ?? 'update', self.dataset)
  const body = readBody(type, json, mode)
  for (const targets of body.links.values()) {
    for (const target of targets) {
      if (!('id' in target))
        throw bad(`${target.where.slice(0, -1)}: only a link ({"@iot.id": …}) is allowed in a change`)
    }
  }
  if (type.name === 'Task') await checkTaskChange(work, body, self.id)
  if (type.name === 'Observation') await updateObservation(work, body, self)
  else await updateRow(work, body, self)
  work.changed.push({ dataset: self.dataset, type: type.name, id: self.id, change: 'updated', ...noteOf(body) })
}

async function updateRow(work: Work, body: Body, self: Found): Promise<void> {
  const { type } = body
  const { tx } = work
  const columns = columnsOf(body, await storedShape(work, body, self))
  for (const [navigation, found] of await linkedOne(work, body, self)) {
    if (navigation.via.kind === 'column') columns.set(navigation.via.column, sql`${found.id}::int4`)
  }
  if (columns.size > 0) {
    if (type.name !== 'HistoricalLocation') columns.set('changed_at', sql`now()`)
    const sets = [...columns].map(([name, value]) => sql`${sql.ref(name)} = ${value}`)
    await tx.run(sql`update ${sql.table(type.table)} set ${sql.join(sets)} where id = ${self.id}::int4`)
  }
  if (type.name === 'Location' && columns.has('geom')) await locationMoved(work, self.id)
  await linkMany(work, body, self)
  if (type.name === 'HistoricalLocation') await followHistory(work, self.id)
  if (type.name === 'MultiDatastream') await checkComponents(tx, self.id, '')
}

/** A change of only the encoding or only the geometry needs the other from the store. */
async function storedShape(
  { tx }: Work,
  body: Body,
  self: Found,
): Promise<{ encodingType?: string; geometry?: unknown }> {
  const geometry = body.type.properties.find((p) => p.accepts === 'geometry' && p.column)
  const encoding = propertyOf(body.type, 'encodingType')
  if (!geometry || !encoding) return {}
  const [has, hasEncoding] = [body.values.has(geometry), body.values.has(encoding)]
  if (!has && !hasEncoding) return { encodingType: 'unchanged' }
  const [row] = await tx.run<{ encoding: string; geometry: unknown }>(
    sql`select encoding_type as encoding, ${sql.ref(geometry.column!)} as geometry from ${sql.table(body.type.table)} where id = ${self.id}::int4`,
  )
  return { encodingType: row!.encoding, geometry: row!.geometry }
}

async function linkedOne(work: Work, body: Body, self: Found): Promise<Map<Navigation, Found>> {
  const found = new Map<Navigation, Found>()
  const inserter = new Inserter(work)
  for (const [navigation, targets] of body.links) {
    if (navigation.many) continue
    const [target] = targets
    if (!target || !('id' in target)) continue
    const row = await inserter.find(navigation.to, target)
    mayLink(work.context, self.dataset, row.dataset, target.where)
    found.set(navigation, row)
  }
  return found
}

async function linkMany(work: Work, body: Body, self: Found): Promise<void> {
  const inserter = new Inserter(work)
  for (const [navigation, targets] of body.links) {
    if (!navigation.many) continue
    const members: Found[] = []
    for (const target of targets) {
      if (!('id' in target)) continue
      const row = await inserter.find(navigation.to, target)
      await adopt(work, body.type, self, navigation, row, target.where)
      members.push(row)
    }
    if (navigation.via.kind !== 'link') continue
    if (body.type.name === 'HistoricalLocation')
      await setHistory(
        work,
        self.id,
        members.map((member) => member.id),
      )
    else if (members.length > 0) await connect(work, body.type, self, navigation, members)
  }
}

interface ObservationRow {
  t: string
  t_end: string | null
  v: number | null
  q: number | null
  x: ObservationExtra | null
  datastream: number
  foi: number | null
}

/** Changes a stored observation; the value before is kept as a correction, and the sums it is part of are rebuilt. */
async function updateObservation(work: Work, body: Body, self: Found): Promise<void> {
  const { tx } = work
  const [old] = await tx.run<ObservationRow>(
    sql`select o.t, o.t_end, coalesce(m.v, o.v) as v, o.q, o.x, o.datastream, o.foi
      from observation o left join observation_measured m on m.datastream = o.datastream and m.id = o.id
      where o.id = ${self.id}::int8 for update of o`,
  )
  if (!old) return
  const raw = rawOf(old)
  for (const [property, value] of body.values) {
    raw[property.name as keyof RawObservation] = isPeriod(value) ? periodText(value) : value
  }
  const next = observationValues(raw, '', old.x?.m === 1 ? await componentsOf(tx, old.datastream) : null)
  let { datastream, foi } = old
  for (const [navigation, found] of await linkedOne(work, body, self)) {
    if (navigation.name === 'MultiDatastream' || (navigation.name === 'Datastream' && old.x?.m === 1))
      throw bad(
        `${navigation.name}: an Observation stays with its ${old.x?.m === 1 ? 'MultiDatastream' : 'Datastream'}`,
      )
    if (navigation.name === 'Datastream') {
      mayMove(work, found)
      datastream = found.id
    } else foi = found.id
  }
  if (!foi && datastream !== old.datastream) await requireFeatures(tx, [{ datastream, where: '' }])
  const x = next.x ? JSON.stringify(next.x) : null
  await forgetMeasured(tx, [{ datastream: old.datastream, id: self.id }])
  await tx.run(
    sql`update observation set t = ${next.t}::timestamptz, t_end = ${next.tEnd}::timestamptz, v = ${next.v}::float8, q = ${next.q ?? null}::int2,
      x = ${x}::jsonb, datastream = ${datastream}::int4, foi = ${foi}::int4 where id = ${self.id}::int8 and t = ${old.t}::timestamptz`,
  )
  await tx.run(
    sql`insert into observation_correction (observation, datastream, t, old_v, old_q, old_x, new_v, new_q, new_x)
      values (${self.id}::int8, ${datastream}::int4, ${old.t}::timestamptz, ${old.v}::float8, ${old.q}::int2, ${old.x && JSON.stringify(old.x)}::jsonb,
        ${next.v}::float8, ${next.q ?? null}::int2, ${x}::jsonb)`,
  )
  if (datastream !== old.datastream) {
    await tx.run(sql`insert into datastream_state (datastream) values (${datastream}::int4) on conflict do nothing`)
  }
  const touched: Touched[] = [
    { datastream: old.datastream, from: old.t, to: old.t, grown: -1 },
    { datastream, from: next.t, to: next.t, grown: 1 },
  ]
  await recompute(tx, touched)
  await narrowAreas(work, [{ datastream: old.datastream, foi: old.foi }])
  await widenAreas(work, [{ datastream, foi }])
}

const mayMove = (work: Work, to: Found): void => allow(work.context, 'create', to.dataset)

/** A stored row as it would have been sent. */
function rawOf(row: ObservationRow): RawObservation {
  const x = row.x ?? {}
  return {
    result: row.v ?? x.r ?? null,
    phenomenonTime: row.t_end ? `${showInstant(row.t)}/${showInstant(row.t_end)}` : showInstant(row.t),
    resultTime: x.rt,
    validTime: x.vt && `${x.vt[0]}/${x.vt[1]}`,
    resultQuality: x.dq ?? (row.q === 1 ? 'suspect' : undefined),
    parameters: x.p,
  }
}

const isPeriod = (value: unknown): value is { start: string; end: string | null } =>
  value !== null && typeof value === 'object' && Object.keys(value).length === 2 && 'start' in value && 'end' in value

const periodText = ({ start, end }: { start: string; end: string | null }): string =>
  end === null ? start : `${start}/${end}`
