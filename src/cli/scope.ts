import { InvalidArgumentError } from 'commander'
import { ROLES, type Role, type Scope } from '../domains/access/index.ts'
import type { Catalog } from '../domains/catalog/index.ts'
import { SetupError } from '../kernel/problem.ts'

/** `platform`, `space:ID` or `dataset:ID`. */
export function readScope(text: string, catalog: Catalog): Scope {
  if (text === 'platform') return { dataset: null, space: null }
  const [, kind, id] = /^(space|dataset):(.+)$/.exec(text) ?? []
  if (!kind) throw new SetupError(`"${text}" is not a scope: write platform, space:ID or dataset:ID.`, 2)
  return kind === 'dataset'
    ? { dataset: catalog.require(id!).key, space: null }
    : { dataset: null, space: catalog.requireSpace(id!).key }
}

export function readRole(text: string): Role {
  if ((ROLES as readonly string[]).includes(text)) return text as Role
  throw new InvalidArgumentError(`It must be one of ${ROLES.join(', ')}.`)
}

export function readDays(text: string): number {
  const days = Number(text)
  if (!Number.isInteger(days) || days < 1 || days > 36_500)
    throw new InvalidArgumentError('It must be a number of days.')
  return days
}
