import { Failure } from './api.ts'
import { fill } from './messages.ts'
import { REFUSALS } from './refusals.words.ts'
import { app } from './state.svelte.ts'

/**
 * Why something did not work, as one sentence in the language of the page: by the stable code of the problem. What has
 * no German words yet is shown as the platform said it rather than kept silent.
 */
export function refusalText(error: unknown): string {
  if (!(error instanceof Failure)) return app.t('error.server')
  const { problem, kind, message } = error
  const { words } = problem
  if (typeof words === 'object' && words !== null && app.lang in words)
    return String((words as Record<string, unknown>)[app.lang])
  if (kind === 'offline') return app.t('error.offline')
  if (kind === 'timeout' || kind === 'network') return app.t(`error.${kind}`)
  if (app.lang !== 'de') return message
  const code = String(problem.code)
  const reason = code === 'invalid-request' ? (fieldOf(message) ? 'field' : '') : String(problem.reason ?? '')
  const text = REFUSALS[`${code}.${reason}`] ?? REFUSALS[code]
  if (!text) return kind === 'server' ? app.t('error.server') : message
  return fill(text, { value: String(problem.value ?? ''), field: fieldOf(message) ?? '' })
}

/** `body/title must NOT have …` speaks of `title`. */
const fieldOf = (message: string): string | undefined => /^(?:body|querystring)\/(\S+)/.exec(message)?.[1]
