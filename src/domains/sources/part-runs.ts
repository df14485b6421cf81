import type { Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Definition } from './definition.ts'
import { type Feed, isFeedType } from './feed.ts'
import { countRun } from './figures.ts'
import { beyondLimit } from './limit.ts'
import { FileError, type Format, type Progress, type RunFigures, type RunReport } from './model.ts'
import { MAIN, type SourcePart } from './parts.ts'
import type { RawFeeds, RawFile } from './raw.ts'
import { keepRejected } from './run-log.ts'
import type { RunningRuns } from './running.ts'
import * as store from './store.ts'
import { feedWork, mappedWork, type Work, type WorkDeps, type WorkOptions } from './work.ts'

export interface PartRunsDeps extends WorkDeps {
  catalog: Catalog
  log: Log
  formats: readonly Format[]
  feeds: readonly Feed[]
  raw: RawFeeds
  progress: RunningRuns
}

export interface PartRunOptions extends Pick<WorkOptions, 'from' | 'cwd' | 'signal' | 'onProgress'> {
  /** What people call the one file that `from` gives: its name or address. */
  calledAs?: string
  trigger?: 'schedule' | 'command'
  /** Do not ask whether the address is unmodified. */
  full?: boolean
  /** The run has its number and begins. */
  onStart?: (run: number) => void
}

/** The runs of sources, part by part: one at a time of each, in the log from its first to its last moment. */
export class PartRuns {
  readonly #deps: PartRunsDeps
  readonly #running = new Map<string, Promise<unknown>>()
  readonly #turns = new Map<string, Promise<void>>()
  readonly #stopping = new AbortController()

  constructor(deps: PartRunsDeps) {
    this.#deps = deps
  }

  /** The feed of a definition; undefined for a mapping. Throws Problem 400 where this platform has no such feed. */
  feedOf({ format: { type } }: Definition): Feed | undefined {
    if (!isFeedType(type)) return undefined
    const feed = this.#deps.feeds.find(({ id }) => id === type)
    if (!feed) throw new Problem(400, 'format-unknown', `This platform cannot read "${type}".`)
    return feed
  }

  /** The format of a mapping. Throws Problem 400 where this platform has no such format. */
  formatOf(definition: Definition): Format {
    const format = this.#deps.formats.find(({ id }) => id === definition.format.type)
    if (!format) throw new Problem(400, 'format-unknown', `This platform cannot read "${definition.format.type}".`)
    return format
  }

  datasetOf({ id, dataset }: Definition) {
    return this.#deps.catalog.ensure({ ...dataset, id: dataset.id ?? id })
  }

  isRunning(source: string, part: string): boolean {
    return this.#running.has(keyOf(source, part))
  }

  /**
   * Runs a part once. Throws Problem 409 while the same part is running; a run that fails is reported with outcome `failed`
   * and its reason.
   */
  async run(part: SourcePart, several: boolean, options: PartRunOptions): Promise<RunReport> {
    const { db } = this.#deps
    const key = keyOf(part.definition.id, part.name)
    if (this.#running.has(key)) throw alreadyRunning(part)
    let run: number | undefined
    const begun = (number: number) => {
      run = number
      options.onStart?.(number)
    }
    const work = this.#inTurn(part, () =>
      store.whileAlone(db, key, () => this.#runAlone(part, several, options, begun)),
    )
    this.#running.set(key, work)
    try {
      const done = await work
      if (!done) throw alreadyRunning(part)
      return done.result
    } finally {
      this.#running.delete(key)
      // Only now: who sees it ended may begin the next.
      if (run !== undefined) this.#deps.progress.end(run)
    }
  }

  /** Parts that describe the same stations take turns. */
  #inTurn<R>({ definition }: SourcePart, work: () => Promise<R>): Promise<R> {
    const feed = this.feedOf(definition)
    if (feed && 'apply' in feed) return work()
    const done = (this.#turns.get(definition.id) ?? Promise.resolve()).then(work)
    const over = done.then(
      () => {},
      () => {},
    )
    this.#turns.set(definition.id, over)
    void over.then(() => {
      if (this.#turns.get(definition.id) === over) this.#turns.delete(definition.id)
    })
    return done
  }

  /** Ends the runs of a process that is no more. */
  async endDead(): Promise<void> {
    const { db, log } = this.#deps
    for (const which of await store.unfinishedSources(db)) {
      const key = keyOf(which.source, which.part ?? MAIN)
      const ended = await store.whileAlone(db, key, () => store.endInterrupted(db, which))
      if (ended?.result)
        log.warn(
          { source: which.source, runs: ended.result },
          'a run was interrupted; run the source again to complete it',
        )
    }
  }

  /** Stops runs at their next batch and waits for them. */
  async stop(): Promise<void> {
    this.#stopping.abort(new FileError('the platform is stopping'))
    await Promise.allSettled(this.#running.values())
  }

  async #runAlone(
    { name, definition }: SourcePart,
    several: boolean,
    options: PartRunOptions,
    begun: (run: number) => void,
  ): Promise<RunReport> {
    const { db, log, progress, raw } = this.#deps
    const { id } = definition
    const which = { source: id, part: name === MAIN ? null : name }
    await store.endInterrupted(db, which)
    const started = Date.now()
    const dataset = await this.datasetOf(definition)
    const version = await db.transaction((tx) => store.keepDefinition(tx, id, definition.yaml))
    const row = await store.findSource(db, id)
    const stored = row?.version === version ? row : undefined
    const trigger = options.trigger ?? 'command'
    const { calledAs } = options
    const given = typeof options.from === 'string' ? options.from : options.from?.join(', ')
    const origin = calledAs ?? given ?? definition.from.http?.url ?? definition.from.file?.path ?? id
    const number = await store.startRun(db, { ...which, version, dataset: dataset.key, trigger, origin })
    const watched = progress.begin(id, number)
    begun(number)
    const work = this.#work(definition, { id: number, dataset: dataset.key })
    const contentAt = () => work.newest() || null
    const finished = (outcome: RunReport['outcome'], figures: RunFigures, error?: string): RunReport => {
      countRun(id, outcome, figures)
      return {
        source: id,
        ...(several ? { part: name } : {}),
        dataset: dataset.id,
        run: number,
        outcome,
        ...(error === undefined ? {} : { error }),
        ...figures,
        seconds: (Date.now() - started) / 1000,
        newest: contentAt(),
      }
    }
    const target = { which, run: number, dataset: dataset.key }
    const called: Partial<RawFile> =
      calledAs === undefined
        ? {}
        : {
            origin: calledAs,
            name: calledAs
              .replace(/[?#].*/s, '')
              .split('/')
              .at(-1)!,
          }
    const keep: WorkOptions['keep'] = (files, how) => {
      const named = files.map((file) => ({ ...file, ...called }))
      return raw.keep(target, definition, this.feedOf(definition), named, how)
    }
    try {
      const conditional = stored && !options.full && options.from === undefined
      const signals = [this.#stopping.signal, watched.signal, ...(options.signal ? [options.signal] : [])]
      const read = await work.read({
        ...options,
        signal: AbortSignal.any(signals),
        onProgress: (done: Progress) => {
          watched.report(done)
          options.onProgress?.(done)
        },
        validators: conditional ? await store.validatorsOf(db, id) : null,
        ...(stored ? { keep } : {}),
      })
      const figures = work.figures()
      const outcome = !read
        ? 'unmodified'
        : beyondLimit(definition, figures.read, figures.rejected)
          ? 'rejections'
          : 'ok'
      await store.updateRun(db, number, figures, outcome)
      if (stored) await store.noteGood(db, which, dataset.key, { validators: read?.validators, contentAt: contentAt() })
      log.info({ source: id, part: name, run: number, outcome, ...figures, rejections: undefined }, 'source run')
      return finished(outcome, figures)
    } catch (error) {
      const cause = causeOf(error)
      await work.settle().catch(() => {})
      const figures = work.figures()
      await store.updateRun(db, number, figures, 'failed', cause)
      if (stored) await store.noteFailure(db, which, cause, contentAt())
      log.warn({ source: id, part: name, run: number, cause }, 'source run failed')
      return finished('failed', figures, cause)
    } finally {
      await keepRejected(db, { id: number, source: id }, work.rejections.rows).catch((error: Error) =>
        log.warn({ source: id, run: number, error: error.message }, 'rejected rows could not be kept'),
      )
    }
  }

  #work(definition: Definition, target: { id: number; dataset: number }): Work {
    const feed = this.feedOf(definition)
    return feed
      ? feedWork(this.#deps, definition, feed, target)
      : mappedWork(this.#deps, definition, this.formatOf(definition), target)
  }
}

/** What is locked: a source, or a part of it. */
const keyOf = (source: string, part: string): string => (part === MAIN ? source : `${source}/${part}`)

function causeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'AbortError') return 'The run was stopped.'
  return error instanceof Error ? error.message : String(error)
}

function alreadyRunning({ name, definition: { id } }: SourcePart): Problem {
  const what = name === MAIN ? `The source "${id}"` : `The part "${name}" of the source "${id}"`
  return new Problem(409, 'source-running', `${what} is running at this moment.`)
}
