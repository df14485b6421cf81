import type { Database } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { type Access, type Actor, readEmail } from '../access/index.ts'

/** Days a message is kept, dealt with or not. */
export const FEEDBACK_DAYS = 365
/** Messages one place may send within an hour, and all together within a day: nobody can fill the database. */
const PER_PLACE = 5
const PER_DAY = 500
const HOUR_MS = 3_600_000

export interface FeedbackSpec {
  page: string
  message: string
  email?: string | null
}

export interface Feedback extends Required<FeedbackSpec> {
  id: number
  at: string
  doneAt: string | null
  doneBy: string | null
}

/** What visitors tell about barriers. Whoever manages the platform reads it and marks what is dealt with. */
export class FeedbackBox {
  readonly #db: Database
  readonly #access: Access
  readonly #places = new Map<string, number[]>()

  constructor({ db, access }: { db: Database; access: Access }) {
    this.#db = db
    this.#access = access
  }

  /** Keeps a message. 400 when there is nothing in it, 429 when there are too many from one place or on one day. */
  async add({ page, message, email }: FeedbackSpec, from: string): Promise<Feedback> {
    if (message.trim().length < 3) throw new Problem(400, 'feedback-empty', 'Say what is in the way.')
    const address = email?.trim() ? readEmail(email) : null
    this.#count(from)
    const [{ n } = { n: 0 }] = await this.#db.query<{ n: number }>(
      `select count(*) as n from feedback where at > now() - interval '1 day'`,
    )
    if (n >= PER_DAY) throw tooMany()
    const [row] = await this.#db.query<Feedback>(
      `insert into feedback (page, message, email) values ($1, $2, $3)
       returning id, at, page, message, email, done_at as "doneAt", done_by as "doneBy"`,
      [page.trim(), message.trim(), address],
    )
    return row!
  }

  #count(from: string): void {
    const since = Date.now() - HOUR_MS
    for (const [place, times] of this.#places) if (times.at(-1)! < since) this.#places.delete(place)
    const recent = (this.#places.get(from) ?? []).filter((time) => time > since)
    if (recent.length >= PER_PLACE) throw tooMany()
    this.#places.set(from, [...recent, Date.now()])
  }

  /** The newest first, what is open before what is done. */
  async list(actor: Actor): Promise<Feedback[]> {
    this.#access.require(actor, 'manage', 'platform')
    return this.#db.query<Feedback>(
      `select id, at, page, message, email, done_at as "doneAt", done_by as "doneBy" from feedback
        order by done_at is not null, at desc limit 1000`,
    )
  }

  /** Marks a message as dealt with, or not. 404 when there is none of that number. */
  async setDone(id: number, done: boolean, actor: Actor): Promise<void> {
    this.#access.require(actor, 'manage', 'platform')
    const rows = await this.#db.query(
      `update feedback set done_at = case when $2 then now() end, done_by = case when $2 then $3 end where id = $1 returning 1`,
      [id, done, actor.name],
    )
    if (rows.length === 0) throw new Problem(404, 'feedback-unknown', `There is no message ${id}.`)
    await this.#access.audit(actor, done ? 'feedback.done' : 'feedback.reopen', `feedback:${id}`)
  }

  /** Deletes what was kept long enough; answers how many. */
  async forget(): Promise<number> {
    const rows = await this.#db.query('delete from feedback where at < now() - make_interval(days => $1) returning 1', [
      FEEDBACK_DAYS,
    ])
    return rows.length
  }
}

const tooMany = () =>
  new Problem(429, 'too-many-messages', 'Too many messages were sent: please write by mail or try again in an hour.', {
    retryAfter: HOUR_MS / 1000,
  })
