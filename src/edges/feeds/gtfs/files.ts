import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { type ApplyInput, FileError, type UnpackLimits } from '../../../domains/sources/index.ts'
import { unpack } from '../archive/index.ts'

/** The files of one feed, in a zip or in a folder; any can be opened at any time. */
export interface FeedFiles {
  /** Names without folder. */
  names: string[]
  /** They lie in a folder of the zip, where GTFS wants them at its root. */
  nested: boolean
  /** SHA-256 over names and bytes. */
  hash: string
  /** Bytes on disk. */
  bytes: number
  open(name: string): AsyncIterable<Uint8Array>
}

/** Opens a zip or the files of a folder. Throws FileError for what is neither. */
export async function openFiles(
  inputs: readonly Pick<ApplyInput, 'path' | 'name'>[],
  limits: UnpackLimits,
): Promise<FeedFiles> {
  const [first] = inputs
  if (first!.path === '') throw new FileError('a timetable is fetched or read from a file, it cannot be pushed')
  if (inputs.length === 1 && (await isZip(first!.path))) return zipFiles(first!, limits)
  const byName = new Map(inputs.map((input) => [baseName(input.name), input]))
  if (inputs.length === 1 && !byName.has('stops.txt') && !/\.(txt|geojson)$/i.test(first!.name))
    throw new FileError(
      `${first!.name} is no zip: a GTFS feed is a zip or a folder with stops.txt, trips.txt, stop_times.txt …`,
    )
  const hash = createHash('sha256')
  let bytes = 0
  for (const [name, { path }] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}\0`)
    for await (const chunk of createReadStream(path)) hash.update(chunk)
    bytes += (await stat(path)).size
  }
  return {
    names: [...byName.keys()],
    nested: false,
    hash: hash.digest('hex'),
    bytes,
    open: (name) => createReadStream(byName.get(name)!.path, { highWaterMark: 1 << 18 }),
  }
}

async function zipFiles(input: Pick<ApplyInput, 'path' | 'name'>, limits: UnpackLimits): Promise<FeedFiles> {
  const file = { path: input.path, name: input.name, keepZip: false }
  const nothing = () => {}
  const paths: string[] = []
  const look = unpack(file, limits, nothing, (path) => {
    if (!/(^|\/)(__MACOSX|\.)/.test(path)) paths.push(path)
    return false
  })
  for await (const _ of look);
  const folder = paths.includes('stops.txt') ? '' : commonFolder(paths)
  const inside = paths.filter((path) => path.startsWith(folder) && !path.slice(folder.length).includes('/'))
  let unpacked = 0
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(input.path)) hash.update(chunk)
  return {
    names: inside.map((path) => path.slice(folder.length)),
    nested: folder !== '',
    hash: hash.digest('hex'),
    bytes: (await stat(input.path)).size,
    async *open(name) {
      for await (const entry of unpack(file, limits, nothing, (path) => path === folder + name)) {
        for await (const chunk of entry.bytes) {
          unpacked += chunk.length
          // Each file is watched by itself while it is unpacked; this is all of them together.
          if (unpacked > limits.maxBytes)
            throw new FileError(`the zip unpacks to more than ${limits.maxBytes} bytes (limits.unpacked)`)
          yield chunk
        }
        return
      }
    },
  }
}

/** The folder `stops.txt` lies in, with its slash. */
function commonFolder(paths: readonly string[]): string {
  const found = paths.filter((path) => path.endsWith('/stops.txt')).sort((a, b) => a.length - b.length)[0]
  return found ? found.slice(0, -'stops.txt'.length) : ''
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

async function isZip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return bytesRead === 4 && buffer[0] === 0x50 && buffer[1] === 0x4b && (buffer[2] === 3 || buffer[2] === 5)
  } finally {
    await file.close()
  }
}
