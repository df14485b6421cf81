import { isUtf8 } from 'node:buffer'
import chardet from 'chardet'
import iconv from 'iconv-lite'
import { type Guess, type Words, words } from './detect-model.ts'

export type Kind = 'csv' | 'json' | 'geojson' | 'xlsx'

export interface Sniffed {
  kind: Kind | null
  /** Why it is nothing we read; null when `kind` is set. */
  problem: Words | null
  /** For `format.encoding`; absent where the default does. */
  encoding?: string
  /** The beginning as text, without byte order mark and without a cut last line. */
  text: string
  guesses: Guess[]
}

/** Is this raw file an Excel workbook? It is a zip, and must not be opened as one. */
export function isWorkbook(head: Buffer, name: string): boolean {
  if (head.readUInt32BE(0) !== 0x504b0304) return false
  return /\.xlsx$/i.test(name) || head.includes('[Content_Types].xml') || head.includes('xl/workbook.xml')
}

/** What the first bytes of a (plain) file are. `whole`: there are no more. `fixed`: the encoding a person says it has. */
export function sniff(head: Buffer, whole: boolean, fixed?: string): Sniffed {
  const refuse = (de: string, en: string): Sniffed => ({ kind: null, problem: words(de, en), text: '', guesses: [] })
  if (head.length === 0) return refuse('Die Datei ist leer.', 'The file is empty.')
  const start = head.subarray(0, 8).toString('latin1')
  if (start.startsWith('%PDF')) {
    return refuse(
      'Das ist ein PDF. Daraus lassen sich keine Werte lesen: Fragen Sie nach der Tabelle dahinter (CSV oder Excel).',
      'This is a PDF. No values can be read from it: ask for the table behind it (CSV or Excel).',
    )
  }
  if (start.startsWith('\xd0\xcf\x11\xe0')) {
    return refuse(
      'Das ist eine Arbeitsmappe im alten Excel-Format (.xls). Speichern Sie sie als .xlsx oder CSV.',
      'This is a workbook in the old Excel format (.xls). Save it as .xlsx or CSV.',
    )
  }
  const { name, encoding, guess } = fixed === undefined ? encodingOf(head) : saidEncoding(fixed)
  const text = iconv.decode(head, name).replace(/^\uFEFF/, '')
  if (/\0/.test(text) || controlShare(text) > 0.02) {
    if (fixed !== undefined)
      return refuse(
        `Mit dem Zeichensatz ${fixed} ergibt die Datei keinen lesbaren Text.`,
        `Read as ${fixed} the file is no legible text.`,
      )
    return refuse(
      'Das ist keine Text- oder Tabellendatei. Gelesen werden CSV, JSON, GeoJSON und Excel (.xlsx), auch gepackt.',
      'This is no text or table. CSV, JSON, GeoJSON and Excel (.xlsx) are read, packed too.',
    )
  }
  const trimmed = text.trimStart()
  if (trimmed === '') return refuse('Die Datei ist leer.', 'The file is empty.')
  if (/^<(!doctype html|html|head|body)/i.test(trimmed)) {
    return refuse(
      'Das ist eine Webseite, keine Datei mit Werten. Oft steht auf ihr der Verweis zum Herunterladen: Nehmen Sie dessen Adresse.',
      'This is a web page, not a file of values. It often holds the link for the download: take the address of that.',
    )
  }
  if (trimmed.startsWith('<')) {
    return refuse(
      'Das ist XML, aber kein DATEX II zu Parken oder Baustellen. Gelesen werden sonst CSV, JSON, GeoJSON und Excel (.xlsx).',
      'This is XML, but not DATEX II about parking or roadworks. CSV, JSON, GeoJSON and Excel (.xlsx) are read.',
    )
  }
  const usable = whole ? text : text.slice(0, text.lastIndexOf('\n') + 1) || text
  const kind: Kind = /^[[{]/.test(trimmed)
    ? /"type"\s*:\s*"FeatureCollection"/.test(trimmed.slice(0, 20_000))
      ? 'geojson'
      : 'json'
    : 'csv'
  return { kind, problem: null, ...(encoding ? { encoding } : {}), text: usable, guesses: [guess] }
}

function controlShare(text: string): number {
  const part = text.slice(0, 20_000)
  let controls = 0
  for (let at = 0; at < part.length; at++) {
    const code = part.charCodeAt(at)
    if ((code < 32 && code !== 9 && code !== 10 && code !== 13) || code === 0xfffd) controls++
  }
  return controls / Math.max(1, part.length)
}

function encodingOf(head: Buffer): { name: string; encoding?: string; guess: Guess } {
  const guess = (value: string, confidence: Guess['confidence'], reason: Words): Guess => ({
    about: 'encoding',
    value: words(value, value),
    confidence,
    reason,
  })
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) {
    const reason = words(
      'Die Datei beginnt mit der Byte-Marke von UTF-8.',
      'The file begins with the byte order mark of UTF-8.',
    )
    return { name: 'utf-8', guess: guess('UTF-8', 'sure', reason) }
  }
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    const name = head[0] === 0xff ? 'utf-16le' : 'utf-16be'
    const reason = words(
      'Die Datei beginnt mit der Byte-Marke von UTF-16.',
      'The file begins with the byte order mark of UTF-16.',
    )
    return { name, guess: guess(name.toUpperCase(), 'sure', reason) }
  }
  if (isUtf8(withoutCutTail(head))) {
    const ascii = head.every((byte) => byte < 0x80)
    const reason = ascii
      ? words('Nur Zeichen ohne Umlaute: in jeder Kodierung gleich.', 'Only plain characters: alike in every encoding.')
      : words('Alle Umlaute sind gültiges UTF-8.', 'All umlauts are valid UTF-8.')
    return { name: 'utf-8', guess: guess('UTF-8', ascii ? 'likely' : 'sure', reason) }
  }
  const found = singleByte(head)
  const reason = words(
    'Kein gültiges UTF-8. So gelesen stimmen die Umlaute: Bitte prüfen Sie einen Namen.',
    'Not valid UTF-8. Read like this the umlauts fit: please check a name.',
  )
  return { name: found, encoding: found, guess: guess(found, 'likely', reason) }
}

function saidEncoding(name: string): ReturnType<typeof encodingOf> {
  const reason = words('So haben Sie es eingestellt.', 'You set it so.')
  const guess: Guess = { about: 'encoding', value: words(name, name), confidence: 'sure', reason }
  return { name, ...(name === 'utf-8' ? {} : { encoding: name }), guess }
}

/** Of the encodings German authorities' programs write; anything rarer would be a mistake more often than a hit. */
function singleByte(head: Buffer): string {
  if (head.some((byte) => byte >= 0x80 && byte <= 0x9f)) return 'windows-1252'
  const allowed = new Map([
    ['ISO-8859-1', 'iso-8859-1'],
    ['ISO-8859-15', 'iso-8859-15'],
    ['windows-1252', 'windows-1252'],
  ])
  const match = chardet.analyse(head).find(({ name }) => allowed.has(name))
  return (match && allowed.get(match.name)) ?? 'iso-8859-1'
}

function withoutCutTail(bytes: Buffer): Buffer {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!
    if ((byte & 0xc0) === 0x80) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return needed > back ? bytes.subarray(0, bytes.length - back) : bytes
  }
  return bytes
}
