import { iso } from './buckets.ts'
import type { Head, Plan, SeriesPoint } from './series-model.ts'

/** Milliseconds between two values: as declared, else the mean distance so far; null = not known. */
export function interval(head: Head): number | null {
  if (head.periodSeconds) return head.periodSeconds * 1000
  if (!head.tMin || !head.tMax || head.count < 3) return null
  return (Date.parse(head.tMax) - Date.parse(head.tMin)) / (head.count - 1)
}

/** Milliseconds without a value after which one is missing. Irregular series get four times their mean distance. */
export function patience(head: Head): number | null {
  const found = interval(head)
  return found === null || head.periodSeconds ? found : found * 4
}

export function gap(t: string, tEnd: string): SeriesPoint {
  return { t, tEnd, value: null, n: 0, min: null, max: null, suspect: 0 }
}

/** Follows the values of one series in order of time and answers the stretches where at least one more was expected. */
export class GapFinder {
  readonly #head: Head
  readonly #plan: Pick<Plan, 'from' | 'to' | 'now'>
  readonly #period: number | null
  #covered: number
  #first = true

  constructor(head: Head, plan: Pick<Plan, 'from' | 'to' | 'now'>) {
    this.#head = head
    this.#plan = plan
    this.#period = patience(head)
    this.#covered = plan.from
  }

  /** The gap before this value, or null. */
  before(row: { t: string; tEnd: string | null }): SeriesPoint | null {
    const start = Date.parse(row.t)
    const found = this.#until(start, this.#first ? 1 : this.#head.periodSeconds ? 0.5 : 1)
    const end = row.tEnd ? Date.parse(row.tEnd) : start + (this.#head.periodSeconds ? this.#period! : 0)
    this.#first = false
    this.#covered = Math.max(this.#covered, end)
    return found
  }

  /** The gap after the last value, or null. */
  end(): SeriesPoint | null {
    const until = Math.min(this.#plan.to, this.#plan.now)
    // The newest value is always somewhat older than its period: that alone is no gap.
    return until > this.#covered ? this.#until(until, 2) : null
  }

  #until(at: number, tolerance: number): SeriesPoint | null {
    if (this.#period === null || at - this.#covered < this.#period * tolerance) return null
    return gap(iso(this.#covered), iso(at))
  }
}
