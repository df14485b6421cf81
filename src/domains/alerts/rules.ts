import { instantOf, localDay } from '../sensing/index.ts'
import type { Channel, Fact, ProblemState } from './model.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How long something is wrong before anybody is told, and right before it is called over. */
const SETTLE = 2 * MINUTE
const CLEAR = 10 * MINUTE
/** Each return within a day doubles both, up to these. */
const LONGEST_SETTLE = HOUR
const LONGEST_CLEAR = 2 * HOUR
const REMIND = DAY
const FIRST_RETRY = 30_000
const LONGEST_RETRY = HOUR
/** After this a message that does not get through is given up; the log of deliveries shows it. */
export const GIVE_UP = 3 * DAY

export interface Standing {
  state: ProblemState
  stateSince: number
  episode: number
  flaps: number
}

export interface Step extends Standing {
  /** Tell that it began or is over. */
  tell: 'began' | 'over' | null
}

/** What becomes of a problem when it is (or is not) seen at `now`. null: there was none and there is none. */
export function advance(was: Standing | null, wrong: boolean, now: number): Step | null {
  if (!was) return wrong ? { state: 'suspected', stateSince: now, episode: 0, flaps: 0, tell: null } : null
  const waited = now - was.stateSince
  const to = (state: ProblemState, changes: Partial<Step> = {}): Step => ({
    ...was,
    state,
    stateSince: now,
    tell: null,
    ...changes,
  })
  const same: Step = { ...was, tell: null }
  switch (was.state) {
    case 'suspected':
      if (!wrong) return to('closed')
      if (waited < Math.min(SETTLE * 2 ** was.flaps, LONGEST_SETTLE)) return same
      return to('open', { episode: was.episode + 1, tell: 'began' })
    case 'open':
      return wrong ? same : to('recovering')
    case 'recovering':
      if (wrong) return to('open', { flaps: Math.min(was.flaps + 1, 10) })
      if (waited < Math.min(CLEAR * 2 ** was.flaps, LONGEST_CLEAR)) return same
      return to('closed', { tell: 'over' })
    case 'closed':
      if (!wrong) return same
      return to('suspected', { flaps: waited < DAY ? Math.min(was.flaps + 1, 10) : 0 })
  }
}

/** Does a channel want to hear of it? */
export function wants(
  channel: Pick<Channel, 'active' | 'events' | 'datasets' | 'sources'>,
  problem: Pick<Fact, 'kind' | 'source'> & { datasetId: string | null },
): boolean {
  if (!channel.active || !channel.events.includes(problem.kind)) return false
  if (channel.datasets.length === 0 && channel.sources.length === 0) return true
  return (
    (problem.datasetId !== null && channel.datasets.includes(problem.datasetId)) ||
    (problem.source !== null && channel.sources.includes(problem.source))
  )
}

/** Number of the daily reminder that is due, 0 = none yet. */
export function reminderRound(openSince: number, now: number): number {
  return Math.floor((now - openSince) / REMIND)
}

/**
 * Is it quiet at `now`? From and to are local times of the city; over midnight when `to` is not later. Decided by
 * instants, so the night the clocks change is as long as it is, and a time that comes twice ends the night the first time.
 */
export function isQuiet(now: number, zone: string, from: string | null, to: string | null): boolean {
  if (from === null || to === null || from === to) return false
  const minutes = (text: string) => Number(text.slice(0, 2)) * HOUR + Number(text.slice(3)) * MINUTE
  const today = Date.parse(`${localDay(now, zone)}T00:00:00Z`)
  return [today - DAY, today].some((day) => {
    const start = instantOf(day + minutes(from), zone)
    const end = instantOf(day + minutes(to) + (to > from ? 0 : DAY), zone)
    return now >= start && now < end
  })
}

export interface Waiting {
  /** Milliseconds since 1970; null = nothing waits. */
  oldest: number | null
  /** Messages composed in the last hour. */
  lastHour: number
  /** A message that did not get through yet. */
  stuck: boolean
}

/** Is it time for a message? What waits longer goes into the next one: nothing is lost by waiting. */
export function isTime(channel: Channel, waiting: Waiting, zone: string, now: number): boolean {
  if (waiting.oldest === null || !channel.active || waiting.stuck) return false
  if (isQuiet(now, zone, channel.quietFrom, channel.quietTo)) return false
  return now - waiting.oldest >= channel.groupMinutes * MINUTE && waiting.lastHour < channel.perHour
}

/** When to try again after `attempts` failures; null = give up. */
export function retryAt(attempts: number, createdAt: number, now: number): number | null {
  if (now - createdAt >= GIVE_UP) return null
  return now + Math.min(FIRST_RETRY * 2 ** Math.min(attempts - 1, 20), LONGEST_RETRY)
}
