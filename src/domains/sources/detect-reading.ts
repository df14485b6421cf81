import { isDeepStrictEqual } from 'node:util'
import type { ColumnMapping, Mapping } from './detect-model.ts'

const CHOICES = ['id', 'title', 'timeZone', 'time', 'station', 'dataset', 'schedule'] as const

/**
 * A file that was read again gets a new proposal. What a person had changed of the old one is kept: a choice that
 * differs from what was proposed, and the role of a column that is still there.
 */
export function carriedOver(proposed: Mapping | null, chosen: Mapping | null, fresh: Mapping): Mapping {
  if (!proposed || !chosen) return fresh
  const differing = CHOICES.filter((name) => !isDeepStrictEqual(proposed[name], chosen[name]))
  const kept: Partial<Mapping> = Object.fromEntries(differing.map((name) => [name, chosen[name]]))
  const changed = new Map<string, ColumnMapping>()
  chosen.columns.forEach((column, at) => {
    if (!isDeepStrictEqual(column, proposed.columns[at])) changed.set(column.column, column)
  })
  return { ...fresh, ...kept, columns: fresh.columns.map((column) => changed.get(column.column) ?? column) }
}
