import { JSONParser } from '@streamparser/json'
import { FileError, type ParseContext } from '../../../domains/sources/index.ts'

const BATCH = 500
const MAX_LINE_BYTES = 16_000_000

/** The whole document, for expressions that need all of it; refused beyond the limit. */
export async function wholeDocument(bytes: AsyncIterable<Buffer>, context: ParseContext): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > context.maxDocumentBytes) {
      throw new FileError(
        `the document is larger than ${context.maxDocumentBytes} bytes: give format.rows as a plain path so that it can be streamed, or raise limits.document`,
      )
    }
    chunks.push(chunk)
  }
  return parseJson(Buffer.concat(chunks).toString('utf8'), 'the document')
}

/** One object a line. */
export async function* lineDocuments(bytes: AsyncIterable<Buffer>): AsyncIterable<unknown[]> {
  let rest: Buffer = Buffer.alloc(0)
  let number = 0
  for await (const chunk of bytes) {
    const joined = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const end = joined.lastIndexOf(10) + 1
    rest = Buffer.from(joined.subarray(end))
    if (rest.length > MAX_LINE_BYTES)
      throw new FileError(`line ${number + 1} is longer than ${MAX_LINE_BYTES} bytes: is it one object a line?`)
    const lines = joined.toString('utf8', 0, end).split('\n')
    lines.pop()
    const objects: unknown[] = []
    for (const line of lines) {
      number++
      if (line.trim() !== '') objects.push(parseJson(line, `line ${number}`))
    }
    if (objects.length > 0) yield objects
  }
  const last = rest.toString('utf8')
  if (last.trim() !== '') yield [parseJson(last, `line ${number + 1}`)]
}

/** The elements of the array at a path (`data.items`; empty for the document itself), streamed. */
export async function* streamedRows(bytes: AsyncIterable<Buffer>, path: string): AsyncIterable<unknown[]> {
  let found: unknown[] = []
  const parser = new JSONParser({ paths: [`$${path === '' ? '' : `.${path}`}.*`], keepStack: false })
  parser.onValue = ({ value, key }) => {
    if (typeof key !== 'number') throw new Error(`"${path}" is an object, not a list of rows`)
    found.push(value)
  }
  let ended = false
  parser.onEnd = () => {
    ended = true
  }
  for await (const chunk of bytes) {
    try {
      parser.write(chunk)
    } catch (error) {
      throw new FileError(`not readable as json: ${(error as Error).message}`)
    }
    if (found.length >= BATCH) {
      yield found
      found = []
    }
  }
  if (!ended) throw new FileError('the document ends in the middle: it was cut off')
  if (found.length > 0) yield found
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FileError(`${what} is not JSON: ${(error as Error).message}`)
  }
}
