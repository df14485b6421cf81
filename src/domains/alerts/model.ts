export type AlertEvent = 'late' | 'broken' | 'implausible'
export const EVENTS: readonly AlertEvent[] = ['late', 'broken', 'implausible']

/** What somebody wants to be told, and how. */
export interface ChannelSpec {
  name: string
  kind: 'email' | 'webhook'
  /** E-mail addresses, or one web address. */
  targets: string[]
  events: AlertEvent[]
  /** Ids; empty = all. A problem fits when its dataset or its source is named. */
  datasets: string[]
  sources: string[]
  /** Local times HH:MM between which nothing is sent; both or none. */
  quietFrom: string | null
  quietTo: string | null
  /** Minutes to wait for more before a message is sent. */
  groupMinutes: number
  /** Most messages an hour. */
  perHour: number
  active: boolean
}

export interface Channel extends ChannelSpec {
  id: number
}

/** Something is wrong at this moment. */
export interface Fact {
  key: string
  kind: AlertEvent
  source: string | null
  /** Key of the dataset. */
  dataset: number | null
  title: string
  cause: string
  advice: string
  /** Page that shows it. */
  path: string
  /** ISO. */
  since: string
}

/** What is wrong, and the keys that were looked at: what is not among them (paused, removed) ends without a word. */
export interface Facts {
  wrong: Map<string, Fact>
  isWatched(key: string): boolean
}

export type ProblemState = 'suspected' | 'open' | 'recovering' | 'closed'

export interface Problem extends Omit<Fact, 'cause' | 'advice'> {
  id: number
  cause: string | null
  advice: string | null
  state: ProblemState
  /** Milliseconds since 1970. */
  stateSince: number
  episode: number
  flaps: number
}

export interface Notice {
  id: number
  kind: 'began' | 'still' | 'over'
  event: AlertEvent
  key: string
  title: string
  source: string | null
  path: string
  cause: string | null
  advice: string | null
  since: string
  createdAt: string
}

export interface Message {
  subject: string
  body: string
  payload: Record<string, unknown>
}

/** A message and what became of it. */
export interface Delivery {
  id: number
  channel: number
  channelName: string
  test: boolean
  subject: string
  body: string
  createdAt: string
  attempts: number
  nextAttempt: string | null
  sentAt: string | null
  error: string | null
}

/** Sends mail; the program's is in `edges/mail`. */
export interface MailPort {
  send(mail: {
    messageId: string
    to: readonly string[]
    subject: string
    text: string
  }): Promise<{ refused: string[] }>
}

/** Posts to web addresses; the program's is the guarded `Fetcher`. */
export interface PostPort {
  post(address: string, body: string, headers: Record<string, string>): Promise<void>
}
