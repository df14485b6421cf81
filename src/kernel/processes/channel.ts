/** What processes of one platform tell each other: JSON over the channel Node opens between a process and its child. */

interface Wire {
  zahnrad: 1
  kind: string
  data?: unknown
  /** Set on a question and on its answer. */
  id?: number
  answer?: true
  failed?: string
}

/** One end of a channel: `process` itself in a child, the child's handle in its parent. */
export interface End {
  send?(message: unknown, done: (error: Error | null) => void): boolean
  on(event: 'message', heard: (message: unknown) => void): unknown
}

export type Handler = (data: unknown) => unknown

/** Messages on their way beyond which whoever sends more is asked to wait. */
const MOST_ON_THE_WAY = 64

/** Tells and asks the process at the other end; its questions go to the handler of their kind. */
export class Channel {
  readonly #end: End
  readonly #handlers: ReadonlyMap<string, Handler>
  readonly #open = new Map<number, { resolve: (data: unknown) => void; reject: (error: Error) => void }>()
  #last = 0
  #onTheWay = 0
  #waiting: (() => void)[] = []
  #closed = false

  constructor(end: End, handlers: ReadonlyMap<string, Handler>) {
    this.#end = end
    this.#handlers = handlers
    end.on('message', (message) => {
      if ((message as Wire | null)?.zahnrad === 1) this.#heard(message as Wire)
    })
  }

  /** Sends without an answer. Resolves at once, or once the channel keeps up again: what fills it waits for that. */
  async tell(kind: string, data?: unknown): Promise<void> {
    this.#send({ zahnrad: 1, kind, data })
    if (this.#onTheWay > MOST_ON_THE_WAY && !this.#closed)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Asks, and resolves with the answer. Rejects when the other end fails, or is gone. */
  ask(kind: string, data?: unknown): Promise<unknown> {
    if (this.#closed) return Promise.reject(new Error('The other process is gone.'))
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject })
      this.#send({ zahnrad: 1, kind, data, id })
    })
  }

  /** The other end is gone: nobody waits for it any more. */
  close(): void {
    this.#closed = true
    for (const { reject } of this.#open.values()) reject(new Error('The other process is gone.'))
    this.#open.clear()
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #send(message: Wire): void {
    if (this.#closed || !this.#end.send) return
    this.#onTheWay++
    const sent = () => {
      this.#onTheWay--
      if (this.#onTheWay <= MOST_ON_THE_WAY) for (const resolve of this.#waiting.splice(0)) resolve()
    }
    try {
      this.#end.send(message, sent)
    } catch {
      // The channel closed this moment; whoever waits hears it by `close`.
      sent()
    }
  }

  #heard({ kind, data, id, answer, failed }: Wire): void {
    if (answer) {
      const open = this.#open.get(id!)
      this.#open.delete(id!)
      if (failed === undefined) open?.resolve(data)
      else open?.reject(new Error(failed))
      return
    }
    const work = (async () => this.#handlers.get(kind)?.(data))()
    if (id === undefined) work.catch((error) => console.error(error))
    else
      work.then(
        (result) => this.#send({ zahnrad: 1, kind, id, answer: true, data: result }),
        (error: Error) => this.#send({ zahnrad: 1, kind, id, answer: true, failed: error.message }),
      )
  }
}
