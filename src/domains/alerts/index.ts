import { createHmac, randomUUID } from 'node:crypto'
import type { Database } from '../../kernel/db/index.ts'
import type { Log } from '../../kernel/log.ts'
import { counter } from '../../kernel/metrics.ts'
import { Problem as ApiProblem } from '../../kernel/problem.ts'
import type { Access, Actor } from '../access/index.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Channel, ChannelSpec, Delivery, Facts, MailPort, PostPort, Problem } from './model.ts'
import { advance, isTime, reminderRound, retryAt, wants } from './rules.ts'
import * as store from './store.ts'
import { compose, type Letterhead, testMessage } from './words.ts'

export { factsNow } from './facts.ts'
export type { ChannelSpec, Fact } from './model.ts'

const TICK_MS = 15_000
const DAY = 24 * 3_600_000
const KEPT_DAYS = 90
const MOST_CHANNELS = 100
const TESTS_A_MINUTE = 3

const messages = counter('zahnrad_alert_messages_total', 'Attempts to deliver alerts', ['kind', 'result'])

export interface AlertsDeps {
  db: Database
  access: Access
  catalog: Catalog
  log: Log
  /** What is wrong at a moment. */
  facts: (now: number) => Promise<Facts>
  /** Absent = no mail server is set up. */
  mailer: MailPort | undefined
  poster: PostPort
  /** What the keys of web channels derive from; absent = none can be signed. */
  secret: string | undefined
  letterhead: () => Letterhead
}

/**
 * Tells people what is wrong. Four steps, each on what the step before has stored: see what is wrong, note whom to tell,
 * put together what waits, deliver. A process killed between two of them goes on where it was; a message it had handed over
 * without noting so is sent again under the same id.
 */
export class Alerts {
  readonly #deps: AlertsDeps
  #timer: NodeJS.Timeout | undefined
  #busy: Promise<void> | undefined
  #tests: number[] = []
  #tidied = 0

  constructor(deps: AlertsDeps) {
    this.#deps = deps
  }

  /** Begins to watch: in the one process that holds the jobs. */
  start(): void {
    const tick = () => {
      this.#busy ??= this.tick(Date.now())
        .catch((error: Error) => this.#deps.log.warn({ error: error.message }, 'alerts'))
        .finally(() => {
          this.#busy = undefined
        })
    }
    this.#timer = setInterval(tick, TICK_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#busy
  }

  /** Can a channel of this kind be used here? */
  get ways(): { email: boolean; webhook: boolean } {
    return { email: this.#deps.mailer !== undefined, webhook: this.#deps.secret !== undefined }
  }

  /** Everything that is due at `now` (milliseconds since 1970). */
  async tick(now: number): Promise<void> {
    const channels = await store.channels(this.#deps.db)
    await this.#watch(channels, now)
    for (const channel of channels) await this.#compose(channel, now)
    for (const delivery of await store.dueDeliveries(this.#deps.db, now)) await this.#deliver(delivery, now)
    if (now - this.#tidied > DAY) {
      this.#tidied = now
      await store.tidy(this.#deps.db, now - KEPT_DAYS * DAY)
    }
  }

  /** Compares what is wrong with what was known, and notes whom to tell. */
  async #watch(channels: readonly Channel[], now: number): Promise<void> {
    const { db, catalog, facts } = this.#deps
    const { wrong, isWatched } = await facts(now)
    const known = new Map((await store.problems(db, now)).map((problem) => [problem.key, problem]))
    const told = new Map<string, number>()
    const open = [...known.values()].filter(({ state }) => state === 'open' || state === 'recovering')
    for (const { problem, channel, at } of await store.toldOf(
      db,
      open.map(({ id }) => id),
    ))
      told.set(`${problem} ${channel}`, Date.parse(at))
    for (const key of new Set([...known.keys(), ...wrong.keys()])) {
      const was = known.get(key)
      const fact = wrong.get(key)
      const text = fact ?? was!
      if (!fact && !isWatched(key)) {
        // Paused or removed: nobody waits to hear that it is over.
        if (was!.state !== 'closed')
          await store.keepProblem(db, text, { ...was!, state: 'closed', stateSince: now, tell: null })
        continue
      }
      const step = advance(was ?? null, fact !== undefined, now)
      if (!step) continue
      const datasetId = text.dataset === null ? null : (catalog.byKey(text.dataset)?.id ?? null)
      const wanted = channels.filter((channel) => wants(channel, { ...text, datasetId }))
      const isOpen = step.state === 'open' && fact !== undefined
      const changed = was === undefined || was.state !== step.state || (fact && differs(was, text))
      const due = wanted.filter((channel) => isOpen && !told.has(`${was?.id} ${channel.id}`))
      const reminded = isOpen && was ? wanted.filter((channel) => this.#round(told, was, channel, now) > 0) : []
      if (!changed && due.length === 0 && reminded.length === 0) continue
      await db.transaction(async (tx) => {
        const id = await store.keepProblem(tx, text, step)
        const notice = { problem: id, event: text.kind, episode: step.episode, cause: text.cause, advice: text.advice }
        // A worse kind of the same problem is told too; the same again is not noted twice.
        const news = isOpen ? (was?.kind !== text.kind ? wanted : due) : []
        for (const { id: channel } of news)
          await store.addNotice(tx, { ...notice, channel, kind: 'began', round: 0, since: text.since }, now)
        for (const channel of reminded) {
          const round = this.#round(told, was!, channel, now)
          await store.addNotice(tx, { ...notice, channel: channel.id, kind: 'still', round, since: text.since }, now)
        }
        if (step.tell !== 'over') return
        const since = new Date(was!.stateSince).toISOString()
        for (const { id: channel } of channels.filter((one) => told.has(`${id} ${one.id}`)))
          await store.addNotice(tx, { ...notice, channel, kind: 'over', round: 0, since }, now)
      })
    }
  }

  #round(told: ReadonlyMap<string, number>, { id }: Problem, channel: Channel, now: number): number {
    const since = told.get(`${id} ${channel.id}`)
    return since === undefined ? 0 : reminderRound(since, now)
  }

  async #compose(channel: Channel, now: number): Promise<void> {
    const { db, letterhead } = this.#deps
    if (!channel.active) return store.dropWaiting(db, channel.id)
    const head = letterhead()
    if (!isTime(channel, await store.waitingOf(db, channel.id, now), head.timeZone, now)) return
    await db.transaction(async (tx) => {
      const notices = await store.waitingNotices(tx, channel.id)
      if (notices.length === 0) return
      const messageId = newMessageId()
      const message = compose(notices, head, messageId)
      const ids = notices.map(({ id }) => id)
      await store.addDelivery(tx, { ...message, messageId, channel: channel.id, test: false, notices: ids }, now)
    })
  }

  async #deliver(delivery: store.DueDelivery, now: number): Promise<void> {
    const { db, log } = this.#deps
    const channel = await store.findChannel(db, delivery.channel)
    if (!channel) return
    try {
      const remark = await this.#send(channel, delivery)
      await store.noteSent(db, delivery.id, remark, now)
      messages.inc({ kind: channel.kind, result: 'sent' })
    } catch (error) {
      const reason = (error as Error).message
      const next = retryAt(delivery.attempts + 1, Date.parse(delivery.createdAt), now)
      await store.noteFailed(db, delivery.id, reason, next)
      messages.inc({ kind: channel.kind, result: 'failed' })
      log.warn({ channel: channel.id, delivery: delivery.id, reason, next }, 'an alert did not get through')
    }
  }

  /** Hands a message over; answers a remark worth keeping. Throws when it was not taken. */
  async #send(channel: Channel, { messageId, subject, body, payload }: store.DueDelivery): Promise<string | null> {
    const { mailer, poster } = this.#deps
    if (channel.kind === 'email') {
      if (!mailer) throw new Error('No mail server is set up: SMTP_URL and SMTP_FROM are missing.')
      const { refused } = await mailer.send({ messageId, to: channel.targets, subject, text: body })
      return refused.length > 0 ? `refused by the server: ${refused.join(', ')}` : null
    }
    const text = JSON.stringify({ ...payload, subject, text: body })
    const timestamp = String(Math.floor(Date.now() / 1000))
    const signature = createHmac('sha256', this.#keyOf(channel)).update(`${timestamp}.${text}`).digest('hex')
    await poster.post(channel.targets[0]!, text, {
      'content-type': 'application/json',
      'x-zahnrad-delivery': messageId,
      'x-zahnrad-timestamp': timestamp,
      'x-zahnrad-signature': `sha256=${signature}`,
    })
    return null
  }

  /** Each receiver has its own key, so none can speak for the platform to another. */
  #keyOf({ id }: Channel): string {
    const { secret } = this.#deps
    if (secret === undefined) throw new Error('Web messages cannot be signed: ALERT_SECRET is missing.')
    return createHmac('sha256', secret).update(`channel:${id}`).digest('hex')
  }

  async channels(actor: Actor): Promise<Channel[]> {
    this.#deps.access.require(actor, 'manage', 'platform')
    return store.channels(this.#deps.db)
  }

  /** Adds a channel, or changes the one of that id. Throws Problem 400, 404, 409. */
  async keepChannel(spec: ChannelSpec, actor: Actor, id?: number): Promise<Channel> {
    const { db, access } = this.#deps
    access.require(actor, 'manage', 'platform')
    requireSound(spec)
    if (!this.ways[spec.kind]) {
      const missing = spec.kind === 'email' ? 'SMTP_URL and SMTP_FROM' : 'ALERT_SECRET'
      throw new ApiProblem(409, 'channel-not-set-up', `This needs ${missing} in the environment of the program.`)
    }
    if (id === undefined && (await store.channels(db)).length >= MOST_CHANNELS)
      throw new ApiProblem(409, 'too-many-channels', `There are ${MOST_CHANNELS} channels already.`)
    const channel = await store.keepChannel(db, spec, id)
    if (!channel) throw unknownChannel(id!)
    // Whom it reaches is theirs; the address of a web message may hold a secret.
    const { targets, ...rest } = spec
    await access.audit(actor, id === undefined ? 'alert.add' : 'alert.change', `channel:${channel.id}`, {
      ...rest,
      targets: targets.length,
    })
    return channel
  }

  async removeChannel(id: number, actor: Actor): Promise<void> {
    const { db, access } = this.#deps
    access.require(actor, 'manage', 'platform')
    if (!(await store.deleteChannel(db, id))) throw unknownChannel(id)
    await access.audit(actor, 'alert.remove', `channel:${id}`)
  }

  /** The key a receiver checks signatures with. Asking for it is noted. */
  async keyFor(id: number, actor: Actor): Promise<string> {
    const { db, access, secret } = this.#deps
    access.require(actor, 'manage', 'platform')
    const channel = await store.findChannel(db, id)
    if (channel?.kind !== 'webhook') throw unknownChannel(id)
    if (secret === undefined)
      throw new ApiProblem(409, 'channel-not-set-up', 'This needs ALERT_SECRET in the environment of the program.')
    await access.audit(actor, 'alert.key', `channel:${id}`)
    return this.#keyOf(channel)
  }

  /** Sends a test message now; what became of it, error included. At most three a minute. */
  async test(id: number, actor: Actor): Promise<{ sent: boolean; error: string | null }> {
    const { db, access, letterhead } = this.#deps
    access.require(actor, 'manage', 'platform')
    const channel = await store.findChannel(db, id)
    if (!channel) throw unknownChannel(id)
    const now = Date.now()
    this.#tests = this.#tests.filter((at) => now - at < 60_000)
    if (this.#tests.length >= TESTS_A_MINUTE)
      throw new ApiProblem(429, 'too-many-tests', `At most ${TESTS_A_MINUTE} test messages a minute: wait a little.`)
    this.#tests.push(now)
    const messageId = newMessageId()
    const message = testMessage(channel.name, letterhead(), messageId)
    const number = await db.transaction((tx) =>
      store.addDelivery(tx, { ...message, messageId, channel: id, test: true, notices: [] }, now),
    )
    try {
      const remark = await this.#send(channel, (await store.findDelivery(db, number))!)
      await store.noteSent(db, number, remark, Date.now())
      return { sent: true, error: remark }
    } catch (error) {
      const reason = (error as Error).message
      // Somebody waits for the answer: a test is not repeated.
      await store.noteFailed(db, number, reason, null)
      return { sent: false, error: reason }
    }
  }

  async deliveries(actor: Actor, limit = 100): Promise<Delivery[]> {
    this.#deps.access.require(actor, 'manage', 'platform')
    return store.deliveries(this.#deps.db, limit)
  }

  /** Messages delivered since, and those that do not get through. */
  sentSince(since: number): Promise<{ sent: number; failing: number }> {
    return store.sentSince(this.#deps.db, since)
  }
}

const differs = (was: Problem, now: store.ProblemText): boolean =>
  was.kind !== now.kind || was.cause !== now.cause || was.title !== now.title || was.dataset !== now.dataset

const newMessageId = (): string => `${randomUUID()}@zahnrad`

const ADDRESS = /^[^\s@<>(),;:"\\]{1,64}@[^\s@<>(),;:"\\]{1,250}$/

/** Throws Problem 400 `bad-channel` with what is wrong. */
function requireSound({ kind, targets, quietFrom, quietTo }: ChannelSpec): void {
  const bad = (reason: string, detail: string, value?: string) =>
    new ApiProblem(400, 'bad-channel', detail, { reason, ...(value === undefined ? {} : { value }) })
  if ((quietFrom === null) !== (quietTo === null)) throw bad('quiet', 'Quiet hours need both a beginning and an end.')
  for (const time of [quietFrom, quietTo]) {
    if (time !== null && !/^([01]\d|2[0-3]):[0-5]\d$/.test(time))
      throw bad('time', `"${time}" is not a time such as 22:00.`, time)
  }
  if (kind === 'email') {
    const wrong = targets.find((target) => !ADDRESS.test(target))
    if (wrong !== undefined) throw bad('address', `"${wrong}" is not an e-mail address.`, wrong)
    return
  }
  const [address] = targets
  const url = address !== undefined && URL.canParse(address) ? new URL(address) : null
  if (targets.length !== 1 || !url || !/^https?:$/.test(url.protocol))
    throw bad('url', 'A web channel has one address, beginning with https:// or http://.')
  if (url.username || url.password) throw bad('password', 'The address must not hold a user name or password.')
}

function unknownChannel(id: number): ApiProblem {
  return new ApiProblem(404, 'channel-unknown', `There is no channel ${id}.`)
}
