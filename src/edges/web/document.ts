import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'

/** An entry of the build's manifest (`.vite/manifest.json`). */
interface Built {
  file: string
  imports?: string[]
  css?: string[]
}

const ENTRY = 'index.html'
/** Longer answers are asked for while the script loads; inside the document they would hold the script up. */
const MOST_CHARACTERS = 256 * 1024
/** An answer that takes longer comes by itself: the document does not wait for it. */
const PATIENCE_MS = 300

/**
 * The HTML of the pages. A browser finds out step by step what a page is made of: HTML, script, the page's own script,
 * its data – on a phone each step costs a round trip. So the document names all files of its page at once and carries
 * the first answers with it, as data (the content security policy forbids scripts in the page, not data).
 */
export class Document {
  readonly #html: string
  /** By source: links to its files that the HTML does not name already. */
  readonly #links = new Map<string, string[]>()
  /** Addresses whose answers turned out too long to be sent along. */
  readonly #long = new Set<string>()
  readonly #app: FastifyInstance

  constructor(app: FastifyInstance, root: string) {
    this.#app = app
    const index = join(root, ENTRY)
    this.#html = existsSync(index) ? readFileSync(index, 'utf8') : ''
    const manifest = join(root, '.vite', 'manifest.json')
    if (!existsSync(manifest)) return
    const built = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, Built>
    for (const source of Object.keys(built)) {
      const files = filesOf(built, source).filter((file) => !this.#html.includes(`/${file}"`))
      this.#links.set(source, files.map(link))
    }
  }

  /**
   * A document that names the files of `sources` and carries what is answered at the addresses `first`, as far as the
   * person asking may see it.
   */
  async of(request: FastifyRequest, sources: readonly string[], first: readonly string[]): Promise<string> {
    const answers = await Promise.all(first.map((address) => this.#answer(request, address)))
    const files = new Set(sources.flatMap((source) => this.#links.get(source) ?? []))
    const links = [...files, ...answers.filter((one) => one.startsWith('<link'))]
    const data = answers.filter((one) => one.startsWith('<script'))
    // As functions: a "$" in a value is a "$".
    return this.#html
      .replace('</head>', () => [...links.map((one) => `  ${one}\n  `), '</head>'].join(''))
      .replace('</body>', () => [...data.map((one) => `  ${one}\n  `), '</body>'].join(''))
  }

  /** An element that carries the answer, or asks for it early where it is too long; empty when there is none (yet). */
  async #answer(request: FastifyRequest, address: string): Promise<string> {
    const early = `<link rel="preload" as="fetch" href="${address}" crossorigin="anonymous">`
    if (this.#long.has(address)) return early
    const asked = this.#ask(request, address)
    const late = new Promise<null>((resolve) => setTimeout(resolve, PATIENCE_MS, null).unref())
    const answer = await Promise.race([asked, late])
    if (answer === null) return ''
    if (answer.length > MOST_CHARACTERS) {
      this.#long.add(address)
      return early
    }
    // Within an element of data only "<" could end it.
    const text = answer.replaceAll('<', '\\u003c')
    return `<script type="application/json" data-answer="${address}">${text}</script>`
  }

  async #ask(request: FastifyRequest, address: string): Promise<string | null> {
    const headers: Record<string, string> = { accept: 'application/json', 'accept-encoding': 'identity' }
    for (const name of [
      'host',
      'cookie',
      'authorization',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
    ]) {
      const value = request.headers[name]
      if (typeof value === 'string') headers[name] = value
    }
    const { remoteAddress } = request.raw.socket
    const answer = await this.#app.inject({ url: address, headers, ...(remoteAddress ? { remoteAddress } : {}) })
    return answer.statusCode === 200 ? answer.body : null
  }
}

/** Script and style files of an entry and of all it imports, without what it loads later. */
function filesOf(built: Record<string, Built>, key: string, seen = new Set<string>()): string[] {
  const one = built[key]
  if (!one || seen.has(key)) return []
  seen.add(key)
  return [...(one.css ?? []), one.file, ...(one.imports ?? []).flatMap((next) => filesOf(built, next, seen))]
}

function link(file: string): string {
  return file.endsWith('.css')
    ? `<link rel="stylesheet" crossorigin href="/${file}">`
    : `<link rel="modulepreload" crossorigin href="/${file}">`
}
