import { applyPatch, type Operation } from 'rfc6902'
import type { Json } from './body.ts'
import { bad } from './errors.ts'
import type { Entity } from './format.ts'
import type { EntityType } from './model.ts'

const MAX_OPERATIONS = 1_000
const OPERATIONS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])
/** Names that reach an object's machinery instead of its data. */
const FORBIDDEN = /(^|\/)(__proto__|constructor|prototype)(\/|$)/

/**
 * JSON Patch (RFC 6902; OGC 18-088 §10.3) on an entity: the body of the PATCH that has the same effect, made of the
 * properties that differ afterwards; a removed one is null. A relation is changed by `add` of a link. Throws 400 that
 * names the operation.
 */
export function bodyOfPatch(type: EntityType, entity: Entity, patch: unknown): Json {
  if (!Array.isArray(patch)) throw bad('a JSON Patch is an array of operations (RFC 6902)')
  if (patch.length > MAX_OPERATIONS) throw bad(`more than ${MAX_OPERATIONS} operations in one JSON Patch`)
  patch.forEach(checkOperation)
  const before: Json = {}
  for (const property of type.properties) {
    if (!property.readOnly && entity[property.name] !== undefined) before[property.name] = entity[property.name]
  }
  const after = structuredClone(before)
  patch.forEach((operation: Operation, i) => {
    let failed: boolean
    try {
      failed = applyPatch(after, [operation])[0] !== null
    } catch {
      // The library puts the values of a failed test into a text, which not every object can become.
      failed = true
    }
    if (failed) throw bad(`[${i}]: ${describe(operation)}`)
  })
  const body: Json = {}
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!Object.hasOwn(after, name)) body[name] = null
    else if (JSON.stringify(before[name]) !== JSON.stringify(after[name])) body[name] = after[name]
  }
  return body
}

function checkOperation(operation: unknown, i: number): void {
  const { op, path, from } = (operation ?? {}) as { op?: unknown; path?: unknown; from?: unknown }
  if (typeof op !== 'string' || !OPERATIONS.has(op))
    throw bad(`[${i}]/op: one of ${[...OPERATIONS].join(', ')} is expected`)
  for (const [name, pointer] of [
    ['path', path],
    ['from', from],
  ] as const) {
    if (pointer === undefined && (name === 'path' || op === 'move' || op === 'copy'))
      throw bad(`[${i}]/${name} is missing`)
    if (pointer === undefined) continue
    if (typeof pointer !== 'string' || !pointer.startsWith('/'))
      throw bad(`[${i}]/${name}: a JSON Pointer such as /properties/colour is expected`)
    if (FORBIDDEN.test(pointer)) throw bad(`[${i}]/${name}: this name is not allowed`)
  }
}

function describe({ op, path }: Operation): string {
  if (op === 'test') return `the test of ${path} failed: the value is another`
  return `${op} ${path}: there is nothing at that place`
}
