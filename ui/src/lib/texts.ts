import { fill, type Lang } from './messages.ts'
import { app } from './state.svelte.ts'

type Params = Record<string, string | number>

/** Texts of one page or part, beside it and loaded with it; what every page shares stands in `messages.ts`. */
export interface Texts<K extends string> {
  /** Text in the page's language, `{x}` filled in. */
  (key: K, params?: Params): string
  /** Text that depends on a number: looks for `key.one` and `key.other`; `{n}` is the number as written. */
  n(key: string, n: number, params?: Params): string
  /** The text if there is one by that name, else the fallback: for names that come from data. */
  or(key: string, fallback: string): string
}

/** German first: its keys are the keys, English must have each of them. */
export function texts<K extends string>(all: { de: Record<K, string>; en: Record<NoInfer<K>, string> }): Texts<K> {
  const by: Record<Lang, Record<string, string>> = all
  const t = (key: K, params: Params = {}): string => fill(by[app.lang][key] ?? key, params)
  const n = (key: string, count: number, params: Params = {}): string => {
    const form = new Intl.PluralRules(app.lang).select(count) === 'one' ? 'one' : 'other'
    return t(`${key}.${form}` as K, { n: app.format.number(count), ...params })
  }
  const or = (key: string, fallback: string): string => (Object.hasOwn(all.de, key) ? t(key as K) : fallback)
  return Object.assign(t, { n, or })
}
