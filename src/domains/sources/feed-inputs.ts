import { open } from 'node:fs/promises'
import type { Fetcher } from '../../kernel/fetch/index.ts'
import { compilePattern } from '../../kernel/pattern.ts'
import type { Definition } from './definition.ts'
import type { ApplyInput, Feed } from './feed.ts'
import { type Follow, pagesOf } from './feed-follow.ts'
import { FileError, type Unpack } from './model.ts'
import { httpInput, type Input, limitsOf, pathInput } from './origin.ts'
import type { Validators } from './store.ts'

const HEAD_BYTES = 64 * 1024

export interface FeedDeps {
  fetcher: Fetcher
  unpack: Unpack
  scratch: string
  environment: Record<string, string | undefined>
  /** What is known of the files that feeds name. */
  follow: Follow
}

/** The files of a feed, open together. */
export interface OpenFeed {
  inputs: (ApplyInput & { origin: string })[]
  /** Nothing was left out as unchanged. */
  whole: boolean
  /** Address or path of the first, as people know it. */
  origin: string
  /** What to send with the next requests. */
  validators: Validators
  /** To be called when everything is stored. */
  settle(): void
  close(): Promise<void>
}

interface From {
  /** Read these files or folders instead of the definition's origins. */
  paths?: readonly string[]
  cwd: string
  signal?: AbortSignal
  /** Of the last good answers; null: everything is read. */
  validators: Validators | null
}

/**
 * Opens what belongs to a feed: the definition's `from` and `with`, or the given paths; null when nothing changed. Of
 * several files those that did not change are left out where only live ones did. Static files come first. The bytes are unpacked (gzip, xz, zip with one file) as they are read.
 */
export async function openFeed(
  deps: FeedDeps,
  definition: Definition,
  feed: Feed,
  from: From,
): Promise<OpenFeed | null> {
  const opened: { role: string | undefined; input: Input }[] = []
  const close = async () => void (await Promise.all(opened.map(({ input }) => input.close())))
  const { entries } = limitsOf(definition)
  const http = (one: Definition['from'], validators: Input['validators']) =>
    httpInput(
      { from: one, limits: definition.limits },
      deps.fetcher,
      deps.scratch,
      deps.environment,
      validators,
      from.signal,
    )
  let settle = () => {}
  let whole = true
  const fetchOf = (one: Definition['from']) => (url: string, validators: Input['validators']) =>
    http({ http: { ...one.http!, url } }, validators)
  try {
    if (!from.paths && definition.from.http && 'follow' in feed && feed.follow) {
      const followed = await deps.follow.open(definition, feed, fetchOf(definition.from))
      settle = followed.settle
      whole = false
      for (const one of followed.opened) opened.push(one)
      if (opened.length === 0) return null
    } else if (from.paths) {
      for (const path of from.paths) opened.push({ role: undefined, input: await pathInput(path, from.cwd, entries) })
    } else {
      const parts = [{ role: definition.part, ...definition.from }, ...(definition.with ?? [])]
      const fetchOne = async ({ role, http: address, file }: (typeof parts)[number], known: Validators | null) => {
        if (!address && !file) throw new FileError('this source is pushed to: give a path to read from')
        const input = address
          ? await http({ http: address }, known?.get(address.url) ?? null)
          : await pathInput(file!.path, from.cwd, entries)
        if (!input) return false
        opened.push({ role, input })
        if (!address || !('pages' in feed) || !feed.pages) return true
        const pages = (await pagesOf(input, fetchOf({ http: address }))).slice(1)
        for (const page of pages) opened.push({ role, input: page })
        // The first page alone does not say that the others did not change.
        if (pages.length > 0) for (const { input: page } of opened) page.validators = null
        return true
      }
      const unchanged: typeof parts = []
      for (const part of parts) if (!(await fetchOne(part, from.validators))) unchanged.push(part)
      if (opened.length === 0) return null
      const isLive = async ({ role, input }: (typeof opened)[number]) => {
        const is = role ?? (await roleOf(deps, definition, feed, input.files[0]!, false))
        return is !== null && feed.isLive?.(is) === true
      }
      whole = unchanged.length === 0
      if (!whole && (await Promise.all(opened.map(isLive))).includes(false)) {
        for (const part of unchanged) await fetchOne(part, null)
        whole = true
      }
    }
    const inputs: OpenFeed['inputs'] = []
    const pattern = definition.from.files === undefined ? null : compilePattern(definition.from.files)
    for (const { role, input } of opened) {
      for (const file of input.files) {
        if (pattern && role === undefined && !pattern.test(file.name)) continue
        const several = input.files.length > 1
        const recognised = role ?? (await roleOf(deps, definition, feed, file, several))
        if (recognised === null) continue
        inputs.push({ ...file, origin: input.origin, role: recognised, bytes: unpacked(deps.unpack, definition, file) })
      }
    }
    if (inputs.length === 0) throw new FileError(`no file of ${opened[0]!.input.origin} is of the format ${feed.id}`)
    inputs.sort((a, b) => Number(b.role === 'static') - Number(a.role === 'static'))
    return {
      inputs,
      origin: opened[0]!.input.origin,
      whole,
      validators: validatorsOf(opened.map(({ input }) => input)),
      settle,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** What to send with the next requests of these addresses. */
export function validatorsOf(inputs: readonly Input[]): Validators {
  return new Map(inputs.flatMap(({ origin, validators }) => (validators ? [[origin, validators]] : [])))
}

/** What a file is to the feed; null for one of several in a folder that is not of the feed at all. */
async function roleOf(
  deps: FeedDeps,
  definition: Definition,
  feed: Feed,
  file: { path: string; name: string },
  several: boolean,
): Promise<string | null> {
  const head = 'apply' in feed ? await rawHead(file.path) : await headOf(unpacked(deps.unpack, definition, file))
  try {
    return feed.detect({ name: file.name, head })?.role ?? (several ? null : 'main')
  } catch (error) {
    if (error instanceof FileError) return 'main'
    throw error
  }
}

/** The first bytes of a stream, which is left there. */
export async function headOf(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bytes) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= HEAD_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, HEAD_BYTES)
}

/** The first bytes of a file as they lie on the disk. */
export async function rawHead(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const buffer = Buffer.alloc(HEAD_BYTES)
    const { bytesRead } = await file.read(buffer, 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** The bytes of a file, unpacked; an archive must hold a single file. */
export async function* unpacked(
  unpack: Unpack,
  definition: Pick<Definition, 'limits'>,
  file: { path: string; name: string },
): AsyncIterable<Uint8Array> {
  const limits = limitsOf(definition)
  const bounds = { maxEntries: limits.entries, maxBytes: limits.unpacked }
  let found = false
  for await (const entry of unpack(
    { ...file, keepZip: false },
    bounds,
    () => {},
    () => true,
  )) {
    if (found) throw new FileError(`${file.name} holds several files: one is expected`)
    found = true
    yield* entry.bytes
  }
  if (!found) throw new FileError(`${file.name} is empty`)
}
