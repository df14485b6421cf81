import type { Rejection, RejectionExample } from './model.ts'

const EXAMPLES = 5
const REASONS = 50
const VALUE_CHARACTERS = 200

/** Counts rejected values by reason, with the first five examples of each; bounded whatever arrives. */
export class Rejections {
  total = 0
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
    if (entry.examples.length >= EXAMPLES) return
    const example: RejectionExample = { row, column, value: shorten(value) }
    if (file !== undefined) example.file = file
    entry.examples.push(example)
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
