import readSheets from 'read-excel-file/node'
import { type Batch, type Cell, FileError, type Format } from '../../../domains/sources/index.ts'
import { listZip } from '../archive/zip.ts'

const BATCH = 1000
const MAX_UNPACKED_FACTOR = 20

/**
 * One sheet of an Excel workbook. The format cannot be streamed, so the file is bounded by `limits.document` and its
 * unpacked size by twenty times that, both checked before it is read. Dates become texts `YYYY-MM-DD HH:mm:ss` without
 * a zone, as Excel means them.
 */
export const xlsx: Format = {
  id: 'xlsx',
  async *parse(bytes, options, context): AsyncIterable<Batch> {
    const file = await bounded(bytes, context.maxDocumentBytes)
    await refuseBomb(file, context.maxDocumentBytes * MAX_UNPACKED_FACTOR)
    const rows = await readRows(file, options.sheet ?? 1)
    const skip = options.skip ?? 0
    const preamble = rows.slice(0, skip).map((row) => row.map((cell) => cell ?? '').join(';'))
    const header = options.header ?? (rows[skip] ?? []).map((cell) => String(cell ?? '').trim())
    const from = skip + (options.header ? 0 : 1)
    for (let at = from; at < rows.length; at += BATCH) {
      context.signal?.throwIfAborted()
      const part = rows.slice(at, at + BATCH).map((row) => {
        while (row.length < header.length) row.push(null)
        return row
      })
      yield { header, rows: part, firstRow: at + 1, preamble }
    }
  },
}

async function bounded(bytes: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > limit) throw new FileError(`the workbook is larger than ${limit} bytes (limits.document)`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function refuseBomb(file: Buffer, limit: number): Promise<void> {
  let size = 0
  for (const member of await listZip(file)) size += member.size
  if (size > limit) throw new FileError(`the workbook unpacks to ${size} bytes, more than the ${limit} allowed`)
}

async function readRows(file: Buffer, wanted: string | number): Promise<Cell[][]> {
  let sheets: { sheet: string; data: unknown[][] }[]
  try {
    sheets = (await readSheets(file)) as typeof sheets
  } catch (error) {
    throw new FileError(`not readable as xlsx: ${(error as Error).message}`)
  }
  const found = typeof wanted === 'number' ? sheets[wanted - 1] : sheets.find(({ sheet }) => sheet === wanted)
  if (!found)
    throw new FileError(
      `there is no sheet ${JSON.stringify(wanted)}; there are: ${sheets.map(({ sheet }) => sheet).join(', ')}`,
    )
  return found.data.map((row) => row.map(asCell))
}

function asCell(value: unknown): Cell {
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace('T', ' ')
  return value as Cell
}
