import type { Clock } from './clock.ts'
import type { Definition } from './definition.ts'
import type { Cell } from './model.ts'
import type { Plan } from './plan.ts'
import { RowTime } from './row-time.ts'
import { readText } from './template.ts'

export interface Period {
  from: string | null
  to: string | null
}

const DAY = { days: 1, seconds: 0 }
/** Letters of a time of day in a format. */
const CLOCK = /[Hhms]/

/** Reads when the thing of a row holds. What is no time is told to `reject` and leaves its side open. */
export function readPeriod(
  { thing: { valid } }: Definition,
  clock: Clock,
  plan: Plan,
  row: readonly Cell[],
  reject: (reason: string, side: string, text: string) => void,
): Period | undefined {
  if (!valid) return undefined
  const format = valid.format ?? 'iso'
  const side = (name: 'from' | 'to'): string | null => {
    const template = valid[name]
    const text = template === undefined ? '' : readText(plan.read(template), row).trim()
    if (text === '') return null
    const dayOnly = format === 'iso' ? text.length === 10 : !CLOCK.test(format) && !format.startsWith('epoch')
    const time = new RowTime(clock, format, name === 'to' && dayOnly ? DAY : undefined, 'start', undefined)
    if (time.read(text)) return time.end ?? time.start
    reject(time.reason, name, text)
    return null
  }
  const period = { from: side('from'), to: side('to') }
  if (period.from !== null && period.to !== null && Date.parse(period.from) >= Date.parse(period.to)) {
    reject('it ends before it begins', 'to', `${period.from} – ${period.to}`)
    return { ...period, to: null }
  }
  return period
}
