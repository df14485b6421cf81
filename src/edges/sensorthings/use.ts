import { type Context, resolve } from './context.ts'
import type { Resource, Step } from './path.ts'

/**
 * Notes for the audit log which data that is not public a GET may have answered with: that of the entity or parent it
 * names, else (sets, `$expand`, `$filter`) all the caller may see. Nothing waits for it, and nothing is looked up for
 * callers who see public data alone.
 */
export function noteUse(context: Context, resource: Resource, options: ReadonlyMap<string, string>): void {
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
  resolve(context, steps).then(
    ({ dataset }) => access.used(actor, 'sensorthings', [dataset]),
    // It did not exist, or was hidden: nothing was read.
    () => {},
  )
}
