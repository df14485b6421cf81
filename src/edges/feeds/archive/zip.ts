import { createReadStream } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { createInflateRaw, type InflateRaw } from 'node:zlib'
import {
  fromBuffer,
  fromRandomAccessReader,
  open,
  RandomAccessReader,
  type Entry as ZipEntry,
  type ZipFile,
  type ZipFileOptions,
} from 'yauzl'
import { FileError } from '../../../domains/sources/index.ts'

export interface ZipMember {
  path: string
  /** Unpacked bytes as the directory says; yauzl refuses a member that turns out longer. */
  size: number
  packedSize: number
  bytes(): AsyncIterable<Uint8Array>
}

/** Opens a zip on disk; the members are read one after another. */
export async function* zipMembers(path: string): AsyncIterable<ZipMember> {
  const options = { lazyEntries: true, autoClose: false, validateEntrySizes: true }
  const zip = await opened((done) => open(path, options, done)).catch(async (error: FileError) => {
    const end = /comment length/i.test(error.message) ? await endOfZip(path) : null
    if (end === null) throw error
    return opened((done) => fromRandomAccessReader(new Beginning(path), end, options, done))
  })
  try {
    yield* members(zip)
  } finally {
    zip.close()
  }
}

const END = Buffer.from('PK\x05\x06', 'latin1')
const END_BYTES = 22
/** The longest comment, and as much behind the archive. */
const TAIL = 128 * 1024

/**
 * Where the archive itself ends when a server put more behind it (a page of HTML after the zip is quite common); null where
 * there is no such end. Zip, APPNOTE 4.3.16.
 */
async function endOfZip(path: string): Promise<number | null> {
  const file = await openFile(path)
  try {
    const { size } = await file.stat()
    const from = Math.max(0, size - TAIL)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, TAIL)), 0, Math.min(size, TAIL), from)
    const at = buffer.subarray(0, bytesRead).lastIndexOf(END)
    if (at < 0 || at + END_BYTES > bytesRead) return null
    const end = from + at + END_BYTES + buffer.readUInt16LE(at + 20)
    return end < size ? end : null
  } finally {
    await file.close()
  }
}

/** A file of which only the beginning is the archive. */
class Beginning extends RandomAccessReader {
  readonly #path: string
  constructor(path: string) {
    super()
    this.#path = path
  }
  override _readStreamForRange(start: number, end: number): Readable {
    return createReadStream(this.#path, { start, end: end - 1 })
  }
}

/** What a zip in memory holds. */
export async function listZip(buffer: Buffer): Promise<ZipMember[]> {
  const zip = await opened((done) => fromBuffer(buffer, { lazyEntries: true }, done))
  const list: ZipMember[] = []
  for await (const member of members(zip)) list.push(member)
  return list
}

function opened(start: (done: (error: Error | null, zip?: ZipFile) => void) => void): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    start((error, zip) => (zip ? resolve(zip) : reject(new FileError(`not readable as zip: ${error?.message}`))))
  })
}

async function* members(zip: ZipFile): AsyncIterable<ZipMember> {
  for (;;) {
    const entry = await nextEntry(zip)
    if (!entry) return
    if (entry.fileName.endsWith('/')) continue
    yield {
      path: entry.fileName,
      size: entry.uncompressedSize,
      packedSize: entry.compressedSize,
      bytes: () => readEntry(zip, entry),
    }
  }
}

function nextEntry(zip: ZipFile): Promise<ZipEntry | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (work: () => void) => {
      zip.removeListener('entry', onEntry)
      zip.removeListener('end', onEnd)
      zip.removeListener('error', onError)
      work()
    }
    const onEntry = (entry: ZipEntry) => settle(() => resolve(entry))
    const onEnd = () => settle(() => resolve(undefined))
    const onError = (error: Error) => settle(() => reject(new FileError(`not readable as zip: ${error.message}`)))
    zip.on('entry', onEntry)
    zip.on('end', onEnd)
    zip.on('error', onError)
    zip.readEntry()
  })
}

async function* readEntry(zip: ZipFile, entry: ZipEntry): AsyncIterable<Uint8Array> {
  // Inflated here, not by yauzl: in steps of 16 kB, as it does, the steps cost more than the inflating.
  const packed = entry.compressionMethod === DEFLATED && !entry.isEncrypted()
  const source = await new Promise<Readable>((resolve, reject) => {
    const settle = (error: Error | null, made: Readable) =>
      made ? resolve(made) : reject(new FileError(`${entry.fileName}: ${error?.message}`))
    if (packed) zip.openReadStream(entry, { decodeFileData: false } as ZipFileOptions, settle)
    else zip.openReadStream(entry, settle)
  })
  const stream = packed ? createInflateRaw({ chunkSize: STEP_BYTES }) : source
  if (packed) {
    source.on('error', (error) => stream.destroy(error))
    source.pipe(stream as InflateRaw)
  }
  let size = 0
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      size += chunk.length
      if (size > entry.uncompressedSize)
        throw new Error(`too many bytes: it should unpack to ${entry.uncompressedSize}`)
      yield chunk
    }
    if (size < entry.uncompressedSize) throw new Error(`it ends after ${size} of ${entry.uncompressedSize} bytes`)
  } catch (error) {
    throw new FileError(`${entry.fileName} is not readable as zip: ${(error as Error).message}`)
  } finally {
    source.destroy()
    stream.destroy()
  }
}

const DEFLATED = 8
const STEP_BYTES = 1 << 18
