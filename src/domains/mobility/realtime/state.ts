import type { Database } from '../../../kernel/db/index.ts'
import { currentVersion } from '../transit/index.ts'
import { mergeTrips } from './merge.ts'
import { type FeedPart, partKey, type ResolvedPart, resolvePart } from './resolve.ts'
import { LoadedTimetable } from './timetable.ts'
import { type LiveTrip, tripKey } from './trip-model.ts'

/** A trip and where it calls at a stop. */
export interface LiveCall {
  trip: LiveTrip
  /** Index into its stops. */
  at: number
}

/** What is live of one dataset: all its feeds on its current timetable, merged. Never changed, only replaced. */
export class LiveState {
  readonly timetable: LoadedTimetable
  readonly parts: ReadonlyMap<string, ResolvedPart>
  readonly #trips: ReadonlyMap<string, LiveTrip>
  readonly #calls: ReadonlyMap<string, readonly LiveCall[]>

  constructor(timetable: LoadedTimetable, parts: ReadonlyMap<string, ResolvedPart>) {
    this.timetable = timetable
    this.parts = parts
    this.#trips = mergeTrips([...parts.values()].map((part) => part.trips))
    const calls = new Map<string, LiveCall[]>()
    for (const trip of this.#trips.values()) {
      trip.stops.forEach((stop, at) => {
        const found = calls.get(stop.stopId)
        if (found) found.push({ trip, at })
        else calls.set(stop.stopId, [{ trip, at }])
      })
    }
    this.#calls = calls
  }

  trips(): Iterable<LiveTrip> {
    return this.#trips.values()
  }

  trip(key: Pick<LiveTrip, 'tripId' | 'day' | 'start'>): LiveTrip | undefined {
    return this.#trips.get(tripKey(key))
  }

  calls(stopId: string): readonly LiveCall[] {
    return this.#calls.get(stopId) ?? []
  }

  /** May what this part says be shown as live at an instant (POSIX seconds)? */
  isLive(key: string, at: number): boolean {
    const part = this.parts.get(key)
    return part !== undefined && at - part.time <= part.validity && part.time - at <= AHEAD
  }
}

/** Somebody asks for a moment before the newest feed: it still knows what became of trips since, but not for long. */
const AHEAD = 3_600

/** The live state of every dataset, in memory. One feed at a time is put in its place, whatever comes at once. */
export class LiveStates {
  readonly #db: Database
  readonly #states = new Map<number, LiveState>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(db: Database) {
    this.#db = db
  }

  get(dataset: number): LiveState | undefined {
    return this.#states.get(dataset)
  }

  datasets(): Iterable<[number, LiveState]> {
    return this.#states
  }

  /** Puts a part in place of its last one. Null where the dataset has no timetable, or `check` throws: nothing changes then. */
  put(
    dataset: number,
    part: FeedPart,
    check: (resolved: ResolvedPart) => void = () => {},
  ): Promise<ResolvedPart | null> {
    return this.#next(async () => {
      const state = await this.#current(dataset)
      if (!state) return null
      const resolved = await resolvePart(state.timetable, part)
      check(resolved)
      this.#states.set(dataset, new LiveState(state.timetable, new Map([...state.parts, [partKey(part), resolved]])))
      return resolved
    })
  }

  /** Looks at all feeds of a dataset again when its timetable is another one now. */
  async follow(dataset: number, version: number): Promise<LiveState | undefined> {
    const known = this.#states.get(dataset)
    if (!known || known.timetable.version === version) return known
    return this.#next(() => this.#current(dataset))
  }

  forget(dataset: number): void {
    this.#states.delete(dataset)
  }

  async #current(dataset: number): Promise<LiveState | undefined> {
    const version = await currentVersion(this.#db, dataset)
    const known = this.#states.get(dataset)
    if (!version) return undefined
    if (known?.timetable.version === version.version) return known
    const timetable = await LoadedTimetable.open(this.#db, version.version, version.timeZone ?? 'UTC')
    const parts = new Map<string, ResolvedPart>()
    for (const part of known?.parts.values() ?? []) parts.set(partKey(part), await resolvePart(timetable, part))
    const state = new LiveState(timetable, parts)
    this.#states.set(dataset, state)
    return state
  }

  #next<R>(work: () => Promise<R>): Promise<R> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}
