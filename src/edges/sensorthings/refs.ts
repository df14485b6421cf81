import { sql } from '../../kernel/db/index.ts'
import type { Answer } from './answer.ts'
import type { Json } from './body.ts'
import { allow, inTransaction } from './changes.ts'
import { type Context, resolve } from './context.ts'
import { bad } from './errors.ts'
import { requireFeatures } from './features.ts'
import type { Found } from './insert.ts'
import type { EntityType, Navigation } from './model.ts'
import { parsePath, type Resource, type Step } from './path.ts'
import { updateEntity } from './update.ts'

type SetResource = Extract<Resource, { kind: 'set' }>

/** The id a reference names: `{"@iot.id": 7}`, or the address of an entity of this service by `@iot.selfLink`, `@odata.id`. */
function referenced(context: Context, json: unknown, target: EntityType): number {
  const body = (json ?? {}) as Json
  const id = body['@iot.id']
  if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0) return id
  const link = body['@iot.selfLink'] ?? body['@odata.id'] ?? body.url
  if (typeof link === 'string') return idOfAddress(context, link, target)
  throw bad('a reference is expected: {"@iot.id": 7} or {"@iot.selfLink": "…"}')
}

function idOfAddress(context: Context, link: string, target: EntityType): number {
  const below = link.startsWith(`${context.base}/`) ? link.slice(context.base.length + 1) : link.replace(/^\//, '')
  const resource = parsePath(below, context.model)
  const last = resource.kind === 'entity' && resource.steps.length === 1 ? resource.steps[0]! : null
  if (last?.type !== target || last.id === null)
    throw bad(`"${link.slice(0, 200)}" is not the address of a ${target.name}`)
  return last.id
}

/** POST `Things(1)/Locations/$ref` (OData 4.01 §11.4.6.1): relates an existing entity. 204. */
export async function addReference(context: Context, resource: SetResource, json: unknown): Promise<Answer> {
  const { parents, navigation, type } = resource
  if (!navigation) throw bad('a reference is added to a relation such as Things(1)/Locations/$ref')
  const parent = await resolve(context, parents)
  const id = referenced(context, json, type)
  const body = { [navigation.name]: [{ '@iot.id': id }] }
  await inTransaction(context, null, (work) => updateEntity(work, parents.at(-1)!.type, parent, body, 'patch'))
  return { status: 204 }
}

/** PUT `Datastreams(1)/Sensor/$ref` (OData 4.01 §11.4.6.3): relates another entity instead. 204. */
export async function setReference(context: Context, steps: Step[], json: unknown): Promise<Answer> {
  const { navigation, type } = steps.at(-1)!
  if (!navigation || navigation.many)
    throw bad('PUT of a reference is for relations to one entity; POST adds to several')
  const parent = await resolve(context, steps.slice(0, -1))
  const body = { [navigation.name]: { '@iot.id': referenced(context, json, type) } }
  await inTransaction(context, null, (work) => updateEntity(work, steps.at(-2)!.type, parent, body, 'patch'))
  return { status: 204 }
}

/**
 * DELETE `Things(1)/Locations(2)/$ref`, or `Things(1)/Locations/$ref?$id=…` (OData 4.01 §11.4.6.2): the entities stay,
 * the relation goes. 400 where it is mandatory. 204.
 */
export async function removeReference(context: Context, steps: Step[]): Promise<Answer> {
  const { navigation } = steps.at(-1)!
  if (!navigation) throw bad('a reference is removed from a relation such as Things(1)/Locations(2)/$ref')
  const parent = await resolve(context, steps.slice(0, -1))
  const target = await resolve(context, steps)
  await inTransaction(context, null, async (work) => {
    allow(context, 'update', parent.dataset)
    await unlink(work.tx, steps.at(-2)!.type, navigation, parent, target)
    work.changed.push({ dataset: parent.dataset, type: steps.at(-2)!.type.name, id: parent.id, change: 'updated' })
  })
  return { status: 204 }
}

export function stepsOfReference(context: Context, resource: SetResource, id: string | undefined): Step[] {
  if (!resource.navigation) throw bad('a reference is removed from a relation such as Things(1)/Locations(2)/$ref')
  if (id === undefined) throw bad('which entity? Things(1)/Locations(2)/$ref, or $id=Locations(2)')
  const { parents, navigation, type } = resource
  return [...parents, { type, navigation, id: idOfAddress(context, id, type) }]
}

async function unlink(
  tx: Parameters<Parameters<typeof inTransaction>[2]>[0]['tx'],
  from: EntityType,
  navigation: Navigation,
  parent: Found,
  target: Found,
): Promise<void> {
  const { via } = navigation
  if (via.kind === 'feature') {
    const [row] = await tx.run<{ datastream: number }>(
      sql`update observation set foi = null where id = ${parent.id}::int8 and foi = ${target.id}::int4 returning datastream`,
    )
    if (!row) throw bad('this is the feature its Datastream gives it; there is no reference of its own to remove')
    await requireFeatures(tx, [{ datastream: row.datastream, where: '' }])
    return
  }
  if (via.kind !== 'link') {
    throw bad(`${navigation.name} of a ${from.name} is mandatory there: relate another one, or delete the entity`)
  }
  if (via.rank !== undefined || navigation.target === 'MultiDatastream')
    throw bad('the ObservedProperties of a MultiDatastream are changed all at once, by PATCH')
  const inverse = navigation.to.navigations.find((n) => n.name === navigation.inverse)
  const [{ n }] = (await tx.run<{ n: number }>(
    sql`select count(*)::int4 as n from ${sql.table(via.table)} where ${sql.ref(via.from)} = ${parent.id}::int4`,
  )) as [{ n: number }]
  const [{ m }] = (await tx.run<{ m: number }>(
    sql`select count(*)::int4 as m from ${sql.table(via.table)} where ${sql.ref(via.to)} = ${target.id}::int4`,
  )) as [{ m: number }]
  if ((navigation.mandatory && n <= 1) || (inverse?.mandatory && m <= 1))
    throw bad(`the last reference between ${from.name} and ${navigation.target} is mandatory`)
  await tx.run(
    sql`delete from ${sql.table(via.table)} where ${sql.ref(via.from)} = ${parent.id}::int4 and ${sql.ref(via.to)} = ${target.id}::int4`,
  )
}
