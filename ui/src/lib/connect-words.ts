import { t } from '../pages/Connect.texts.ts'
import { Failure } from './api.ts'
import { germanReason } from './reasons.ts'
import { app } from './state.svelte.ts'

/** What the import says in English, in the language of the page. */
export const reasonWords = (text: string, field?: string): string =>
  (app.lang === 'de' && germanReason(text, field)) || text

/** Why the platform refused something, in the language of the page: by its code, which is stable. */
export function refusalWords(error: unknown): string {
  if (!(error instanceof Failure)) return String(error)
  const { words, code } = error.problem
  if (typeof words === 'object' && words !== null) return String((words as Record<string, unknown>)[app.lang])
  return t.or(`code.${String(code)}`, t.or(`kind.${error.kind}`, error.message))
}
