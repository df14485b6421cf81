import type { PlainCause } from './plain-cause.ts'

type Words = [pattern: RegExp, text: (match: RegExpExecArray) => string, advice: string]

const FORMAT = 'Vergleichen Sie die Nachricht mit dem Beispiel auf dieser Seite.'

/** Why a value, a row or a message was refused, as the program notes it; most telling first. */
const WORDS: readonly Words[] = [
  [
    /^not a number of spaces$/,
    () => 'Die Zahl der Stellplätze ist keine Zahl.',
    'Senden Sie eine ganze Zahl ohne Text.',
  ],
  [/^not a number$/, () => 'Der Wert ist keine Zahl.', 'Senden Sie Zahlen ohne Einheit und ohne Tausenderpunkt.'],
  [
    /^not a (\w+) value$/,
    ([, kind]) => `Der Wert hat die falsche Art; erwartet wird ${KINDS[kind!] ?? kind}.`,
    'Prüfen Sie die Art des Werts.',
  ],
  [
    /^not a time of the form (.*)$/,
    ([, form]) => `Die Zeit hat nicht die Form ${form}.`,
    'Senden Sie die Zeit in dieser Form.',
  ],
  [
    /^not a time with its offset$/,
    () => 'Der Zeit fehlt der Abstand zur Weltzeit.',
    'Senden Sie die Zeit wie 2026-05-04T07:00:00+02:00 oder mit Z.',
  ],
  [/^the time is empty$/, () => 'Die Zeit fehlt.', 'Senden Sie zu jedem Wert, wann er gemessen wurde.'],
  [
    /time lies in the future/,
    () => 'Die Zeit liegt in der Zukunft.',
    'Prüfen Sie Uhr und Zeitzone des Geräts, das sendet.',
  ],
  [
    /^a local time that does not exist in (.+):/,
    ([, zone]) => `Diese Uhrzeit gab es in ${zone} nicht: Die Uhr wurde vorgestellt.`,
    'Senden Sie Zeiten mit Abstand zur Weltzeit.',
  ],
  [/^the thing's key is empty$/, () => 'Es fehlt, wozu der Wert gehört.', FORMAT],
  [
    /nothing of this id was described/,
    () => 'Diese Kennung ist hier nicht bekannt.',
    'Senden Sie zuerst die Stammdaten (die Tabelle), dann den Stand.',
  ],
  [
    /says not of which car park/,
    () => 'Der Stand sagt nicht, zu welchem Parkplatz er gehört.',
    'Ergänzen Sie den Verweis auf den Parkplatz.',
  ],
  [/has no id$/, () => 'Ein Eintrag hat keine Kennung.', 'Geben Sie jedem Eintrag eine bleibende Kennung.'],
  [
    /has no record$/,
    () => 'Eine Meldung ist leer.',
    'Jede Meldung braucht mindestens einen Eintrag (situationRecord).',
  ],
  [/has no values of the kind "(.+)"/, ([, kind]) => `„${kind}“ ist hier kein bekannter Messwert.`, FORMAT],
  [/^(.+) is none of (.+)$/, ([, name, all]) => `„${name}“ muss einer dieser Werte sein: ${all}.`, FORMAT],
  [
    /^(.+) is not a (\w+)$/,
    ([, name, kind]) => `„${name}“ hat die falsche Art; erwartet wird ${KINDS[kind!] ?? kind}.`,
    FORMAT,
  ],
  [/DOCTYPE|document type/i, () => 'XML mit einem Dokumenttyp wird nicht angenommen.', 'Lassen Sie <!DOCTYPE …> weg.'],
  [
    /cut off|ends in the middle|unclosed|unexpected end/i,
    () => 'Die Nachricht endet mittendrin.',
    'Senden Sie sie noch einmal ganz.',
  ],
  [/not JSON|readable as json/i, () => 'Das ist kein gültiges JSON.', FORMAT],
  [
    /holds neither car parks nor situations/,
    () => 'Darin steht weder ein Parkplatz noch eine Meldung von DATEX II.',
    FORMAT,
  ],
  [/XML|not well-formed/i, () => 'Das ist kein gültiges XML.', FORMAT],
  [/UTF-8|encod/i, () => 'Der Zeichensatz ist nicht UTF-8.', 'Senden Sie die Nachricht in UTF-8.'],
  [/format\.rows/, () => 'An der vereinbarten Stelle der Nachricht steht nichts.', FORMAT],
  [/column|header/, () => 'Eine Angabe fehlt oder heißt anders als vereinbart.', FORMAT],
  [
    /limits\.\w+|bytes allowed|bytes long|the \d+ allowed/,
    () => 'Die Nachricht ist größer als erlaubt.',
    'Senden Sie weniger auf einmal.',
  ],
  [/is empty$/, () => 'Die Nachricht ist leer.', FORMAT],
  [/^other reasons$/, () => 'Weitere Gründe.', 'Beheben Sie zuerst die anderen; dann zeigen sich diese.'],
]

const KINDS: Record<string, string> = {
  number: 'eine Zahl',
  string: 'ein Text',
  text: 'ein Text',
  boolean: 'ja oder nein (true, false)',
  array: 'eine Liste',
  object: 'ein Objekt',
}

/** A rejection in German and what to do about it; the text as noted stays beside it. */
export function plainRejection(reason: string): PlainCause {
  for (const [pattern, text, advice] of WORDS) {
    const match = pattern.exec(reason)
    if (match) return { text: text(match), advice }
  }
  return { text: reason, advice: FORMAT }
}
