/** One field of an entry of the log: what it was and is, or just what it says. */
export interface Change {
  field: string
  before: unknown
  after: unknown
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/**
 * What an entry's `before` and `after` differ in, field by field; null when it has neither. Of two records only what
 * changed is told, of one that came or went everything.
 */
export function changesOf(detail: Record<string, unknown>): Change[] | null {
  if (!('before' in detail) && !('after' in detail)) return null
  const { before = null, after = null } = detail
  if (!isRecord(before) && !isRecord(after)) return [{ field: '', before, after }]
  const [old, now] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}]
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((field) => !same(old[field], now[field]))
    .map((field) => ({ field, before: old[field] ?? null, after: now[field] ?? null }))
}

/** Everything else an entry says. */
export const factsOf = (detail: Record<string, unknown>): [string, unknown][] =>
  Object.entries(detail).filter(([name]) => name !== 'before' && name !== 'after')
