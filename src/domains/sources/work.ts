import type { Database } from '../../kernel/db/index.ts'
import type { Sensing } from '../sensing/index.ts'
import type { Definition } from './definition.ts'
import { parseDuration } from './duration.ts'
import type { ApplyContext, ApplyingFeed, Feed, ItemFeed } from './feed.ts'
import { type FeedDeps, type OpenFeed, openFeed, validatorsOf } from './feed-inputs.ts'
import { FeedRun } from './feed-run.ts'
import { Mapper } from './mapper.ts'
import { FileError, type Format, type Progress, type RunFigures } from './model.ts'
import { entriesOf, httpInput, type Input, limitsOf, pathInput } from './origin.ts'
import type { RawFile } from './raw.ts'
import { Rejections } from './rejections.ts'
import { Run, readAll } from './run.ts'
import type { Validators } from './store.ts'

export interface WorkDeps extends FeedDeps {
  db: Database
  sensing: Sensing
  timeZone: () => string
}

export interface WorkOptions {
  /** Read this file or folder (a feed: these) instead of the definition's origin. */
  from?: string | readonly string[]
  cwd?: string
  signal?: AbortSignal
  /** Of the last good answers; null: everything is read. */
  validators?: Validators | null
  /** Gets what was read before it is gone: `good` when it was of use, `whole` when nothing was left out as unchanged. */
  keep?: (files: readonly RawFile[], how: { good: boolean; whole: boolean }) => Promise<void>
  onProgress?: (progress: Progress) => void
}

/** What one run does between its first and its last line in the log. */
export interface Work {
  readonly rejections: Rejections
  /** Greatest time of a value, ISO; empty when there was none. */
  newest(): string
  figures(): RunFigures
  /** Reads and stores everything. Null when the origin is unmodified, else what to send with the next request. */
  read(options: WorkOptions): Promise<{ validators: Validators } | null>
  /** After a failure: stores what was read before it. */
  settle(): Promise<void>
}

interface Target {
  id: number
  dataset: number
}

/** By a mapping: files to rows to observations and, with a concept, features. */
export function mappedWork(deps: WorkDeps, definition: Definition, format: Format, target: Target): Work {
  const mapper = new Mapper(definition, deps.timeZone())
  const run = new Run(deps, definition, format, mapper, target)
  return {
    rejections: mapper.rejections,
    newest: () => mapper.newest,
    figures: () => run.figures(),
    settle: () => run.finish(),
    async read(options) {
      const input = await openInput(deps, definition, options)
      if (!input) return null
      let share = 0
      let good = false
      try {
        const count = (bytes: number) => {
          share = input.bytes > 0 ? Math.min(1, bytes / input.bytes) : 1
        }
        const entries = entriesOf(input, definition, deps.unpack, (path) => mapper.wants(path), count)
        const several = definition.from.files !== undefined
        const report = (progress: Progress) => options.onProgress?.({ ...progress, share })
        const files = await readAll(run, entries, several, report, options.signal)
        if (files === 0) throw new FileError(`no file of ${input.origin} matches from.files`)
        await run.finish()
        await run.complete()
        good = true
        return { validators: validatorsOf([input]) }
      } finally {
        const { origin } = input
        if (!options.signal?.aborted)
          await options.keep?.(
            input.files.map((file) => ({ ...file, origin, role: null })),
            { good, whole: true },
          )
        await input.close()
      }
    },
  }
}

/** The one origin of a mapping: a path, else the definition's file or address; null when that is unmodified. */
export async function openInput(deps: FeedDeps, definition: Definition, options: WorkOptions): Promise<Input | null> {
  const { from } = definition
  const { from: given } = options
  if (given !== undefined && typeof given !== 'string' && given.length !== 1)
    throw new FileError(`a source of type ${definition.format.type} reads one path, not ${given.length}`)
  const path = (typeof given === 'string' ? given : given?.[0]) ?? from.file?.path
  if (path !== undefined) return pathInput(path, options.cwd ?? process.cwd(), limitsOf(definition).entries)
  if (!from.http) throw new FileError('this source is pushed to: give a path to read from')
  const { fetcher, scratch, environment } = deps
  return httpInput(
    definition,
    fetcher,
    scratch,
    environment,
    options.validators?.get(from.http.url) ?? null,
    options.signal,
  )
}

/** By a feed, which says itself what everything means. */
export function feedWork(deps: WorkDeps, definition: Definition, feed: Feed, target: Target): Work {
  return 'apply' in feed ? applied(deps, definition, feed, target) : itemised(deps, definition, feed, target)
}

const openedFor = (deps: WorkDeps, definition: Definition, feed: Feed, options: WorkOptions) =>
  openFeed(deps, definition, feed, {
    ...(options.from === undefined ? {} : { paths: typeof options.from === 'string' ? [options.from] : options.from }),
    cwd: options.cwd ?? process.cwd(),
    signal: options.signal,
    validators: options.validators ?? null,
  })

function itemised(deps: WorkDeps, definition: Definition, feed: ItemFeed, target: Target): Work {
  const run = new FeedRun(deps, definition, target)
  return {
    rejections: run.rejections,
    newest: () => run.newest,
    figures: () => run.figures(),
    settle: () => run.finish(),
    async read(options) {
      const opened = await openedFor(deps, definition, feed, options)
      if (!opened) return null
      const started = Date.now()
      let good = false
      try {
        await run.read(feed, opened.inputs, options.signal, (rows) =>
          options.onProgress?.({ rows, values: rows, seconds: (Date.now() - started) / 1000 }),
        )
        await run.finish()
        await run.complete()
        opened.settle()
        good = true
        return { validators: opened.validators }
      } finally {
        await kept(opened, options, good)
        await opened.close()
      }
    },
  }
}

/** Hands on what was read, unless somebody stopped the run. */
async function kept({ inputs, whole }: OpenFeed, options: WorkOptions, good: boolean): Promise<void> {
  if (!options.signal?.aborted) await options.keep?.(inputs, { good, whole })
}

function applied(deps: WorkDeps, definition: Definition, feed: ApplyingFeed, target: Target): Work {
  let figures: RunFigures = { read: 0, accepted: 0, unchanged: 0, corrected: 0, rejected: 0, rejections: [] }
  let newest = ''
  const contextOf = (options: WorkOptions, opened: { name: string; origin: string }): ApplyContext => {
    const started = Date.now()
    const limits = limitsOf(definition)
    return {
      ...opened,
      maxDocumentBytes: limits.document,
      signal: options.signal,
      db: deps.db,
      limits: { maxEntries: limits.entries, maxBytes: limits.unpacked },
      source: definition.id,
      part: definition.part ?? null,
      dataset: target.dataset,
      run: target.id,
      every:
        options.from === undefined && definition.schedule?.every
          ? parseDuration(definition.schedule.every).seconds
          : null,
      timeZone: deps.timeZone(),
      dated: (time) => {
        if (time > newest) newest = time
      },
      progress: ({ rows, share }) =>
        options.onProgress?.({ rows, values: rows, seconds: (Date.now() - started) / 1000, share }),
    }
  }
  return {
    rejections: new Rejections(),
    newest: () => newest,
    figures: () => figures,
    settle: async () => {},
    async read(options) {
      const opened = await openedFor(deps, definition, feed, options)
      if (!opened) {
        await feed.unchanged?.(contextOf(options, { name: '', origin: '' }))
        return null
      }
      let good = false
      try {
        const context = contextOf(options, { name: opened.inputs[0]!.name, origin: opened.origin })
        figures = await feed.apply(opened.inputs, definition.format, context)
        good = true
        return { validators: opened.validators }
      } finally {
        await kept(opened, options, good)
        await opened.close()
      }
    },
  }
}
