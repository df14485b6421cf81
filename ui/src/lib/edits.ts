import { send } from './api.ts'

type Fields = Record<string, unknown>

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/** What to send to turn `before` into `after`: changed fields only, `properties` key by key (null removes one). */
export function patchOf(before: Fields, after: Fields): Fields {
  const patch: Fields = {}
  for (const [key, value] of Object.entries(after)) {
    if (same(before[key], value)) continue
    if (key !== 'properties') {
      patch[key] = value ?? null
      continue
    }
    const [old, now] = [(before[key] ?? {}) as Fields, value as Fields]
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((one) => !same(old[one], now[one]))
    patch[key] = Object.fromEntries(keys.map((one) => [one, now[one] ?? null]))
  }
  return patch
}

export interface Saved {
  version: string
}

/**
 * Saves what differs, from the version it was read in, and answers how to take it back: the old values by the same way,
 * refused if somebody else changed them since.
 */
export async function save(
  path: string,
  version: string,
  before: Fields,
  after: Fields,
): Promise<{ undo: () => Promise<void> }> {
  const saved = await send<Saved>('PATCH', path, patchOf(before, after), { ifMatch: version })
  return {
    undo: async () => {
      const back = patchOf(after, Object.fromEntries(Object.keys(after).map((key) => [key, before[key]])))
      // A station that had no place before keeps its new one: there is nothing to move it back to.
      if (back.place === null) delete back.place
      await send('PATCH', path, back, { ifMatch: saved.version })
    },
  }
}
