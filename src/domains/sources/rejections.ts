import type { RejectedRow, Rejection, RejectionExample } from './model.ts'

const EXAMPLES = 5
const REASONS = 50
const VALUE_CHARACTERS = 200
/** Rejected rows of one run that are kept to be looked at; the count goes on. */
export const ROWS_KEPT = 10_000

/**
 * Counts rejected values by reason, with the first five examples of each, and keeps the first rows as they were met;
 * bounded whatever arrives.
 */
export class Rejections {
  total = 0
  readonly rows: RejectedRow[] = []
  readonly #byReason = new Map<string, Rejection>()

  add(reason: string, count: number, row: number, column: string, value: unknown, file?: string): void {
    this.total += count
    let entry = this.#byReason.get(reason)
    if (!entry) {
      const name = this.#byReason.size < REASONS ? reason : 'other reasons'
      entry = this.#byReason.get(name)
      if (!entry) {
        entry = { reason: name, count: 0, examples: [] }
        this.#byReason.set(name, entry)
      }
    }
    entry.count += count
    const shown = entry.examples.length < EXAMPLES
    const kept = this.rows.length < ROWS_KEPT
    if (!shown && !kept) return
    const example: RejectionExample = { row, column, value: shorten(value) }
    if (file !== undefined) example.file = file
    if (shown) entry.examples.push(example)
    if (kept) this.rows.push({ ...example, reason, values: count })
  }

  /** Adds what another tally counted. */
  merge(reason: string, count: number, examples: readonly RejectionExample[]): void {
    this.total += count
    const entry = this.#byReason.get(reason)
    if (entry) {
      entry.count += count
      entry.examples.push(...examples.slice(0, EXAMPLES - entry.examples.length))
    } else if (this.#byReason.size <= REASONS)
      this.#byReason.set(reason, { reason, count, examples: examples.slice(0, EXAMPLES) })
  }

  /** Most frequent first. */
  list(): Rejection[] {
    return [...this.#byReason.values()].sort((a, b) => b.count - a.count)
  }
}

function shorten(value: unknown): unknown {
  if (typeof value === 'string') return value.length > VALUE_CHARACTERS ? `${value.slice(0, VALUE_CHARACTERS)}…` : value
  if (value === undefined) return null
  if (typeof value === 'object' && value !== null) return shorten(JSON.stringify(value))
  return value
}
