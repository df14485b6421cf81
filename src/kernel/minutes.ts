const MINUTE = 60_000
const MINUTES = 60

/** How many in each of the last 60 minutes. Times in milliseconds since 1970. */
export class Minutes {
  readonly #counts = new Map<number, number>()

  add(at: number, n = 1): void {
    const minute = Math.floor(at / MINUTE)
    this.#counts.set(minute, (this.#counts.get(minute) ?? 0) + n)
    if (this.#counts.size > MINUTES * 2) {
      for (const known of this.#counts.keys()) if (known < minute - MINUTES) this.#counts.delete(known)
    }
  }

  /** Whole minutes up to the one before `now`. */
  last(now: number): [string, number][] {
    const minute = Math.floor(now / MINUTE)
    return Array.from({ length: MINUTES }, (_, i) => {
      const at = minute - MINUTES + i
      return [new Date(at * MINUTE).toISOString(), this.#counts.get(at) ?? 0]
    })
  }

  /** All of the last hour, the minute that is going on among them. */
  sum(now: number): number {
    const minute = Math.floor(now / MINUTE)
    let sum = 0
    for (const [at, n] of this.#counts) if (at > minute - MINUTES && at <= minute) sum += n
    return sum
  }
}
