import type { Station } from './api.ts'
import { app } from './state.svelte.ts'

/** What a station measures: each kind once, as people call it. */
export function kindsOf(station: Station | null): [key: string, name: string][] {
  const seen = new Map<string, string>()
  for (const d of station?.datastreams ?? []) seen.set(d.group, app.groupName(d.group, d.observedProperty.name))
  return [...seen]
}

/** One sentence: what is measured here, how often, since when. */
export function sentenceOf(station: Station | null): string {
  if (!station || station.datastreams.length === 0) return station?.description ?? ''
  const list = new Intl.ListFormat(app.lang, { type: 'conjunction' })
  const names = kindsOf(station)
    .slice(0, 6)
    .map(([, name]) => (app.lang === 'en' ? name.charAt(0).toLowerCase() + name.slice(1) : name))
  const period = Math.min(...station.datastreams.map((d) => d.periodSeconds ?? Number.POSITIVE_INFINITY))
  const since = station.since ? app.t('station.since', { month: app.format.month(Date.parse(station.since)) }) : ''
  const counts = station.datastreams.every((d) => d.aggregate === 'sum')
  return app.t(counts ? 'station.counts' : 'station.measures', {
    what: list.format(names),
    period: every(period),
    since,
  })
}

function every(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 60) return ''
  if (seconds === 3600) return app.t('station.everyHour')
  if (seconds === 86_400) return app.t('station.everyDay')
  return app.t('station.every', { period: periodOf(seconds) })
}

/** `15 Minuten`, `2 Stunden`, `Tag`. */
export function periodOf(seconds: number): string {
  const [unit, n] =
    seconds % 86_400 === 0
      ? ['days', seconds / 86_400]
      : seconds % 3600 === 0
        ? ['hours', seconds / 3600]
        : ['minutes', Math.round(seconds / 60)]
  return app.tn(`station.${unit}`, n as number)
}
