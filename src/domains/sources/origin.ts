import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Fetched, Fetcher } from '../../kernel/fetch/index.ts'
import type { Definition } from './definition.ts'
import { parseBytes, parseDuration } from './duration.ts'
import { type Entry, FileError, type Unpack } from './model.ts'

export interface Limits {
  bytes: number
  unpacked: number
  document: number
  entries: number
}

/** The bounds of a run: the definition's, or the defaults. */
export function limitsOf({ limits }: Pick<Definition, 'limits'>): Limits {
  return {
    bytes: parseBytes(limits?.bytes ?? '1GB'),
    unpacked: parseBytes(limits?.unpacked ?? '8GB'),
    document: parseBytes(limits?.document ?? '64MB'),
    entries: limits?.entries ?? 100_000,
  }
}

/** What a run reads: files on disk, with their size so that progress can be told. */
export interface Input {
  /** As people know it: the address or the path. */
  origin: string
  files: { path: string; name: string }[]
  bytes: number
  validators: { etag: string | null; lastModified: string | null } | null
  /** Address of the next page of the answer, where there is one. */
  next?: string | null
  close(): Promise<void>
}

/** A file, or every file below a folder in order of its path; hidden ones are left out. Throws Error with a sentence. */
export async function pathInput(path: string, cwd: string, maxEntries: number): Promise<Input> {
  const root = resolve(cwd, path)
  const info = await stat(root).catch((error: NodeJS.ErrnoException) => {
    throw new FileError(
      error.code === 'ENOENT' ? `there is no file or folder ${root}` : `${root} cannot be read: ${error.message}`,
    )
  })
  const files: Input['files'] = []
  let bytes = 0
  const walk = async (folder: string, prefix: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.')) continue
      const full = join(folder, entry.name)
      const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`
      if (entry.isDirectory()) await walk(full, name)
      else if (entry.isFile()) {
        if (files.length >= maxEntries)
          throw new FileError(`${root} holds more than ${maxEntries} files (limits.entries)`)
        files.push({ path: full, name })
        bytes += (await stat(full)).size
      }
    }
  }
  if (info.isDirectory()) await walk(root, '')
  else {
    files.push({ path: root, name: basename(root) })
    bytes = info.size
  }
  return { origin: path, files, bytes, validators: null, close: async () => {} }
}

/**
 * Fetches into a scratch file; null when unmodified. The whole answer is there before the first row is read, so a
 * connection that breaks leaves nothing half, and archives that need random access can be opened.
 */
export async function httpInput(
  definition: Pick<Definition, 'from' | 'limits'>,
  fetcher: Fetcher,
  scratch: string,
  environment: Record<string, string | undefined>,
  validators: { etag: string | null; lastModified: string | null } | null,
  signal: AbortSignal | undefined,
): Promise<Input | null> {
  const { url, headers, timeout } = definition.from.http!
  const whole = AbortSignal.timeout(parseDuration(timeout ?? '10m').seconds * 1000)
  const limits = limitsOf(definition)
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name, withEnvironment(value, environment)])
  const stop = signal ? AbortSignal.any([signal, whole]) : whole
  await mkdir(scratch, { recursive: true })
  const folder = await mkdtemp(join(scratch, 'fetch-'))
  const path = join(folder, 'download')
  const remove = () => rm(folder, { recursive: true, force: true })
  let fetched: Fetched | null
  try {
    fetched = await fetcher.get(url, {
      headers: Object.fromEntries(given),
      etag: validators?.etag,
      lastModified: validators?.lastModified,
      maxBytes: limits.bytes,
      signal: stop,
    })
    // At once: between the answer and its reader nothing may wait, or an early error would find nobody to tell.
    if (fetched) await pipeline(fetched.body, createWriteStream(path), { signal: stop })
  } catch (error) {
    await remove()
    throw whole.aborted ? new FileError(`${url} did not arrive within ${timeout ?? '10m'}`) : error
  }
  if (!fetched) {
    await remove()
    return null
  }
  const name = basename(new URL(fetched.url).pathname) || 'download'
  const { size } = await stat(path)
  return {
    origin: url,
    files: [{ path, name }],
    bytes: size,
    validators: { etag: fetched.etag, lastModified: fetched.lastModified },
    next: fetched.next,
    close: remove,
  }
}

/** Replaces `$SOURCE_…` by the environment's value, so that secrets need not stand in a definition. */
export function withEnvironment(text: string, environment: Record<string, string | undefined>): string {
  return text.replaceAll(/\$\{?(SOURCE_[A-Z0-9_]+)\}?/g, (_, name: string) => {
    const value = environment[name]
    if (value === undefined)
      throw new FileError(`the definition uses ${name}, but the environment of the platform has no such variable`)
    return value
  })
}

/** Every wanted file of an input, archives opened. `progress` gets the bytes read so far, of `input.bytes`. */
export async function* entriesOf(
  input: Input,
  definition: Definition,
  unpack: Unpack,
  wanted: (path: string) => boolean,
  progress: (bytes: number) => void,
): AsyncIterable<Entry> {
  const limits = limitsOf(definition)
  const bounds = { maxEntries: limits.entries, maxBytes: limits.unpacked }
  const keepZip = definition.format.type === 'xlsx'
  let before = 0
  for (const file of input.files) {
    let last = 0
    const count = (bytes: number) => {
      last = bytes
      progress(before + bytes)
    }
    yield* unpack({ ...file, keepZip }, bounds, count, wanted)
    before += last
  }
}
