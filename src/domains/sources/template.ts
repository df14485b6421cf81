import type { Cell } from './model.ts'

/** `{name}` in a text; `{a|b}` takes b where a is empty, `{a|'text'}` the text. Digits first (`{4}`) are not ours: they count in patterns. */
const placeholder = /\{([\p{L}_$'][^{}\n]*)\}/gu

/** Names in the braces of a text. */
export function placeholders(text: string): string[] {
  return [...text.matchAll(placeholder)].map((match) => match[1]!)
}

/** Where the values of placeholders come from: constants of the file, columns of the row, lookups. */
export interface Names {
  /** Value of a name that is the same for the whole file, or undefined. */
  constant(name: string): string | undefined
  /** Index of a column, or −1. */
  column(name: string): number
  /** A field of a lookup: the text that is looked up, and the table. */
  lookup(name: string, own: Names): { by: Reader; fields: ReadonlyMap<string, string> } | undefined
  /** Called for a name nobody knows; may throw. */
  unknown(name: string): void
}

export type Reader = { constant: string } | { read(row: readonly Cell[]): string }

/** Text of a cell; empty for none. */
export function cellText(cell: Cell): string {
  return cell === null || cell === undefined ? '' : String(cell)
}

/** Compiles a text with placeholders. A text whose placeholders are all constant becomes one. */
export function compileTemplate(text: string, names: Names): Reader {
  const parts: Reader[] = []
  let at = 0
  for (const match of text.matchAll(placeholder)) {
    if (match.index > at) parts.push({ constant: text.slice(at, match.index) })
    parts.push(alternatives(match[1]!.split('|'), names))
    at = match.index + match[0].length
  }
  if (at < text.length || parts.length === 0) parts.push({ constant: text.slice(at) })
  const [only] = parts
  if (parts.length === 1) return only!
  if (parts.every((part) => 'constant' in part)) return { constant: parts.map((part) => part.constant).join('') }
  return {
    read: (row) => {
      let result = ''
      for (const part of parts) result += 'constant' in part ? part.constant : part.read(row)
      return result
    },
  }
}

function alternatives(options: readonly string[], names: Names): Reader {
  const readers = options
    .map((name) => resolve(name.trim(), names))
    .filter((reader) => !('constant' in reader) || reader.constant !== '')
  const [first] = readers
  if (!first) return { constant: '' }
  if (readers.length === 1 || 'constant' in first) return first
  return {
    read: (row) => {
      for (const reader of readers) {
        const text = readText(reader, row)
        if (text !== '') return text
      }
      return ''
    },
  }
}

function resolve(name: string, names: Names): Reader {
  if (/^'.*'$/.test(name)) return { constant: name.slice(1, -1) }
  const constant = names.constant(name)
  if (constant !== undefined) return { constant }
  const column = names.column(name)
  if (column >= 0) return { read: (row) => cellText(row[column]) }
  const lookup = names.lookup(name, names)
  if (lookup) {
    const { by, fields } = lookup
    if ('constant' in by) return { constant: fields.get(by.constant) ?? '' }
    return { read: (row) => fields.get(by.read(row)) ?? '' }
  }
  names.unknown(name)
  return { constant: '' }
}

export function readText(reader: Reader, row: readonly Cell[]): string {
  return 'constant' in reader ? reader.constant : reader.read(row)
}

/** Puts values into every text inside a JSON value. */
export function fillDeep(value: unknown, fill: (text: string) => string): unknown {
  if (typeof value === 'string') return fill(value)
  if (Array.isArray(value)) return value.map((item) => fillDeep(item, fill))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillDeep(item, fill)]))
  }
  return value
}
