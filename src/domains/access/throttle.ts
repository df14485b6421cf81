import { Problem } from '../../kernel/problem.ts'

const MOST = 10_000

/** Counts attempts by a name (an address, an account) in windows of fixed length, in bounded memory. */
export class Throttle {
  readonly #limit: number
  readonly #windowMs: number
  readonly #counts = new Map<string, { n: number; until: number }>()

  constructor(limit: number, windowMs: number) {
    this.#limit = limit
    this.#windowMs = windowMs
  }

  /** Throws 429 with the seconds to wait once the limit is reached; otherwise counts this attempt. */
  take(name: string): void {
    const now = Date.now()
    const found = this.#counts.get(name)
    if (!found || found.until <= now) {
      this.#counts.delete(name)
      this.#makeRoom(now)
      this.#counts.set(name, { n: 1, until: now + this.#windowMs })
      return
    }
    if (found.n >= this.#limit) {
      const seconds = Math.ceil((found.until - now) / 1000)
      throw new Problem(
        429,
        'too-many-attempts',
        `Too many attempts: try again in ${Math.ceil(seconds / 60)} minutes.`,
        { retryAfter: seconds },
      )
    }
    found.n++
  }

  /** Whether the next attempt would be refused. */
  isExhausted(name: string): boolean {
    const found = this.#counts.get(name)
    return found !== undefined && found.until > Date.now() && found.n >= this.#limit
  }

  forget(name: string): void {
    this.#counts.delete(name)
  }

  #makeRoom(now: number): void {
    if (this.#counts.size < MOST) return
    for (const [name, { until }] of this.#counts) if (until <= now) this.#counts.delete(name)
    for (const name of this.#counts.keys()) {
      if (this.#counts.size < MOST) break
      this.#counts.delete(name)
    }
  }
}
