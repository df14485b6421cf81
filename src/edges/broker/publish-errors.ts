import { Minutes } from '../../kernel/minutes.ts'
import { Problem } from '../../kernel/problem.ts'

/** Kinds of errors kept: of each client, topic and reason one. */
const KEPT = 50
const SHOWN = 10
const HOUR_MS = 3_600_000
/** Names are the client's choice: what is kept of them, in characters. */
const TOPIC = 200
const CLIENT = 100

/** Why a publish was not stored. A closed list: what a message says may quote its content, which is nobody's business here. */
export type PublishReason = 'not-json' | 'not-allowed' | 'topic-unknown' | 'not-found' | 'invalid' | 'failed'

/** What happened `times` times since the process started or since it was forgotten; `last` as ISO 8601. */
export interface PublishError {
  /** Client identifier; null where an external broker does not tell it. */
  client: string | null
  topic: string
  reason: PublishReason
  times: number
  last: string
}

type Kept = Omit<PublishError, 'last'> & { last: number }

/** The publishes of devices that were not stored: how many in the last hour, and the latest kinds of them. In memory, bounded. */
export class PublishErrors {
  readonly #minutes = new Minutes()
  /** Oldest first. */
  readonly #kept = new Map<string, Kept>()

  add({ client, topic, reason }: Pick<PublishError, 'client' | 'topic' | 'reason'>, now = Date.now()): void {
    this.#minutes.add(now)
    const shown = { client: client?.slice(0, CLIENT) ?? null, topic: topic.slice(0, TOPIC), reason }
    const key = JSON.stringify(shown)
    const times = (this.#kept.get(key)?.times ?? 0) + 1
    this.#kept.delete(key)
    this.#kept.set(key, { ...shown, times, last: now })
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!)
  }

  /** `latest`: newest first, at most ten. */
  lastHour(now = Date.now()): { count: number; latest: PublishError[] } {
    for (const [key, { last }] of this.#kept) if (last < now - HOUR_MS) this.#kept.delete(key)
    const latest = [...this.#kept.values()].reverse().slice(0, SHOWN)
    return {
      count: this.#minutes.sum(now),
      latest: latest.map((one) => ({ ...one, last: new Date(one.last).toISOString() })),
    }
  }
}

/** The reason an error with this HTTP status means. */
export function reasonOf(error: unknown, status: number): PublishReason {
  const code = error instanceof Problem ? error.code : undefined
  if (code === 'invalid-json') return 'not-json'
  if (code === 'topic-unknown') return 'topic-unknown'
  if (status === 401 || status === 403) return 'not-allowed'
  if (status === 404) return 'not-found'
  return status >= 400 && status < 500 ? 'invalid' : 'failed'
}
