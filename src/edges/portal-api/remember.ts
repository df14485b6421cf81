const FRESH_MS = 1_000
const LONGEST_MS = 10_000
/** Share of the time one answer may keep the database busy, however many people look at it. */
const SHARE = 0.1
const MOST = 500

/**
 * Callers with the same rights share an answer for a second, or longer where it costs more. `visible` is the array
 * `access.visible` hands out: another one, after any change of a dataset, starts anew.
 */
export function rememberShared<R>(make: (visible: readonly number[], key: string) => Promise<R>) {
  let known = new WeakMap<readonly number[], Map<string, { until: number; answer: Promise<R> }>>()
  /** To be called when what the answers describe was changed by hand: the next one shows it. */
  const forget = (): void => {
    known = new WeakMap()
  }
  const ask = (visible: readonly number[], key: string): Promise<R> => {
    let mine = known.get(visible)
    if (!mine || mine.size > MOST) {
      mine = new Map()
      known.set(visible, mine)
    }
    const found = mine.get(key)
    if (found && found.until > Date.now()) return found.answer
    const began = Date.now()
    const entry = { until: Number.POSITIVE_INFINITY, answer: make(visible, key) }
    mine.set(key, entry)
    const own = mine
    entry.answer.then(
      () => {
        entry.until = Date.now() + Math.min(Math.max(FRESH_MS, (Date.now() - began) / SHARE), LONGEST_MS)
      },
      () => own.delete(key),
    )
    return entry.answer
  }
  return Object.assign(ask, { forget })
}
