import jsonata from 'jsonata'
import { FileError, type Format } from '../../../domains/sources/index.ts'
import { utf8Chunks } from '../text.ts'
import { lineDocuments, streamedRows, wholeDocument } from './documents.ts'
import { Flattener } from './flatten.ts'

const PLAIN_PATH = /^[\p{L}_$][\p{L}\p{N}_$-]*(\.[\p{L}_$][\p{L}\p{N}_$-]*)*$/u
const EXPRESSION_LIMITS = { timeout: 10_000, stack: 500 }

/**
 * JSON. Rows are objects; values inside become columns named by their path. `format.rows` says where the rows are: a
 * plain path is streamed, an expression sees the whole document. Without it an array is its elements and anything else
 * is one row; `lines: true` reads one object a line.
 */
export const json: Format = {
  id: 'json',
  async *parse(bytes, options, context) {
    const flattener = new Flattener()
    const text = utf8Chunks(bytes, options.encoding)
    if (options.lines) {
      for await (const objects of lineDocuments(text)) {
        context.signal?.throwIfAborted()
        yield flattener.batch(objects)
      }
      return
    }
    const { rows } = options
    if (rows === undefined) {
      const { array, all } = await startsWithBracket(text)
      if (!array) {
        yield flattener.batch([await wholeDocument(all, context)])
        return
      }
      for await (const objects of streamedRows(all, '')) yield flattener.batch(objects)
      return
    }
    if (PLAIN_PATH.test(rows)) {
      for await (const objects of streamedRows(text, rows)) {
        context.signal?.throwIfAborted()
        yield flattener.batch(objects)
      }
      return
    }
    const document = await wholeDocument(text, context)
    let found: unknown
    try {
      found = await jsonata(rows, EXPRESSION_LIMITS).evaluate(document)
    } catch (error) {
      throw new FileError(`format.rows failed: ${(error as Error).message}`)
    }
    const list = found === undefined ? [] : Array.isArray(found) ? found : [found]
    if (list.length > 0) yield flattener.batch(list)
  },
}

async function startsWithBracket(text: AsyncIterable<Buffer>): Promise<{ array: boolean; all: AsyncIterable<Buffer> }> {
  const iterator = text[Symbol.asyncIterator]()
  const seen: Buffer[] = []
  let first = ''
  while (first === '') {
    const { value, done } = await iterator.next()
    if (done) throw new FileError('the document is empty')
    seen.push(value)
    first = value.toString('latin1').trimStart().slice(0, 1)
  }
  return {
    array: first === '[',
    all: (async function* () {
      yield* seen
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
    })(),
  }
}
