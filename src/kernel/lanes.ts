/** Lets at most `n` pieces of work run at once; the others wait in the order they came. */
export class Lanes {
  readonly #most: number
  #running = 0
  #waiting: (() => void)[] = []
  #next = 0

  constructor(n: number) {
    this.#most = n
  }

  /** Work that waits for its turn. */
  get waiting(): number {
    return this.#waiting.length - this.#next
  }

  async run<R>(work: () => Promise<R>): Promise<R> {
    if (this.#running < this.#most) this.#running++
    else await new Promise<void>((turn) => this.#waiting.push(turn))
    try {
      return await work()
    } finally {
      this.#pass()
    }
  }

  #pass(): void {
    const turn = this.#waiting[this.#next]
    if (!turn) {
      this.#running--
      return
    }
    // Shifting a long array costs its length each time.
    if (++this.#next >= 1_024 || this.#next === this.#waiting.length) {
      this.#waiting.splice(0, this.#next)
      this.#next = 0
    }
    turn()
  }
}
