import { resolve } from 'node:path'
import { stringify } from 'yaml'
import { Problem } from '../../kernel/problem.ts'
import { type DetectDeps, detectFile } from './detect.ts'
import { type FeedFile, feedDefinition, idOf, recogniseFeeds, stemOf } from './detect-feed.ts'
import { definitionOf } from './detect-yaml.ts'
import type { Feed } from './feed.ts'
import { pathInput } from './origin.ts'

/**
 * The definitions for files that belong together: a feed with all its files, else a mapping of the one table there is.
 * Throws Problem 422 with the reason where a file is nothing this platform can read.
 */
export async function recognise(
  deps: DetectDeps & { feeds: readonly Feed[] },
  paths: readonly string[],
  cwd: string,
  dataset: string | undefined,
): Promise<string[]> {
  const files: FeedFile[] = []
  for (const path of paths) {
    const input = await pathInput(path, cwd, 100_000)
    for (const { path: full, name } of input.files)
      files.push({ path: full, name, from: { file: { path: input.files.length > 1 ? full : resolve(cwd, path) } } })
  }
  const { feeds, rest } = await recogniseFeeds(deps, files)
  if (feeds.length === 0 && rest.length === 1) return [await mapping(deps, rest[0]!, dataset)]
  if (rest.length > 0) {
    const why = feeds.length === 0 ? 'no feed, so each needs a source of its own' : 'not part of the feed'
    throw new Problem(422, 'format-unknown', `${rest.map(({ name }) => name).join(', ')}: ${why}.`)
  }
  // A timetable and its real time are sources of their own on one dataset, the timetable first.
  const transit = feeds.filter(({ feed }) => feed.id === 'gtfs' || feed.id === 'gtfs-rt')
  const ordered = [
    ...transit.sort((a, b) => (a.feed.id < b.feed.id ? -1 : 1)),
    ...feeds.filter((one) => !transit.includes(one)),
  ]
  const shared = dataset ?? (transit.length > 1 ? idOf(transit[0]!) : undefined)
  return ordered.map((one, index) => {
    const together = dataset !== undefined || transit.includes(one) ? shared : undefined
    const id = index > 0 && together !== undefined ? `${together}-${one.feed.id}` : undefined
    const title = index > 0 && together !== undefined ? stemOf(ordered[0]!.files[0]!.name) : undefined
    return feedDefinition(one, { id, dataset: together, title })
  })
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
