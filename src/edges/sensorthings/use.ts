import { type Context, resolve } from './context.ts'
import type { Resource, Step } from './path.ts'

/**
 * Notes for the audit log which data that is not public a GET may have answered with: that of the entity or parent it
 * names, else (sets, `$expand`, `$filter`) all the caller may see. Nothing is looked up for callers who see public data
 * alone.
 */
export async function noteUse(
  context: Context,
  resource: Resource,
  options: ReadonlyMap<string, string>,
): Promise<void> {
  const { access, actor, visible } = context
  if (actor.kind === 'anonymous' || access.restricted(visible).length === 0) return
  let steps: readonly Step[]
  if (resource.kind === 'set') steps = resource.parents
  else if (resource.kind === 'entity' || resource.kind === 'property') steps = resource.steps
  else return
  if (steps.length === 0 || options.has('expand') || options.has('filter') || options.has('orderby')) {
    access.used(actor, 'sensorthings', visible)
    return
  }
  const { dataset } = await resolve(context, steps)
  access.used(actor, 'sensorthings', [dataset])
}
