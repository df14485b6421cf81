import type { Queryable } from '../../kernel/db/index.ts'

/** What one value of the sequence `observation_id` stands for: see migration 0004. */
const BLOCK = 1024

/**
 * Hands out observation ids from blocks of the database's sequence. A process knows the ids before it writes, so
 * inserts need no RETURNING; a block not used up when the process ends is a gap.
 */
export class ObservationIds {
  readonly #db: Queryable
  readonly #ahead: number
  #blocks: [next: number, end: number][] = []
  #left = 0
  #fetching: Promise<void> | undefined

  /** @param ahead blocks to fetch at a time */
  constructor(db: Queryable, ahead = 16) {
    this.#db = db
    this.#ahead = ahead
  }

  /**
   * `count` fresh ids, ascending; asks the database only when the blocks run out. Inside a transaction pass it as
   * `via`: the embedded engine has one connection, and waiting for another query would never end.
   */
  async take(count: number, via?: Queryable): Promise<number[]> {
    while (this.#left < count) {
      if (via) await this.#fetch(via, count)
      else {
        this.#fetching ??= this.#fetch(this.#db, count).finally(() => {
          this.#fetching = undefined
        })
        await this.#fetching
      }
    }
    const ids = new Array<number>(count)
    for (let i = 0; i < count; ) {
      const block = this.#blocks[0]!
      const take = Math.min(count - i, block[1] - block[0])
      for (let k = 0; k < take; k++) ids[i++] = block[0]++
      if (block[0] === block[1]) this.#blocks.shift()
    }
    this.#left -= count
    return ids
  }

  async #fetch(via: Queryable, count: number): Promise<void> {
    const blocks = Math.max(this.#ahead, Math.ceil(count / BLOCK))
    const rows = await via.query<{ first: number }>(
      `select nextval('observation_id') as first from generate_series(1, $1::int4)`,
      [blocks],
    )
    for (const { first } of rows) this.#blocks.push([first, first + BLOCK])
    this.#left += rows.length * BLOCK
  }
}
