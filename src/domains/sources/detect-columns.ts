import type { Scan } from './detect-scan.ts'
import { areClocks, type TimeForm, timeFormatOf } from './detect-time.ts'
import { plain } from './detect-words.ts'
import type { Cell } from './model.ts'
import { readCommaNumber, readNumber } from './numbers.ts'

/** What the cells of a column look like. */
export interface ColumnFacts {
  index: number
  name: string
  /** The name in the form the rules compare, with a blank at both ends. */
  letters: string
  /** Trimmed texts of the sample, '' where empty; in the order of `Scan.sample`. */
  texts: string[]
  /** The same as numbers; NaN where none. */
  numbers: number[]
  filled: number
  /** All that is filled are numbers. */
  numeric: boolean
  integers: boolean
  distinct: number
  time: TimeForm | null
  clock: boolean
}

export function factsOf({ header, sample }: Scan, decimal: ',' | '.' | undefined): ColumnFacts[] {
  const number = decimal === ',' ? readCommaNumber : readNumber
  const width = header.length
  const columns: ColumnFacts[] = []
  for (let index = 0; index < width; index++) {
    const texts: string[] = new Array(sample.length)
    const numbers: number[] = new Array(sample.length)
    const seen = new Set<string>()
    let filled = 0
    let good = 0
    let whole = 0
    for (let at = 0; at < sample.length; at++) {
      const cell = sample[at]!.cells[index]
      const raw = textOf(cell)
      texts[at] = raw
      const text = MISSING.test(raw) ? '' : raw
      const value = text === '' ? Number.NaN : typeof cell === 'number' ? cell : number(text)
      numbers[at] = value
      if (text === '') continue
      filled++
      seen.add(text)
      if (Number.isNaN(value)) continue
      good++
      if (Number.isInteger(value)) whole++
    }
    const some = texts.filter((text) => text !== '').slice(0, 400)
    columns.push({
      index,
      name: header[index]!,
      letters: ` ${plain(header[index]!)} `,
      texts,
      numbers,
      filled,
      numeric: filled > 0 && good >= filled * 0.9 && good > 0,
      integers: whole === good,
      distinct: seen.size,
      time: some.length === 0 ? null : timeFormatOf(some),
      clock: areClocks(some.slice(0, 100)),
    })
  }
  return columns
}

/** Texts that mean "no value". */
export const MISSING = /^(-+|–|n\/?a|nan|null|none|k\.? ?a\.?|\*+)$/i

function textOf(cell: Cell): string {
  return cell === null || cell === undefined ? '' : String(cell).trim()
}

const TIME_WORDS =
  / (mess)?(zeit|datum|date|time|timestamp|zeitstempel|zeitpunkt|datetime|tag|day|beginn|von|start|ts|messzeit|dat)/
const END_WORDS = / (ende|end|bis|to|until|stop) /
const OTHER_DATES = /inbetrieb|geburt|ueberpruef|created|updated|aenderung|erstellt|import|baujahr|abfrage|stammdaten/

export interface TimeChoice {
  column: ColumnFacts
  form: TimeForm
  clock: ColumnFacts | null
  /** Other time columns and what they were taken for. */
  end: ColumnFacts | null
}

/** The column with the time of the measurement, and the time of day beside it where it holds only the date. */
export function chooseTime(columns: readonly ColumnFacts[], rows: number): TimeChoice | null {
  const scored = columns
    .flatMap((column) => {
      const { time, letters, filled, distinct, index } = column
      if (!time || filled < rows * 0.5) return []
      const named = TIME_WORDS.test(letters) || / time|zeit|datum|date/.test(letters)
      // Bare numbers are times only where the name says so or each row has another.
      if (/^(epoch|epoch-ms|YYYYMMDD.*)$/.test(time.format) && !named && distinct < filled * 0.9) return []
      let score = named ? 3 : 0
      if (OTHER_DATES.test(letters)) score -= 4
      if (END_WORDS.test(letters)) score -= 2
      if (!time.dateOnly) score += 1
      if (distinct > 1) score += 1
      score -= index / 100
      return [{ column, form: time, score }]
    })
    .sort((a, b) => b.score - a.score)
  const [best] = scored
  if (!best || best.score < -2) return null
  const end = scored.find(({ column }) => column !== best.column && END_WORDS.test(column.letters))?.column ?? null
  let clock: ColumnFacts | null = null
  if (best.form.dateOnly) {
    const clocks = columns.filter((column) => column.clock && column.filled >= rows * 0.9)
    const start = clocks.find(({ letters }) => !END_WORDS.test(letters)) ?? clocks[0]
    if (start && start.distinct > 1) clock = start
  }
  return { ...best, clock, end: clock ? null : end }
}

const STATION_WORDS =
  / (station|stations|messstelle|zaehlstelle|standort|location|site|sensor|device|geraet|parkhaus|parkplatz|ort|strasse|name|bezeichnung|mast|zaehler|counter|baum|mac|serial|eui|deveui|stationsname|messstellen)/
const ID_WORDS =
  / (id|nr|nummer|number|code|key|kennung|mac|serial|eui|fid|objectid|uid|uuid)s? $|(station|site|sensor|device|mess\w*|zaehl\w*)s? ?(id|nr)/

const KIND_WORDS =
  / (groesse|messgroesse|parameter|property|kenngroesse|variable|quantity|observedproperty|typ|type|kanal|channel|art|komponente) /

export interface StationChoice {
  key: ColumnFacts
  name: ColumnFacts | null
  stations: number
}

/**
 * The column that says which station a row speaks of: few different texts, and where a time stands in several rows,
 * another in each of them.
 */
export function chooseStation(
  columns: readonly ColumnFacts[],
  times: readonly string[] | null,
  taken: ReadonlySet<number>,
): StationChoice | null {
  const rows = columns[0]?.texts.length ?? 0
  const several = times !== null && new Set(times).size < rows * 0.95
  const scored = columns.flatMap((column) => {
    const { index, letters, distinct, filled, texts } = column
    if (taken.has(index) || filled < rows * 0.98 || column.time || column.clock) return []
    if ((column.numeric && !column.integers) || KIND_WORDS.test(letters)) return []
    const named = STATION_WORDS.test(letters)
    const id = ID_WORDS.test(letters)
    if (column.numeric && !id && !/^ (station|messstelle|zaehlstelle|standort|site|sensor|geraet)\w* $/.test(letters))
      return []
    if (isPoint(column) || texts.some((text) => text.length > 120)) return []
    // Without a time every row is a station of its own; with one, stations come again and again.
    if (times !== null && distinct > Math.max(50, rows * 0.5) && rows > 20) return []
    let score = (named ? 3 : 0) + (id ? 2 : 0)
    if (times !== null && several) {
      const pairs = new Set(texts.map((text, at) => `${times[at]}\n${text}`)).size
      const share = pairs / rows
      // A word for the weather is the same in all rows of an hour; a station is another in each.
      if (distinct === 1) score -= 1
      else if (share >= 0.97) score += 3
      else if (share < 0.7) return []
    } else if (distinct > 1 && times !== null && !named && !id) return []
    if (score < 2) return []
    return [{ column, score: score - index / 100 }]
  })
  scored.sort((a, b) => b.score - a.score)
  const [best] = scored
  if (!best) return null
  // The number and the name of the same thing: one for finding it again, one for people.
  const twins = columns.filter(
    (other) =>
      other !== best.column &&
      !taken.has(other.index) &&
      other.filled >= rows * 0.9 &&
      !other.time &&
      !isPoint(other) &&
      (STATION_WORDS.test(other.letters) || ID_WORDS.test(other.letters)) &&
      isOneToOne(best.column, other),
  )
  const isId = (column: ColumnFacts) => ID_WORDS.test(column.letters) || column.numeric
  const twin = twins.find((other) => isId(other) !== isId(best.column))
  const key = twin && isId(twin) ? twin : best.column
  const name = twin ? (key === twin ? best.column : twin) : null
  return { key, name, stations: key.distinct }
}

function isOneToOne(a: ColumnFacts, b: ColumnFacts): boolean {
  if (a.distinct !== b.distinct) return false
  const found = new Map<string, string>()
  return a.texts.every((text, at) => {
    const other = found.get(text)
    if (other === undefined) found.set(text, b.texts[at]!)
    return other === undefined || other === b.texts[at]
  })
}

const PAIR = /^-?\d{1,2}\.\d{2,}\s*[,; ]\s*-?\d{1,3}\.\d{2,}$/

export function isPoint({ texts, filled, numeric }: ColumnFacts): boolean {
  if (numeric || filled === 0) return false
  return texts.filter((text) => text !== '').every((text) => PAIR.test(text))
}

export interface PlaceChoice {
  lat?: ColumnFacts
  lon?: ColumnFacts
  point?: ColumnFacts
  geometry?: ColumnFacts
}

/** Columns with coordinates in degrees; null without. */
export function choosePlace(columns: readonly ColumnFacts[], geojson: boolean): PlaceChoice | null {
  const geometry = geojson ? columns.find(({ name }) => name === 'geometry') : undefined
  if (geometry) return { geometry }
  const point = columns.find((column) => isPoint(column))
  if (point) return { point }
  const degrees = (pattern: RegExp, most: number) =>
    columns.find(({ letters, texts, filled }) => {
      if (!pattern.test(letters) || filled === 0) return false
      return texts.every((text) => text === '' || Math.abs(Number(text.replace(',', '.'))) <= most)
    })
  const lat = degrees(/ (lat|latitude|breite|breitengrad|geo lat|y koordinate|wgs84 lat) /, 90)
  const lon = degrees(/ (lon|lng|long|longitude|laenge|laengengrad|geo lon|x koordinate|wgs84 lon) /, 180)
  return lat && lon ? { lat, lon } : null
}

const STATUS_WORDS = /status|pruef|quality|qualitaet|flag|guete|validity|gueltig/
const GOOD = new Set([
  '0',
  'ok',
  'good',
  'gut',
  'valid',
  'gueltig',
  'geprueft',
  'rohdaten',
  'true',
  'plausibel',
  'verified',
  'preliminary',
  'vorlaeufig',
  'normal',
])

export interface StatusChoice {
  column: ColumnFacts
  /** The value column it speaks of; null = all. */
  of: ColumnFacts | null
  good: string[]
}

/** Columns that say how far a value can be trusted: `103031297-status` beside `103031297 (…)`, or one for the whole row. */
export function chooseStatus(columns: readonly ColumnFacts[], taken: ReadonlySet<number>): StatusChoice[] {
  return columns.flatMap((column): StatusChoice[] => {
    if (taken.has(column.index) || column.filled === 0 || column.distinct > 30) return []
    if (!STATUS_WORDS.test(column.letters)) return []
    const stem = column.name.replace(/[\s_.-]*(status|quality|qualitaet|qualität|flag|q)$/i, '').trim()
    const of =
      stem === '' || stem === column.name
        ? null
        : (columns.find(
            ({ name, index }) =>
              index !== column.index && (name === stem || name.startsWith(`${stem} `) || name.startsWith(`${stem}(`)),
          ) ?? null)
    const seen = [...new Set(column.texts.filter((text) => text !== ''))]
    const good = seen.filter((text) => GOOD.has(plain(text)))
    return good.length === 0 ? [] : [{ column, of, good }]
  })
}

/** In a long table: the column that says which quantity the value of the row is; null where there is none. */
export function chooseKind(
  columns: readonly ColumnFacts[],
  times: readonly string[],
  station: ColumnFacts | null,
  taken: ReadonlySet<number>,
): ColumnFacts | null {
  const rows = times.length
  const keys = times.map((time, at) => `${time}\n${station?.texts[at] ?? ''}`)
  if (new Set(keys).size > rows * 0.9) return null
  return (
    columns.find(({ index, letters, texts, distinct, filled, numeric }) => {
      if (taken.has(index) || numeric || filled < rows * 0.98 || distinct < 2 || distinct > 60) return false
      return KIND_WORDS.test(letters) && new Set(texts.map((text, at) => `${keys[at]}\n${text}`)).size > rows * 0.97
    }) ?? null
  )
}
