import type { FlagDetail, Rule } from './model.ts'

type Lang = 'de' | 'en'

/** Why a stretch is hard to believe, in one sentence. */
export function flagText(rule: Rule, detail: FlagDetail, unit: string, lang: Lang = 'de'): string {
  const number = new Intl.NumberFormat(lang === 'de' ? 'de-DE' : 'en-GB', { maximumFractionDigits: 2 })
  const q = (value: number) => (unit ? `${number.format(value)} ${unit}` : number.format(value)).replace('-', '−')
  const { value, n, min, max, hours, usual } = detail
  const de = lang === 'de'
  if (rule === 'range') {
    const low = min !== undefined && value < min
    const limit = q(low ? min : max!)
    const more = n > 1 ? (de ? ` (${n} Werte)` : ` (${n} values)`) : ''
    if (de) return `${q(value)} ist ${low ? 'weniger' : 'mehr'} als möglich scheint (Grenze ${limit})${more}.`
    return `${q(value)} is ${low ? 'less' : 'more'} than seems possible (limit ${limit})${more}.`
  }
  if (rule === 'stuck') {
    if (de) return `Seit ${number.format(hours ?? 0)} Stunden immer genau ${q(value)}: Der Sensor hängt vielleicht.`
    return `Exactly ${q(value)} for ${number.format(hours ?? 0)} hours: the sensor may be stuck.`
  }
  if (rule === 'spike') {
    if (de) return `${q(value)} ist ein einzelner Ausreißer; ringsum höchstens ${q(usual ?? 0)}.`
    return `${q(value)} stands alone; the values around are ${q(usual ?? 0)} at most.`
  }
  if (de) return `${number.format(hours ?? 0)} Stunden lang nur null; üblich sind zu dieser Zeit etwa ${q(usual ?? 0)}.`
  return `Nothing but zero for ${number.format(hours ?? 0)} hours; about ${q(usual ?? 0)} are usual at that time.`
}
