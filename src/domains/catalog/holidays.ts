import { getHolidays } from 'feiertagejs'

type Region = Parameters<typeof getHolidays>[1]

/** Federal states by the first two digits of the official municipality key. */
const STATES = ['SH', 'HH', 'NI', 'HB', 'NW', 'HE', 'RP', 'BW', 'BY', 'SL', 'BE', 'BB', 'MV', 'SN', 'ST', 'TH'] as const

/**
 * Public holidays of the years from `from` to `to` (YYYY-MM-DD, both included) where a city of this key lies, as days;
 * without a key those that all federal states share.
 */
export function holidaysOf(key: string | null, from: string, to: string): string[] {
  const region: Region = key?.startsWith('09761') ? 'AUGSBURG' : (STATES[Number(key?.slice(0, 2) ?? 0) - 1] ?? 'BUND')
  const found: string[] = []
  for (let year = Number(from.slice(0, 4)); year <= Number(to.slice(0, 4)); year++)
    for (const { dateString } of getHolidays(year, region))
      if (dateString >= from && dateString <= to) found.push(dateString)
  return found
}
