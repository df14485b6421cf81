import { app } from './state.svelte.ts'

/** The operator's own words, in the page's language where there is one: a text, several, or one by language. */
export function ownWords(value: unknown): string | null {
  if (typeof value === 'string') return value.trim() || null
  if (Array.isArray(value)) return value.filter((v) => typeof v === 'string').join(' ') || null
  if (value && typeof value === 'object') {
    const texts = value as Record<string, unknown>
    const text = texts[app.lang] ?? texts.de ?? texts.en
    return typeof text === 'string' ? text : null
  }
  return null
}
