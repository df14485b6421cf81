import { RE2JS } from 're2js'

/** A regular expression somebody wrote, for texts somebody else sent. */
export interface Pattern {
  test(text: string): boolean
  /** What the named groups matched, '' where one took no part; null where the text does not match. */
  groups(text: string): Map<string, string> | null
  /** What the first group matched, or all that was matched where that took no part; null where the text does not match. */
  first(text: string): string | null
}

/**
 * Compiles a regular expression of JavaScript (with the flag `u`), matched in time linear to the text, so that no text can hold
 * the process up. Throws a SyntaxError that says what is wrong with it; look-around and references to groups are, too: no
 * engine knows both them and a bound.
 */
export function compilePattern(source: string): Pattern {
  // Says what is wrong in the words people know.
  new RegExp(source, 'u')
  const unsupported = unsupportedIn(source)
  if (unsupported) throw new SyntaxError(unsupported)
  let linear: RE2JS
  try {
    linear = RE2JS.compile(RE2JS.translateRegExp(source))
  } catch (error) {
    throw new SyntaxError(`Invalid regular expression: ${(error as Error).message}`)
  }
  const names = Object.entries(linear.namedGroups())
    .sort(([, a], [, b]) => a - b)
    .map(([name]) => name)
  return {
    test: (text) => linear.matcher(text).find(),
    groups: (text) => {
      const matcher = linear.matcher(text)
      return matcher.find() ? new Map(names.map((name) => [name, matcher.group(name) ?? ''])) : null
    },
    first: (text) => {
      const matcher = linear.matcher(text)
      if (!matcher.find()) return null
      return (linear.groupCount() > 0 ? matcher.group(1) : null) ?? matcher.group(0)
    },
  }
}

/** Which part of a valid expression no linear engine can match, in words; null = none of those. */
function unsupportedIn(source: string): string | null {
  // An escaped character opens nothing, and neither does one inside a class.
  const bare = source.replaceAll(/\\[^1-9k]|\[(?:\\.|[^\]\\])*\]/gsu, '')
  const [part] = /\(\?<?[=!]|\\[1-9]\d*|\\k<[^>]*>/.exec(bare) ?? []
  if (part === undefined) return null
  const what = part.startsWith('(') ? 'Look-around' : 'A reference to a group'
  return `${what} ("${part}") is not possible: a text could be made to take for ever. Say it without`
}
