import { FileError } from '../../../domains/sources/index.ts'

const LINE_FEED = 10
const MAX_RECORD_BYTES = 8_000_000

/** Whole records of a file in UTF-8, and whether a quote stands among them. */
export interface Block {
  bytes: Buffer
  quoted: boolean
}

/**
 * Cuts a UTF-8 stream at record ends. A line break inside quotes does not end a record; quotes come in pairs (RFC 4180
 * doubles one that is meant as such), so a block is whole when their number is even. The first line is a block of its
 * own: quotes are often only there. The bytes of a block are good until the next one is asked for. Files with lone
 * carriage returns are read as one record and refused by the limit.
 */
export async function* recordBlocks(source: AsyncIterable<Buffer>, quote: string): AsyncIterable<Block> {
  let rest: Buffer = Buffer.alloc(0)
  let first = true
  for await (const chunk of source) {
    let at = 0
    if (first) {
      const line = chunk.indexOf(LINE_FEED)
      if (line >= 0) {
        const head = Buffer.concat([rest, chunk.subarray(0, line + 1)])
        if (quotesIn(head, quote) % 2 === 0) {
          yield { bytes: head, quoted: quote !== '' && head.includes(quote) }
          rest = Buffer.alloc(0)
          at = line + 1
          first = false
        }
      }
    }
    const end = chunk.lastIndexOf(LINE_FEED) + 1
    // The record that began in the chunk before is a block of its own where it can be: joining whole chunks is what costs.
    if (end > at && rest.length > 0) {
      const line = chunk.indexOf(LINE_FEED, at) + 1
      const record = Buffer.concat([rest, chunk.subarray(at, line)])
      const quoted = quote !== '' && record.includes(quote)
      if (!quoted || quotesIn(record, quote) % 2 === 0) {
        yield { bytes: record, quoted }
        rest = Buffer.alloc(0)
        at = line
        first = false
        if (end === at) {
          rest = Buffer.from(chunk.subarray(end))
          continue
        }
      }
    }
    if (end > at) {
      const whole = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(at, end)]) : chunk.subarray(at, end)
      const quoted = quote !== '' && whole.includes(quote)
      if (!quoted || quotesIn(whole, quote) % 2 === 0) {
        yield { bytes: whole, quoted }
        rest = Buffer.from(chunk.subarray(end))
        first = false
        continue
      }
    }
    rest = Buffer.concat([rest, chunk.subarray(at)])
    if (rest.length > MAX_RECORD_BYTES) {
      throw new FileError(
        `a record is longer than ${MAX_RECORD_BYTES / 1e6} MB: a quote is never closed, or the file has no line breaks as expected`,
      )
    }
  }
  if (rest.length > 0) yield { bytes: rest, quoted: quote !== '' && rest.includes(quote) }
}

function quotesIn(bytes: Buffer, quote: string): number {
  if (quote === '') return 0
  let count = 0
  for (let at = bytes.indexOf(quote); at >= 0; at = bytes.indexOf(quote, at + 1)) count++
  return count
}
