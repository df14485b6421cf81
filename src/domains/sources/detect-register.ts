import type { ColumnFacts, PlaceChoice, TimeChoice } from './detect-columns.ts'
import { type ColumnMapping, type Words, words } from './detect-model.ts'
import { propertyOf } from './detect-words.ts'
import { compileTimeFormat, type ReadTime } from './time-format.ts'

/** Dates in the life of a place: since when it is there, when somebody looked at it. */
const LIFE = /inbetrieb|eroeffn|errichtet|baujahr|pruef|erfass|aktualisier|aenderung|updated|created|erstellt| stand/
/** So many rows have a place of their own, at least. */
const OWN_PLACES = 0.4
const LOOKED_AT = 60

/**
 * Is this a list of places (charging points, car parks, counting sites) rather than measurements? Its rows have places
 * of their own, no column is known to be measured, and no time says when: at most a day in the life of the place.
 */
export function isRegister(
  columns: readonly ColumnFacts[],
  time: TimeChoice | null,
  place: PlaceChoice | null,
  zone: string,
): boolean {
  if (!place) return false
  const rows = columns[0]?.texts.length ?? 0
  const spots = [place.lat, place.lon, place.point, place.geometry].filter((column) => column !== undefined)
  const distinct = new Set(Array.from({ length: rows }, (_, at) => spots.map(({ texts }) => texts[at]).join()))
  if (distinct.size < Math.max(2, rows * OWN_PLACES)) return false
  const measured = columns.some(({ name, numeric }) => numeric && propertyOf(name) !== null)
  if (measured) return false
  return time === null || (LIFE.test(time.column.letters) && !time.clock && areDays(time, zone))
}

/** All at midnight of the city. */
function areDays({ form, column }: TimeChoice, zone: string): boolean {
  if (form.dateOnly) return true
  const read = compileTimeFormat(form.format)
  const out: ReadTime = { ms: 0, micros: 0, local: true }
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' })
  const utc = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' })
  const texts = column.texts.filter((text) => read(text, out)).slice(0, LOOKED_AT)
  return texts.every((text) => {
    read(text, out)
    return (out.local ? utc : clock).format(out.ms) === '00:00'
  })
}

/** What a register's columns are for: its places stay, nothing in it is a value or a time of measurement. */
export function withoutValues(column: ColumnMapping): ColumnMapping {
  if (column.role === 'value')
    return {
      ...column,
      role: 'none',
      measure: undefined,
      reason: words('Eine Angabe zum Ort.', 'A fact of the place.'),
    }
  if (column.role !== 'time' && column.role !== 'clock') return column
  const reason = words(
    'Ein Tag im Leben des Ortes, nicht die Zeit einer Messung.',
    'A day in the life of the place, not the time of a measurement.',
  )
  return { column: column.column, role: 'none', reason }
}

export const REGISTER: Words = words(
  'Diese Datei beschreibt Orte, keine Messwerte: Keine Spalte sagt, wann etwas gemessen wurde. Sagen Sie, was für Orte es sind.',
  'This file describes places, not measurements: no column says when something was measured. Say what kind of places they are (concept).',
)
