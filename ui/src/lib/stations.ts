import type { StationSummary } from './api.ts'
import type { app } from './state.svelte.ts'

type App = typeof app

/** The number a station is listed with: the day's total of a count, the newest value of anything else. */
export function stationValue(s: StationSummary, { format }: App): string {
  const h = s.headline
  if (!h) return '–'
  if (h.aggregate === 'sum') return h.dayTotal === null ? '–' : format.number(Math.round(h.dayTotal))
  return h.value === null ? '–' : format.quantity(h.value, h.unit.symbol)
}

/** Until when: `heute bis 14:15 Uhr`, `bis Do, 20.8.2026, 24:00 Uhr`, `noch kein Wert`. */
export function stationTime(s: StationSummary, { format, zone, now, t, lang }: App): string {
  if (!s.newest) return t('start.never')
  const end = Date.parse(s.newest)
  const midnight = zone.startOfDay(end) === end
  const last = midnight ? end - 1 : end
  if (zone.isoDate(last) === zone.isoDate(now)) return t('start.until', { time: format.clock(end) })
  const time = midnight ? (lang === 'de' ? '24:00 Uhr' : '24:00') : format.time(end)
  return t('start.untilDay', { date: format.date(last), time })
}
