import { t } from '../parts/Roles.texts.ts'
import type { Grant, People } from './people.ts'
import { app } from './state.svelte.ts'

type Known = Pick<People, 'spaces' | 'datasets'>

/** `space:verkehr` as people read it: Datenraum Verkehr. */
export function scopeText(on: string, { spaces, datasets }: Known): string {
  const [kind, id] = on.split(':')
  if (kind === 'platform') return t('platform')
  const title = (kind === 'space' ? spaces : datasets).find((one) => one.id === id)?.title ?? id ?? t('gone')
  return t(kind === 'space' ? 'space' : 'dataset', { title })
}

/** The same within a sentence: im Datenraum „Verkehr“. */
export function whereText(on: string, { spaces, datasets }: Known): string {
  const [kind, id] = on.split(':')
  if (kind === 'platform') return t('onPlatform')
  const title = (kind === 'space' ? spaces : datasets).find((one) => one.id === id)?.title ?? id ?? t('gone')
  return t(kind === 'space' ? 'inSpace' : 'forDataset', { title })
}

/** Who did something, as the log names them. */
export function actorText(actor: string): string {
  if (actor === 'owner' || actor === 'staff' || actor === 'anonymous') return t(actor)
  if (actor.startsWith('key:')) return t('key', { name: actor.slice(4) })
  return actor.replace(/^user:/, '')
}

/** The note of a grant; what the platform wrote there itself, in the page's language. */
export const noteText = (note: string): string => {
  const request = /^request (\d+)$/.exec(note)?.[1]
  return request ? t('fromRequest', { id: request }) : note
}

/** Who holds a grant, by name. */
export function holderOf(grant: Pick<Grant, 'account' | 'group'>, { accounts, groups }: People): string {
  const found =
    grant.group === null
      ? accounts.find((one) => one.id === grant.account)?.name
      : groups.find((one) => one.id === grant.group)?.title
  return found ?? t('gone')
}

/** A right that ends at midnight holds to the end of the day before. */
export const lastDayOf = (until: string): string => app.format.day(Date.parse(until) - 1)

/** Has a right ended? */
export const isOver = (until: string | null): boolean => until !== null && Date.parse(until) <= Date.now()

/** `bis 31.12.2026`, `ohne Ende`, `beendet am 1.3.2026`. */
export function untilText(until: string | null): string {
  if (until === null) return t('noEnd')
  return t(isOver(until) ? 'ended' : 'untilDay', { date: lastDayOf(until) })
}

/** The end of a day as somebody typed it (`YYYY-MM-DD`), in the city's time zone; null when there is none. */
export function endOfDay(day: string): string | null {
  const at = app.zone.parseDate(day)
  return at === null ? null : new Date(app.zone.addDays(at, 1)).toISOString()
}
