import { sql } from '../../kernel/db/index.ts'
import type { Answer } from './answer.ts'
import { allow, homeOf, inTransaction, type Work } from './changes.ts'
import { type Context, resolve } from './context.ts'
import { StaError } from './errors.ts'
import { type Found, Inserter } from './insert.ts'
import { bodyOfPatch } from './json-patch.ts'
import type { EntityType, Navigation } from './model.ts'
import type { Resource, Step } from './path.ts'
import { etagOf, readById } from './read.ts'
import { deleteEntity } from './remove.ts'
import { updateEntity } from './update.ts'

type SetResource = Extract<Resource, { kind: 'set' }>

/** POST to a set, or through a navigation path (OGC 18-088 §10.2): 201 with `Location` and the new entity. */
export async function createEntity(context: Context, resource: SetResource, json: unknown): Promise<Answer> {
  const { type } = resource
  const id = await insertEntity(context, resource, json)
  const made = await readById(context, type, id)
  return {
    status: 201,
    headers: { location: `${context.base}/${type.set}(${id})`, ...(made && { etag: etagOf(made.version!) }) },
    body: made?.entity,
  }
}

/** Makes an entity with all inside it and returns its id after the commit. */
export async function insertEntity(context: Context, resource: SetResource, json: unknown): Promise<number> {
  const { parents, navigation, type } = resource
  // Who may not write anywhere learns it before anything is looked up; a right of its own is looked at where it holds.
  const home = await homeOf(context, type.right)
  const parent = parents.length > 0 ? await resolve(context, parents) : null
  return inTransaction(context, home, async (work) => {
    const inserter = new Inserter(work)
    const through = parent && { navigation: navigation as Navigation, parentType: parents.at(-1)!.type, parent }
    const made = await inserter.insert(type, json, '', through, null)
    const observations = await inserter.flush()
    return type.name === 'Observation' ? observations[made.id]! : made.id
  })
}

/** What a change is to be made of, and on which version only. */
export interface Change {
  json: unknown
  mode: 'patch' | 'put' | 'jsonPatch'
  /** `If-Match`: versions (as `ETag` gave them) of which the entity must be one; null = any. */
  ifMatch: string | null
}

/** PATCH (also as JSON Patch) or PUT of one entity: 200 with the entity as it now is. */
export async function changeEntity(context: Context, steps: Step[], change: Change): Promise<Answer> {
  const type = steps.at(-1)!.type
  const self: Found = await resolve(context, steps)
  await inTransaction(context, null, async (work) => {
    allow(context, type.right ?? 'update', self.dataset)
    await requireVersion(work, type, self.id, change.ifMatch)
    if (change.mode !== 'jsonPatch') return updateEntity(work, type, self, change.json, change.mode)
    const group = { tx: work.tx, changed: work.changed, stored: work.stored }
    const now = await readById({ ...context, group }, type, self.id)
    await updateEntity(work, type, self, bodyOfPatch(type, now?.entity ?? {}, change.json), 'patch')
  })
  const now = await readById(context, type, self.id)
  return { status: 200, body: now?.entity, headers: now ? { etag: etagOf(now.version!) } : undefined }
}

/** DELETE of one entity: 200. */
export async function removeEntity(context: Context, steps: Step[], ifMatch: string | null): Promise<Answer> {
  const self = await resolve(context, steps)
  const type = steps.at(-1)!.type
  await inTransaction(context, null, async (work) => {
    allow(context, type.right ?? 'delete', self.dataset)
    await requireVersion(work, type, self.id, ifMatch)
    await deleteEntity(work, type, self)
  })
  return { status: 200, body: {} }
}

/** Throws 412 unless the row is of one of the versions in `If-Match` (RFC 9110 §13.1.1); holds it until the end. */
async function requireVersion({ tx }: Work, type: EntityType, id: number, ifMatch: string | null): Promise<void> {
  if (ifMatch === null || ifMatch.trim() === '*') return
  const [row] = await tx.run<{ version: string }>(
    sql`select xmin::text as version from ${sql.table(type.table)} where id = ${id}::int8 for update`,
  )
  const wanted = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  if (row && wanted.includes(`"${row.version}"`)) return
  throw new StaError(412, 'the entity was changed since you read it: read it again and repeat the change')
}
