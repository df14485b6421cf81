import { fromBuffer, open, type Entry as ZipEntry, type ZipFile } from 'yauzl'
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
  const zip = await opened((done) =>
    open(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, done),
  )
  try {
    yield* members(zip)
  } finally {
    zip.close()
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
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    zip.openReadStream(entry, (error, made) =>
      made ? resolve(made) : reject(new FileError(`${entry.fileName}: ${error?.message}`)),
    )
  })
  try {
    yield* stream as AsyncIterable<Uint8Array>
  } catch (error) {
    throw new FileError(`${entry.fileName} is not readable as zip: ${(error as Error).message}`)
  }
}
