import { every, textAt, type XmlElement } from '../xml.ts'

const DAYS = ['Su', 'Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa']
const ORDER = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su']

/**
 * Opening hours as OpenStreetMap writes them, of the dated periods of the German profile (one week ahead); undefined
 * where a weekday is open at different times.
 */
export function openingHours(element: XmlElement): string | undefined {
  const byDay = new Map<string, string>()
  for (const period of every(element, 'period')) {
    const start = textAt(period, 'startOfPeriod')
    const end = textAt(period, 'endOfPeriod')
    const date = start?.slice(0, 10)
    const from = start?.slice(11, 16)
    const to = end?.slice(11, 16)
    if (!date || !from || !to || end?.slice(0, 10) !== date) return undefined
    const day = DAYS[new Date(`${date}T12:00:00Z`).getUTCDay()]!
    const hours = `${from}-${to === '23:59' || to === '00:00' ? '24:00' : to}`
    if ((byDay.get(day) ?? hours) !== hours) return undefined
    byDay.set(day, hours)
  }
  if (byDay.size === 0) return undefined
  if (byDay.size === 7 && [...byDay.values()].every((hours) => hours === '00:00-24:00')) return '24/7'
  const parts: { from: string; to: string; hours: string }[] = []
  for (const day of ORDER) {
    const hours = byDay.get(day)
    if (!hours) continue
    const last = parts.at(-1)
    if (last?.hours === hours && ORDER.indexOf(last.to) === ORDER.indexOf(day) - 1) last.to = day
    else parts.push({ from: day, to: day, hours })
  }
  return parts.map(({ from, to, hours }) => `${from === to ? from : `${from}-${to}`} ${hours}`).join('; ')
}
