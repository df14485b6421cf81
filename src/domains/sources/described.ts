import type { Concept } from '../features/index.ts'

const YES = new Set(['true', 't', '1', 'ja', 'j', 'yes', 'y', 'wahr', 'x'])
const NO = new Set(['false', 'f', '0', 'nein', 'n', 'no', 'falsch'])

interface Described {
  properties: Record<string, unknown>
  problems: { name: string; value: unknown; reason: string }[]
}

/** Brings the properties a definition gives (mostly texts) into the types of the concept's terms; what does not fit is left out. */
export function inTermsOf(
  concept: Concept,
  given: Record<string, unknown>,
  readNumber: (text: string) => number,
): Described {
  const properties: Record<string, unknown> = {}
  const problems: Described['problems'] = []
  for (const [name, value] of Object.entries(given)) {
    const term = concept.properties[name]
    if (!term || value === null || (typeof value === 'string' && value.trim() === '')) continue
    const typed = typeof value === 'string' ? typedText(value, term.type, readNumber) : value
    if (typed === undefined || (typeof typed === 'number' && !Number.isFinite(typed)))
      problems.push({ name, value, reason: `${name} is not a ${term.type}` })
    else if (term.values && !term.values.includes(String(typed)))
      problems.push({ name, value, reason: `${name} is none of ${term.values.join(', ')}` })
    else properties[name] = typed
  }
  return { properties, problems }
}

function typedText(text: string, type: string, readNumber: (text: string) => number): unknown {
  if (type === 'number') {
    const value = readNumber(text)
    return Number.isNaN(value) ? undefined : value
  }
  if (type === 'boolean') {
    const lower = text.trim().toLowerCase()
    return YES.has(lower) ? true : NO.has(lower) ? false : undefined
  }
  return text
}
