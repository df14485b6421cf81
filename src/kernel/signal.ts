/** A typed event: handlers are called in order of registration; one that throws does not keep the others from it. */
export class Signal<T> {
  readonly #handlers = new Set<(value: T) => void>()
  readonly #onError: (error: unknown) => void

  constructor(onError: (error: unknown) => void = (error) => console.error(error)) {
    this.#onError = onError
  }

  /** Registers a handler and returns the function that removes it again. */
  on(handler: (value: T) => void): () => void {
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  emit(value: T): void {
    for (const handler of this.#handlers) {
      try {
        handler(value)
      } catch (error) {
        this.#onError(error)
      }
    }
  }

  get size(): number {
    return this.#handlers.size
  }
}
