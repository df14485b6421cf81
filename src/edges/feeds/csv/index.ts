import { CsvError, type Options, Parser } from 'csv-parse'
import { type Batch, FileError, type Format, type FormatOptions, type ParseContext } from '../../../domains/sources/index.ts'
import { utf8Chunks } from '../text.ts'

const BATCH_ROWS = 2000
const MAX_RECORD_CHARACTERS = 1_000_000
const MAX_PREAMBLE_BYTES = 1_000_000

/** Separated values, streamed. Rows are arrays of texts; the header is the first line unless the definition gives one. */
export const csv: Format = {
  id: 'csv',
  async *parse(bytes, options, context) {
    const preamble: string[] = []
    const source = withoutPreamble(utf8Chunks(bytes, options.encoding), options.skip ?? 0, preamble)
    let header: readonly string[] | undefined = options.header
    let firstRow = 1 + (options.skip ?? 0)
    for await (const rows of records(source, options, context)) {
      let data = rows
      if (header === undefined) {
        header = (rows[0] ?? []).map((name) => name.trim())
        data = rows.slice(1)
        firstRow++
      }
      if (data.length > 0) yield { header, rows: data, firstRow, preamble } satisfies Batch
      firstRow += data.length
    }
    if (header === undefined) throw new FileError('the file is empty')
  },
}

/** Batches of records by csv-parse, which is fed by hand: its stream interface costs a third of the time. */
async function* records(source: AsyncIterable<Buffer>, options: FormatOptions, context: ParseContext): AsyncIterable<string[][]> {
  let batch: string[][] = []
  const parser = new Parser(parserOptions(options))
  const push = (record: string[]) => {
    batch.push(record)
  }
  const { api } = parser as unknown as { api: CsvApi }
  const parse = (chunk: Buffer | undefined, end: boolean) => {
    const error = api.parse(chunk, end, push, () => {})
    if (error) throw fileError(error)
  }
  for await (const chunk of source) {
    context.signal?.throwIfAborted()
    parse(chunk, false)
    if (batch.length >= BATCH_ROWS) {
      yield batch
      batch = []
    }
  }
  parse(undefined, true)
  if (batch.length > 0) yield batch
}
