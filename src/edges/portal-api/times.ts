import { dayStart, iso } from '../../domains/sensing/index.ts'
import { Problem } from '../../kernel/problem.ts'

const DAY = /^\d{4}-\d{2}-\d{2}$/
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/

/**
 * A time as it stands in an address: an instant with offset, or a local day, which as `from` means its beginning and as
 * `to` its end. A `+` that arrived as a space is understood. Throws Problem 400 `bad-time`.
 */
export function readTime(text: string, name: 'from' | 'to', timeZone: string): string {
  const given = text.replace(/ (?=\d{2}:?\d{2}$)/, '+')
  if (name === 'from' && given === 'start') return given
  const isDay = DAY.test(given)
  const known = isDay ? Date.parse(`${given}T00:00:00Z`) : INSTANT.test(given) ? Date.parse(given) : Number.NaN
  // Date.parse turns 2026-02-30 into a day in March.
  const exists = !Number.isNaN(known) && (!isDay || new Date(known).toISOString().startsWith(given))
  if (!exists) {
    const start = name === 'from' ? ', or "start"' : ''
    throw new Problem(
      400,
      'bad-time',
      `"${name}" is "${text}" but must be an instant with offset such as 2026-08-14T00:00:00Z, or a day such as 2026-08-14${start}.`,
    )
  }
  if (!isDay) return iso(known)
  return iso(dayStart(given, timeZone, name === 'to' ? 1 : 0))
}
