import { gunzipSync } from 'node:zlib'
import { type Fetched, type Fetcher, FetchFailed, withoutQuery } from '../../kernel/fetch/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { DiskCache, Kept } from './cache.ts'

export interface Wanted {
  maxBytes: number
  /** Milliseconds an answer is used without asking again. */
  freshMs: number
  /** 404 and 204 mean "nothing here" and are kept, as tiles are. */
  mayLack?: boolean
}

const TIMEOUT_MS = 15_000
/** A host that fails is left alone for so long: a map asks for dozens of tiles at once. */
const PAUSE_MS = 20_000
const MOST_AT_ONCE = 200

/**
 * What is fetched from map servers: once, however many browsers ask; from disk while it is fresh; the stored copy at
 * once and a refresh behind it when it is not, so a server that is down changes nothing for who looks at the map.
 */
export class Upstream {
  readonly #fetcher: Pick<Fetcher, 'get'>
  readonly #cache: DiskCache
  readonly #pauseMs: number
  readonly #running = new Map<string, Promise<Kept>>()
  readonly #paused = new Map<string, number>()
  readonly #failures = new Map<string, string>()
  readonly #stop = new AbortController()

  constructor(deps: { fetcher: Pick<Fetcher, 'get'>; cache: DiskCache; pauseMs?: number }) {
    this.#fetcher = deps.fetcher
    this.#cache = deps.cache
    this.#pauseMs = deps.pauseMs ?? PAUSE_MS
  }

  /** The last failure of each host that did not answer since. */
  failures(): ReadonlyMap<string, string> {
    return this.#failures
  }

  /** Stored or fetched. Throws {@link FetchFailed} when there is neither. */
  async get(address: string, wanted: Wanted): Promise<Kept> {
    const kept = await this.#cache.get(address)
    if (!kept) return this.#fetch(address, wanted, null)
    if (Date.now() - kept.checked > wanted.freshMs) this.#fetch(address, wanted, kept).catch(() => {})
    return kept
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.allSettled(this.#running.values())
  }

  #fetch(address: string, wanted: Wanted, kept: Kept | null): Promise<Kept> {
    const running = this.#running.get(address)
    if (running) return running
    if (this.#running.size >= MOST_AT_ONCE)
      throw new Problem(503, 'map-busy', 'Too many parts of the map are being fetched at the moment: try again.')
    const started = this.#ask(address, wanted, kept).finally(() => this.#running.delete(address))
    this.#running.set(address, started)
    return started
  }

  async #ask(address: string, wanted: Wanted, kept: Kept | null): Promise<Kept> {
    const { host } = new URL(address)
    if ((this.#paused.get(host) ?? 0) > Date.now())
      throw new FetchFailed(this.#failures.get(host) ?? `${host} does not answer`)
    try {
      const fetched = await this.#fetcher.get(address, {
        etag: kept?.etag,
        lastModified: kept?.lastModified,
        maxBytes: wanted.maxBytes,
        timeoutMs: TIMEOUT_MS,
        signal: this.#stop.signal,
      })
      this.#failures.delete(host)
      if (fetched === null && kept) {
        await this.#cache.confirm(address)
        return kept
      }
      return await this.#keep(address, fetched, wanted)
    } catch (error) {
      const status = error instanceof FetchFailed ? error.status : null
      if (wanted.mayLack && (status === 404 || status === 204 || status === 410)) {
        this.#failures.delete(host)
        return this.#keep(address, null, wanted)
      }
      if (!this.#stop.signal.aborted) {
        this.#failures.set(host, withoutQuery((error as Error).message))
        if (status === null || status >= 500 || status === 429) this.#paused.set(host, Date.now() + this.#pauseMs)
      }
      throw error
    }
  }

  async #keep(address: string, fetched: Fetched | null, wanted: Wanted): Promise<Kept> {
    const kept = {
      type: fetched?.contentType ?? null,
      etag: fetched?.etag ?? null,
      lastModified: fetched?.lastModified ?? null,
      body: fetched ? unpacked(await bytesOf(fetched), wanted.maxBytes) : Buffer.alloc(0),
    }
    await this.#cache.put(address, kept)
    return { ...kept, checked: Date.now() }
  }
}

async function bytesOf({ body }: Fetched): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Some servers store their tiles packed and send them so, whatever was asked for. */
function unpacked(body: Buffer, maxBytes: number): Buffer {
  if (body[0] !== 0x1f || body[1] !== 0x8b) return body
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes * 4 })
  } catch (error) {
    throw new FetchFailed(`the answer cannot be unpacked: ${(error as Error).message}`)
  }
}
