import { Failure, get } from './api.ts'

/** What a page asks for: nothing yet, the answer, or what went wrong. Asking again keeps the answer until the next. */
export class Loading<T> {
  data = $state.raw<T | null>(null)
  failure = $state.raw<Failure | null>(null)
  readonly #path: () => string
  #asked = 0

  constructor(path: () => string) {
    this.#path = path
  }

  /** There is no such thing here, or it is not public. */
  get missing(): boolean {
    return this.failure?.kind === 'notFound'
  }

  load = async (): Promise<void> => {
    const turn = ++this.#asked
    try {
      const data = await get<T>(this.#path())
      if (turn !== this.#asked) return
      this.data = data
      this.failure = null
    } catch (error) {
      if (turn !== this.#asked) return
      this.failure = error instanceof Failure ? error : new Failure('server', String(error))
    }
  }
}
