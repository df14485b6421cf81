import { readFile } from 'node:fs/promises'
import type { Definition } from './definition.ts'
import type { ItemFeed } from './feed.ts'
import { FileError } from './model.ts'
import { type Input, limitsOf } from './origin.ts'

const MOST_FILES = 50
const MOST_PAGES = 1000
/** So much of a file is enough to recognise it. */
const HEAD_BYTES = 64 * 1024

type Validators = Input['validators']
type Fetch = (url: string, validators: Validators) => Promise<Input | null>

interface Known {
  /** Not to be fetched before, milliseconds since 1970. */
  until: number
  holdsMs: number
  validators: Validators
  /** Of the first file: what it named. */
  named?: { role: string; url: string }[]
}

export interface Followed {
  opened: { role: string; input: Input }[]
  /** The run was good: from now on what still holds is left out. */
  settle(): void
}

/**
 * Fetches what the first file of a feed names (GBFS: `gbfs.json`), each file again only when it no longer holds by its
 * own word, and only if it changed. It remembers in memory: after a restart everything is read once.
 */
export class Follow {
  readonly #known = new Map<string, Known>()

  async open(definition: Definition, feed: ItemFeed, fetch: Fetch): Promise<Followed> {
    const opened: Followed['opened'] = []
    const next = new Map<string, Known>()
    const { document } = limitsOf(definition)
    const now = Date.now()
    const get = async (url: string, role: string): Promise<Known | undefined> => {
      const key = `${definition.id}\n${url}`
      const known = this.#known.get(key)
      if (known && now < known.until) return known
      const input = await fetch(url, known?.validators ?? null)
      if (!input) {
        const again = known && { ...known, until: now + known.holdsMs }
        if (again) next.set(key, again)
        return again
      }
      const read = { role, input }
      opened.push(read)
      if (input.bytes > document) throw new FileError(`${url} is larger than ${document} bytes: raise limits.document`)
      const bytes = await readFile(input.files[0]!.path)
      const holdsMs = (feed.holds?.(bytes) ?? 0) * 1000
      if (role === 'main')
        read.role = feed.detect({ name: input.files[0]!.name, head: bytes.subarray(0, HEAD_BYTES) })?.role ?? role
      const current: Known = { until: now + holdsMs, holdsMs, validators: input.validators }
      if (role === 'main') current.named = feed.follow!(bytes)
      next.set(key, current)
      return current
    }
    try {
      const main = await get(definition.from.http!.url, 'main')
      for (const { role, url } of (main?.named ?? []).slice(0, MOST_FILES)) await get(url, role)
    } catch (error) {
      await Promise.all(opened.map(({ input }) => input.close()))
      throw error
    }
    const settle = () => {
      for (const [key, known] of next) this.#known.set(key, known)
    }
    return { opened, settle }
  }
}

/** Every page of an answer, the first one given. */
export async function pagesOf(first: Input, fetch: Fetch): Promise<Input[]> {
  const pages = [first]
  const seen = new Set<string>()
  try {
    for (let { next } = first; next; next = pages.at(-1)!.next) {
      if (seen.has(next)) throw new FileError(`${first.origin}: the pages go round in a circle`)
      if (pages.length >= MOST_PAGES) throw new FileError(`${first.origin} has more than ${MOST_PAGES} pages`)
      seen.add(next)
      pages.push((await fetch(next, null))!)
    }
    return pages
  } catch (error) {
    await Promise.all(pages.slice(1).map((page) => page.close()))
    throw error
  }
}
