import { Worker } from 'node:worker_threads'
import { type Batch, type Cell, FileError, type Format } from '../../../domains/sources/index.ts'
import { listZip, type ZipMember } from '../archive/zip.ts'

const BATCH = 1000
const MAX_UNPACKED_FACTOR = 20
/** Rows times columns a sheet may reach over: a single cell far out costs all the empty ones before it. */
const MAX_CELLS = 20_000_000
const READ_MS = 120_000
/** Of the thread that reads; it ends where the memory does, and the platform goes on. */
const READ_LIMITS = { maxOldGenerationSizeMb: 1_024 }

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
  const members = await listZip(file)
  for (const member of members) size += member.size
  if (size > limit) throw new FileError(`the workbook unpacks to ${size} bytes, more than the ${limit} allowed`)
  for (const member of members) if (/\.xml$/i.test(member.path)) await refuseFarCells(member)
}

/** Looks at the cell addresses of a sheet (`r="C7"`, ECMA-376 §18.3.1.4) before anything is made of them. */
async function refuseFarCells({ path, bytes }: ZipMember): Promise<void> {
  let [rows, columns] = [0, 0]
  let rest = ''
  for await (const chunk of bytes()) {
    const text = rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
    for (const [, letters, digits] of text.matchAll(/\sr\s*=\s*["']([A-Za-z]*)(\d+)/g)) {
      rows = Math.max(rows, Number(digits))
      columns = Math.max(columns, columnOf(letters!))
    }
    if (rows * Math.max(columns, 1) > MAX_CELLS)
      throw new FileError(
        `${path} reaches to row ${rows} and column ${columns}, more than ${MAX_CELLS} cells: remove what stands far out`,
      )
    rest = text.slice(-40)
  }
}

const columnOf = (letters: string): number =>
  [...letters.toUpperCase()].reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0)

type Sheets = { sheet: string; data: unknown[][] }[]

async function readRows(file: Buffer, wanted: string | number): Promise<Cell[][]> {
  const sheets = await readSheets(file)
  const found = typeof wanted === 'number' ? sheets[wanted - 1] : sheets.find(({ sheet }) => sheet === wanted)
  if (!found)
    throw new FileError(
      `there is no sheet ${JSON.stringify(wanted)}; there are: ${sheets.map(({ sheet }) => sheet).join(', ')}`,
    )
  return found.data.map((row) => row.map(asCell))
}

/** Reads in a thread of its own, bounded in time and memory: a workbook is no stream, and a small one can hold much. */
function readSheets(file: Buffer): Promise<Sheets> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: file,
    resourceLimits: READ_LIMITS,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  return new Promise<Sheets>((resolve, reject) => {
    const refuse = (why: string) => reject(new FileError(`not readable as xlsx: ${why}`))
    const limit = setTimeout(() => refuse(`it takes longer than ${READ_MS / 1000} s`), READ_MS)
    worker.on('message', ({ sheets, problem }: { sheets?: Sheets; problem?: string }) =>
      sheets ? resolve(sheets) : refuse(problem!),
    )
    worker.on('error', (error: NodeJS.ErrnoException) =>
      refuse(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'it needs too much memory' : error.message),
    )
    worker.on('exit', () => {
      clearTimeout(limit)
      refuse('the reader ended')
    })
  }).finally(() => worker.terminate())
}

function asCell(value: unknown): Cell {
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace('T', ' ')
  return value as Cell
}
