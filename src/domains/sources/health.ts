import { Cron } from 'croner'
import type { Definition } from './definition.ts'
import { parseDuration } from './duration.ts'

/** new: never ran · ok · late: nothing new for too long · broken: the last run failed, with its cause. */
export type HealthState = 'new' | 'ok' | 'late' | 'broken'

export interface Health {
  state: HealthState
  /** ISO; since when. */
  since: string
  /** One sentence, null while all is well. */
  cause: string | null
}

export interface HealthFacts {
  definition: Definition
  defaultZone: string
  failures: number
  cause: string | null
  stateSince: string
  createdAt: string
  lastGood: string | null
}

const GRACE_MS = 10 * 60_000
const FIRST_RETRY_MS = 5 * 60_000
const LONGEST_RETRY_MS = 6 * 3_600_000

/** How a source is doing at `now`. A source without schedule is manual: never late, only as old as it is. */
export function healthOf(facts: HealthFacts, now: number): Health {
  if (facts.failures > 0) return { state: 'broken', since: facts.stateSince, cause: facts.cause }
  const patience = patienceMs(facts.definition, facts.defaultZone, now)
  const from = facts.lastGood ?? facts.createdAt
  if (patience !== null && now - Date.parse(from) > patience) {
    const since = new Date(Date.parse(from) + patience).toISOString()
    return { state: 'late', since, cause: facts.lastGood ? `nothing good since ${facts.lastGood}` : 'nothing came yet' }
  }
  if (facts.lastGood === null) return { state: 'new', since: facts.createdAt, cause: null }
  return { state: 'ok', since: facts.stateSince, cause: null }
}

/** Milliseconds without a good run or message after which a source is late; null = never. */
export function patienceMs({ schedule, timeZone }: Definition, defaultZone: string, now: number): number | null {
  if (!schedule) return null
  if (schedule.expect !== undefined) return parseDuration(schedule.expect).seconds * 1000
  if (schedule.every !== undefined) return 2 * parseDuration(schedule.every).seconds * 1000 + GRACE_MS
  if (schedule.cron === undefined) return null
  const [first, second] = cronOf(schedule.cron, timeZone, defaultZone).nextRuns(2, new Date(now))
  return first && second ? second.getTime() - first.getTime() + GRACE_MS : null
}

/**
 * When a scheduled source runs next; null = not by itself. After a failure it is tried again soon and then ever more
 * seldom: at least its own distance or five minutes, doubling, up to six hours or its own distance.
 */
export function nextRun(
  definition: Definition,
  defaultZone: string,
  started: number,
  now: number,
  failures: number,
): Date | null {
  const { schedule, timeZone } = definition
  if (!schedule || (schedule.every === undefined && schedule.cron === undefined)) return null
  const regular =
    schedule.every === undefined
      ? cronOf(schedule.cron!, timeZone, defaultZone).nextRun(new Date(now))?.getTime()
      : Math.max(now, started + parseDuration(schedule.every).seconds * 1000)
  if (regular === undefined) return null
  if (failures === 0) return new Date(regular)
  const distance = schedule.every === undefined ? regular - now : parseDuration(schedule.every).seconds * 1000
  const first = Math.min(distance, FIRST_RETRY_MS)
  const longest = Math.max(distance, LONGEST_RETRY_MS)
  return new Date(now + Math.min(longest, first * 2 ** Math.min(failures - 1, 30)))
}

function cronOf(line: string, zone: string | undefined, defaultZone: string): Cron {
  const wanted = zone ?? defaultZone
  return new Cron(line, { paused: true, timezone: wanted.includes('/') ? wanted : 'UTC' })
}
