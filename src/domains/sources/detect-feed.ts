import { basename } from 'node:path'
import { stringify } from 'yaml'
import { words } from './detect-model.ts'
import { slug } from './detect-words.ts'
import type { Feed, FeedGuess } from './feed.ts'
import { headOf, rawHead, unpacked } from './feed-inputs.ts'
import { FileError, type Unpack } from './model.ts'

/** How often a live feed is asked. */
export const LIVE = '30s'

export interface FeedFile {
  /** Where it lies. */
  path: string
  name: string
  /** What a definition says of it: the path as given, or an address. */
  from: { file: { path: string } } | { http: { url: string } }
  /** All files of the folder it stands for. */
  folder?: readonly { path: string; name: string }[]
}

export interface RecognisedFile extends FeedFile {
  guess: FeedGuess
}

/** Files that belong to one feed, the static one first. */
export interface RecognisedFeed {
  feed: Feed
  files: RecognisedFile[]
  /** What it calls itself, where it says so. */
  title?: string | undefined
  /** Live feeds that belong to it and are read by themselves. */
  live?: RecognisedFile[]
}

/** Asks every feed which files are its own; those nobody knows are left over. */
export async function recogniseFeeds(
  deps: { feeds: readonly Feed[]; unpack: Unpack },
  files: readonly FeedFile[],
): Promise<{ feeds: RecognisedFeed[]; rest: FeedFile[] }> {
  const found = new Map<Feed, RecognisedFile[]>()
  const rest: FeedFile[] = []
  for (const file of files) {
    const best = await bestOf(deps, file)
    if (best) found.set(best.feed, [...(found.get(best.feed) ?? []), { ...file, guess: best.guess }])
    else rest.push(file)
  }
  const first = ({ guess }: RecognisedFile) => (guess.role === 'static' ? 0 : 1)
  const feeds = [...found].map(([feed, its]) => ({ feed, files: its.sort((a, b) => first(a) - first(b)) }))
  return { feeds: feeds.sort((a, b) => first(a.files[0]!) - first(b.files[0]!)), rest }
}

async function bestOf(
  { feeds, unpack }: { feeds: readonly Feed[]; unpack: Unpack },
  { path, name }: FeedFile,
): Promise<{ feed: Feed; guess: FeedGuess } | null> {
  const raw = await rawHead(path)
  const plain = await headOf(unpacked(unpack, {}, { path, name })).catch((error: unknown) => {
    if (error instanceof FileError) return null
    throw error
  })
  let best: { feed: Feed; guess: FeedGuess } | null = null
  for (const feed of feeds) {
    const head = 'apply' in feed ? raw : plain
    const guess = head && feed.detect({ name, head })
    if (guess && guess.confidence > (best?.guess.confidence ?? 0)) best = { feed, guess }
  }
  return best
}

/** The definition for the files of a feed. `dataset` names the dataset, and the source where it is the only one. */
export function feedDefinition(
  { feed, files, title, live = [] }: RecognisedFeed,
  given: { id?: string; dataset?: string; title?: string },
): string {
  const [main, ...others] = files
  const stem = title ?? stemOf(main!.name)
  const id = given.id ?? given.dataset ?? idOf({ feed, files, title })
  const companions = others.map(({ guess, from }) => ({ role: guess.role, ...from }))
  const parts = live.map(({ guess, from }, index) => {
    const before = live.slice(0, index).filter((one) => one.guess.role === guess.role).length
    const role = before === 0 ? guess.role : `${guess.role}-${before + 1}`
    return { role: role === 'main' ? 'live' : role, ...from, ...('http' in from ? { schedule: { every: LIVE } } : {}) }
  })
  const document = {
    id,
    title: stem || id,
    dataset: { ...(given.dataset === undefined ? {} : { id: given.dataset }), title: given.title ?? (stem || id) },
    from: main!.from,
    format: { type: feed.id },
    ...(live.length > 0 && 'http' in main!.from ? { schedule: { every: '1d' } } : {}),
    ...(companions.length + parts.length > 0 ? { with: [...companions, ...parts] } : {}),
  }
  const reasons = [...files, ...live].map(({ name, guess }) => `# ${name}: ${guess.reason}\n`).join('')
  return `# yaml-language-server: $schema=schema.json\n${reasons}${stringify(document, { lineWidth: 0 })}`
}

/** The name of a file without its endings and what only says that it is the static one. */
export const stemOf = (name: string): string =>
  basename(name)
    .replace(/(\.[a-z0-9]+)+$/i, '')
    .replace(/[-_. ]*(static|statisch|table)$/i, '')

/** The id of a source made of a feed's files, by the name of the first. */
const idOf = ({ feed, files, title }: RecognisedFeed): string => slug(title ?? stemOf(files[0]!.name)) || feed.id

/** What a feed was recognised as, in both languages. */
export const feedWords = ({ files }: RecognisedFeed) =>
  words(files[0]!.guess.reasonDe ?? files[0]!.guess.reason, files[0]!.guess.reason)
