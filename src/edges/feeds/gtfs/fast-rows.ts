import { CopyRows } from '../../../kernel/db/index.ts'
import type { ByteRows } from './byte-rows.ts'
import type { Notices } from './notices.ts'
import { rowsOf, type Table } from './table.ts'

/** What becomes of the records of a file with millions of them. */
interface Taker {
  /** Takes the record `bytes` stands at as it is; false where it is unusual in any way. */
  plain(rows: CopyRows, number: number): boolean
  /** Takes a record by the cells it has. */
  careful(rows: CopyRows, cells: string[], number: number): void
  /** So many records of a block are read. */
  read(records: number): void
  signal: AbortSignal | undefined
  notices: Notices
}

/**
 * Reads a file block by block into the binary form of COPY: records as nearly all are from the bytes they stand in, the
 * others by their cells. `number` counts records as the notices do, the header being 1.
 */
export async function* fastRows(file: string, table: Table, bytes: ByteRows, taker: Taker): AsyncIterable<Buffer> {
  const rows = new CopyRows()
  let number = 2
  for await (const block of table.raw) {
    taker.signal?.throwIfAborted()
    const first = number
    bytes.open(block.bytes)
    while (bytes.next()) {
      if (!taker.plain(rows, number)) taker.careful(rows, bytes.texts(), number)
      number++
    }
    const odd = bytes.rest()
    if (odd)
      for (const cells of rowsOf({ bytes: odd, quoted: true }, file, number, taker.notices))
        taker.careful(rows, cells, number++)
    taker.read(number - first)
    if (rows.full) yield rows.take()
  }
  yield rows.take()
}
