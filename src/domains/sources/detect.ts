import { open } from 'node:fs/promises'
import { isWorkbook, sniff } from './detect-bytes.ts'
import { csvShape, namesFor } from './detect-csv.ts'
import { jsonShape } from './detect-json.ts'
import { proposeMapping } from './detect-mapping.ts'
import { type Detection, type Guess, type Mapping, type Reading, type Words, words } from './detect-model.ts'
import { REGISTER } from './detect-register.ts'
import { type Scan, scanRows } from './detect-scan.ts'
import { type Batch, type Entry, FileError, type Format, type Unpack } from './model.ts'
import { plainCause } from './plain-cause.ts'

const HEAD_BYTES = 512 * 1024
const SCAN_MS = 5_000
const SHOWN_ROWS = 20
const DOCUMENT_BYTES = 64_000_000
const LIMITS = { maxEntries: 100_000, maxBytes: 8_000_000_000 }
const DATA_FILE = /\.(csv|tsv|txt|json|geojson|ndjson|jsonl|dat)$/i

export interface DetectDeps {
  formats: readonly Format[]
  unpack: Unpack
  /** The city's time zone. */
  zone: string
}

interface Shape {
  format: Mapping['format']
  preamble: string[]
  guesses: Guess[]
  labels: ReadonlyMap<string, string>
  foreignCrs: string | null
}

/** Recognises a file on disk and proposes how it is read. Never throws for what is in the file: `problem` says it. */
export async function detectFile(
  deps: DetectDeps,
  file: { path: string; name: string; from: Mapping['from'] },
  fixed: Reading = {},
): Promise<Detection> {
  const none: Detection = {
    file: file.name,
    bytes: 0,
    rows: 0,
    whole: true,
    header: [],
    firstRows: [],
    guesses: [],
    ...(Object.keys(fixed).length > 0 ? { fixed } : {}),
    mapping: null,
    problem: null,
  }
  try {
    return await detect(deps, file, none, fixed)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    return {
      ...none,
      problem: words(
        `Die Datei lässt sich nicht lesen. ${plainCause(error.message).text}`,
        `The file cannot be read: ${error.message}`,
      ),
    }
  }
}

async function detect(
  deps: DetectDeps,
  file: { path: string; name: string; from: Mapping['from'] },
  none: Detection,
  fixed: Reading,
): Promise<Detection> {
  const raw = await firstBytes(file.path)
  const bytes = raw.size
  if (bytes === 0) return { ...none, problem: words('Die Datei ist leer.', 'The file is empty.') }
  const workbook = raw.head.length > 4 && isWorkbook(raw.head, file.name)
  const source = new Source(deps, file, workbook)
  const { head, whole, member, archive } = await source.head()
  const base = { ...none, bytes, file: member }
  let shape: Shape | null
  if (workbook) shape = await sheetShape(source, fixed)
  else {
    const sniffed = sniff(head, whole, fixed.encoding)
    if (sniffed.kind === null) return { ...base, problem: sniffed.problem }
    const found =
      sniffed.kind === 'csv'
        ? csvShape(sniffed.text, fixed)
        : jsonShape(sniffed.text, sniffed.kind === 'geojson', fixed.rows)
    shape = found && {
      preamble: 'preamble' in found ? found.preamble : [],
      guesses: [...found.guesses, ...sniffed.guesses],
      format: { ...found.format, ...(sniffed.encoding ? { encoding: sniffed.encoding } : {}) },
      labels: 'labels' in found ? found.labels : new Map(),
      foreignCrs: 'foreignCrs' in found ? found.foreignCrs : null,
    }
  }
  if (!shape) {
    return {
      ...base,
      problem: words(
        'Darin ist keine Tabelle zu erkennen: In keiner Lesart haben die Zeilen gleich viele Spalten.',
        'No table can be recognised: read in no way do the lines have as many columns.',
      ),
    }
  }
  const { scan, encoding } = await scanWith(source, shape, deps.zone, fixed.encoding !== undefined)
  if (encoding) {
    shape.format.encoding = encoding
    const reason = words('Weiter unten steht, was kein UTF-8 ist.', 'Further down stands what is not UTF-8.')
    shape.guesses = shape.guesses.filter(({ about }) => about !== 'encoding')
    shape.guesses.push({ about: 'encoding', value: words(encoding, encoding), confidence: 'likely', reason })
  }
  const read = { ...base, rows: scan.rows, whole: scan.whole, header: scan.header, firstRows: shown(scan) }
  if (scan.rows === 0) {
    return {
      ...read,
      problem: words(
        'Die Datei hat eine Kopfzeile, aber keine Zeile mit Werten.',
        'The file has a header but no row of values.',
      ),
    }
  }
  const from: Mapping['from'] = archive ? { ...file.from, files: filesPattern(member) } : file.from
  const { mapping, guesses, register } = proposeMapping(scan, {
    ...shape,
    file: member,
    name: file.name,
    from,
    zone: deps.zone,
  })
  return {
    ...read,
    guesses: [...shape.guesses, ...guesses],
    mapping,
    ...(register ? { register } : {}),
    problem: register ? REGISTER : usable(mapping),
  }
}

/** What a proposal lacks to be one; the roles can still be chosen by hand. */
function usable(mapping: Mapping): Words | null {
  if (mapping.columns.some(({ role }) => role === 'value')) return null
  return words(
    'Keine Spalte sieht nach Messwerten aus. Wählen Sie bei mindestens einer Spalte „Wert“.',
    'No column looks like values. Choose "value" for at least one column.',
  )
}

const filesPattern = (member: string) => `\\${/\.[a-z]+$/i.exec(member)?.[0] ?? '.'}$`

function shown({ firstRows, header }: Scan): Detection['firstRows'] {
  return firstRows.slice(0, SHOWN_ROWS).map(({ row, cells }) => ({
    row,
    cells: header.map((_, at) => {
      const cell = cells[at] ?? null
      return typeof cell === 'string' && cell.length > 200 ? `${cell.slice(0, 200)}…` : cell
    }),
  }))
}

async function scanWith(
  source: Source,
  shape: Shape,
  zone: string,
  said: boolean,
): Promise<{ scan: Scan; encoding?: string }> {
  try {
    const scan = await scanRows(source.rows(shape.format), zone, SCAN_MS)
    if (!scan.damage?.includes('not UTF-8') || shape.format.encoding || said) return { scan }
  } catch (error) {
    if (!(error instanceof FileError) || !error.message.includes('not UTF-8') || shape.format.encoding || said)
      throw error
  }
  const encoding = 'windows-1252'
  return { scan: await scanRows(source.rows({ ...shape.format, encoding }), zone, SCAN_MS), encoding }
}

/** A sheet: the header is the first row that is about as full as the fullest. */
async function sheetShape(source: Source, fixed: Reading): Promise<Shape | null> {
  const rows: (readonly unknown[])[] = []
  const sheet = fixed.sheet !== undefined && fixed.sheet > 1 ? { sheet: fixed.sheet } : {}
  for await (const batch of source.rows({ type: 'xlsx', header: ['-'], ...sheet })) {
    rows.push(...batch.rows.slice(0, 60))
    break
  }
  const filled = rows.map((row) => row.filter((cell) => cell !== null && cell !== undefined && cell !== '').length)
  const width = Math.max(0, ...filled)
  if (width < 2) return null
  const full = filled.findIndex((count) => count >= Math.max(2, width * 0.6))
  const skip = fixed.header ? fixed.header - 1 : full
  const number = fixed.sheet ?? 1
  const reason = words(
    `Eine Arbeitsmappe von Excel; gelesen wird Blatt ${number}.`,
    `A workbook of Excel; sheet ${number} is read.`,
  )
  const guess: Guess = { about: 'format', value: words('Excel', 'Excel'), confidence: 'sure', reason }
  const preamble = rows.slice(0, skip).map((row) => row.map((cell) => cell ?? '').join(';'))
  return {
    format: {
      type: 'xlsx',
      ...sheet,
      ...(skip > 0 ? { skip } : {}),
      ...(fixed.header === 0
        ? { header: namesFor(rows.slice(skip).map((row) => row.map((cell) => String(cell ?? '')))) }
        : {}),
    },
    preamble,
    guesses: [guess],
    labels: new Map(),
    foreignCrs: null,
  }
}

async function firstBytes(path: string): Promise<{ head: Buffer; size: number }> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.min(size, 64 * 1024))
    await file.read(buffer, 0, buffer.length, 0)
    return { head: buffer, size }
  } finally {
    await file.close()
  }
}

/** One file to be looked at several times: of an archive the first member that looks like data. */
class Source {
  readonly #deps: DetectDeps
  readonly #file: { path: string; name: string }
  readonly #workbook: boolean
  #member: string | undefined

  constructor(deps: DetectDeps, file: { path: string; name: string }, workbook: boolean) {
    this.#deps = deps
    this.#file = file
    this.#workbook = workbook
  }

  async head(): Promise<{ head: Buffer; whole: boolean; member: string; archive: boolean }> {
    for await (const entry of this.#entries()) {
      this.#member = entry.path
      const chunks: Uint8Array[] = []
      let size = 0
      let whole = true
      for await (const chunk of entry.bytes) {
        chunks.push(chunk)
        size += chunk.length
        if (size < HEAD_BYTES) continue
        whole = false
        break
      }
      const { name } = this.#file
      const bare = name.replace(/\.(gz|xz)$/i, '')
      return {
        head: Buffer.concat(chunks),
        whole,
        member: entry.path,
        archive: entry.path !== name && entry.path !== bare,
      }
    }
    throw new FileError('the archive holds no file of values (csv, json, geojson)')
  }

  async *rows(format: Mapping['format']): AsyncIterable<Batch> {
    const reader = this.#deps.formats.find(({ id }) => id === format.type)
    if (!reader) throw new FileError(`this platform cannot read ${format.type}`)
    for await (const entry of this.#entries()) {
      yield* reader.parse(entry.bytes, format, { name: entry.path, maxDocumentBytes: DOCUMENT_BYTES })
      return
    }
  }

  #entries(): AsyncIterable<Entry> {
    const { name } = this.#file
    const bare = name.replace(/\.(gz|xz|tgz|txz)$/i, '')
    const wanted = (path: string) =>
      this.#member === undefined
        ? path === name || path === bare || (DATA_FILE.test(path) && !/(^|\/)[._]/.test(path))
        : path === this.#member
    return this.#deps.unpack({ ...this.#file, keepZip: this.#workbook }, LIMITS, () => {}, wanted)
  }
}
