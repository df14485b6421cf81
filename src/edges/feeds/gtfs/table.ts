import { parse as parseCsv } from 'csv-parse/sync'
import { FileError } from '../../../domains/sources/index.ts'
import { type Block, recordBlocks } from '../csv/blocks.ts'
import type { Field, FileSpec } from './file-spec.ts'
import type { Notices } from './notices.ts'
import { isOneCase, isPrintable, parse } from './values.ts'

/** Some hundred rows as they stand in the file. Numbers count records, the header is 1. */
export interface TableBlock {
  rows: string[][]
  first: number
}

/** A table of the feed as far as it can be read: its header, and its rows in blocks; as texts or as they stand there. */
export interface Table {
  header: string[]
  /** Read either these or {@link raw}. */
  blocks: AsyncIterable<TableBlock>
  raw: AsyncIterable<Block>
}

/** Why a table cannot be read at all. */
export interface Unreadable {
  reason: 'empty' | 'columns' | 'utf-16'
}

/**
 * Opens a table (GTFS Schedule, "File Requirements": UTF-8, comma, quotes doubled), unless it is empty or a column it
 * cannot do without is missing; the notices say which.
 */
export async function openTable(
  spec: FileSpec | undefined,
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  notices: Notices,
): Promise<Table | Unreadable> {
  const records = recordsOf(name, bytes, notices)
  const head = await firstOf(records, name, notices)
  if (head.length === 0) {
    await records.return(undefined)
    notices.add('empty_file', { filename: name })
    return { reason: 'empty' }
  }
  const header = head[0]!.map((cell) => cell.trim())
  if (!usable(spec, name, header, notices)) {
    await records.return(undefined)
    return { reason: header.some((column) => column.includes('\0')) ? 'utf-16' : 'columns' }
  }
  return {
    header,
    raw: (async function* () {
      if (head.length > 1) yield written(head.slice(1))
      yield* records
    })(),
    blocks: (async function* () {
      let number = 1 + head.length
      if (head.length > 1) yield { rows: head.slice(1), first: 2 }
      for await (const block of records) {
        const rows = rowsOf(block, name, number, notices)
        const first = number
        number += rows.length
        if (rows.length > 0) yield { rows, first }
      }
    })(),
  }
}

/** The rows of the first block that has any: the header alone, unless a line break stands in it. */
async function firstOf(records: AsyncGenerator<Block, undefined>, name: string, notices: Notices): Promise<string[][]> {
  for (;;) {
    const { value: block } = await records.next()
    if (!block) return []
    const rows = rowsOf(block, name, 1, notices)
    if (rows.length > 0) return rows
  }
}

function written(rows: readonly string[][]): Block {
  const lines = rows.map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
  return { bytes: Buffer.from(`${lines.join('\n')}\n`), quoted: true }
}

/** The rows of a block as texts, without blanks around cells that are not quoted; none, and a notice, where it is no CSV. `number` is that of the first. */
export function rowsOf({ bytes, quoted: isQuoted }: Block, name: string, number: number, notices: Notices): string[][] {
  const text = bytes.toString('utf8')
  if (!isQuoted) return plain(text)
  try {
    return quoted(text)
  } catch (error) {
    if (!isCsvError(error)) throw error
    notices.add('csv_parsing_failed', { filename: name, lineIndex: number, message: error.message })
    return []
  }
}

const isCsvError = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_')

/** Looks at the header alone. */
function usable(spec: FileSpec | undefined, name: string, header: readonly string[], notices: Notices): boolean {
  const seen = new Set<string>()
  let good = true
  for (const [index, column] of header.entries()) {
    if (column === '') notices.add('empty_column_name', { filename: name, index: index + 1 })
    else if (seen.has(column)) {
      notices.add('duplicated_column', {
        filename: name,
        fieldName: column,
        firstIndex: header.indexOf(column) + 1,
        secondIndex: index + 1,
      })
      good = false
    } else if (spec && !spec.fields.has(column))
      notices.add('unknown_column', { filename: name, fieldName: column, index: index + 1 })
    seen.add(column)
  }
  for (const field of spec?.fields.values() ?? []) {
    if (!field.hasColumn || seen.has(field.name)) continue
    notices.add('missing_required_column', { filename: name, fieldName: field.name })
    if (field.presence === 'required' && !spec!.isPassedOn) good = false
  }
  return good
}

/** Whole records, block by block: one without quotes can be split, csv-parse reads the others (decision 0006). */
async function* recordsOf(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  notices: Notices,
): AsyncGenerator<Block, undefined> {
  // What goes wrong below (a trap, a broken archive) is no fault of this table alone.
  const below = { failed: false }
  async function* watched(): AsyncIterable<Buffer> {
    try {
      yield* withoutMark(bytes)
    } catch (error) {
      below.failed = true
      throw error
    }
  }
  try {
    yield* recordBlocks(watched(), '"')
  } catch (error) {
    if (below.failed || !(error instanceof FileError)) throw error
    notices.add('csv_parsing_failed', { filename: name, message: error.message })
  }
  return undefined
}

/** A blank beside a comma or at an end of a line, quotes or not. */
const BLANKS = /[ \t]"?(?:,|\r?$)|(?:^|,)"?[ \t]/m

function plain(text: string): string[][] {
  const lines = text.split('\n')
  const hasBlanks = BLANKS.test(text)
  const rows: string[][] = []
  for (const line of lines) {
    let end = line.length
    while (end > 0 && line.charCodeAt(end - 1) === 13) end--
    if (end === 0) continue
    const cells = (end === line.length ? line : line.slice(0, end)).split(',')
    rows.push(hasBlanks ? cells.map((cell) => cell.trim()) : cells)
  }
  return rows
}

function quoted(text: string): string[][] {
  const rows: string[][] = parseCsv(text, {
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    // Blanks around a cell belong to it only within quotes.
    ...(BLANKS.test(text) ? { cast: (cell, { quoting }) => (quoting ? cell : cell.trim()) } : {}),
    record_delimiter: ['\r\n', '\n'],
  })
  for (const row of rows) {
    const last = row.at(-1)!
    if (last.endsWith('\r')) row[row.length - 1] = last.replace(/\r+$/, '')
  }
  return rows
}

async function* withoutMark(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let first = true
  for await (const raw of bytes) {
    let chunk = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
    if (first && chunk.length > 0) {
      first = false
      if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) chunk = chunk.subarray(3)
    }
    yield chunk
  }
}

/** One row by its columns: what could be read of it. */
export class TableRow {
  /** By field; dates `YYYY-MM-DD`, times in seconds. */
  readonly values: Record<string, string | number> = {}
  /** False when a required field is empty or not readable: the row cannot be used. */
  good = true
  /** The notice that made it so, and the field. */
  problem: string | undefined
  field: string | undefined
  readonly file: string
  readonly number: number

  constructor(file: string, number: number) {
    this.file = file
    this.number = number
  }

  spoil(problem: string, field: string): void {
    if (!this.good) return
    this.good = false
    this.problem = problem
    this.field = field
  }

  text(name: string): string | undefined {
    const value = this.values[name]
    return value === undefined ? undefined : String(value)
  }

  num(name: string): number | undefined {
    return this.values[name] as number | undefined
  }
}

/** Reads rows of one table by its spec; made once a header. */
export class RowReader {
  readonly #spec: FileSpec
  readonly #notices: Notices
  readonly #columns: (Field | undefined)[]
  readonly #header: readonly string[]
  readonly #absent: Field[]

  constructor(spec: FileSpec, header: readonly string[], notices: Notices) {
    this.#spec = spec
    this.#notices = notices
    this.#header = header
    this.#columns = header.map((name) => spec.fields.get(name))
    this.#absent = [...spec.fields.values()].filter(
      ({ name, presence }) => presence === 'recommended' && !header.includes(name),
    )
  }

  /** Null for a line without a cell. */
  read(cells: readonly string[], number: number): TableRow | null {
    const { name: filename } = this.#spec
    const row = new TableRow(filename, number)
    if (cells.length !== this.#header.length) {
      if (cells.every((cell) => cell === '')) {
        // A line of blanks alone; one of commas is a row of empty cells.
        if (cells.length === 1) this.#notices.add('empty_row', { filename, csvRowNumber: number })
        return null
      }
      this.#notices.add('invalid_row_length', {
        filename,
        csvRowNumber: number,
        rowLength: cells.length,
        headerCount: this.#header.length,
      })
    }
    for (let index = 0; index < this.#columns.length; index++) {
      const field = this.#columns[index]
      const raw = cells[index] ?? ''
      const text = raw === '' ? '' : this.#clean(raw, this.#header[index]!, number)
      if (!field) {
        if (text !== '') row.values[this.#header[index]!] = text
      } else if (text !== '') this.#take(row, field, text)
      else if (field.presence !== 'optional') this.#missing(row, field)
    }
    for (const field of this.#absent) this.#missing(row, field)
    return row
  }

  #missing(row: TableRow, field: Field): void {
    const facts = { filename: row.file, csvRowNumber: row.number, fieldName: field.name }
    if (field.presence === 'required') {
      row.spoil('missing_required_field', field.name)
      this.#notices.add('missing_required_field', facts)
    } else this.#notices.add('missing_recommended_field', facts)
  }

  #take(row: TableRow, field: Field, text: string): void {
    const parsed = parse(field, text)
    if ('value' in parsed) {
      const code =
        field.mixedCase && isOneCase(text)
          ? 'mixed_case_recommended_field'
          : field.type === 'id' && !isPrintable(text)
            ? 'non_ascii_or_non_printable_char'
            : undefined
      if (code)
        this.#notices.add(code, {
          filename: row.file,
          csvRowNumber: row.number,
          fieldName: field.name,
          fieldValue: text,
        })
      row.values[field.name] = parsed.value
      return
    }
    this.#notices.add(parsed.code, {
      filename: row.file,
      csvRowNumber: row.number,
      fieldName: field.name,
      fieldValue: text,
    })
    if (field.presence === 'required') row.spoil(parsed.code, field.name)
  }

  #clean(raw: string, fieldName: string, csvRowNumber: number): string {
    let text = raw
    const facts = () => ({ filename: this.#spec.name, csvRowNumber, fieldName, fieldValue: raw })
    if (text.includes('\ufffd')) {
      this.#notices.add('invalid_character', facts())
      text = text.replaceAll('\ufffd', '')
    }
    if (/[\r\n]/.test(text)) {
      this.#notices.add('new_line_in_value', facts())
      text = text.replaceAll(/\s*[\r\n]+\s*/g, ' ')
    }
    if (text.includes('\0')) text = text.replaceAll('\0', ' ')
    const trimmed = text.trim()
    if (trimmed.length !== text.length) {
      if (text === raw) this.#notices.add('leading_or_trailing_whitespaces', facts())
      text = trimmed
    }
    return text
  }
}
