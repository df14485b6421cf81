import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What upstream answered. An empty body is an answer too: there is nothing at this place. */
export interface Kept {
  type: string | null
  etag: string | null
  lastModified: string | null
  body: Buffer
  /** When upstream last said that this holds, in milliseconds since 1970. */
  checked: number
}

interface Entry {
  bytes: number
  checked: number
}

/** Down to this share of the limit when there is too much: not one file out for each one in. */
const LOW_WATER = 0.9

/**
 * Answers of others on disk, one file each: a line of JSON about it, then the body. Its time of change is when upstream
 * last confirmed it. Limited in total size (what was used longest ago goes first) and in age.
 */
export class DiskCache {
  readonly #dir: string
  readonly #maxBytes: number
  readonly #maxAgeMs: number
  /** In the order of use, oldest first. */
  #entries: Promise<Map<string, Entry>> | undefined
  #bytes = 0

  constructor(options: { dir: string; maxBytes: number; maxAgeMs: number }) {
    this.#dir = options.dir
    this.#maxBytes = options.maxBytes
    this.#maxAgeMs = options.maxAgeMs
  }

  /** Bytes kept. */
  async size(): Promise<number> {
    await this.#load()
    return this.#bytes
  }

  async get(address: string): Promise<Kept | null> {
    const name = nameOf(address)
    const entries = await this.#load()
    const entry = entries.get(name)
    if (!entry) return null
    try {
      const file = await readFile(join(this.#dir, name))
      const end = file.indexOf(10)
      const about = JSON.parse(file.subarray(0, end).toString('utf8')) as Pick<Kept, 'type' | 'etag' | 'lastModified'>
      entries.delete(name)
      entries.set(name, entry)
      return { ...about, body: file.subarray(end + 1), checked: entry.checked }
    } catch {
      // Removed or damaged from outside: as if it had never been there.
      await this.#drop(entries, name)
      return null
    }
  }

  async put(address: string, kept: Omit<Kept, 'checked'>): Promise<void> {
    const name = nameOf(address)
    const entries = await this.#load()
    const { type, etag, lastModified, body } = kept
    const file = Buffer.concat([Buffer.from(`${JSON.stringify({ type, etag, lastModified })}\n`), body])
    const unfinished = join(this.#dir, `${name}.${randomBytes(4).toString('hex')}.new`)
    await mkdir(this.#dir, { recursive: true })
    await writeFile(unfinished, file)
    await rename(unfinished, join(this.#dir, name))
    this.#bytes += file.length - (entries.get(name)?.bytes ?? 0)
    entries.delete(name)
    entries.set(name, { bytes: file.length, checked: Date.now() })
    if (this.#bytes > this.#maxBytes) await this.#makeRoom(entries)
  }

  /** Upstream says that it still holds. */
  async confirm(address: string): Promise<void> {
    const name = nameOf(address)
    const entry = (await this.#load()).get(name)
    if (!entry) return
    entry.checked = Date.now()
    await utimes(join(this.#dir, name), new Date(), new Date()).catch(() => {})
  }

  #load(): Promise<Map<string, Entry>> {
    this.#entries ??= this.#read()
    return this.#entries
  }

  async #read(): Promise<Map<string, Entry>> {
    const found: [string, Entry][] = []
    for (const name of await readdir(this.#dir).catch(() => [])) {
      const path = join(this.#dir, name)
      const about = await stat(path).catch(() => null)
      if (!about?.isFile()) continue
      const old = about.mtimeMs < Date.now() - this.#maxAgeMs
      if (old || name.endsWith('.new')) await rm(path, { force: true })
      else found.push([name, { bytes: about.size, checked: about.mtimeMs }])
    }
    this.#bytes = found.reduce((sum, [, entry]) => sum + entry.bytes, 0)
    const entries = new Map(found.sort(([, a], [, b]) => a.checked - b.checked))
    if (this.#bytes > this.#maxBytes) await this.#makeRoom(entries)
    return entries
  }

  async #makeRoom(entries: Map<string, Entry>): Promise<void> {
    for (const name of [...entries.keys()]) {
      if (this.#bytes <= this.#maxBytes * LOW_WATER) return
      await this.#drop(entries, name)
    }
  }

  async #drop(entries: Map<string, Entry>, name: string): Promise<void> {
    this.#bytes -= entries.get(name)?.bytes ?? 0
    entries.delete(name)
    await rm(join(this.#dir, name), { force: true })
  }
}

/** The address itself, which may hold a key, is not written to disk. */
const nameOf = (address: string): string => createHash('sha256').update(address).digest('hex')
