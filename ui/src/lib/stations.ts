import type { StationSummary } from './api.ts'
import type { app } from './state.svelte.ts'

type App = typeof app

/** The number a station is listed with: the day's total of a count, the newest value of anything else. */
export function stationValue(s: StationSummary, { format }: App): string {
  const h = s.headline
  if (!h) return '–'
  if (h.aggregate === 'sum') {
    if (h.dayTotal === null) return '–'
    return h.unit.symbol ? format.quantity(h.dayTotal, h.unit.symbol) : format.number(Math.round(h.dayTotal))
  }
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

/** How the day compares with what is usual at this station: `▼ 28 % zu üblich`; else the time of the newest value. */
export function stationUsual(s: StationSummary, app: App): string {
  const usual = s.headline?.usual
  if (!usual || usual.value === 0) return stationTime(s, app)
  const rounded = Math.round(usual.change * 100)
  if (rounded === 0) return app.t('start.rowSame')
  const share = app.format.percent(Math.abs(rounded) / 100).replace(/[.,]0(?=\D)/, '')
  return app.t('start.rowUsual', { mark: rounded > 0 ? '▲' : '▼', share })
}
