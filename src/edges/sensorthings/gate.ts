import { StaError } from './errors.ts'
import type { Query } from './query.ts'

/** Rows an answer may reach for before it has to wait its turn. */
const LIGHT = 20_000
/** Rows all answers under way may reach for together: what one may alone. */
const ROOM = 1_000_000
const MOST_WAITING = 100

/** Most rows the answer to a query may hold, over all its expanded sets. */
export function mostRows(query: Query): number {
  const inner = query.expand.map(({ navigation, query: below }) => (navigation.many ? mostRows(below) : 1))
  return Math.max(1, query.top) * inner.reduce((sum, rows) => sum + rows, 1)
}

/**
 * Large answers are made one after the other, small ones at once: however many ask for everything of everything, memory holds no
 * more than one of these. Waiting has its bound, too: then 503.
 */
export class Gate {
  #free = ROOM
  #waiting: { rows: number; enter: () => void }[] = []

  /** Does the work of an answer that may hold so many rows. */
  async pass<R>(most: number, work: () => Promise<R>): Promise<R> {
    const rows = Math.min(most, ROOM)
    if (rows <= LIGHT) return work()
    if (this.#waiting.length >= MOST_WAITING)
      throw new StaError(
        503,
        'too many large answers are asked for at once: try again, or ask for less ($top, $expand)',
      )
    if (rows > this.#free || this.#waiting.length > 0)
      await new Promise<void>((enter) => this.#waiting.push({ rows, enter }))
    else this.#free -= rows
    try {
      return await work()
    } finally {
      this.#free += rows
      while (this.#waiting.length > 0 && this.#waiting[0]!.rows <= this.#free) {
        const next = this.#waiting.shift()!
        this.#free -= next.rows
        next.enter()
      }
    }
  }
}
