import { t } from '../pages/Connect.texts.ts'
import { Failure } from './api.ts'
import { germanReason } from './reasons.ts'
import { refusalText } from './refusals.ts'
import { app } from './state.svelte.ts'

/** What the import says in English, in the language of the page. */
export const reasonWords = (text: string, field?: string): string =>
  (app.lang === 'de' && germanReason(text, field)) || text

/** Why the platform refused something while a source is added, in the language of the page. */
export function refusalWords(error: unknown): string {
  const own =
    error instanceof Failure && error.problem.words === undefined ? t.or(`code.${error.problem.code}`, '') : ''
  return own || refusalText(error)
}
