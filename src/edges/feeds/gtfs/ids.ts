/** Ids of one table and the numbers they get within the version; also those of rows that could not be used. */
export class Ids {
  /** The table itself is missing or unreadable: that was said once and is not said again of every row that refers to it. */
  absent = false
  readonly #numbers = new Map<string, number>()
  #next = 0
  #used = new Uint8Array(0)

  /** How many got a number. */
  get size(): number {
    return this.#next
  }

  has(id: string): boolean {
    return this.#numbers.has(id)
  }

  /** A number for an id; the one it has, if it has one already. */
  add(id: string): number {
    const known = this.#numbers.get(id)
    if (known !== undefined && known >= 0) return known
    const number = this.#next++
    this.#numbers.set(id, number)
    return number
  }

  /** A number that has no id yet. */
  reserve(): number {
    return this.#next++
  }

  /** The id gets a number handed out before. */
  place(id: string, number: number): void {
    this.#numbers.set(id, number)
  }

  /** The id stands in the feed, but its row cannot be used. */
  addUnusable(id: string): void {
    if (!this.#numbers.has(id)) this.#numbers.set(id, -1)
  }

  /** Takes the number away again. */
  spoil(id: string): void {
    this.#numbers.set(id, -1)
  }

  /** Its number, -1 for one that cannot be used, undefined for one nobody knows. */
  of(id: string): number | undefined {
    return this.#numbers.get(id)
  }

  /** Something refers to this number. */
  mark(number: number): void {
    if (number >= this.#used.length) {
      const larger = new Uint8Array(Math.max(this.#next, number + 1))
      larger.set(this.#used)
      this.#used = larger
    }
    const before = this.#used[number]!
    if (before < 255) this.#used[number] = before + 1
  }

  isUsed(number: number): boolean {
    return this.uses(number) > 0
  }

  /** How often something refers to this number, 255 at most. */
  uses(number: number): number {
    return this.#used[number] ?? 0
  }

  /** Forgets what refers to them. */
  clearUses(): void {
    this.#used.fill(0)
  }

  entries(): IterableIterator<[string, number]> {
    return this.#numbers.entries()
  }
}
