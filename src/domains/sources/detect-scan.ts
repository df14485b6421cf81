import { ChangeNights, timeFormatOf } from './detect-time.ts'
import { plain } from './detect-words.ts'
import { type Batch, type Cell, FileError } from './model.ts'
import { compileTimeFormat, type ReadTime, type TimeReader } from './time-format.ts'

const FIRST_ROWS = 1500
const SAMPLE = 3000
const CHECK_EVERY = 2000

export interface SampleRow {
  row: number
  cells: readonly Cell[]
}

/** What a pass over the rows found: a sample from the whole file, and what only the whole file can tell. */
export interface Scan {
  header: string[]
  /** The first rows without gaps: distances in time are read off them. */
  firstRows: SampleRow[]
  /** Rows spread over everything that was read, in order. */
  sample: SampleRow[]
  rows: number
  /** All rows were read before the time was over. */
  whole: boolean
  nights: ReturnType<ChangeNights['result']>
  /** Where reading broke off because the file is damaged. */
  damage?: string
}

/**
 * Reads rows for at most `milliseconds`. The first rows of a file often lie: columns begin empty, the year has no clock
 * change yet. So the sample is thinned as it grows, and covers whatever was read.
 */
export async function scanRows(batches: AsyncIterable<Batch>, zone: string, milliseconds: number): Promise<Scan> {
  const until = performance.now() + milliseconds
  const firstRows: SampleRow[] = []
  let sample: SampleRow[] = []
  let stride = 1
  let header: readonly string[] = []
  let rows = 0
  let whole = true
  let damage: string | undefined
  const nights = new ChangeNights(zone)
  let clock: ((row: readonly Cell[]) => void) | undefined
  try {
    for await (const batch of batches) {
      if (batch.header !== header) {
        header = batch.header
        clock = localTimes(batch, nights)
      }
      clock ??= localTimes(batch, nights)
      for (let at = 0; at < batch.rows.length; at++) {
        const cells = batch.rows[at]!
        if (cells.length === 1 && cells[0] === '' && header.length > 1) continue
        if (firstRows.length < FIRST_ROWS) firstRows.push({ row: batch.firstRow + at, cells: kept(cells) })
        if (rows % stride === 0) {
          sample.push({ row: batch.firstRow + at, cells: kept(cells) })
          if (sample.length >= SAMPLE * 2) {
            sample = sample.filter((_, index) => index % 2 === 0)
            stride *= 2
          }
        }
        clock?.(cells)
        rows++
        if (rows % CHECK_EVERY === 0 && performance.now() > until) {
          whole = false
          break
        }
      }
      if (!whole) break
    }
  } catch (error) {
    // What was read up to the damage still shows what the file is; the preview lists the damage itself.
    if (!(error instanceof FileError) || rows === 0) throw error
    whole = false
    damage = error.message
  }
  return { header: [...header], firstRows, sample, rows, whole, nights: nights.result(), ...(damage ? { damage } : {}) }
}

/** Copies texts: a piece of a text keeps all of it in memory, here a whole block of the file. */
function kept(cells: readonly Cell[]): Cell[] {
  return cells.map((cell) => (typeof cell === 'string' ? Buffer.from(cell).toString() : cell))
}

/** Feeds the nights of the clock change from the column that looks most like a time without a zone. */
function localTimes(batch: Batch, nights: ChangeNights): ((row: readonly Cell[]) => void) | undefined {
  const rows = batch.rows.slice(0, 200)
  let found: { column: number; read: TimeReader } | undefined
  for (const [column, name] of batch.header.entries()) {
    const texts = rows.flatMap((row) => (row[column] ? [String(row[column]).trim()] : []))
    if (texts.length < rows.length / 2) continue
    const form = timeFormatOf(texts.slice(0, 60))
    if (!form || form.zoned || form.dateOnly) continue
    if (!found || / (zeit|time|datum|date)/.test(` ${plain(name)}`))
      found ??= { column, read: compileTimeFormat(form.format) }
  }
  if (!found) return undefined
  const { column, read } = found
  const out: ReadTime = { ms: 0, micros: 0, local: true }
  let last: Cell
  return (row) => {
    const cell = row[column]
    if (cell === last || typeof cell !== 'string') return
    last = cell
    if (read(cell.trim(), out)) nights.add(out.ms)
  }
}
