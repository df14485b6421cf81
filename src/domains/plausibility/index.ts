import type { Database } from '../../kernel/db/index.ts'
import type { Log } from '../../kernel/log.ts'
import { counter } from '../../kernel/metrics.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Access, Actor } from '../access/index.ts'
import type { ObservationsStored, Sensing } from '../sensing/index.ts'
import { defaultsOf } from './defaults.ts'
import type { ListedFlag, Settings, ShownFlag, Value } from './model.ts'
import { check } from './rules.ts'
import * as store from './store.ts'

export type { ListedFlag, Settings, ShownFlag } from './model.ts'
export { flagText } from './words.ts'

const HOUR = 3_600_000
const TICK_MS = 3_000
/** Milliseconds of each tick that checking may take: an import goes first. */
const SHARE_MS = 300
const RECENT_EVERY_MS = 30 * 60_000
const RECENT_HOURS = 6
/** Values looked at in one step, and at most so many of them before what changed. */
const WINDOW = 12_000
const CONTEXT = 4_000
const LISTED = 500

const found = counter('zahnrad_plausibility_flags_total', 'Stretches of values found hard to believe', ['rule'])

interface Range {
  from: number
  to: number
}

/** What a series is checked by, and what of it somebody changed. */
export interface SeriesSettings {
  datastream: number
  settings: Settings
  defaults: Settings
  changed: Partial<Settings>
}

/**
 * Marks stored values that are hard to believe. Values are never changed or removed. Checks follow the commits: what was
 * written is noted in memory and looked at soon, a bounded piece at a time; what was written last is looked at again
 * every half hour, so a restart misses nothing of now.
 */
export class Plausibility {
  readonly #deps: { db: Database; sensing: Sensing; access: Access; log: Log }
  readonly #dirty = new Map<number, Range>()
  #timer: NodeJS.Timeout | undefined
  #unsubscribe: (() => void) | undefined
  #busy: Promise<void> | undefined
  #recentAt = 0

  constructor(deps: { db: Database; sensing: Sensing; access: Access; log: Log }) {
    this.#deps = deps
  }

  /** Begins checking what is stored from now on. */
  start(): void {
    this.#unsubscribe = this.#deps.sensing.stored.on((event) => this.#note(event))
    this.#timer = setInterval(() => {
      this.#busy ??= this.#tick().finally(() => {
        this.#busy = undefined
      })
    }, TICK_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.()
    clearInterval(this.#timer)
    this.#dirty.clear()
    await this.#busy
  }

  /** Series waiting to be checked. */
  get waiting(): number {
    return this.#dirty.size
  }

  #note({ datastream, rows }: ObservationsStored): void {
    let [from, to] = [rows[0]!.t, rows[0]!.t]
    for (const { t } of rows) {
      if (t < from) from = t
      else if (t > to) to = t
    }
    this.#mark(datastream, Date.parse(from), Date.parse(to))
  }

  #mark(datastream: number, from: number, to: number): void {
    const known = this.#dirty.get(datastream)
    if (known) {
      known.from = Math.min(known.from, from)
      known.to = Math.max(known.to, to)
    } else this.#dirty.set(datastream, { from, to })
  }

  async #tick(): Promise<void> {
    const begun = performance.now()
    try {
      if (Date.now() - this.#recentAt > RECENT_EVERY_MS) {
        this.#recentAt = Date.now()
        for (const { datastream, at } of await store.recentSeries(this.#deps.db, Date.now() - RECENT_HOURS * HOUR))
          this.#mark(datastream, Date.parse(at) - RECENT_HOURS * HOUR, Date.parse(at))
      }
      for (const [datastream, range] of this.#dirty) {
        if (performance.now() - begun > SHARE_MS) return
        this.#dirty.delete(datastream)
        const rest = await this.#step(datastream, range)
        if (rest) this.#mark(datastream, rest.from, rest.to)
      }
    } catch (error) {
      this.#deps.log.warn({ error: (error as Error).message }, 'values could not be checked')
    }
  }

  /** Checks values of a series between two times (milliseconds) and keeps what is found. */
  async check(datastream: number, from: number, to: number): Promise<void> {
    let range: Range | null = { from, to }
    while (range) range = await this.#step(datastream, range)
  }

  /** One bounded piece; answers what is left. */
  async #step(datastream: number, { from, to }: Range): Promise<Range | null> {
    const { db } = this.#deps
    const facts = await store.factsOf(db, datastream)
    if (!facts) return null
    const settings = { ...defaultsOf(facts.property, facts.aggregate), ...facts.override }
    if (Object.values(settings).every((limit) => limit === null)) return null
    const known = facts.periodSeconds === null ? null : facts.periodSeconds * 1000
    const patience = Math.max(settings.stuckHours ?? 0, settings.dropHours ?? 0, 1) * HOUR
    const wanted = patience * 1.25 + 16 * (known ?? HOUR)
    const context = known === null ? wanted : Math.min(wanted, CONTEXT * known)
    let windowFrom = from - context
    let values = await store.valuesOf(db, datastream, windowFrom, to + context, WINDOW)
    if (values.length === WINDOW && values[WINDOW >> 1]!.t <= from) {
      // An irregular series may be so dense that the time before fills the window.
      windowFrom = from
      values = await store.valuesOf(db, datastream, windowFrom, to + context, WINDOW)
    }
    if (values.length === 0) return null
    const period = known ?? usualDistance(values)
    const full = values.length === WINDOW
    const windowTo = full ? values.at(-1)!.end : to + context
    const series = { isCount: facts.aggregate === 'sum', period }
    const findings = await check(values, settings, series, store.historyOf(db, datastream))
    // What came before was judged with all that lies before it.
    const judged = findings.filter((finding) => finding.to >= from - 4 * period)
    const looked = { datastream, windowFrom, windowTo, from: from - 4 * period, to, near: period * 2.5 }
    for (const rule of await store.keepFindings(db, looked, judged)) found.inc({ rule })
    if (!full) return null
    // Step on so far that the context of the next piece is read again, but always on.
    const next = Math.max(values.at(-1)!.t - context, values[WINDOW >> 1]!.t, from + 1)
    return next < to ? { from: next, to } : null
  }

  /** Flags of series in a range that nobody called all right; at most 500. Who asks decides what is visible. */
  flags(
    visible: readonly number[],
    datastreams: readonly number[],
    range: { from: string; to: string },
  ): Promise<ShownFlag[]> {
    return store.flagsOf(this.#deps.db, visible, datastreams, range, LISTED)
  }

  /** The newest flags with what they belong to; `open` leaves out what was called all right. */
  list(
    visible: readonly number[],
    filter: { source?: string; open?: boolean; limit?: number } = {},
  ): Promise<ListedFlag[]> {
    const { source = null, open = true, limit = 100 } = filter
    return store.listFlags(this.#deps.db, visible, { source, open, limit: Math.min(limit, LISTED) })
  }

  /** How many open flags each source has, of values since (milliseconds). */
  async openBySource(visible: readonly number[], since: number): Promise<Map<string | null, number>> {
    const rows = await store.countBySource(this.#deps.db, visible, since)
    return new Map(rows.map(({ source, n }) => [source, n]))
  }

  /** A flag is all right, or (false) is not after all. Throws Problem 404. */
  async setOk(id: number, ok: boolean, actor: Actor): Promise<void> {
    const { db, access } = this.#deps
    access.require(actor, 'manage', 'platform')
    if (!(await store.markOk(db, access.visible(actor), id, ok ? actor.name : null)))
      throw new Problem(404, 'flag-unknown', `There is no flag ${id}.`)
    await access.audit(actor, ok ? 'flag.ok' : 'flag.reopen', `flag:${id}`)
  }

  /** Throws Problem 404. */
  async settings(datastream: number, actor: Actor): Promise<SeriesSettings> {
    const { db, access } = this.#deps
    access.require(actor, 'manage', 'platform')
    const facts = await store.factsOf(db, datastream)
    if (!facts) throw new Problem(404, 'not-found', `There is no datastream ${datastream}.`)
    const defaults = defaultsOf(facts.property, facts.aggregate)
    const changed = facts.override ?? {}
    return { datastream, settings: { ...defaults, ...changed }, defaults, changed }
  }

  /** Keeps what differs from the defaults and checks the last week anew. Throws Problem 400 and 404. */
  async setSettings(datastream: number, settings: Settings, actor: Actor): Promise<SeriesSettings> {
    const { db, access } = this.#deps
    const { defaults } = await this.settings(datastream, actor)
    const { min, max } = settings
    if (min !== null && max !== null && min >= max)
      throw new Problem(400, 'bad-limits', `The lower limit ${min} must be below the upper limit ${max}.`)
    const names = Object.keys(defaults) as (keyof Settings)[]
    const changed = Object.fromEntries(
      names.filter((name) => settings[name] !== defaults[name]).map((name) => [name, settings[name]]),
    )
    await store.keepSettings(db, datastream, changed, actor.name)
    await access.audit(actor, 'plausibility.set', `datastream:${datastream}`, { changed })
    this.#mark(datastream, Date.now() - 7 * 24 * HOUR, Date.now())
    return this.settings(datastream, actor)
  }

  /** Per series the newest flag that was found or grew in the last hours, of values of the last two days. */
  fresh(now: number, hours: number): Promise<store.FreshFlag[]> {
    return store.freshFlags(this.#deps.db, now - hours * HOUR, now - 48 * HOUR)
  }
}

/** Half of the distances between neighbours are smaller. */
function usualDistance(values: readonly Value[]): number {
  const gaps = values.slice(1).map(({ t }, i) => t - values[i]!.t)
  gaps.sort((a, b) => a - b)
  return gaps[gaps.length >> 1] || HOUR
}
