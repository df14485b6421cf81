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
 * Compiles a regular expression of JavaScript (with the flag `u`). Matched in time linear to the text, so that no text can hold
 * the process up; only look-around and references to groups, which no such engine knows, go to the built-in one. Throws what is
 * wrong with it.
 */
export function compilePattern(source: string): Pattern {
  const builtIn = new RegExp(source, 'u')
  let linear: RE2JS
  try {
    linear = RE2JS.compile(RE2JS.translateRegExp(source))
  } catch {
    return {
      test: (text) => builtIn.test(text),
      groups: (text) => {
        const found = builtIn.exec(text)
        return found && new Map(Object.entries(found.groups ?? {}).map(([name, value]) => [name, value ?? '']))
      },
      first: (text) => {
        const found = builtIn.exec(text)
        return found && (found[1] ?? found[0])
      },
    }
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
