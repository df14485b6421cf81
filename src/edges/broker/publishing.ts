import type { Actor } from '../../domains/access/index.ts'
import { SqlError } from '../../kernel/db/index.ts'
import { Lanes } from '../../kernel/lanes.ts'
import { counter } from '../../kernel/metrics.ts'
import { Problem } from '../../kernel/problem.ts'
import type { SourcePort, TopicPort } from './ports.ts'
import { type PublishReason, reasonOf } from './publish-errors.ts'

/** Publishes being stored at once, over all clients; the others wait, and with them their connections. */
const AT_ONCE = 20_000

const received = counter('zahnrad_mqtt_publishes_total', 'MQTT publishes by outcome', ['outcome'])

/** What became of a publish. `invalid` would be wrong again; `denied` and `failed` may be sent again. */
export type Outcome =
  | { outcome: 'committed' }
  | { outcome: 'invalid' | 'denied' | 'failed'; reason: PublishReason; status: number; message: string }

/** Stores what is published: to topics of SensorThings, or of sources. */
export class Publishing {
  readonly #topics: TopicPort
  readonly #sources: SourcePort | undefined
  readonly #lanes = new Lanes(AT_ONCE)

  constructor({ topics, sources }: { topics: TopicPort; sources?: SourcePort }) {
    this.#topics = topics
    this.#sources = sources
  }

  /** Stores one message and resolves after the commit with what became of it; never rejects. */
  async take(actor: Actor, topic: string, payload: Buffer, delivery: { again: boolean }): Promise<Outcome> {
    try {
      await this.#lanes.run(() => this.#store(actor, topic, payload, delivery))
      received.inc({ outcome: 'committed' })
      return { outcome: 'committed' }
    } catch (error) {
      const status = statusOf(error)
      const denied = status === 401 || status === 403
      const outcome = denied ? 'denied' : status >= 400 && status < 500 ? 'invalid' : 'failed'
      received.inc({ outcome })
      return { outcome, reason: reasonOf(error, status), status, message: (error as Error).message }
    }
  }

  async #store(actor: Actor, topic: string, payload: Buffer, delivery: { again: boolean }): Promise<void> {
    if (isSensorThings(topic)) await this.#topics.create(actor, topic, parse(payload), delivery)
    else if (!(await this.#sources?.(topic, payload, actor))) {
      throw new Problem(
        403,
        'topic-unknown',
        `Nothing can be published to "${topic}": write to v1.1/Datastreams(id)/Observations.`,
      )
    }
  }
}

const isSensorThings = (topic: string): boolean => /^(d\/[a-z0-9-]+\/)?v1\.1\//.test(topic)

/** JSON without what the database cannot hold. */
function parse(payload: Buffer): unknown {
  const text = payload.toString('utf8')
  if (text.includes('\\u0000') || text.includes('\0'))
    throw new Problem(400, 'invalid-json', 'A NUL character is not allowed.')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Problem(400, 'invalid-json', `The message is not JSON: ${(error as Error).message}`)
  }
}

/** The HTTP status an error means; 500 for what may work when sent again. Values the database refuses never will. */
function statusOf(error: unknown): number {
  if (error instanceof SqlError && /^2[23]/.test(error.code)) return 400
  const { status } = error as { status?: unknown }
  return typeof status === 'number' ? status : 500
}
