import { type Readable, Transform } from 'node:stream'
import { Agent, request } from 'undici'
import { publicLookup, requirePublicHost } from './guard.ts'

export { ForbiddenAddress, isPublicAddress } from './guard.ts'

export interface FetchOptions {
  headers?: Record<string, string>
  /** Validators of the last good answer: with them an unchanged resource costs nothing. */
  etag?: string | null
  lastModified?: string | null
  /** Bytes of the answer (as sent) beyond which it is refused. */
  maxBytes?: number
  /** Milliseconds until the first byte, and between two pieces. */
  timeoutMs?: number
  signal?: AbortSignal
}

export interface Fetched {
  /** The address that answered, after redirects. */
  url: string
  contentType: string | null
  /** Bytes announced, null when unknown. */
  length: number | null
  etag: string | null
  lastModified: string | null
  /** Address of the next page (RFC 8288, rel="next"), null when this is all. */
  next: string | null
  body: Readable
}

/** A fetch that brought nothing; the sentence says why. `status` is the answer's, where there was one. */
export class FetchFailed extends Error {
  override name = 'FetchFailed'
  readonly status: number | null
  constructor(message: string, status: number | null = null) {
    super(message)
    this.status = status
  }
}

const REDIRECTS = 5
const USER_AGENT = 'Zahnrad/0.1 (open urban data platform)'

/**
 * Fetches for sources: conditional, with limits on size, time and redirects, and guarded against addresses inside the
 * operator's network (SSRF) unless the operator allows them.
 */
export class Fetcher {
  readonly #agent: Agent
  readonly #allowPrivate: boolean

  constructor({ allowPrivate }: { allowPrivate: boolean }) {
    this.#allowPrivate = allowPrivate
    this.#agent = new Agent({
      connect: { timeout: 15_000, ...(allowPrivate ? {} : { lookup: publicLookup as never }) },
      maxRedirections: 0,
      connections: 4,
    } as Agent.Options)
  }

  /** GETs `address`; null when it is unmodified since the validators given (304). Throws {@link FetchFailed}. */
  async get(address: string, options: FetchOptions = {}): Promise<Fetched | null> {
    let url = parsed(address)
    for (let hop = 0; hop <= REDIRECTS; hop++) {
      const answer = await this.#once(url, options, url.origin === new URL(address).origin)
      if (answer.statusCode === 304) {
        await answer.body.dump()
        return null
      }
      const location = answer.headers.location
      if (answer.statusCode >= 300 && answer.statusCode < 400 && typeof location === 'string') {
        await answer.body.dump()
        url = parsed(location, url.href)
        continue
      }
      if (answer.statusCode !== 200) {
        await answer.body.dump()
        throw new FetchFailed(`${url.origin} answered ${answer.statusCode}`, answer.statusCode)
      }
      return fetched(url, answer, options.maxBytes ?? Number.POSITIVE_INFINITY)
    }
    throw new FetchFailed(`${withoutQuery(address)} redirects more than ${REDIRECTS} times`)
  }

  /**
   * POSTs a text and resolves when it was taken (2xx). Redirects are not followed: what is signed for one address is not
   * handed to another. Throws {@link FetchFailed}.
   */
  async post(address: string, body: string, headers: Record<string, string>, timeoutMs = 15_000): Promise<void> {
    const url = parsed(address)
    const answer = await this.#once(url, { headers, timeoutMs }, true, body)
    await answer.body.dump()
    if (answer.statusCode < 200 || answer.statusCode > 299)
      throw new FetchFailed(`${url.origin} answered ${answer.statusCode}`, answer.statusCode)
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  async #once(url: URL, options: FetchOptions, sameOrigin: boolean, body?: string) {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new FetchFailed(`${url.protocol} is not http or https`)
    if (url.username || url.password) throw new FetchFailed('user names in addresses are not allowed: use a header')
    const timeout = options.timeoutMs ?? 60_000
    try {
      if (!this.#allowPrivate) requirePublicHost(url)
      return await request(url, {
        dispatcher: this.#agent,
        method: body === undefined ? 'GET' : 'POST',
        body,
        headersTimeout: timeout,
        bodyTimeout: timeout,
        signal: options.signal,
        headers: {
          'user-agent': USER_AGENT,
          'accept-encoding': 'identity',
          ...(options.etag ? { 'if-none-match': options.etag } : {}),
          ...(options.lastModified ? { 'if-modified-since': options.lastModified } : {}),
          // Headers of a definition may hold a token: never hand them to another host.
          ...(sameOrigin ? options.headers : {}),
        },
      })
    } catch (error) {
      if (error instanceof FetchFailed) throw error
      const { code, message } = error as Error & { code?: string }
      const hint = code === 'EFORBIDDEN' ? ' (the operator can allow it with ZAHNRAD_ALLOW_PRIVATE=1)' : ''
      throw new FetchFailed(`${url.origin} cannot be reached: ${message}${hint}`)
    }
  }
}

/** Keys stand in the query of an address: never in a message. */
export const withoutQuery = (text: string): string => text.replace(/(https?:\/\/[^\s?]*)\?\S*/g, '$1')

const NEXT = /<([^<>]+)>\s*;[^,<]*\brel="?next"?/i

function nextPage(link: string | null, base: URL): string | null {
  const target = NEXT.exec(link ?? '')?.[1]
  return target !== undefined && URL.canParse(target, base.href) ? new URL(target, base).href : null
}

type Answer = Awaited<ReturnType<typeof request>>

function fetched(url: URL, { headers, body }: Answer, maxBytes: number): Fetched {
  const header = (name: string) => {
    const value = headers[name]
    return typeof value === 'string' ? value : null
  }
  const length = header('content-length') === null ? null : Number(header('content-length'))
  if (length !== null && length > maxBytes) {
    body.destroy()
    throw new FetchFailed(`${withoutQuery(url.href)} is ${length} bytes long, more than the ${maxBytes} allowed`)
  }
  let bytes = 0
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > maxBytes)
        done(new FetchFailed(`${withoutQuery(url.href)} is longer than the ${maxBytes} bytes allowed`))
      else done(null, chunk)
    },
  })
  body.on('error', (error) => limited.destroy(error))
  limited.on('close', () => body.destroy())
  return {
    url: url.href,
    contentType: header('content-type'),
    length,
    etag: header('etag'),
    lastModified: header('last-modified'),
    next: nextPage(header('link'), url),
    body: body.pipe(limited) as Readable,
  }
}

function parsed(address: string, base?: string): URL {
  if (!URL.canParse(address, base)) throw new FetchFailed(`"${address.slice(0, 200)}" is not a web address`)
  return new URL(address, base)
}
