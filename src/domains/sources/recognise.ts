import { basename, resolve } from 'node:path'
import { stringify } from 'yaml'
import type { Fetcher } from '../../kernel/fetch/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { type DetectDeps, detectFile } from './detect.ts'
import { type FeedFile, feedDefinition, type RecognisedFeed, recogniseFeeds, stemOf } from './detect-feed.ts'
import { definitionOf } from './detect-yaml.ts'
import type { Feed } from './feed.ts'
import { httpInput, type Input, pathInput } from './origin.ts'

interface RecogniseDeps extends DetectDeps {
  feeds: readonly Feed[]
  fetcher: Fetcher
  scratch: string
}

/**
 * The definitions for files that belong together: a feed with all its files (a
 * timetable with its real time), else a mapping of the one table there is.
 * Throws Problem 422 with the reason where a file is nothing this platform can read.
 */
export async function recognise(
  deps: RecogniseDeps,
  paths: readonly string[],
  cwd: string,
  dataset: string | undefined,
): Promise<string[]> {
  const inputs: Input[] = []
  try {
    const files: FeedFile[] = []
    for (const path of paths) {
      const isAddress = /^https?:\/\//.test(path)
      const input = isAddress
        ? await httpInput({ from: { http: { url: path } } }, deps.fetcher, deps.scratch, {}, null, undefined)
        : await pathInput(path, cwd, 100_000)
      inputs.push(input!)
      files.push(...filesOf(input!, isAddress ? { http: { url: path } } : { file: { path: resolve(cwd, path) } }))
    }
    return await definitions(deps, files, dataset)
  } finally {
    for (const input of inputs) await input.close()
  }
}

/** The files of one path or address. The tables of a timetable in one folder are one: the folder. */
function filesOf({ files }: Input, from: FeedFile['from']): FeedFile[] {
  const stops = files.find(({ name }) => name === 'stops.txt')
  if (stops && 'file' in from) return [{ ...stops, from, folder: files }]
  return files.map(({ path, name }) => ({
    path,
    name,
    from: 'file' in from && files.length > 1 ? { file: { path } } : from,
  }))
}

async function definitions(deps: RecogniseDeps, files: FeedFile[], dataset: string | undefined): Promise<string[]> {
  const { feeds, rest } = await recogniseFeeds(deps, files)
  if (feeds.length === 0 && rest.length === 1) return [await mapping(deps, rest[0]!, dataset)]
  if (rest.length > 0) {
    const why = feeds.length === 0 ? 'no feed, so each needs a source of its own' : 'not part of the feed'
    throw new Problem(422, 'format-unknown', `${rest.map(({ name }) => name).join(', ')}: ${why}.`)
  }
  const sources = withLive(feeds)
  for (const one of sources) one.title = await titleOf(one)
  return sources.map((one, index) => {
    const id = index > 0 && dataset !== undefined ? `${dataset}-${one.feed.id}` : undefined
    const title =
      index > 0 && dataset !== undefined ? (sources[0]!.title ?? stemOf(sources[0]!.files[0]!.name)) : undefined
    return feedDefinition(one, { id, dataset, title })
  })
}

/** A timetable and its real time are one source. */
function withLive(feeds: readonly RecognisedFeed[]): RecognisedFeed[] {
  const timetable = feeds.find(({ feed }) => feed.id === 'gtfs')
  const live = timetable && feeds.find(({ feed }) => feed.id === 'gtfs-rt')
  if (!live) return [...feeds]
  const others = feeds.filter((one) => one !== live && one !== timetable)
  return [{ ...timetable, live: live.files }, ...others]
}

/** What the feed calls itself; else the folder it lies in, where it is one. */
async function titleOf({ feed, files: [first] }: RecognisedFeed): Promise<string | undefined> {
  const inputs = first!.folder ?? [first!]
  const name = 'apply' in feed && feed.nameOf ? await feed.nameOf(inputs) : null
  return name ?? (first!.folder && 'file' in first!.from ? basename(first!.from.file.path) : undefined)
}

async function mapping(deps: DetectDeps, file: FeedFile, dataset: string | undefined): Promise<string> {
  const { path, name, from } = file
  const detection = await detectFile(deps, { path, name, from })
  if (!detection.mapping || detection.problem)
    throw new Problem(422, 'not-recognised', `${name}: ${detection.problem?.en ?? 'nothing was recognised'}`)
  const definition = definitionOf(detection.mapping)
  if (dataset !== undefined) Object.assign(definition, { id: dataset, dataset: { ...definition.dataset, id: dataset } })
  return stringify(definition, { lineWidth: 0 })
}
