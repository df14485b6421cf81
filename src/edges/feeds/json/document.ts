import { FileError } from '../../../domains/sources/index.ts'

/** No feed nests deeper; what does is made to exhaust the stack of whoever walks through it. */
const MOST_LEVELS = 100

/** A whole document of JSON. Throws {@link FileError} when it is none, or is nested too deep to be walked through. */
export function parseJson(text: string, name: string): unknown {
  let level = 0
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '{' || token === '[') level++
    else if (token === '}' || token === ']') level--
    if (level > MOST_LEVELS) throw new FileError(`${name} is nested more than ${MOST_LEVELS} levels deep`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FileError(`${name} is not JSON: ${(error as Error).message}`)
  }
}
