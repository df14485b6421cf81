import type { Database } from '../../kernel/db/index.ts'
import type { Fetcher } from '../../kernel/fetch/index.ts'
import type { JobData, Jobs } from '../../kernel/jobs/index.ts'
import type { Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Access, Actor } from '../access/index.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Sensing } from '../sensing/index.ts'
import { checkDefinition } from './check.ts'
import type { Definition } from './definition.ts'
import { Drafts } from './drafts.ts'
import { parseDuration } from './duration.ts'
import type { Feed } from './feed.ts'
import { Follow } from './feed-follow.ts'
import { nextRun } from './health.ts'
import type { Format, RunReport, Unpack } from './model.ts'
import { entriesOf } from './origin.ts'
import { type PartRunOptions, PartRuns } from './part-runs.ts'
import { MAIN, partsOf, type SourcePart, together } from './parts.ts'
import { type PreviewRow, previewFeed, previewRows } from './preview.ts'
import { dropPushSecret } from './push-secrets.ts'
import { PushedSources } from './pushed.ts'
import { RawFeeds } from './raw.ts'
import { type RunningRun, RunningRuns } from './running.ts'
import { type SourceInfo, sourceInfo } from './source-info.ts'
import * as store from './store.ts'
import { openInput, type WorkDeps } from './work.ts'

export interface SourcesDeps {
  db: Database
  sensing: Sensing
  catalog: Catalog
  access: Access
  log: Log
  fetcher: Fetcher
  /** Every registered way of reading bytes as rows. */
  formats: readonly Format[]
  /** Every registered feed. */
  feeds: readonly Feed[]
  unpack: Unpack
  /** Folder for downloads while they are read. */
  scratch: string
  /** Folder for what sources sent last. */
  rawFolder: string
  /** The city's time zone. */
  timeZone: () => string
  /** Where `$SOURCE_…` in a definition is looked up. */
  environment?: Record<string, string | undefined>
}

export interface RunOptions extends PartRunOptions {
  /** Only this part; all of them where it is absent. */
  part?: string
  /** With `from`: read the other parts too, from where the definition says. */
  others?: boolean
}

/** Sources that run seldom, one at a time; and what is fetched every minute or oftener, which must not wait for those. */
const QUEUE = { seldom: 'source', often: 'source-often' }
const OFTEN_S = 60

/** Connects data without code: definitions, their runs, their health, and what is pushed to them. */
export class Sources {
  readonly #deps: SourcesDeps
  readonly #environment: Record<string, string | undefined>
  readonly #progress = new RunningRuns()
  readonly #follow = new Follow()
  readonly #runs: PartRuns
  /** What sources sent last. */
  readonly raw: RawFeeds
  readonly pushed: PushedSources
  /** Sources on their way, by form. */
  readonly drafts: Drafts
  #jobs: Jobs | undefined

  constructor(deps: SourcesDeps) {
    this.#deps = deps
    this.#environment = deps.environment ?? {}
    this.raw = new RawFeeds(deps)
    this.#runs = new PartRuns({
      ...deps,
      environment: this.#environment,
      follow: this.#follow,
      progress: this.#progress,
      raw: this.raw,
    })
    this.drafts = new Drafts(deps, this)
    this.pushed = new PushedSources({
      ...deps,
      environment: this.#environment,
      readerOf: (definition) => this.#runs.feedOf(definition) ?? this.#runs.formatOf(definition),
      datasetOf: async (definition) => (await this.#runs.datasetOf(definition)).key,
    })
  }

  /** Checks a definition; throws DefinitionError with every mistake. Its id is `defaultId` where it names none. */
  check(yaml: string, defaultId?: string): Definition {
    const definition = checkDefinition(yaml, defaultId)
    for (const part of partsOf(definition))
      if (!this.#runs.feedOf(part.definition)) this.#runs.formatOf(part.definition)
    return definition
  }

  /** The first rows of what a source reads, beside what the mapping makes of them. Writes nothing. */
  async preview(whole: Definition, limit: number, options: RunOptions = {}): Promise<PreviewRow[]> {
    const [{ definition }] = chosenParts(whole, options.part ?? MAIN)
    const feed = this.#runs.feedOf(definition)
    if (feed) return previewFeed(this.#workDeps(), definition, feed, limit, options)
    const input = await openInput(this.#workDeps(), definition, options)
    if (!input) return []
    try {
      const { unpack, timeZone } = this.#deps
      const entries = (wanted: (path: string) => boolean) => entriesOf(input, definition, unpack, wanted, () => {})
      return await previewRows(definition, timeZone(), this.#runs.formatOf(definition), entries, limit)
    } finally {
      await input.close()
    }
  }

  /** Keeps a definition and schedules it, at once or (`later`) a distance from now. Adding an id again makes a new version. */
  async add(definition: Definition, actor: Actor, { later = false } = {}): Promise<SourceInfo> {
    const { db, access } = this.#deps
    access.require(actor, 'manage', 'platform')
    const now = Date.now()
    const parts = partsOf(definition)
    const firstRun = ({ own, definition: part }: SourcePart): Date | null => {
      const regular = own ? nextRun(part, this.#deps.timeZone(), later ? now : 0, now, 0) : null
      return later ? regular : regular && new Date(now)
    }
    const [main, ...others] = parts.map((part) => ({ name: part.name, nextRun: firstRun(part) }))
    await db.transaction(async (tx) => {
      const version = await store.keepDefinition(tx, definition.id, definition.yaml)
      await store.upsertSource(tx, definition.id, version, main!.nextRun)
      await store.upsertParts(tx, definition.id, others)
    })
    await access.audit(actor, 'source.add', definition.id, { dataset: definition.dataset.id ?? definition.id })
    for (const [index, part] of parts.entries())
      await this.#plan(part, index === 0 ? main!.nextRun : others[index - 1]!.nextRun)
    await this.pushed.reload()
    return this.get(definition.id)
  }

  async list(): Promise<SourceInfo[]> {
    const { db, timeZone } = this.#deps
    const parts = await store.partRows(db, null)
    return (await store.allSources(db)).map((row) => sourceInfo(row, parts, timeZone()))
  }

  /** 404 when there is no such source. */
  async get(id: string): Promise<SourceInfo> {
    const { db, timeZone } = this.#deps
    const row = await store.findSource(db, id)
    if (!row) throw unknownSource(id)
    return sourceInfo(row, await store.partRows(db, id), timeZone())
  }

  /** Forgets a source. What it brought stays, and so do its log and its definitions. */
  async remove(id: string, actor: Actor): Promise<void> {
    const { db, access } = this.#deps
    access.require(actor, 'manage', 'platform')
    if (!(await store.deleteSource(db, id))) throw unknownSource(id)
    await dropPushSecret(db, id)
    await this.raw.drop(id)
    await access.audit(actor, 'source.remove', id)
    await this.pushed.reload()
  }

  /** A paused source neither runs by itself nor takes what is pushed to it. */
  async pause(id: string, paused: boolean, actor: Actor): Promise<SourceInfo> {
    const { db, access } = this.#deps
    access.require(actor, 'manage', 'platform')
    const { definition } = await this.get(id)
    await store.pauseSource(db, id, paused)
    await access.audit(actor, paused ? 'source.pause' : 'source.resume', id)
    for (const part of partsOf(definition)) {
      const now = Date.now()
      await this.#planned(
        part,
        paused || !part.own ? null : nextRun(part.definition, this.#deps.timeZone(), now, now, 0),
      )
    }
    await this.pushed.reload()
    return this.get(id)
  }

  /**
   * Runs a source that was added (or one part of it) in the background and answers the number of its first run. Throws
   * Problem 409 while it is running, 403 for who may not.
   */
  async begin(id: string, actor: Actor, part?: string): Promise<number> {
    this.#deps.access.require(actor, 'manage', 'platform')
    const { definition } = await this.get(id)
    await this.#deps.access.audit(actor, 'source.run', id, part === undefined ? {} : { part })
    return new Promise((onStart, reject) => {
      this.run(definition, { full: true, onStart, part }).catch(reject)
    })
  }

  /** How far the run of a source is that is under way in this process, if one is. */
  running(id: string, run?: number): RunningRun | undefined {
    return this.#progress.of(id, run)
  }

  /** Stops a run at its next batch; what it has stored stays. False when it is not under way. */
  async stopRun(id: string, run: number, actor: Actor): Promise<boolean> {
    this.#deps.access.require(actor, 'manage', 'platform')
    const stopped = this.#progress.stop(id, run)
    if (stopped) await this.#deps.access.audit(actor, 'source.stop', id, { run })
    return stopped
  }

  /** The latest runs, newest first; also of definitions that were run without being added. */
  log(id: string, limit = 20): Promise<store.RunRow[]> {
    return store.runsOf(this.#deps.db, id, limit)
  }

  /** Runs a source that was added, by its stored definition. */
  async runById(id: string, options: RunOptions = {}): Promise<RunReport> {
    return this.run((await this.get(id)).definition, options)
  }

  /**
   * Runs a definition once, added or not: every part, one after another, or the one that is asked for. Throws Problem 409
   * while the same is running; a run that fails is reported with outcome `failed` and its reason, and the other parts go on.
   */
  async run(definition: Definition, options: RunOptions = {}): Promise<RunReport> {
    const { id, from } = definition
    if ((from.mqtt || from.webhook) && options.from === undefined)
      throw new Problem(409, 'source-is-pushed', `"${id}" is pushed to; only a path can be run (--from PATH).`)
    const alone = options.part ?? (options.from !== undefined && !options.others ? MAIN : undefined)
    const several = partsOf(definition).length > 1
    const reports: RunReport[] = []
    for (const part of chosenParts(definition, alone)) {
      const first = reports.length === 0
      // Another part that runs by itself at this moment need not run again.
      if (!first && this.#runs.isRunning(id, part.name)) continue
      const { from: given, calledAs, onStart, ...rest } = options
      const own = first ? options : rest
      try {
        reports.push(await this.#runs.run(part, several, own))
      } catch (error) {
        if (first || !(error instanceof Problem) || error.code !== 'source-running') throw error
      }
    }
    return together(reports)
  }

  /** Begins the work of the one process that holds schedules and pushes: ends dead runs, plans the next ones. */
  async start(jobs: Jobs): Promise<void> {
    await this.#runs.endDead()
    this.#jobs = jobs
    const due = (data: JobData) => this.#due(String(data.source), String(data.part ?? MAIN))
    await jobs.work(QUEUE.seldom, 1, due)
    await jobs.work(QUEUE.often, 2, due)
    for (const { paused, definition, parts } of await this.list()) {
      if (paused) continue
      for (const part of partsOf(definition)) {
        const next = parts.find(({ name }) => name === part.name)?.nextRun
        if (next) await this.#plan(part, new Date(next))
      }
    }
    await this.pushed.reload()
    await this.drafts.start()
  }

  /** The city's time zone changed: what is planned by the clock on the wall is planned anew. */
  async replan(): Promise<void> {
    const { timeZone } = this.#deps
    for (const { paused, definition, parts } of await this.list()) {
      if (paused) continue
      for (const part of partsOf(definition)) {
        const state = parts.find(({ name }) => name === part.name)
        // One with a zone of its own, or tried again after a failure, is not moved by it.
        if (!part.own || state?.health.state === 'broken') continue
        if (!part.definition.schedule?.cron || definition.timeZone) continue
        const now = Date.now()
        if (state?.nextRun && Date.parse(state.nextRun) <= now) continue
        await this.#planned(part, nextRun(part.definition, timeZone(), now, now, 0))
      }
    }
  }

  /** Stops running imports at their next batch and waits for what is pushed. */
  async stop(): Promise<void> {
    this.#jobs = undefined
    this.drafts.stop()
    await this.#runs.stop()
    await this.pushed.drain()
  }

  /** Notes when a part runs next, and sees to it. */
  async #planned(part: SourcePart, next: Date | null): Promise<void> {
    const which = { source: part.definition.id, part: part.name === MAIN ? null : part.name }
    await store.setNextRun(this.#deps.db, which, next)
    await this.#plan(part, next)
  }

  async #plan({ name, definition: { id, schedule } }: SourcePart, next: Date | null): Promise<void> {
    if (!this.#jobs || !next) return
    const often = schedule?.every !== undefined && parseDuration(schedule.every).seconds <= OFTEN_S
    const queue = often ? QUEUE.often : QUEUE.seldom
    await this.#jobs.enqueue(queue, { source: id, part: name }, { startAfter: next, singletonKey: `${id}/${name}` })
  }

  /** A job came up: runs the part if it is really due, and plans its next run. */
  async #due(id: string, name: string): Promise<void> {
    const { db, timeZone } = this.#deps
    const row = await store.findSource(db, id)
    if (!row || row.paused) return
    const definition = checkDefinition(row.yaml, id)
    const parts = partsOf(definition)
    const part = parts.find((one) => one.name === name)
    const state = name === MAIN ? row : (await store.partRows(db, id)).find((one) => one.part === name)
    if (!part || !state || state.nextRun === null) return
    const wanted = Date.parse(state.nextRun)
    if (wanted > Date.now() + 1000) return void (await this.#plan(part, new Date(wanted)))
    const started = Date.now()
    // What belongs to the main part waits until that was good once, instead of failing for want of it.
    if (name !== MAIN && row.lastGood === null)
      return this.#planned(part, nextRun(part.definition, timeZone(), started, started, 1))
    let failures = state.failures
    try {
      const report = await this.run(definition, { trigger: 'schedule', part: name })
      failures = report.outcome === 'failed' ? failures + 1 : 0
      // Those without a schedule of their own follow the main part.
      if (name === MAIN)
        for (const { own, name: follower } of parts)
          if (!own) await this.run(definition, { trigger: 'schedule', part: follower })
    } finally {
      await this.#planned(part, nextRun(part.definition, timeZone(), started, Date.now(), failures))
    }
  }

  #workDeps(): WorkDeps {
    return { ...this.#deps, environment: this.#environment, follow: this.#follow }
  }
}

function unknownSource(id: string): Problem {
  return new Problem(404, 'source-unknown', `There is no source "${id}".`)
}

/** The part of that name, or all. Throws Problem 404 where there is no such part. */
function chosenParts(definition: Definition, name: string | undefined): [SourcePart, ...SourcePart[]] {
  const parts = partsOf(definition)
  const [first, ...others] = name === undefined ? parts : parts.filter((part) => part.name === name)
  if (!first) throw new Problem(404, 'part-unknown', `The source "${definition.id}" has no part "${name}".`)
  return [first, ...others]
}
