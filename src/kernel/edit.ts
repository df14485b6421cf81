import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { Problem } from './problem.ts'

/** Names a state of what people edit: it changes with any field of it, whoever changes it. Also the ETag. */
export function versionOf(editable: unknown): string {
  return createHash('sha256').update(JSON.stringify(editable)).digest('base64url').slice(0, 16)
}

/**
 * Throws unless the change was made from the current version: 428 where the caller names none, 412 where another one
 * came in between. `*` stands for any.
 */
export function requireVersion(current: string, ifMatch: string | undefined, what: string): void {
  if (ifMatch === undefined) {
    throw new Problem(
      428,
      'version-required',
      `Send the header If-Match with the ETag of ${what} as you read it (or *), so that nobody's change is overwritten unseen.`,
    )
  }
  const named = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', ''))
  if (named.includes('*') || named.includes(current)) return
  throw new Problem(
    412,
    'changed-meanwhile',
    `Somebody changed ${what} in the meantime. Nothing of yours was saved: load it again and make your change there.`,
    { version: current },
  )
}

type Fields = Record<string, unknown>

/** JSON merge patch of one level (RFC 7396): null removes a key. */
export function merged(base: Fields, patch: Fields): Fields {
  const result = { ...base }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = value
  }
  return result
}

/**
 * What to remember of the source's own words after a person changed fields from `before` to `after`. A field that is
 * back at what the source said is the source's again. `properties` is kept key by key.
 */
export function givenAfter(given: Fields, before: Fields, after: Fields): Fields {
  const next = { ...given }
  for (const [key, value] of Object.entries(after)) {
    const old = before[key]
    if (key === 'properties') {
      const [olds, news] = [(old ?? {}) as Fields, (value ?? {}) as Fields]
      const every = Object.fromEntries([...Object.keys(olds), ...Object.keys(news)].map((k) => [k, news[k] ?? null]))
      const own = givenAfter((given.properties ?? {}) as Fields, olds, every)
      if (Object.keys(own).length > 0) next.properties = own
      else delete next.properties
      continue
    }
    const said = Object.hasOwn(given, key) ? given[key] : (old ?? null)
    if (isDeepStrictEqual(said, value ?? null)) delete next[key]
    else next[key] = said
  }
  return next
}
