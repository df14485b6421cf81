import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import xzDecompress from 'xz-decompress'
import { type Entry, FileError, type Unpack, type UnpackLimits } from '../../../domains/sources/index.ts'
import { zipMembers } from './zip.ts'

/** More than this many bytes out of one byte in is no data anybody publishes (checked beyond the first 64 MB). */
const MAX_RATIO = 1000
const RATIO_FREE_BYTES = 64_000_000
const READ_BYTES = 262_144
const MAX_LAYERS = 4

// A CommonJS bundle whose names Node does not see as exports.
const { XzReadableStream } = xzDecompress

type Kind = 'gzip' | 'xz' | 'zip' | 'tar' | 'plain'

/** Opens a file by what its first bytes say, not by its name: gzip, xz, zip, tar, and tar inside gzip or xz. */
export const unpack: Unpack = async function* (file, limits, progress, wanted) {
  const budget = new Budget(limits)
  const kind = kindOf(await head(file.path))
  if (kind === 'zip' && !file.keepZip) {
    for await (const member of zipMembers(file.path)) {
      budget.entry(member.path)
      budget.packed += member.packedSize
      progress(budget.packed)
      if (!wanted(member.path)) continue
      yield { path: member.path, bytes: budget.counted(member.bytes()) }
    }
    return
  }
  const source = counting(createReadStream(file.path, { highWaterMark: READ_BYTES }), (bytes) => {
    budget.packed += bytes
    progress(budget.packed)
  })
  yield* layers(source, file.name, budget, wanted, 0)
}

async function* layers(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  budget: Budget,
  wanted: (path: string) => boolean,
  depth: number,
): AsyncIterable<Entry> {
  if (depth > MAX_LAYERS) throw new FileError(`${name} is packed more than ${MAX_LAYERS} times`)
  const { first, all } = await peek(bytes)
  switch (kindOf(first)) {
    case 'gzip':
      return yield* layers(
        budget.counted(decoded(gunzip(all), name, 'gzip')),
        name.replace(/\.(gz|tgz)$/i, ''),
        budget,
        wanted,
        depth + 1,
      )
    case 'xz':
      return yield* layers(
        budget.counted(decoded(unxz(all), name, 'xz')),
        name.replace(/\.(xz|txz)$/i, ''),
        budget,
        wanted,
        depth + 1,
      )
    case 'tar':
      return yield* tarMembers(all, name, budget, wanted)
    default:
      if (wanted(name)) yield { path: name, bytes: all }
  }
}

async function* tarMembers(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  budget: Budget,
  wanted: (path: string) => boolean,
): AsyncIterable<Entry> {
  const tar = extract()
  const feeding = pump(bytes, tar)
  try {
    for await (const member of tar) {
      const { type, name: path } = member.header
      if (type === 'file' || type === 'contiguous-file') {
        budget.entry(path)
        if (wanted(path)) {
          const rest = (member as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
          yield { path, bytes: decoded(remaining(rest), name, 'tar') }
          for await (const _ of remaining(rest));
          continue
        }
      }
      member.resume()
    }
  } catch (error) {
    throw damaged(error, name, 'tar')
  } finally {
    tar.destroy()
    await feeding
  }
}

/**
 * The bytes still to come. Whoever leaves early does not close what they come from: a member closed before its end closes
 * the tar with it, and the next member would be waited for forever.
 */
async function* remaining(bytes: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  for (let next = await bytes.next(); !next.done; next = await bytes.next()) yield next.value
}

/** Feeds the tar reader; an error of the source reaches whoever reads the members. */
async function pump(bytes: AsyncIterable<Uint8Array>, tar: ReturnType<typeof extract>): Promise<void> {
  const writable = tar as unknown as Writable
  try {
    for await (const chunk of bytes) {
      if (tar.destroyed) return
      if (!tar.write(chunk)) {
        await new Promise<void>((resolve) => {
          const go = () => {
            writable.off('drain', go).off('close', go)
            resolve()
          }
          writable.on('drain', go).on('close', go)
        })
      }
    }
    writable.end()
  } catch (error) {
    tar.destroy(error as Error)
  }
}

async function* gunzip(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const stream = createGunzip({ chunkSize: READ_BYTES })
  const source = Readable.from(bytes, { objectMode: false })
  source.on('error', (error) => stream.destroy(error))
  try {
    yield* source.pipe(stream)
  } finally {
    source.destroy()
    stream.destroy()
  }
}

async function* unxz(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const reader = new XzReadableStream(ReadableStream.from(bytes) as ReadableStream<Uint8Array>).getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    await reader.cancel().catch(() => {})
  }
}

async function* decoded(bytes: AsyncIterable<Uint8Array>, name: string, kind: string): AsyncIterable<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    throw damaged(error, name, kind)
  }
}

function damaged(error: unknown, name: string, kind: string): FileError {
  if (error instanceof FileError) return error
  return new FileError(`${name} is not readable as ${kind}: ${(error as Error).message}`)
}

/** What may come out of a file in all. */
class Budget {
  packed = 0
  #unpacked = 0
  #entries = 0
  readonly #limits: UnpackLimits

  constructor(limits: UnpackLimits) {
    this.#limits = limits
  }

  /** A member of an archive: there may be only so many, and none may point outside. */
  entry(path: string): void {
    this.#entries++
    if (this.#entries > this.#limits.maxEntries)
      throw new FileError(`the archive holds more than ${this.#limits.maxEntries} files (limits.entries)`)
    if (path.startsWith('/') || /^[A-Za-z]:/.test(path) || path.split(/[\\/]/).includes('..')) {
      throw new FileError(`the archive holds a path that points outside of it: ${path.slice(0, 200)}`)
    }
  }

  async *counted(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of bytes) {
      this.#unpacked += chunk.length
      if (this.#unpacked > this.#limits.maxBytes)
        throw new FileError(`the file unpacks to more than ${this.#limits.maxBytes} bytes (limits.unpacked)`)
      if (this.#unpacked > RATIO_FREE_BYTES && this.#unpacked > this.packed * MAX_RATIO) {
        throw new FileError(`the file unpacks to more than ${MAX_RATIO} times its size: it looks like a trap`)
      }
      yield chunk
    }
  }
}

function kindOf(bytes: Uint8Array): Kind {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip'
  if (bytes[0] === 0xfd && bytes[1] === 0x37 && bytes[2] === 0x7a && bytes[3] === 0x58 && bytes[4] === 0x5a) return 'xz'
  if (
    bytes[0] === 0x50 &&
    bytes[1] === 0x4b &&
    (bytes[2] === 3 || bytes[2] === 5) &&
    (bytes[3] === 4 || bytes[3] === 6)
  )
    return 'zip'
  if (bytes.length >= 262 && Buffer.from(bytes.buffer, bytes.byteOffset + 257, 5).toString('latin1') === 'ustar')
    return 'tar'
  return 'plain'
}

async function head(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const buffer = Buffer.alloc(512)
    const { bytesRead } = await file.read(buffer, 0, 512, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function* counting(bytes: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncIterable<Uint8Array> {
  for await (const chunk of bytes) {
    count(chunk.length)
    yield chunk
  }
}

/** The first 512 bytes, and a stream that still holds them. */
async function peek(bytes: AsyncIterable<Uint8Array>): Promise<{ first: Uint8Array; all: AsyncIterable<Uint8Array> }> {
  const iterator = bytes[Symbol.asyncIterator]()
  let first: Buffer = Buffer.alloc(0)
  while (first.length < 512) {
    const { value, done } = await iterator.next()
    if (done) break
    first =
      first.length === 0 ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.concat([first, value])
  }
  return {
    first,
    all: (async function* () {
      try {
        if (first.length > 0) yield first
        for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
      } finally {
        await iterator.return?.()
      }
    })(),
  }
}
