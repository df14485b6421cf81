import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Database } from '../../kernel/db/index.ts'
import type { Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Access, Actor } from '../access/index.ts'
import { type Catalog, type CityProfile, DEFAULT_PROFILE } from '../catalog/index.ts'
import { dayStart, iso, localDay, type Sensing, type SourceWriter } from '../sensing/index.ts'
import { LAND_KEY } from './calendar.ts'
import { BOUNDS, CITY, SIMULATED, SUBJECTS } from './datasets.ts'
import { KeyRefused, publish } from './devices.ts'
import { writeEntities } from './entities.ts'
import { dueMessages, isLongSilent } from './live.ts'
import { type Model, modelOf, newestOf, type Standing, standingOf } from './model.ts'
import { removeCity } from './removal.ts'
import { observations, type Reading, readings } from './rows.ts'
import * as store from './store.ts'
import type { Series } from './town.ts'
import { DAY, QUARTER } from './world.ts'

export interface ExampleDeps {
  db: Database
  sensing: Sensing
  catalog: Catalog
  access: Access
  log: Log
  /** The city's time zone at the moment; a city once made keeps the one it was made in. */
  timeZone: () => string
  /** Called after the city came or went: sources and the city profile are to be read again. */
  changed?: () => Promise<void>
}

export interface ExampleOptions {
  /** Days of history; default a year. */
  historyDays?: number
  now?: () => number
  /** Milliseconds between two rounds of the devices. */
  interval?: number
}

export interface ExampleProgress {
  /** History is there from here on; ISO. */
  filledFrom: string
  /** How far back it is to reach; ISO. */
  target: string
  /** 0…1 of it is there. */
  share: number
}

export interface ExampleStatus extends ExampleProgress {
  /** creating: not all stations are there yet · filling: the history grows · complete · removing: `share` of it is gone. */
  state: 'creating' | 'filling' | 'complete' | 'removing'
  /** Until the history is complete at the present pace; null = not known (yet). */
  secondsLeft: number | null
}

/** Who the simulation acts as, in the log of privileged acts. */
const ACTOR: Actor = Object.freeze({ kind: 'owner', name: 'example city' })
const KEY_NAME = `${CITY}: Geräte ${SIMULATED}`
const BATCH = { embedded: 5_000, server: 20_000 }
const MOST_FAILURES = 8
const SERIES_AT_ONCE = 20

/**
 * The example city: simulated stations beside no real ones, so that a new platform shows at once what it is for.
 * All values are a pure function of time, so history, live values and a restart fit together without a seam.
 */
export class Example {
  readonly #deps: ExampleDeps
  readonly #historyDays: number
  readonly #now: () => number
  readonly #interval: number
  /** Values newer than the history are written by one at a time. */
  #forward: Promise<unknown> = Promise.resolve()
  #creating: Promise<void> | undefined
  #url: string | undefined
  #stop = new AbortController()
  #background: Promise<unknown> = Promise.resolve()
  #launched = false
  /** Where the history stood when this process began to fill it, and when that was. */
  #pace: { at: number; filledFrom: number } | undefined
  #removing: Promise<void> | undefined

  constructor(deps: ExampleDeps, options: ExampleOptions = {}) {
    this.#deps = deps
    this.#historyDays = options.historyDays ?? 365
    this.#now = options.now ?? Date.now
    this.#interval = options.interval ?? 3_000
  }

  /** Was an example city begun (and not removed)? */
  async exists(): Promise<boolean> {
    return (await store.readState(this.#deps.db)) !== null
  }

  /** How far the history is; null when there is no example city. */
  async progress(): Promise<ExampleProgress | null> {
    const status = await this.status()
    if (!status || status.state === 'removing') return null
    const { filledFrom, target, share } = status
    return { filledFrom, target, share }
  }

  /** What is going on; null when there is no example city. */
  async status(): Promise<ExampleStatus | null> {
    const { db } = this.#deps
    const state = await store.readState(db)
    if (!state) return null
    const { start, filledFrom, target } = state
    const times = { filledFrom: iso(filledFrom), target: iso(target) }
    if (state.removing) {
      const left = (await store.sizeOf(db)).observations
      const share = state.total ? Math.max(0, 1 - left / state.total) : 0
      return { state: 'removing', ...times, share: thousandths(share), secondsLeft: null }
    }
    const share = start === target ? 1 : (start - filledFrom) / (start - target)
    const at = !state.complete ? 'creating' : filledFrom > target ? 'filling' : 'complete'
    return { state: at, ...times, share: thousandths(share), secondsLeft: this.#secondsLeft(state) }
  }

  /** From what this process filled since it began. */
  #secondsLeft({ filledFrom, target }: { filledFrom: number; target: number }): number | null {
    if (filledFrom <= target) return 0
    const begun = this.#pace
    if (!begun || begun.filledFrom <= filledFrom) return null
    const seconds = (performance.now() - begun.at) / 1000
    return Math.ceil((seconds * (filledFrom - target)) / (begun.filledFrom - filledFrom))
  }

  /** Is this the profile that came with the example city, unchanged? */
  async isOwnProfile(profile: CityProfile): Promise<boolean> {
    const state = await store.readState(this.#deps.db)
    return state?.profile !== undefined && isDeepStrictEqual({ ...DEFAULT_PROFILE, ...state.profile }, profile)
  }

  /** How much of it is stored, from the maintained counters. */
  size(): Promise<{ stations: number; datastreams: number; observations: number }> {
    return store.sizeOf(this.#deps.db)
  }

  /**
   * Creates datasets, stations, series and the newest values. Safe to call again, also after it was interrupted. After
   * {@link begin} the history and the live values start by themselves.
   */
  async create(): Promise<void> {
    await this.#createOnce()
    if (this.#url !== undefined) this.#launch()
  }

  #createOnce(): Promise<void> {
    this.#creating ??= this.#create().finally(() => {
      this.#creating = undefined
    })
    return this.#creating
  }

  async #create(): Promise<void> {
    const { db, catalog, sensing, log, changed } = this.#deps
    const timeZone = this.#deps.timeZone()
    const began = performance.now()
    const now = this.#now()
    const start = dayStart(localDay(now, timeZone), timeZone, -1)
    const state = await store.beginState(db, {
      created: now,
      timeZone,
      start,
      filledFrom: start,
      target: dayStart(localDay(start, timeZone), timeZone, -this.#historyDays),
      complete: false,
      removing: false,
      run: null,
      profile: null,
    })
    if (state.removing)
      throw new Problem(
        409,
        'example-being-removed',
        'The example city is being removed at this moment: try again in a minute.',
      )
    if (state.complete) return
    const model = modelOf(state)
    for (const { dataset: spec } of SUBJECTS.values()) {
      const dataset = await catalog.ensure(spec)
      await db.transaction((tx) => writeEntities(tx, model.city, dataset))
    }
    sensing.forget()
    await store.patchState(db, { run: await store.ensureRun(db) })
    await this.#alone(() => this.#catchUp(model))
    for (const [id, { released }] of SUBJECTS) if (released) await catalog.setState(id, 'released')
    const profile = {
      name: `${CITY} ${SIMULATED}`,
      key: LAND_KEY,
      timeZone,
      bounds: BOUNDS,
      languages: ['de' as const, 'en' as const],
      contact: null,
      map: { style: null, attribution: null },
      legal: DEFAULT_PROFILE.legal,
    }
    if (await store.offerProfile(db, profile)) await store.patchState(db, { profile })
    await store.patchState(db, { complete: true })
    for (const { id, dataset } of await store.thingsOf(db))
      sensing.changed.emit({ dataset, type: 'Thing', id, change: 'created' })
    await changed?.()
    log.info(
      { stations: model.city.stations.length, ms: Math.round(performance.now() - began) },
      'example city created',
    )
  }

  /**
   * Takes up the work of the process that holds the broker: completes what was interrupted, fills the history and
   * publishes live values, all in the background, until {@link stop}. Also for a city that is created later.
   */
  async begin(mqttUrl: string): Promise<void> {
    this.#url = mqttUrl
    const state = await store.readState(this.#deps.db)
    if (!state) return
    if (state.removing) this.#inBackground(() => this.remove())
    else this.#launch()
  }

  /** Stops all work in the background; nothing is lost. */
  async stop(): Promise<void> {
    this.#url = undefined
    await this.#halt()
  }

  async #halt(): Promise<void> {
    this.#stop.abort()
    await this.#background
    this.#stop = new AbortController()
    this.#background = Promise.resolve()
    this.#launched = false
  }

  #launch(): void {
    if (this.#launched) return
    this.#launched = true
    const { signal } = this.#stop
    const url = this.#url!
    this.#inBackground(() => Promise.all([this.fill(signal), this.live(url, signal)]))
  }

  #inBackground(work: () => Promise<unknown>): void {
    const { log } = this.#deps
    this.#background = this.#background.then(work).catch((error: Error) => {
      if (!this.#stop.signal.aborted) log.error({ error: error.message }, 'the example city stopped working')
    })
  }

  /**
   * Fills the history behind what is there, newest first, in small batches with room for others between them. Goes on
   * where it stopped, also after `kill -9`; resolves when all is there or `signal` aborts.
   */
  async fill(signal: AbortSignal): Promise<void> {
    const { log } = this.#deps
    for (let failures = 0; !signal.aborted; ) {
      try {
        const model = await this.#ready()
        if (!model) return
        await this.#alone(() => this.#catchUp(model, signal))
        while (!signal.aborted) {
          if (!(await this.#fillNext(model, signal))) return
          failures = 0
        }
      } catch (error) {
        if (signal.aborted) return
        if (++failures > MOST_FAILURES) throw error
        log.warn({ error: (error as Error).message }, 'history of the example city: a batch failed and is tried again')
        await sleep(Math.min(30_000, 500 * 2 ** failures), undefined, { signal }).catch(() => {})
      }
    }
  }

  /** The model of a city that is all there; completes one whose creation was interrupted; null when there is none. */
  async #ready(): Promise<Model | null> {
    const { db } = this.#deps
    let state = await store.readState(db)
    if (!state || state.removing) return null
    if (!state.complete) {
      await this.#createOnce()
      state = await store.readState(db)
    }
    return state && modelOf(state)
  }

  /** Writes the next stretch of history; false when all of it is there. */
  async #fillNext(model: Model, signal: AbortSignal): Promise<boolean> {
    const { db } = this.#deps
    const state = await store.readState(db)
    if (!state || state.filledFrom <= state.target) return false
    this.#pace ??= { at: performance.now(), filledFrom: state.filledFrom }
    const { ids } = await this.#standing(model)
    const size = BATCH[db.engine]
    // Few series and a long time in a batch touch few pages: half the work of all series and a short time.
    const groups = groupsOf(ids, SERIES_AT_ONCE)
    // Whole hours, so that each hourly sum is written once.
    const hours = Math.floor(size / (4 * SERIES_AT_ONCE))
    const from = Math.max(state.target, state.filledFrom - hours * 4 * QUARTER)
    const stretch = { from, to: state.filledFrom, now: this.#now(), fine: () => false }
    for (const group of groups) {
      for (const batch of readings(model.city, model.world, group, stretch, size)) {
        if (signal.aborted) return true
        await this.#write(state.run!, batch)
        await this.#giveWay(signal)
      }
    }
    await store.patchState(db, { filledFrom: from })
    return true
  }

  /** Writes everything devices would have sent since the newest value of each series: after a start or a long outage. */
  async #catchUp({ city, world }: Model, signal?: AbortSignal): Promise<void> {
    const { db } = this.#deps
    const state = await store.readState(db)
    if (!state || state.removing) return
    const now = this.#now()
    const { ids, last } = await this.#standing({ city, world })
    const today = world.localDay(now)
    const fine = new Set([today])
    let from = Number.POSITIVE_INFINITY
    for (const series of ids.keys()) {
      const stood = last.get(series)
      if (newestOf(series, now) <= (stood ?? state.start)) continue
      from = Math.min(from, stood ?? state.start)
      // The day a running platform stopped has a value each minute already.
      if (stood !== undefined && state.complete) fine.add(world.localDay(stood))
    }
    if (from === Number.POSITIVE_INFINITY) return
    const earliest = now - this.#historyDays * DAY
    const stretch = {
      from: Math.floor(Math.max(from, earliest) / QUARTER) * QUARTER,
      to: now,
      now,
      fine: (day: number) => fine.has(day),
    }
    for (const batch of readings(city, world, ids, stretch, BATCH[db.engine])) {
      const missing = batch.filter(({ series, at }) => at > (last.get(series) ?? Number.NEGATIVE_INFINITY))
      await this.#write(state.run!, missing)
      if (signal?.aborted) return
      if (signal) await this.#giveWay(signal)
    }
  }

  #writers = new Map<number, SourceWriter>()

  async #write(run: number, batch: readonly Reading[]): Promise<void> {
    let writer = this.#writers.get(run)
    if (!writer) {
      writer = this.#deps.sensing.writer({ id: run })
      this.#writers = new Map([[run, writer]])
    }
    const { accepted, held } = await writer.write(observations(batch))
    // Only after an upgrade that changed the simulation does anything differ from what is stored.
    if (held > 0) await writer.finish()
    await store.countRun(this.#deps.db, run, accepted)
  }

  async #standing(model: Model): Promise<Standing> {
    return standingOf(model, await store.storedSeries(this.#deps.db))
  }

  /** Others come first: waits a moment, and longer while their queries queue. */
  async #giveWay(signal: AbortSignal): Promise<void> {
    const { db } = this.#deps
    await sleep(15, undefined, { signal }).catch(() => {})
    for (let turn = 0; turn < 100 && db.stats().waiting > 0 && !signal.aborted; turn++) await sleep(10)
  }

  /** Lets nobody else write newest values meanwhile. */
  #alone<R>(work: () => Promise<R>): Promise<R> {
    const turn = this.#forward.then(work, work)
    this.#forward = turn.catch(() => {})
    return turn
  }

  /**
   * Publishes live values as devices would, through the broker at `mqttUrl`, until `signal`: counts after each quarter
   * of an hour, car parks, weather and water each minute. Uses a key of its own that ends with it.
   */
  async live(mqttUrl: string, signal: AbortSignal): Promise<void> {
    const { access, db, log } = this.#deps
    const model = await this.#ready()
    if (!model || signal.aborted) return
    await access.keys.revokeByName(KEY_NAME)
    await store.deleteKey(db, KEY_NAME)
    const { key } = await access.keys.create({ name: KEY_NAME }, ACTOR)
    let standing: Standing = { ids: new Map(), last: new Map() }
    try {
      const due = (fresh: boolean) =>
        this.#alone(async () => {
          if (fresh) standing = await this.#standing(model)
          if (isLongSilent(standing, this.#now())) {
            await this.#catchUp(model, signal)
            standing = await this.#standing(model)
          }
          return dueMessages(model, standing, this.#now())
        })
      await publish({ url: mqttUrl, key, due, interval: this.#interval, log }, signal)
    } catch (error) {
      if (!(error instanceof KeyRefused)) throw error
      log.warn('the key of the simulated devices was revoked: they are silent until the next start')
    } finally {
      await access.keys.revokeByName(KEY_NAME).catch(() => {})
      await store.deleteKey(db, KEY_NAME).catch(() => {})
    }
  }

  /**
   * Takes everything away: datasets, entities, values, sums, sources, runs, the devices' key, the profile if nobody
   * changed it. Nobody sees the city any more from the first moment on; values go in bounded batches. An interrupted
   * removal goes on with the next {@link begin} or call.
   */
  remove(): Promise<void> {
    this.#removing ??= this.#remove().finally(() => {
      this.#removing = undefined
    })
    return this.#removing
  }

  async #remove(): Promise<void> {
    const { access, catalog, sensing, db, log, changed } = this.#deps
    await this.#creating?.catch(() => {})
    const state = await store.readState(db)
    if (!state) return
    // Taken up again in the background, it would wait for itself.
    if (!state.removing) await this.#halt()
    const total = state.total ?? (await store.sizeOf(db)).observations
    await store.patchState(db, { removing: true, total })
    await access.keys.revokeByName(KEY_NAME)
    await store.deleteKey(db, KEY_NAME)
    this.#writers = new Map()
    this.#pace = undefined
    await removeCity({ db, catalog, sensing, changed })
    log.info('example city removed')
  }
}

const thousandths = (share: number): number => Math.round(share * 1000) / 1000

/** The series in groups of at most `size`, those of one station side by side. */
function groupsOf(ids: ReadonlyMap<Series, number>, size: number): Map<Series, number>[] {
  const all = [...ids]
  const groups: Map<Series, number>[] = []
  for (let at = 0; at < all.length; at += size) groups.push(new Map(all.slice(at, at + size)))
  return groups
}
