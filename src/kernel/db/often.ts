/** Uses after which a text counts as asked often. */
const OFTEN = 50
/** Most texts that are prepared: each costs memory in every connection. */
const PREPARED = 64
/** Most texts whose uses are counted; then counting begins anew. */
const COUNTED = 2_000
const LONGEST = 10_000

/**
 * Names for statements that are asked again and again, so that the server keeps their plan: planning a look-up by key costs more
 * than the look-up. Not where a LIMIT is a parameter: for the plan it matters how many rows are wanted.
 */
export class OftenAsked {
  readonly #names = new Map<string, string>()
  #uses = new Map<string, number>()

  nameOf(text: string): string | undefined {
    const name = this.#names.get(text)
    if (name !== undefined || this.#names.size >= PREPARED) return name
    if (text.length > LONGEST || /\b(limit|offset) \$/.test(text)) return undefined
    const uses = (this.#uses.get(text) ?? 0) + 1
    if (uses < OFTEN) {
      if (this.#uses.size >= COUNTED) this.#uses = new Map()
      this.#uses.set(text, uses)
      return undefined
    }
    this.#uses.delete(text)
    const given = `often-${this.#names.size}`
    this.#names.set(text, given)
    return given
  }
}
