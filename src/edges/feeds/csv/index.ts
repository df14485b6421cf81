import { CsvError } from 'csv-parse'
import { parse } from 'csv-parse/sync'
import { type Batch, FileError, type Format, type FormatOptions } from '../../../domains/sources/index.ts'
import { compilePattern } from '../../../kernel/pattern.ts'
import { utf8Chunks } from '../text.ts'
import { recordBlocks } from './blocks.ts'

const MAX_PREAMBLE_BYTES = 1_000_000
const MAX_PREAMBLE_LINES = 1000

/**
 * Separated values, streamed in blocks of whole records. Rows are arrays of texts; the header is the first line unless
 * the definition gives one. csv-parse reads the blocks that hold quotes; those without — nearly all of a sensor's file —
 * are plain splits, ten times as fast.
 */
export const csv: Format = {
  id: 'csv',
  async *parse(bytes, options, context) {
    const preamble: string[] = []
    const quote = options.quote ?? '"'
    const source = withoutPreamble(utf8Chunks(bytes, options.encoding), options, preamble)
    let header: readonly string[] | undefined = options.header
    let row = 1
    for await (const block of recordBlocks(source, quote)) {
      context.signal?.throwIfAborted()
      if (row === 1) row += preamble.length
      const text = block.bytes.toString('utf8')
      let rows = block.quoted ? parsed(text, options, quote, row) : split(text, options)
      const count = rows.length
      if (header === undefined) {
        const at = rows.findIndex((cells) => cells.length > 1 || cells[0] !== '')
        if (at < 0) {
          row += count
          continue
        }
        header = rows[at]!.map((name) => name.trim())
        rows = rows.slice(at + 1)
      }
      if (rows.length > 0) yield { header, rows, firstRow: row + count - rows.length, preamble } satisfies Batch
      row += count
    }
    if (header === undefined) throw new FileError('the file is empty')
  },
}

function split(text: string, { separator = ',', comment }: FormatOptions): string[][] {
  const lines = text.split(text.includes('\r') ? /\r\n|\n/ : '\n')
  if (lines.at(-1) === '') lines.pop()
  const rows: string[][] = new Array(lines.length)
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!
    rows[index] = comment !== undefined && line.startsWith(comment) ? [''] : line.split(separator)
  }
  return rows
}

function parsed(
  text: string,
  { separator = ',', comment }: FormatOptions,
  quote: string,
  firstRow: number,
): string[][] {
  try {
    return parse(text, { delimiter: separator, quote, comment: comment ?? null, relax_column_count: true })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new FileError(`not readable as csv from line ${firstRow} on: ${error.message}`)
  }
}

/** Takes the lines above the header off and keeps them as texts; `headerLine` finds the header where their number varies. */
async function* withoutPreamble(
  source: AsyncIterable<Buffer>,
  { skip = 0, headerLine }: FormatOptions,
  preamble: string[],
): AsyncIterable<Buffer> {
  const pattern = headerLine === undefined ? undefined : compilePattern(headerLine)
  let reached = pattern === undefined && skip === 0
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of source) {
    if (reached) {
      yield chunk
      continue
    }
    held = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
    while (!reached) {
      const end = held.indexOf(10)
      if (end < 0) break
      const line = held.toString('utf8', 0, end).replace(/\r$/, '')
      if (pattern?.test(line)) {
        reached = true
        break
      }
      if (preamble.length >= MAX_PREAMBLE_LINES)
        throw new FileError(`none of the first ${MAX_PREAMBLE_LINES} lines matches headerLine ${headerLine}`)
      preamble.push(line)
      held = held.subarray(end + 1)
      reached = pattern === undefined && preamble.length === skip
    }
    if (reached && held.length > 0) yield held
    else if (held.length > MAX_PREAMBLE_BYTES)
      throw new FileError(`the lines above the header are longer than ${MAX_PREAMBLE_BYTES} bytes`)
  }
  if (reached) return
  throw new FileError(
    pattern ? `no line matches headerLine ${headerLine}` : `the file ends within the ${skip} lines above the header`,
  )
}
