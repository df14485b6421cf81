import { Failure, get } from './api.ts'

/** Something of the API that is read again and again while somebody looks; what was read stays while a reading fails. */
export class Watched<T> {
  value = $state.raw<T | null>(null)
  failure = $state.raw<Failure | null>(null)
  readonly #path: () => string
  readonly #every: () => number
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopped = false
  #reading = 0

  /** `every`: milliseconds to the next reading. */
  constructor(path: () => string, every: () => number) {
    this.#path = path
    this.#every = every
  }

  /** Begins; answers what ends it, for `onMount`. */
  start(): () => void {
    const seen = (): void => {
      if (!document.hidden) void this.read()
    }
    document.addEventListener('visibilitychange', seen)
    void this.read()
    return () => {
      this.#stopped = true
      clearTimeout(this.#timer)
      document.removeEventListener('visibilitychange', seen)
    }
  }

  read = async (): Promise<void> => {
    clearTimeout(this.#timer)
    const mine = ++this.#reading
    try {
      const value = await get<T>(this.#path())
      if (mine !== this.#reading) return
      this.value = value
      this.failure = null
    } catch (error) {
      if (mine !== this.#reading) return
      this.failure = error instanceof Failure ? error : new Failure('network', String(error))
    }
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      if (!document.hidden) void this.read()
    }, this.#every())
  }
}
