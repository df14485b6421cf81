import { type Guess, type Mapping, words } from './detect-model.ts'

export interface JsonShape {
  format: Mapping['format']
  guesses: Guess[]
  /** Words for columns that stand beside the rows: `{"TMK": "Tagesmittel der Temperatur (°C)"}`. */
  labels: Map<string, string>
  /** GeoJSON in another reference system than degrees: its places cannot be taken as they are. */
  foreignCrs: string | null
}

const PLAIN = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u
const DEPTH = 6

/** Where the rows of a document are; null when it is not JSON. `text` may end anywhere. */
export function jsonShape(text: string, geojson: boolean, fixedRows?: string): JsonShape | null {
  const lines = fixedRows === undefined ? lineShape(text) : null
  if (lines) return lines
  const document = parseCut(text)
  if (document === undefined) return null
  if (geojson) {
    const crs = (document as { crs?: { properties?: { name?: unknown } } }).crs?.properties?.name
    const foreign = typeof crs === 'string' && !/CRS84|4326/.test(crs) ? crs : null
    const reason = words(
      'Das Dokument nennt sich selbst FeatureCollection.',
      'The document calls itself a FeatureCollection.',
    )
    const guess: Guess = { about: 'format', value: words('GeoJSON', 'GeoJSON'), confidence: 'sure', reason }
    return { format: { type: 'geojson' }, guesses: [guess], labels: new Map(), foreignCrs: foreign }
  }
  if (fixedRows !== undefined) {
    const reason = words('So haben Sie es eingestellt.', 'You set it so.')
    const guess: Guess = { about: 'format', value: words('JSON', 'JSON'), confidence: 'sure', reason }
    return { format: { type: 'json', rows: fixedRows }, guesses: [guess], labels: labelsOf(document), foreignCrs: null }
  }
  const found = Array.isArray(document) ? { path: '', length: document.length } : longestList(document, '', 0)
  const rows = found === null ? undefined : found.path || undefined
  const where =
    found === null
      ? words('Ein einzelnes Objekt: eine Zeile.', 'A single object: one row.')
      : found.path === ''
        ? words('Das Dokument ist eine Liste von Objekten.', 'The document is a list of objects.')
        : words(
            `Die längste Liste von Objekten steht unter „${found.path}“.`,
            `The longest list of objects stands at "${found.path}".`,
          )
  return {
    format: { type: 'json', ...(rows ? { rows } : {}) },
    guesses: [{ about: 'format', value: words('JSON', 'JSON'), confidence: 'sure', reason: where }],
    labels: Array.isArray(document) ? new Map() : labelsOf(document),
    foreignCrs: null,
  }
}

function lineShape(text: string): JsonShape | null {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length < 2) return null
  const isObject = (line: string) => {
    try {
      const value: unknown = JSON.parse(line)
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    } catch {
      return false
    }
  }
  if (!lines.slice(0, 20).every(isObject)) return null
  const guess: Guess = {
    about: 'format',
    value: words('JSON, ein Objekt je Zeile', 'JSON, one object a line'),
    confidence: 'sure',
    reason: words('Jede Zeile ist für sich ein Objekt.', 'Each line is an object by itself.'),
  }
  return { format: { type: 'json', lines: true }, guesses: [guess], labels: new Map(), foreignCrs: null }
}

/** Parses JSON that was cut off: everything after the last whole element of a list is left out and the rest closed. */
function parseCut(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const cut = closed(text)
    try {
      return cut === null ? undefined : JSON.parse(cut)
    } catch {
      return undefined
    }
  }
}

function closed(text: string): string | null {
  const stack: string[] = []
  let inside = false
  let end = -1
  let open = ''
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!
    if (inside) {
      if (sign === '\\') at++
      else if (sign === '"') inside = false
    } else if (sign === '"') inside = true
    else if (sign === '{' || sign === '[') stack.push(sign === '{' ? '}' : ']')
    else if (sign === '}' || sign === ']') {
      stack.pop()
      if (sign === '}' && stack.at(-1) === ']') {
        end = at + 1
        open = stack.join('')
      }
    }
  }
  return end < 0 ? null : text.slice(0, end) + [...open].reverse().join('')
}

function longestList(value: unknown, path: string, depth: number): { path: string; length: number } | null {
  if (depth > DEPTH || typeof value !== 'object' || value === null || Array.isArray(value)) return null
  let best: { path: string; length: number } | null = null
  for (const [key, item] of Object.entries(value)) {
    if (!PLAIN.test(key)) continue
    const at = path === '' ? key : `${path}.${key}`
    const isRows = Array.isArray(item) && item.some((row) => typeof row === 'object' && row !== null)
    // A list of two in one reading is a detail of it, not the rows.
    const found = isRows && depth < 3 ? { path: at, length: item.length } : longestList(item, at, depth + 1)
    if (found && found.length > (best?.length ?? 0)) best = found
  }
  return best
}

function labelsOf(document: unknown): Map<string, string> {
  const texts = Object.entries((document ?? {}) as object).filter(([, value]) => typeof value === 'string')
  return new Map(texts.filter(([, text]) => text.length > 0 && text.length < 120) as [string, string][])
}
