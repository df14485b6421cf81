import type { Dataset } from '../catalog/index.ts'
import type { Action, Resource, Role, Scope } from './model.ts'

const READING: readonly Action[] = ['know', 'read', 'use']
const WRITING: readonly Action[] = [...READING, 'create', 'update', 'delete']

/** What each role may do within its scope. The one table; `docs/operating/access.md` shows it to people. */
export const ALLOWED: Readonly<Record<Role, readonly Action[]>> = {
  admin: [...WRITING, 'task', 'release', 'manage', 'administer'],
  architect: [...WRITING, 'manage'],
  owner: [...WRITING, 'task', 'release', 'manage'],
  steward: WRITING,
  gatekeeper: [...READING, 'release'],
  controller: [...READING, 'task'],
  consumer: READING,
}

/** Does a grant on `scope` reach `resource`? Rights are inherited downwards: platform → data space → dataset. */
export function reaches(scope: Scope, resource: Resource, dataset: Dataset | undefined): boolean {
  if (scope.dataset === null && scope.space === null) return true
  if (resource === 'platform') return false
  if ('space' in resource) return scope.space === resource.space
  if (scope.dataset !== null) return scope.dataset === resource.dataset
  return dataset !== undefined && scope.space === dataset.space
}

/**
 * May the role do this to the dataset in its present state? A consumer gets what is released; what was granted on the
 * very dataset also while it is prepared, so that a partner can look at it before; nothing that is withdrawn. While its
 * small counts are not yet protected, only who may change it reads it.
 */
export function allows(role: Role, action: Action, scope: Scope, dataset: Dataset | undefined): boolean {
  if (!ALLOWED[role].includes(action)) return false
  if (dataset?.held && (action === 'read' || action === 'use') && !ALLOWED[role].includes('update')) return false
  if (role !== 'consumer' || !dataset) return true
  if (dataset.state === 'released') return true
  return dataset.state !== 'withdrawn' && scope.dataset !== null
}
