import { type Guess, type Mapping, type Reading, words } from './detect-model.ts'
import { timeFormatOf } from './detect-time.ts'

export interface CsvShape {
  format: Mapping['format']
  /** Lines above the header. */
  preamble: string[]
  guesses: Guess[]
}

const SEPARATORS = [';', ',', '\t', '|']
const NAMES: Record<string, [string, string]> = {
  ';': ['Semikolon', 'semicolons'],
  ',': ['Komma', 'commas'],
  '\t': ['Tabulator', 'tabs'],
  '|': ['senkrechtem Strich', 'vertical bars'],
}
const LINES = 400

/** Cells of a line; quotes keep separators inside. */
export function cellsOf(line: string, separator: string, quote = '"'): string[] {
  if (quote === '' || !line.includes(quote)) return line.split(separator)
  const cells: string[] = []
  let cell = ''
  let inside = false
  for (let at = 0; at < line.length; at++) {
    const sign = line[at]!
    if (sign === quote) {
      if (inside && line[at + 1] === quote) {
        cell += quote
        at++
      } else inside = !inside
    } else if (sign === separator && !inside) {
      cells.push(cell)
      cell = ''
    } else cell += sign
  }
  cells.push(cell)
  return cells
}

/** Separator, header and decimal sign of separated values; null when the text is no table. */
export function csvShape(text: string, fixed: Reading = {}): CsvShape | null {
  const lines = text.split(/\r\n|\n|\r/).slice(0, LINES)
  while (lines.at(-1) === '') lines.pop()
  const comment = commentOf(lines)
  let best: { separator: string; block: Block; score: number } | null = null
  for (const separator of fixed.separator === undefined ? SEPARATORS : [fixed.separator]) {
    const found = blockOf(lines, separator, comment)
    const block = found && fixed.header ? startingAt(found, lines, fixed.header - 1, separator) : found
    if (!block || block.width < 2) continue
    // Many columns that fit everywhere beat two that a decimal comma makes.
    const score = block.share * Math.log2(1 + block.width)
    if (!best || score > best.score * 1.001) best = { separator, block, score }
  }
  // Who says how a file is read has seen it: then rows may be as uneven as they like.
  const said = fixed.separator !== undefined || fixed.header !== undefined
  if (!best || (best.block.share < 0.5 && !said)) return null
  const { separator, block } = best
  const rows = lines.slice(block.start).filter((line) => line !== '' && !(comment && line.startsWith(comment)))
  const table = rows.map((line) => cellsOf(line, separator))
  const headless = fixed.header === undefined ? !hasHeader(table) : fixed.header === 0
  const preamble = lines.slice(0, block.start)
  const format: Mapping['format'] = { type: 'csv', ...(separator === ',' ? {} : { separator }) }
  if (comment) format.comment = comment
  const header = (table[0] ?? []).map((cell) => cell.trim())
  const guesses = [separatorGuess(separator, block)]
  if (headless) {
    if (block.start > 0) format.skip = block.start
    format.header = namesFor(table)
    guesses.push({
      about: 'header',
      value: words('ohne Kopfzeile', 'no header'),
      confidence: fixed.header === 0 ? 'sure' : 'likely',
      reason: words(
        'Schon die erste Zeile enthält Werte: Die Spalten bekommen Namen von hier.',
        'The first line holds values already: the columns are named here.',
      ),
    })
  } else if (block.start > 0) {
    const pattern = headerPattern(lines[block.start]!, preamble)
    if (pattern && fixed.header === undefined) format.headerLine = pattern
    else format.skip = block.start
    guesses.push({
      about: 'header',
      value: words(`Kopf in Zeile ${block.start + 1}`, `header in line ${block.start + 1}`),
      confidence: 'sure',
      reason: words(
        `${block.start} Zeilen stehen über der Tabelle; die erste mit ${block.width} Spalten nennt „${header[0]}“.`,
        `${block.start} lines stand above the table; the first with ${block.width} columns names "${header[0]}".`,
      ),
    })
  }
  const decimal = fixed.decimal === undefined ? decimalOf(headless ? table : table.slice(1), separator) : null
  if (decimal || fixed.decimal === ',') format.decimal = ','
  if (decimal) guesses.push(decimal)
  return { format, preamble, guesses }
}

function separatorGuess(separator: string, block: Block): Guess {
  const [de, en] = NAMES[separator] ?? [`„${separator}“`, `"${separator}"`]
  const all = block.fitting === block.lines
  return {
    about: 'format',
    value: words(`CSV mit ${de}`, `CSV with ${en}`),
    confidence: block.share > 0.98 ? 'sure' : block.share > 0.8 ? 'likely' : 'guess',
    reason: words(
      `In ${all ? 'allen ' : `${block.fitting} von `}${block.lines} geprüften Zeilen ${block.width} Spalten.`,
      `${block.width} columns in ${all ? 'all' : `${block.fitting} of`} ${block.lines} lines looked at.`,
    ),
  }
}

interface Block {
  start: number
  width: number
  lines: number
  fitting: number
  share: number
}

/** The table in the lines: where lines of the most usual width begin, and how many of the rest keep to it. */
function blockOf(lines: readonly string[], separator: string, comment: string | undefined): Block | null {
  const blank = (line: string) => line === '' || (comment !== undefined && line.startsWith(comment))
  const widths = lines.map((line) => (blank(line) ? 0 : cellsOf(line, separator).length))
  const tally = new Map<number, number>()
  for (const width of widths) if (width > 0) tally.set(width, (tally.get(width) ?? 0) + 1)
  let width = 0
  for (const [candidate, count] of tally) {
    if (candidate > 1 && count > (tally.get(width) ?? 0)) width = candidate
  }
  if (width === 0) return null
  // A header may lack the separator at the end that its rows have, or the other way round.
  const fits = (found: number) => found === width || found === width - 1 || found === width + 1
  let start = widths.findIndex((found, at) => fits(found) && nextFits(widths, at, width))
  if (start < 0) start = widths.indexOf(width)
  start = afterBlank(lines, widths, start, width, separator)
  const body = widths.slice(start).filter((found) => found > 0)
  const fitting = body.filter((found) => found === width).length
  return { start, width, lines: body.length, fitting, share: fitting / body.length }
}

/** The same table, where a person says its header is. */
function startingAt(block: Block, lines: readonly string[], start: number, separator: string): Block | null {
  if (start >= lines.length) return null
  const body = lines.slice(start).filter((line) => line !== '')
  const fitting = body.filter((line) => cellsOf(line, separator).length === block.width).length
  return { ...block, start, lines: body.length, fitting, share: fitting / Math.max(1, body.length) }
}

/** A blank line parts the text above a table from it, even where that text happens to have as many cells. */
function afterBlank(
  lines: readonly string[],
  widths: readonly number[],
  start: number,
  width: number,
  separator: string,
): number {
  for (let at = start + 1; at < Math.min(start + 12, widths.length - 2); at++) {
    if (widths[at] !== 0 || widths[at + 1] !== width) continue
    const table = lines.slice(at + 1, at + 60).map((line) => cellsOf(line, separator))
    if (table.length > 2 && hasHeader(table) && !hasHeader([table[1]!, ...table.slice(2)])) return at + 1
  }
  return start
}

/** The next lines with anything in them belong to the table: a chance hit in the text above it does not begin it. */
function nextFits(widths: readonly number[], at: number, width: number): boolean {
  const next = widths.slice(at + 1, at + 9).filter((found) => found > 0)
  return next.slice(0, 3).every((found) => found === width)
}

function commentOf(lines: readonly string[]): string | undefined {
  const marked = lines.filter((line) => line.startsWith('#'))
  return marked.length > 0 && marked.length < lines.length / 2 ? '#' : undefined
}

const number = /^[+-]?\d[\d.,]*$/

/** A header names things: where the rows below hold numbers or times, it does not. */
function hasHeader(table: readonly string[][]): boolean {
  const [first, ...rest] = table
  if (!first) return false
  const looksValue = (cell: string) => number.test(cell.trim()) || timeFormatOf([cell.trim()]) !== null
  const valued = first.map((_, at) => {
    const cells = rest.slice(0, 50).flatMap((row) => (row[at]?.trim() ? [row[at]!] : []))
    return cells.length > 0 && cells.filter(looksValue).length > cells.length * 0.8
  })
  const columns = first.flatMap((cell, at) => (valued[at] && cell.trim() !== '' ? [cell] : []))
  if (columns.length === 0) return true
  return columns.filter(looksValue).length < columns.length
}

export function namesFor(table: readonly string[][]): string[] {
  let times = 0
  let values = 0
  return (table[0] ?? []).map((cell, at) => {
    if (timeFormatOf([cell.trim()]) !== null) return times++ === 0 ? 'zeit' : `zeit_${times}`
    if (number.test(cell.trim())) return values++ === 0 ? 'wert' : `wert_${values}`
    return `spalte_${at + 1}`
  })
}

function headerPattern(header: string, preamble: readonly string[]): string | null {
  const start = /^"?[\p{L}][\p{L}\d _-]*"?[;,\t|]/u.exec(header)?.[0]
  if (!start || preamble.some((line) => line.startsWith(start))) return null
  return `^${start.replaceAll(/[|\\^$.*+?()[\]{}]/g, '\\$&')}`
}

/** Decimal commas, or points that group thousands: both mean that the file writes numbers the German way. */
function decimalOf(rows: readonly string[][], separator: string): Guess | null {
  if (separator === ',' && !rows.some((row) => row.some((cell) => /^-?\d+,\d+$/.test(cell)))) return null
  let commas = 0
  let points = 0
  let groups = 0
  let example = ''
  for (const row of rows) {
    for (const raw of row) {
      const cell = raw.trim()
      if (/^[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+$/.test(cell)) {
        commas++
        example ||= cell
      } else if (/^[+-]?\d+\.\d+$/.test(cell)) {
        if (/^[+-]?[1-9]\d{0,2}\.\d{3}$/.test(cell)) groups++
        else points++
      }
    }
  }
  if (commas === 0 || commas <= points) return null
  return {
    about: 'decimal',
    value: words('Dezimalkomma', 'decimal comma'),
    confidence: points === 0 ? 'sure' : 'likely',
    reason: words(
      `Zahlen wie „${example}“: ${commas} mit Komma, ${points + groups} mit Punkt.`,
      `Numbers like "${example}": ${commas} with a comma, ${points + groups} with a point.`,
    ),
  }
}
