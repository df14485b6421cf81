import { StringDecoder } from 'node:string_decoder'
import sax from 'sax'
import { FileError } from '../../domains/sources/index.ts'
import { utf8Chunks } from './text.ts'

/** An element with all that is in it. Names are without their prefix; of attributes `xsi:type` too. */
export interface XmlElement {
  name: string
  attributes: Readonly<Record<string, string>>
  children: readonly XmlElement[]
  /** Its own text, trimmed. */
  text: string
}

export interface XmlLimits {
  /** Elements inside one another. */
  depth: number
  /** Elements of one record. */
  elements: number
  /** Characters of one record, texts and attributes. */
  characters: number
}

const LIMITS: XmlLimits = { depth: 64, elements: 100_000, characters: 8_000_000 }
const KNOWN_ENCODINGS = new Set(['utf-8', 'iso-8859-1', 'iso-8859-15', 'windows-1252', 'utf-16'])

/**
 * The elements of the given names (local names), one after another, streamed: only the one being read is held. There
 * are no external entities and no document type definition: a file that brings one is refused. Throws
 * {@link FileError} for what is not well-formed or beyond the limits.
 */
export async function* xmlRecords(
  bytes: AsyncIterable<Uint8Array>,
  names: ReadonlySet<string>,
  given: Partial<XmlLimits> = {},
): AsyncIterable<XmlElement> {
  const limits = { ...LIMITS, ...given }
  const builder = new RecordBuilder(names, limits)
  const decoder = new StringDecoder('utf8')
  const { encoding, all } = await declaredEncoding(bytes)
  for await (const chunk of utf8Chunks(all, encoding)) {
    builder.write(decoder.write(chunk))
    yield* builder.taken()
  }
  builder.end(decoder.end())
  yield* builder.taken()
}

interface Open {
  name: string
  attributes: Record<string, string>
  children: XmlElement[]
  text: string
}

class RecordBuilder {
  readonly #names: ReadonlySet<string>
  readonly #limits: XmlLimits
  readonly #parser = sax.parser(true, { position: true })
  #depth = 0
  #open: Open[] = []
  #elements = 0
  #characters = 0
  #done: XmlElement[] = []

  constructor(names: ReadonlySet<string>, limits: XmlLimits) {
    this.#names = names
    this.#limits = limits
    const parser = this.#parser
    parser.onerror = (error) => {
      const [what] = error.message.split('\n')
      throw new FileError(`not well-formed XML: ${what} (line ${parser.line + 1})`)
    }
    parser.ondoctype = () => {
      throw new FileError('the XML has a document type definition (<!DOCTYPE …>): such files are refused')
    }
    parser.onopentag = ({ name, attributes }) => this.#enter(name, attributes as Record<string, string>)
    parser.onclosetag = () => this.#leave()
    parser.ontext = (text) => this.#text(text)
    parser.oncdata = (text) => this.#text(text)
  }

  write(text: string): void {
    this.#parser.write(text)
  }

  end(rest: string): void {
    this.#parser.write(rest)
    this.#parser.close()
    if (this.#depth > 0) throw new FileError('the XML ends in the middle: it was cut off')
  }

  taken(): XmlElement[] {
    const done = this.#done
    this.#done = []
    return done
  }

  #enter(qualified: string, attributes: Record<string, string>): void {
    if (++this.#depth > this.#limits.depth)
      throw new FileError(`the XML has more than ${this.#limits.depth} elements inside one another`)
    const name = local(qualified)
    if (this.#open.length === 0) {
      if (!this.#names.has(name)) return
      this.#elements = 0
      this.#characters = 0
    }
    if (++this.#elements > this.#limits.elements)
      throw new FileError(`an element of the XML holds more than ${this.#limits.elements} others`)
    const kept: Record<string, string> = {}
    for (const [key, value] of Object.entries(attributes)) {
      if (key === 'xmlns' || key.startsWith('xmlns:')) continue
      kept[local(key)] = value
      this.#count(key.length + value.length)
    }
    this.#open.push({ name, attributes: kept, children: [], text: '' })
  }

  #text(text: string): void {
    const element = this.#open.at(-1)
    if (!element) return
    this.#count(text.length)
    element.text += text
  }

  #count(characters: number): void {
    this.#characters += characters
    if (this.#characters > this.#limits.characters)
      throw new FileError(`an element of the XML is longer than ${this.#limits.characters} characters`)
  }

  #leave(): void {
    this.#depth--
    const element = this.#open.pop()
    if (!element) return
    element.text = element.text.trim()
    const parent = this.#open.at(-1)
    if (parent) parent.children.push(element)
    else this.#done.push(element)
  }
}

const local = (name: string) => name.slice(name.indexOf(':') + 1)

async function declaredEncoding(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ encoding: string | undefined; all: AsyncIterable<Uint8Array> }> {
  const iterator = bytes[Symbol.asyncIterator]()
  const { value, done } = await iterator.next()
  if (done) throw new FileError('the file is empty')
  const start = Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, 200)).toString('latin1')
  const declared = /<\?xml[^>]*encoding=["']([^"']+)["']/.exec(start)?.[1]?.toLowerCase()
  if (declared !== undefined && !KNOWN_ENCODINGS.has(declared) && declared !== 'us-ascii')
    throw new FileError(`the XML says it is written in ${declared}, which is not read here`)
  const plain = declared === undefined || declared === 'utf-8' || declared === 'us-ascii' || declared === 'utf-16'
  return {
    encoding: plain ? undefined : declared,
    all: (async function* () {
      yield value
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
    })(),
  }
}

/** The first element at a path of local names below `element`. */
export function at(element: XmlElement, ...path: string[]): XmlElement | undefined {
  let found: XmlElement | undefined = element
  for (const name of path) found = found?.children.find((child) => child.name === name)
  return found
}

/** Every child of that name. */
export const every = (element: XmlElement, name: string): XmlElement[] =>
  element.children.filter((child) => child.name === name)

/** Text at a path; undefined where there is none. */
export const textAt = (element: XmlElement, ...path: string[]): string | undefined =>
  at(element, ...path)?.text || undefined

/** Number at a path; undefined where there is none or it is no number. */
export function numberAt(element: XmlElement, ...path: string[]): number | undefined {
  const text = textAt(element, ...path)
  const value = text === undefined ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : undefined
}

/** Every element below of that name, in document order. */
export function* below(element: XmlElement, name: string): Iterable<XmlElement> {
  for (const child of element.children) {
    if (child.name === name) yield child
    yield* below(child, name)
  }
}

/** The type an element says it has, without its prefix (`xsi:type`). */
export const typeOf = (element: XmlElement): string => local(element.attributes.type ?? '')
