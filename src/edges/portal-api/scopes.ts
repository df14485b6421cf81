import type { Actor, Effective, Grant, Scope } from '../../domains/access/index.ts'
import type { Catalog } from '../../domains/catalog/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { PortalDeps } from './deps.ts'

/**
 * `platform`, `space:ID` or `dataset:ID` as the domain has it. What the actor may not know of is a 404, as if there were
 * none of that name.
 */
export function readScope(
  text: string,
  { access, catalog }: Pick<PortalDeps, 'access' | 'catalog'>,
  actor: Actor,
): Scope {
  const [kind, id] = text.split(':')
  if (kind === 'dataset') {
    const dataset = catalog.byId(id!)
    if (dataset && access.can(actor, 'know', { dataset: dataset.key })) return { dataset: dataset.key, space: null }
    throw new Problem(404, 'dataset-unknown', `There is no dataset "${id}".`)
  }
  if (kind === 'space') {
    const space = catalog.spaces().find((one) => one.id === id)
    if (space && access.can(actor, 'know', { space: space.key })) return { dataset: null, space: space.key }
    throw new Problem(404, 'space-unknown', `There is no data space "${id}".`)
  }
  return { dataset: null, space: null }
}

/** The other way round. */
export function scopeText({ dataset, space }: Scope, catalog: Catalog): string {
  if (dataset !== null) return `dataset:${catalog.byKey(dataset)?.id ?? ''}`
  if (space !== null) return `space:${catalog.spaces().find((one) => one.key === space)?.id ?? ''}`
  return 'platform'
}

export function grantOf(grant: Grant, catalog: Catalog) {
  const { id, account, group, role, until, note, grantedBy, createdAt } = grant
  return { id, account, group, role, on: scopeText(grant, catalog), until, note, grantedBy, createdAt }
}

/** A right as it reaches somebody: through which group, if through one. */
export const reachingOf = ({ grant, group }: Effective, catalog: Catalog) => ({
  ...grantOf(grant, catalog),
  through: group && { id: group.id, title: group.title },
})
