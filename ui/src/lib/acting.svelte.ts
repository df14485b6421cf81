import { refusalText } from './refusals.ts'
import { say } from './toast.svelte.ts'

/** One thing at a time that a form or button does: whether it runs, and why it did not work. */
export class Acting {
  busy = $state(false)
  error = $state<string | null>(null)
  readonly #after: () => Promise<unknown>

  /** `after` reads anew what the act changed; it also follows an undo. */
  constructor(after: () => Promise<unknown>) {
    this.#after = after
  }

  /** Does it, says so, and offers the way back; false when it did not work, then `error` says why. */
  async do(work: () => Promise<unknown>, done?: string, undo?: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false
    this.busy = true
    this.error = null
    try {
      await work()
      if (done)
        say(
          done,
          undo
            ? {
                undo: () =>
                  undo()
                    .then(this.#after)
                    .then(() => {}),
              }
            : {},
        )
      await this.#after()
      return true
    } catch (error) {
      this.error = refusalText(error)
      return false
    } finally {
      this.busy = false
    }
  }
}
