import type { Database, Queryable } from '../../kernel/db/index.ts'
import type { AlertEvent, Channel, ChannelSpec, Delivery, Fact, Message, Notice, Problem } from './model.ts'
import type { Step, Waiting } from './rules.ts'

const HOUR = 3_600_000

const CHANNEL = `id, name, kind, targets, events, datasets, sources, quiet_from as "quietFrom", quiet_to as "quietTo",
  group_minutes as "groupMinutes", per_hour as "perHour", active`

export function channels(db: Queryable): Promise<Channel[]> {
  return db.query<Channel>(`select ${CHANNEL} from alert_channel order by name, id`)
}

export async function findChannel(db: Queryable, id: number): Promise<Channel | undefined> {
  const [row] = await db.query<Channel>(`select ${CHANNEL} from alert_channel where id = $1`, [id])
  return row
}

/** Adds a channel, or with an id changes it; undefined when there is none of that id. */
export async function keepChannel(db: Queryable, spec: ChannelSpec, id?: number): Promise<Channel | undefined> {
  const values = [
    spec.name,
    spec.kind,
    spec.targets,
    spec.events,
    spec.datasets,
    spec.sources,
    spec.quietFrom,
    spec.quietTo,
    spec.groupMinutes,
    spec.perHour,
    spec.active,
  ]
  const casts = '$1, $2, $3::text[], $4::text[], $5::text[], $6::text[], $7, $8, $9, $10, $11'
  const columns =
    'name, kind, targets, events, datasets, sources, quiet_from, quiet_to, group_minutes, per_hour, active'
  const [row] =
    id === undefined
      ? await db.query<Channel>(`insert into alert_channel (${columns}) values (${casts}) returning ${CHANNEL}`, values)
      : await db.query<Channel>(
          `update alert_channel set (${columns}) = (select ${casts}) where id = $12 returning ${CHANNEL}`,
          [...values, id],
        )
  return row
}

export async function deleteChannel(db: Queryable, id: number): Promise<boolean> {
  return (await db.query('delete from alert_channel where id = $1 returning id', [id])).length > 0
}

const PROBLEM = `id, key, kind, source, dataset, title, cause, advice, path, since, state,
  (extract(epoch from state_since) * 1000)::float8 as "stateSince", episode, flaps`

/** Every problem that may still change: those not closed, and those closed within the last day. */
export function problems(db: Queryable, now: number): Promise<Problem[]> {
  return db.query<Problem>(`select ${PROBLEM} from alert_problem where state <> 'closed' or state_since > $1`, [
    iso(now - 24 * HOUR),
  ])
}

/** Writes where a problem stands, with what is known of it now; answers its id. */
export async function keepProblem(db: Queryable, fact: ProblemText, step: Step): Promise<number> {
  const [row] = await db.query<{ id: number }>(
    `insert into alert_problem as p (key, kind, source, dataset, title, cause, advice, path, since, state, state_since, episode, flaps)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (key) do update set kind = excluded.kind, source = excluded.source, dataset = excluded.dataset,
       title = excluded.title, cause = excluded.cause, advice = excluded.advice, path = excluded.path, since = excluded.since,
       state = excluded.state, state_since = excluded.state_since, episode = greatest(p.episode, excluded.episode),
       flaps = excluded.flaps
     returning id`,
    [
      fact.key,
      fact.kind,
      fact.source,
      fact.dataset,
      fact.title,
      fact.cause,
      fact.advice,
      fact.path,
      fact.since,
      step.state,
      iso(step.stateSince),
      step.episode,
      step.flaps,
    ],
  )
  return row!.id
}

export type ProblemText = Omit<Fact, 'cause' | 'advice'> & { cause: string | null; advice: string | null }

export interface NoticeSpec {
  problem: number
  channel: number
  kind: Notice['kind']
  event: AlertEvent
  episode: number
  round: number
  cause: string | null
  advice: string | null
  since: string
}

/** Notes what is to be told; what was noted before is not noted again. */
export async function addNotice(db: Queryable, notice: NoticeSpec, now: number): Promise<void> {
  await db.query(
    `insert into alert_notice (problem, channel, kind, event, episode, round, cause, advice, since, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing`,
    [
      notice.problem,
      notice.channel,
      notice.kind,
      notice.event,
      notice.episode,
      notice.round,
      notice.cause,
      notice.advice,
      notice.since,
      iso(now),
    ],
  )
}

/** When each channel was told that the current episode of a problem began: [problem, channel, when]. */
export function toldOf(
  db: Queryable,
  ids: readonly number[],
): Promise<{ problem: number; channel: number; at: string }[]> {
  return db.query(
    `select n.problem, n.channel, min(n.created_at) as at from alert_notice n join alert_problem p on p.id = n.problem
      where n.problem = any($1::int4[]) and n.kind = 'began' and n.episode = p.episode group by 1, 2`,
    [ids],
  )
}

/** What waits for a channel, oldest first. */
export function waitingNotices(db: Queryable, channel: number): Promise<Notice[]> {
  return db.query<Notice>(
    `select n.id, n.kind, n.event, p.key, p.title, p.source, p.path, n.cause, n.advice, n.since, n.created_at as "createdAt"
       from alert_notice n join alert_problem p on p.id = n.problem
      where n.channel = $1 and n.delivery is null order by n.id limit 20000`,
    [channel],
  )
}

export async function waitingOf(db: Queryable, channel: number, now: number): Promise<Waiting> {
  const [row] = await db.query<{ oldest: number | null; lastHour: number; stuck: boolean }>(
    `select (select (extract(epoch from min(created_at)) * 1000)::float8 from alert_notice
              where channel = $1 and delivery is null) as oldest,
            (select count(*) from alert_delivery where channel = $1 and not test and created_at > $2) as "lastHour",
            exists (select 1 from alert_delivery where channel = $1 and not test and next_attempt is not null) as stuck`,
    [channel, iso(now - HOUR)],
  )
  return row!
}

/** What a switched-off channel was to be told is forgotten. */
export async function dropWaiting(db: Queryable, channel: number): Promise<void> {
  await db.query('delete from alert_notice where channel = $1 and delivery is null', [channel])
}

/** Keeps a composed message together with what it tells, so neither is without the other. */
export async function addDelivery(
  tx: Queryable,
  delivery: { messageId: string; channel: number; test: boolean; notices: readonly number[] } & Message,
  now: number,
): Promise<number> {
  const [row] = await tx.query<{ id: number }>(
    `insert into alert_delivery (message_id, channel, test, subject, body, payload, created_at, next_attempt)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, $7) returning id`,
    [
      delivery.messageId,
      delivery.channel,
      delivery.test,
      delivery.subject,
      delivery.body,
      JSON.stringify(delivery.payload),
      iso(now),
    ],
  )
  await tx.query('update alert_notice set delivery = $1 where id = any($2::int4[])', [row!.id, delivery.notices])
  return row!.id
}

export interface DueDelivery {
  id: number
  messageId: string
  channel: number
  subject: string
  body: string
  payload: Record<string, unknown>
  attempts: number
  createdAt: string
}

const DUE = `id, message_id as "messageId", channel, subject, body, payload, attempts, created_at as "createdAt"`

export function dueDeliveries(db: Queryable, now: number): Promise<DueDelivery[]> {
  return db.query<DueDelivery>(
    `select ${DUE} from alert_delivery where next_attempt <= $1 order by next_attempt limit 50`,
    [iso(now)],
  )
}

export async function findDelivery(db: Queryable, id: number): Promise<DueDelivery | undefined> {
  const [row] = await db.query<DueDelivery>(`select ${DUE} from alert_delivery where id = $1`, [id])
  return row
}

export async function noteSent(db: Queryable, id: number, remark: string | null, now: number): Promise<void> {
  await db.query(
    'update alert_delivery set attempts = attempts + 1, next_attempt = null, sent_at = $3, error = $2 where id = $1',
    [id, remark, iso(now)],
  )
}

export async function noteFailed(db: Queryable, id: number, error: string, next: number | null): Promise<void> {
  await db.query('update alert_delivery set attempts = attempts + 1, next_attempt = $3, error = $2 where id = $1', [
    id,
    error.slice(0, 500),
    next === null ? null : iso(next),
  ])
}

/** The newest messages with what became of them. */
export function deliveries(db: Queryable, limit: number): Promise<Delivery[]> {
  return db.query<Delivery>(
    `select d.id, d.channel, c.name as "channelName", d.test, d.subject, d.body, d.created_at as "createdAt", d.attempts,
            d.next_attempt as "nextAttempt", d.sent_at as "sentAt", d.error
       from alert_delivery d join alert_channel c on c.id = d.channel order by d.id desc limit $1`,
    [limit],
  )
}

export async function sentSince(db: Queryable, since: number): Promise<{ sent: number; failing: number }> {
  const [row] = await db.query<{ sent: number; failing: number }>(
    `select count(*) filter (where sent_at >= $1) as sent, count(*) filter (where sent_at is null and attempts > 0) as failing
       from alert_delivery where sent_at >= $1 or (sent_at is null and created_at >= $2)`,
    [iso(since), iso(since - 3 * 24 * HOUR)],
  )
  return row!
}

/** Forgets messages and problems that ended long ago. */
export async function tidy(db: Database, before: number): Promise<void> {
  await db.query('delete from alert_delivery where created_at < $1 and next_attempt is null', [iso(before)])
  await db.query(`delete from alert_problem where state = 'closed' and state_since < $1`, [iso(before)])
}

const iso = (at: number): string => new Date(at).toISOString()
