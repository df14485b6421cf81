import { homeOf, inTransaction } from './changes.ts'
import { type Context, resolve } from './context.ts'
import { StaError } from './errors.ts'
import { type Found, Inserter } from './insert.ts'
import type { Navigation } from './model.ts'
import type { Resource, Step } from './path.ts'
import { type Answer, readById } from './read.ts'
import { deleteEntity } from './remove.ts'
import { updateEntity } from './update.ts'

type SetResource = Extract<Resource, { kind: 'set' }>

/** POST to a set, or through a navigation path (OGC 18-088 §10.2): 201 with `Location` and the new entity. */
export async function createEntity(context: Context, resource: SetResource, json: unknown): Promise<Answer> {
  const { type } = resource
  const id = await insertEntity(context, resource, json)
  return {
    status: 201,
    headers: { location: `${context.base}/${type.set}(${id})` },
    body: (await readById(context, type, id)) ?? undefined,
  }
}

/** Makes an entity with all inside it and returns its id after the commit. */
export async function insertEntity(context: Context, resource: SetResource, json: unknown): Promise<number> {
  if (resource.as !== 'entities')
    throw new StaError(501, 'links by $ref are not supported yet; PATCH the entity with {"@iot.id": …}')
  const { parents, navigation, type } = resource
  // Who may not write anywhere learns it before anything is looked up.
  const home = await homeOf(context)
  const parent = parents.length > 0 ? await resolve(context, parents) : null
  return inTransaction(context, home, async (work) => {
    const inserter = new Inserter(work)
    const through = parent && { navigation: navigation as Navigation, parentType: parents.at(-1)!.type, parent }
    const made = await inserter.insert(type, json, '', through, null)
    const observations = await inserter.flush()
    return type.name === 'Observation' ? observations[made.id]! : made.id
  })
}

/** PATCH or PUT of one entity: 200 with the entity as it now is. */
export async function changeEntity(
  context: Context,
  steps: Step[],
  json: unknown,
  mode: 'patch' | 'put',
): Promise<Answer> {
  const type = steps.at(-1)!.type
  const self: Found = await resolve(context, steps)
  await inTransaction(context, null, (work) => updateEntity(work, type, self, json, mode))
  return { status: 200, body: (await readById(context, type, self.id)) ?? undefined }
}

/** DELETE of one entity: 200. */
export async function removeEntity(context: Context, steps: Step[]): Promise<Answer> {
  const self = await resolve(context, steps)
  await inTransaction(context, null, (work) => deleteEntity(work, steps.at(-1)!.type, self))
  return { status: 200, body: {} }
}
