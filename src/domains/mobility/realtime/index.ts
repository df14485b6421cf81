import type { Database } from '../../../kernel/db/index.ts'
import type { Log } from '../../../kernel/log.ts'
import type { Sensing } from '../../sensing/index.ts'
import { FileError, Rejections, type RunFigures } from '../../sources/index.ts'
import { DelayHistory } from './delays.ts'
import { applyDifference } from './difference.ts'
import type { FeedMessage } from './model.ts'
import { type FeedPart, partKey, type ResolvedPart } from './resolve.ts'
import { LiveStates } from './state.ts'
import { keepPart, keptParts, partTimes } from './store.ts'

export { decodeFeed, encodeFeed, type FeedKind, feedBytes, looksLikeFeed } from './codec.ts'
export type { FeedMessage } from './model.ts'
export { mergedFeed } from './output.ts'
export { GROUPS, type Punctuality, type PunctualityGroup, punctuality } from './punctuality.ts'

/** What came of one file of a source. */
export interface Arrival {
  source: string
  part: string
  /** Key of the dataset. */
  dataset: number
  run: number
  /** POSIX seconds. */
  arrivedAt: number
  validity: number
  message: FeedMessage
  /** It is fetched again and again: one that does not move any more is broken. */
  standing: boolean
  /** Gets the time the feed is of, ISO 8601. */
  dated?: (time: string) => void
}

interface Moving {
  source: string
  /** Null: every feed of the source. */
  part: string | null
  dataset: number
  dated(time: string): void
}

/** A feed's clock may be this far ahead of ours. */
const SKEW = 60

/**
 * Real time of public transport: feeds come in, are put on the timetable, merged and kept in memory; what became of every
 * departure is kept as observations.
 */
export class Realtime {
  readonly live: LiveStates
  readonly #db: Database
  readonly #log: Log
  readonly #history: DelayHistory

  constructor({ db, sensing, log }: { db: Database; sensing: Sensing; log: Log }) {
    this.#db = db
    this.#log = log
    this.live = new LiveStates(db)
    this.#history = new DelayHistory(db, sensing)
  }

  /** Takes up the last good state of every feed after a start. */
  async start(): Promise<void> {
    for (const { dataset, part } of await keptParts(this.#db)) {
      const resolved = await this.live.put(dataset, part).catch((error: Error) => {
        this.#log.warn({ source: part.source, part: part.part, error: error.message }, 'kept real time cannot be used')
        return null
      })
      if (resolved) this.#history.resume(partKey(part), resolved)
    }
  }

  /**
   * Puts what came in place of what its source said before: live at once, then kept. Throws FileError where it is of no
   * use: a timetable is missing, or nothing in it fits; then the last good state stays.
   */
  async take(arrival: Arrival): Promise<RunFigures> {
    const rejections = new Rejections()
    const { dataset, run } = arrival
    const part = this.#part(arrival, rejections)
    const before = this.live.get(dataset)?.parts.get(partKey(part))
    if (before && part.time < before.time)
      throw new FileError(`it is of ${when(part.time)}, older than what is here, of ${when(before.time)}`)
    arrival.dated?.(when(part.time))
    const resolved = await this.live.put(dataset, part, ({ trips, vehicles, alerts, faults }) => {
      const found = trips.length + vehicles.length + alerts.length
      if (found === 0 && faults.length > 0)
        throw new FileError(`nothing of it fits the timetable: ${faults[0]!.reason}`)
    })
    if (!resolved) throw new FileError('the dataset has no timetable (GTFS) yet: real time needs one, import it first')
    for (const { reason, lost, row, column, value } of resolved.faults)
      rejections.add(reason, lost, row, column, value, arrival.part)
    await keepPart(this.#db, dataset, run, part)
    const kept = await this.#history.record(partKey(part), dataset, run, resolved)
    const known = new Set(entitiesOf(before))
    if (arrival.standing && arrival.arrivedAt - part.time > part.validity) throw standsStill(part.time)
    const others = entitiesOf(resolved)
    const same = others.filter((one) => known.has(one)).length
    return {
      read: kept.read + others.length + rejections.total,
      accepted: kept.accepted + others.length - same,
      unchanged: kept.unchanged + same,
      corrected: kept.corrected,
      rejected: rejections.total,
      rejections: rejections.list(),
    }
  }

  /** The address of a feed says nothing changed. Throws FileError when what is kept of it is past its validity. */
  async requireMoving({ source, part, dataset, dated }: Moving): Promise<void> {
    for (const { time, validity } of await partTimes(this.#db, dataset, { source, part })) {
      dated(when(time))
      if (Date.now() / 1000 - time > validity) throw standsStill(time)
    }
  }

  #part({ source, part, arrivedAt, validity, message, dataset }: Arrival, rejections: Rejections): FeedPart {
    const { timestamp, incrementality } = message.header
    const ahead = timestamp ? timestamp - arrivedAt : 0
    const wrong = timestamp === undefined || timestamp === 0 || timestamp >= 1e11 || ahead > SKEW
    if (timestamp && timestamp >= 1e11) {
      rejections.add('the timestamp is not in seconds since 1970', 1, 0, 'header.timestamp', timestamp, part)
    } else if (ahead > SKEW)
      rejections.add(
        `the feed's clock is ahead of ours: its arrival counts`,
        1,
        0,
        'header.timestamp',
        `${ahead} s`,
        part,
      )
    const time = wrong ? arrivedAt : timestamp
    const before = this.live.get(dataset)?.parts.get(partKey({ source, part }))?.message
    const whole = incrementality === 'DIFFERENTIAL' ? applyDifference(before, message) : message
    return { source, part, message: whole, time, validity }
  }

  /** Resolves the state of a dataset no feed came for since the start. */
  forget(dataset: number): void {
    this.live.forget(dataset)
    this.#history.forget()
  }
}

/** Vehicles and alerts, comparable. */
function entitiesOf(part: ResolvedPart | undefined): string[] {
  return [...(part?.vehicles ?? []), ...(part?.alerts ?? [])].map((one) => JSON.stringify(one))
}

const standsStill = (time: number): FileError =>
  new FileError(`the feed stands still: it is of ${when(time)}, and no longer shown as live`)

const when = (time: number): string => new Date(time * 1000).toISOString().slice(0, 19).concat('Z')
