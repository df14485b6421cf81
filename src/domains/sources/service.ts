import type { Database } from '../../kernel/db/index.ts'
import type { Fetcher } from '../../kernel/fetch/index.ts'
import type { Jobs } from '../../kernel/jobs/index.ts'
import type { Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Access, Actor } from '../access/index.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Sensing } from '../sensing/index.ts'
import { checkDefinition } from './check.ts'
import type { Definition } from './definition.ts'
import { Drafts } from './drafts.ts'
import { type Feed, isFeedType } from './feed.ts'
import { Follow } from './feed-follow.ts'
import { countRun } from './figures.ts'
import { type Health, healthOf, nextRun } from './health.ts'
import { beyondLimit } from './limit.ts'
import { FileError, type Format, type Progress, type RunFigures, type RunReport, type Unpack } from './model.ts'
import { entriesOf } from './origin.ts'
import { type PreviewRow, previewFeed, previewRows } from './preview.ts'
import { dropPushSecret } from './push-secrets.ts'
import { PushedSources } from './pushed.ts'
import { keepRejected } from './run-log.ts'
import { type RunningRun, RunningRuns } from './running.ts'
import * as store from './store.ts'
import { feedWork, mappedWork, openInput, type Work, type WorkDeps } from './work.ts'

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
  /** The city's time zone. */
  timeZone: () => string
  /** Where `$SOURCE_…` in a definition is looked up. */
  environment?: Record<string, string | undefined>
}

export interface SourceInfo {
  id: string
  title: string
  dataset: string
  kind: 'http' | 'file' | 'mqtt' | 'webhook'
  version: number
  paused: boolean
  /** Scheduled by itself; false = manual or pushed to. */
  scheduled: boolean
  health: Health
  nextRun: string | null
  lastGood: string | null
  definition: Definition
}

export interface RunOptions {
  /** Read this file or folder (a feed: these) instead of the definition's origin. */
  from?: string | readonly string[]
  /** What relative paths are relative to. */
  cwd?: string
  trigger?: 'schedule' | 'command'
  /** Do not ask whether the address is unmodified. */
  full?: boolean
  /** The run has its number and begins. */
  onStart?: (run: number) => void
  onProgress?: (progress: Progress) => void
  signal?: AbortSignal
}

const QUEUE = 'source'

/** Connects data without code: definitions, their runs, their health, and what is pushed to them. */
export class Sources {
  readonly #deps: SourcesDeps
  readonly #environment: Record<string, string | undefined>
  readonly #running = new Map<string, Promise<unknown>>()
  readonly #progress = new RunningRuns()
  readonly #follow = new Follow()
  readonly pushed: PushedSources
  /** Sources on their way, by form. */
  readonly drafts: Drafts
  #jobs: Jobs | undefined
  readonly #stopping = new AbortController()

  constructor(deps: SourcesDeps) {
    this.#deps = deps
    this.#environment = deps.environment ?? {}
    this.drafts = new Drafts(deps, this)
    this.pushed = new PushedSources({
      ...deps,
      environment: this.#environment,
      readerOf: (definition) => this.#feedOf(definition) ?? this.#formatOf(definition),
      datasetOf: async (definition) => (await this.#ensureDataset(definition)).key,
    })
  }

  /** Checks a definition; throws DefinitionError with every mistake. Its id is `defaultId` where it names none. */
  check(yaml: string, defaultId?: string): Definition {
    const definition = checkDefinition(yaml, defaultId)
    if (!this.#feedOf(definition)) this.#formatOf(definition)
    return definition
  }

  /** The first rows of what a source reads, beside what the mapping makes of them. Writes nothing. */
  async preview(definition: Definition, limit: number, options: RunOptions = {}): Promise<PreviewRow[]> {
    const feed = this.#feedOf(definition)
    if (feed) return previewFeed(this.#workDeps(), definition, feed, limit, options)
    const input = await openInput(this.#workDeps(), definition, options)
    if (!input) return []
    try {
      const { unpack, timeZone } = this.#deps
      const entries = (wanted: (path: string) => boolean) => entriesOf(input, definition, unpack, wanted, () => {})
      return await previewRows(definition, timeZone(), this.#formatOf(definition), entries, limit)
    } finally {
      await input.close()
    }
  }

  /** Keeps a definition and schedules it, at once or (`later`) a distance from now. Adding an id again makes a new version. */
  async add(definition: Definition, actor: Actor, { later = false } = {}): Promise<SourceInfo> {
    const { db, access } = this.#deps
    access.require(actor, 'manage', 'platform')
    const now = Date.now()
    const regular = nextRun(definition, this.#deps.timeZone(), later ? now : 0, now, 0)
    const next = later ? regular : regular && new Date(now)
    await db.transaction(async (tx) => {
      const version = await store.keepDefinition(tx, definition.id, definition.yaml)
      await store.upsertSource(tx, definition.id, version, next)
    })
    await access.audit(actor, 'source.add', definition.id, { dataset: definition.dataset.id ?? definition.id })
    await this.#plan(definition.id, next)
    await this.pushed.reload()
    return this.get(definition.id)
  }

  async list(): Promise<SourceInfo[]> {
    return (await store.allSources(this.#deps.db)).map((row) => this.#info(row))
  }

  /** 404 when there is no such source. */
  async get(id: string): Promise<SourceInfo> {
    return this.#info(await this.#row(id))
  }

  /** Forgets a source. What it brought stays, and so do its log and its definitions. */
  async remove(id: string, actor: Actor): Promise<void> {
    const { db, access } = this.#deps
    access.require(actor, 'manage', 'platform')
    if (!(await store.deleteSource(db, id))) throw unknownSource(id)
    await dropPushSecret(db, id)
    await access.audit(actor, 'source.remove', id)
    await this.pushed.reload()
  }

  /** A paused source neither runs by itself nor takes what is pushed to it. */
  async pause(id: string, paused: boolean, actor: Actor): Promise<SourceInfo> {
    const { db, access } = this.#deps
    access.require(actor, 'manage', 'platform')
    const { definition } = await this.get(id)
    const next = paused ? null : nextRun(definition, this.#deps.timeZone(), Date.now(), Date.now(), 0)
    await store.pauseSource(db, id, paused, next)
    await access.audit(actor, paused ? 'source.pause' : 'source.resume', id)
    await this.#plan(id, next)
    await this.pushed.reload()
    return this.get(id)
  }

  /**
   * Runs a source that was added in the background and answers the number of the run. Throws Problem 409 while it is
   * running, 403 for who may not.
   */
  async begin(id: string, actor: Actor): Promise<number> {
    this.#deps.access.require(actor, 'manage', 'platform')
    const { definition } = await this.get(id)
    await this.#deps.access.audit(actor, 'source.run', id)
    return new Promise((onStart, reject) => {
      this.run(definition, { full: true, onStart }).catch(reject)
    })
  }

  /** How far the run of a source is that is under way in this process, if one is. */
  running(id: string): RunningRun | undefined {
    return this.#progress.of(id)
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
   * Runs a definition once, added or not. Throws Problem 409 while the same source is running; a run that fails is
   * reported with outcome `failed` and its reason.
   */
  async run(definition: Definition, options: RunOptions = {}): Promise<RunReport> {
    const { id } = definition
    if (definition.from.mqtt || definition.from.webhook) {
      if (options.from === undefined)
        throw new Problem(409, 'source-is-pushed', `"${id}" is pushed to; only a path can be run (--from PATH).`)
    }
    if (this.#running.has(id)) throw alreadyRunning(id)
    const work = store.whileAlone(this.#deps.db, id, () => this.#runAlone(definition, options))
    this.#running.set(id, work)
    try {
      const done = await work
      if (!done) throw alreadyRunning(id)
      return done.result
    } finally {
      this.#running.delete(id)
    }
  }

  /** Begins the work of the one process that holds schedules and pushes: ends dead runs, plans the next ones. */
  async start(jobs: Jobs): Promise<void> {
    const { db, log } = this.#deps
    for (const source of await store.unfinishedSources(db)) {
      const ended = await store.whileAlone(db, source, () => store.endInterrupted(db, source))
      if (ended?.result)
        log.warn({ source, runs: ended.result }, 'a run was interrupted; run the source again to complete it')
    }
    this.#jobs = jobs
    await jobs.work(QUEUE, 1, (data) => this.#due(String(data.source)))
    for (const row of await store.allSources(db)) {
      if (row.nextRun !== null && !row.paused) await this.#plan(row.id, new Date(row.nextRun))
    }
    await this.pushed.reload()
    await this.drafts.start()
  }

  /** The city's time zone changed: what is planned by the clock on the wall is planned anew. */
  async replan(): Promise<void> {
    const { db, timeZone } = this.#deps
    for (const row of await store.allSources(db)) {
      const { definition } = this.#info(row)
      // One with a zone of its own, or tried again after a failure, is not moved by it.
      if (row.paused || row.failures > 0 || !definition.schedule?.cron || definition.timeZone) continue
      const now = Date.now()
      if (row.nextRun !== null && Date.parse(row.nextRun) <= now) continue
      const next = nextRun(definition, timeZone(), now, now, 0)
      await store.setNextRun(db, row.id, next)
      await this.#plan(row.id, next)
    }
  }

  /** Stops running imports at their next batch and waits for what is pushed. */
  async stop(): Promise<void> {
    this.#jobs = undefined
    this.drafts.stop()
    this.#stopping.abort(new FileError('the platform is stopping'))
    await Promise.allSettled(this.#running.values())
    await this.pushed.drain()
  }

  async #plan(id: string, next: Date | null): Promise<void> {
    if (!this.#jobs || !next) return
    await this.#jobs.enqueue(QUEUE, { source: id }, { startAfter: next, singletonKey: id })
  }

  /** A job came up: runs the source if it is really due, and plans its next run. */
  async #due(id: string): Promise<void> {
    const { db, timeZone } = this.#deps
    const row = await store.findSource(db, id)
    if (!row || row.paused || row.nextRun === null) return
    const wanted = Date.parse(row.nextRun)
    if (wanted > Date.now() + 1000) return void (await this.#plan(id, new Date(wanted)))
    const { definition } = this.#info(row)
    const started = Date.now()
    let failures = row.failures
    try {
      const report = await this.run(definition, { trigger: 'schedule' })
      failures = report.outcome === 'failed' ? row.failures + 1 : 0
    } finally {
      const next = nextRun(definition, timeZone(), started, Date.now(), failures)
      await store.setNextRun(db, id, next)
      await this.#plan(id, next)
    }
  }

  async #runAlone(definition: Definition, options: RunOptions): Promise<RunReport> {
    const { db, log } = this.#deps
    const { id } = definition
    await store.endInterrupted(db, id)
    const started = Date.now()
    const dataset = await this.#ensureDataset(definition)
    const version = await db.transaction((tx) => store.keepDefinition(tx, id, definition.yaml))
    const row = await store.findSource(db, id)
    const stored = row?.version === version ? row : undefined
    const trigger = options.trigger ?? 'command'
    const given = typeof options.from === 'string' ? options.from : options.from?.join(', ')
    const origin = given ?? definition.from.http?.url ?? definition.from.file?.path ?? id
    const number = await store.startRun(db, { source: id, version, dataset: dataset.key, trigger, origin })
    const watched = this.#progress.begin(id, number)
    options.onStart?.(number)
    const work = this.#work(definition, { id: number, dataset: dataset.key })
    const finished = (outcome: RunReport['outcome'], figures: RunFigures, error?: string): RunReport => {
      countRun(id, outcome, figures)
      return {
        source: id,
        dataset: dataset.id,
        run: number,
        outcome,
        ...(error === undefined ? {} : { error }),
        ...figures,
        seconds: (Date.now() - started) / 1000,
        newest: work.newest() || null,
      }
    }
    try {
      const validators =
        stored && !options.full && options.from === undefined
          ? { etag: stored.etag, lastModified: stored.lastModified }
          : null
      const signals = [this.#stopping.signal, watched.signal, ...(options.signal ? [options.signal] : [])]
      const signal = AbortSignal.any(signals)
      const onProgress = (progress: Progress) => {
        watched.report(progress)
        options.onProgress?.(progress)
      }
      const read = await work.read({ ...options, signal, onProgress, validators })
      const figures = work.figures()
      const outcome = !read
        ? 'unmodified'
        : beyondLimit(definition, figures.read, figures.rejected)
          ? 'rejections'
          : 'ok'
      await store.updateRun(db, number, figures, outcome)
      if (stored) await store.noteGood(db, id, dataset.key, read?.validators ?? null)
      log.info({ source: id, run: number, outcome, ...figures, rejections: undefined }, 'source run')
      return finished(outcome, figures)
    } catch (error) {
      const cause = causeOf(error)
      await work.settle().catch(() => {})
      const figures = work.figures()
      await store.updateRun(db, number, figures, 'failed', cause)
      if (stored) await store.noteFailure(db, id, cause)
      log.warn({ source: id, run: number, cause }, 'source run failed')
      return finished('failed', figures, cause)
    } finally {
      await keepRejected(db, { id: number, source: id }, work.rejections.rows).catch((error: Error) =>
        log.warn({ source: id, run: number, error: error.message }, 'rejected rows could not be kept'),
      )
      this.#progress.end(id, number)
    }
  }

  #formatOf(definition: Definition): Format {
    const format = this.#deps.formats.find(({ id }) => id === definition.format.type)
    if (!format) throw new Problem(400, 'format-unknown', `This platform cannot read "${definition.format.type}".`)
    return format
  }

  /** The feed of a definition; undefined for a mapping. Throws Problem 400 where this platform has no such feed. */
  #feedOf({ format: { type } }: Definition): Feed | undefined {
    if (!isFeedType(type)) return undefined
    const feed = this.#deps.feeds.find(({ id }) => id === type)
    if (!feed) throw new Problem(400, 'format-unknown', `This platform cannot read "${type}".`)
    return feed
  }

  #work(definition: Definition, target: { id: number; dataset: number }): Work {
    const feed = this.#feedOf(definition)
    return feed
      ? feedWork(this.#workDeps(), definition, feed, target)
      : mappedWork(this.#workDeps(), definition, this.#formatOf(definition), target)
  }

  #workDeps(): WorkDeps {
    return { ...this.#deps, environment: this.#environment, follow: this.#follow }
  }

  #ensureDataset({ id, dataset }: Definition) {
    return this.#deps.catalog.ensure({ ...dataset, id: dataset.id ?? id })
  }

  async #row(id: string): Promise<store.SourceRow> {
    const row = await store.findSource(this.#deps.db, id)
    if (!row) throw unknownSource(id)
    return row
  }

  #info(row: store.SourceRow): SourceInfo {
    const definition = checkDefinition(row.yaml, row.id)
    const { from, schedule } = definition
    const kind = from.http ? 'http' : from.file ? 'file' : from.mqtt ? 'mqtt' : 'webhook'
    const health = healthOf({ ...row, definition, defaultZone: this.#deps.timeZone() }, Date.now())
    return {
      id: row.id,
      title: definition.title,
      dataset: definition.dataset.id ?? row.id,
      kind,
      version: row.version,
      paused: row.paused,
      scheduled: (schedule?.every ?? schedule?.cron) !== undefined,
      health,
      nextRun: row.nextRun,
      lastGood: row.lastGood,
      definition,
    }
  }
}

function causeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'AbortError') return 'The run was stopped.'
  return error instanceof Error ? error.message : String(error)
}

function unknownSource(id: string): Problem {
  return new Problem(404, 'source-unknown', `There is no source "${id}".`)
}

function alreadyRunning(id: string): Problem {
  return new Problem(409, 'source-running', `The source "${id}" is running at this moment.`)
}
