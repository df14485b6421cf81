import { getHolidays } from 'feiertagejs'
import type { Lang } from './messages.ts'
import type { Span } from './view.ts'
import type { Zone } from './zone.ts'

export interface Holiday extends Span {
  name: string
}

type Region = Parameters<typeof getHolidays>[1]

/** Federal states by the first two digits of the official municipality key (AGS and ARS begin alike). */
const STATES: Record<string, Region> = {
  '01': 'SH',
  '02': 'HH',
  '03': 'NI',
  '04': 'HB',
  '05': 'NW',
  '06': 'HE',
  '07': 'RP',
  '08': 'BW',
  '09': 'BY',
  '10': 'SL',
  '11': 'BE',
  '12': 'BB',
  '13': 'MV',
  '14': 'SN',
  '15': 'ST',
  '16': 'TH',
}

/** Whose holidays a city keeps; without a key only those that all states share. Augsburg has one more than Bavaria. */
export function regionOf(key: string | null): Region {
  if (key?.startsWith('09761')) return 'AUGSBURG'
  return STATES[key?.slice(0, 2) ?? ''] ?? 'BUND'
}

const years = new Map<string, { day: string; name: string }[]>()

function holidaysOf(year: number, region: Region, lang: Lang): { day: string; name: string }[] {
  const key = `${year} ${region} ${lang}`
  let found = years.get(key)
  if (!found) {
    found = getHolidays(year, region)
      .map((h) => ({ day: h.dateString, name: h.translate(lang) ?? h.translate('de') ?? '' }))
      .sort((a, b) => a.day.localeCompare(b.day))
    years.set(key, found)
  }
  return found
}

/** The public holidays that touch a span, as whole local days in order of time. */
export function holidaysIn(span: Span, zone: Zone, key: string | null, lang: Lang): Holiday[] {
  const found: Holiday[] = []
  const region = regionOf(key)
  for (let year = zone.wall(span.from).year; year <= zone.wall(span.to - 1).year; year++) {
    for (const { day, name } of holidaysOf(year, region, lang)) {
      const from = zone.parseDate(day)
      if (from === null) continue
      const to = zone.addDays(from, 1)
      if (from < span.to && to > span.from) found.push({ from, to, name })
    }
  }
  return found
}

/** The holiday an instant falls on. */
export const holidayAt = (holidays: readonly Holiday[], at: number): Holiday | null =>
  holidays.find((h) => at >= h.from && at < h.to) ?? null
