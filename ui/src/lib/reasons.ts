type Rule = [pattern: RegExp, german: (match: RegExpExecArray) => string]

/** What a value, a row or a file is refused for, as the import notes it. */
const ROWS: Rule[] = [
  [/^not a number$/, () => 'keine Zahl'],
  [/^not a (text|boolean|auto) value$/, ([, kind]) => `kein Wert der Art ${KINDS[kind!]}`],
  [/^not a time of the form (.*)$/, ([, form]) => `keine Zeit der Form ${form}`],
  [/^the time is empty$/, () => 'die Zeit fehlt'],
  [
    /^a local time that does not exist in (.+): the clocks went forward$/,
    ([, zone]) => `eine Uhrzeit, die es in ${zone} nicht gab: Die Uhr wurde vorgestellt`,
  ],
  [/fewer cells than the header$/, () => 'weniger Zellen als die Kopfzeile'],
  [/more cells than the header$/, () => 'mehr Zellen als die Kopfzeile'],
  [/^the thing's key is empty$/, () => 'die Messstelle fehlt'],
  [/^the expression for "(.+)" failed/, ([, name]) => `die Formel für „${name}“ ließ sich nicht ausrechnen`],
  [/^other reasons$/, () => 'andere Gründe'],
]

/** Why a file breaks off. */
const FILES: Rule[] = [
  [/not UTF-8/, () => 'ein Zeichen, das kein UTF-8 ist: Stellen Sie unter „Ändern“ einen anderen Zeichensatz ein'],
  [
    /the file is (\S+)[ ,].*not \S+:/,
    ([, name]) => `die Datei hat einen anderen Zeichensatz als eingestellt, nämlich ${name}`,
  ],
  [/the file is not (\S+):/, ([, name]) => `die Datei hat nicht den Zeichensatz ${name}`],
  [/the (file|document) is empty/, () => 'die Datei ist leer'],
  [/ends in the middle|cut off/, () => 'die Datei endet mittendrin'],
  [
    /from line (\d+) on/,
    ([, line]) => `ab Zeile ${line} nicht lesbar: Ein Anführungszeichen ist wohl nicht geschlossen`,
  ],
  [/record is longer than/, () => 'ein Anführungszeichen wird nie geschlossen'],
  [/headerLine/, () => 'keine Zeile sieht aus wie die Kopfzeile'],
  [/lines above the header/, () => 'die Kopfzeile steht weiter unten, als die Datei lang ist'],
  [/there is no sheet (\S+); there are: (.*)/, ([, one, all]) => `es gibt kein Blatt ${one}, nur: ${all}`],
  [
    /reaches to row (\d+) and column (\d+), more than (\d+) cells/,
    ([, row, column]) => `das Blatt reicht bis Zeile ${row} und Spalte ${column}: Löschen Sie, was weit außen steht`,
  ],
  [/is not JSON|readable as json/, () => 'kein gültiges JSON'],
  [/is it one object a line/, () => 'eine Zeile ist zu lang: Steht wirklich ein Objekt je Zeile?'],
  [/not readable as (\w+)/, ([, kind]) => `nicht lesbar als ${kind}`],
  [/format\.rows/, () => 'an der angegebenen Stelle stehen keine Zeilen'],
  [/limits\.|bytes long|bytes allowed|looks like a trap|packed more than|the \d+ allowed/, () => 'größer als erlaubt'],
  [/points outside of it/, () => 'das Archiv enthält einen unerlaubten Pfad'],
  [
    /no column of this file belongs to a series/,
    () => 'keine Spalte der Datei gehört zu einer Messreihe der Beschreibung',
  ],
  [/^\{(.+?)\} is neither a column/, ([, name]) => `„${name}“ ist weder eine Spalte der Datei noch sonst bekannt`],
  [
    /time column "(.+?)" is not in the header/,
    ([, name]) => `die Spalte „${name}“ für die Zeit fehlt in der Kopfzeile`,
  ],
]

/** Mistakes in a definition: they follow the name of a field. */
const DEFINITION: Rule[] = [
  [/^is missing/, () => 'fehlt'],
  [/^is longer than (\d+) characters/, ([, n]) => `ist länger als ${n} Zeichen`],
  [/^is not a mapping of fields/, () => 'besteht nicht aus Feldern (id, title, dataset, from, …)'],
  [/^there is no such field/, () => 'dieses Feld gibt es nicht'],
  [
    /^must be (.+) or (.+?)(?: \(did you.*)?$/,
    ([, first, last]) => `muss ${kinds(first!.replaceAll(' or ', ', '))} oder ${kinds(last!)} sein`,
  ],
  [/^must be an? (\w+), not an? (\w+)/, ([, right, wrong]) => `muss ${kinds(right!)} sein, nicht ${kinds(wrong!)}`],
  [/^must be (>=|<=|>|<) (.+)/, ([, sign, n]) => `muss ${SIGNS[sign!]} ${n} sein`],
  [/^must NOT have fewer than (\d+) (characters|items)/, ([, n, what]) => `braucht mindestens ${n} ${PARTS[what!]}`],
  [/^must NOT have more than (\d+) (characters|items)/, ([, n, what]) => `darf höchstens ${n} ${PARTS[what!]} haben`],
  [/^must be equal to (?:constant|one of)/, () => 'hat keinen der erlaubten Werte'],
  [
    /^(".*") is not of the expected form(?:, for example ([^—]+?))?(?: —|$)/s,
    ([, given, example]) => `${given} hat nicht die erwartete Form${example ? `, zum Beispiel ${example}` : ''}`,
  ],
  [
    /^"(.*)" is not a time zone/,
    ([, zone]) => `„${zone}“ ist keine Zeitzone. Möglich sind Europe/Berlin, UTC oder ein fester Abstand wie +01:00`,
  ],
  [/^goes with neither skip nor header/, () => 'verträgt sich weder mit skip noch mit header'],
  [
    /^reads the lines above the header/,
    () => 'liest die Zeilen über der Kopfzeile: Wo die ist, sagt format.skip oder format.headerLine',
  ],
  [/^needs either lat and lon/, () => 'braucht entweder lat und lon, oder point, oder geometry'],
  [/^says not where from/, () => 'sagt nicht, woher die Daten kommen: http, file, mqtt oder webhook'],
  [
    /^gives (.+): exactly one is possible/,
    ([, all]) => `nennt ${all!.replaceAll(' and ', ' und ')}: Nur eines ist möglich`,
  ],
  [/^a source that is pushed to/, () => 'wird beliefert und hat keine eigenen Abrufe: Möglich ist nur expect'],
  [/^is for webhook and mqtt/, () => 'gilt nur für webhook und mqtt'],
  [/^needs exactly one of (.+)/, ([, all]) => `braucht genau eines von ${all!.replaceAll(' and ', ', ')}`],
  [/^says start or end of a period/, () => 'sagt Anfang oder Ende einer Dauer: Dann gehört time.period dazu'],
  [
    /^there is no observed property "(.*?)"/,
    ([, name]) => `die Messgröße „${name}“ gibt es nicht: Beschreiben Sie sie unter properties`,
  ],
  [/^is of type (\w+): factor/, () => 'ist keine Zahl: factor, values und aggregate gelten nur für Zahlen'],
  [/^has statuses but no column/, () => 'nennt Status, aber keine Spalte, in der sie stehen'],
  [/^the lookup "(.*?)" has no field "(.*?)"/, ([, name, field]) => `die Tabelle „${name}“ hat kein Feld „${field}“`],
  [
    /^"(.)" is not a letter of a time format/,
    ([, letter]) =>
      `„${letter}“ ist kein Buchstabe einer Zeitform. Möglich sind YYYY YY MM M DD D HH H mm m ss s SSS, oder iso, epoch, epoch-ms`,
  ],
  [/^the (\w+) stands twice in the time format/, ([, part]) => `${TIMES[part!]} steht in der Zeitform doppelt`],
  [/^the time format has no (\w+)/, ([, part]) => `in der Zeitform fehlt ${TIMES[part!]}`],
  [/^is not a valid expression at character (\d+)/, ([, at]) => `ist ab dem ${at}. Zeichen keine gültige Formel`],
  [/regular expression/i, () => 'ist kein gültiger regulärer Ausdruck'],
  [/^CronPattern|^CronDate|^Cron/, () => 'ist kein gültiger Zeitplan, zum Beispiel 15 3 * * *'],
]

const YAML: Rule[] = [
  [/must be unique/, () => 'ein Feld steht doppelt da'],
  [
    /[Ii]ndent|same column|BLOCK_AS_IMPLICIT|[Nn]ested mappings|All mapping items|[Ii]mplicit keys?/,
    () => 'die Einrückung stimmt nicht',
  ],
  [/quote/, () => 'ein Anführungszeichen ist nicht geschlossen'],
  [/[Tt]abs? /, () => 'zum Einrücken gehören Leerzeichen, keine Tabulatoren'],
  [/flow|must end with|,/, () => 'eine Klammer ist nicht geschlossen, oder ein Komma fehlt'],
  [/alias/i, () => 'ein Verweis (*) zeigt auf nichts'],
]

const KINDS: Record<string, string> = {
  text: 'Text',
  string: 'ein Text',
  number: 'eine Zahl',
  integer: 'eine ganze Zahl',
  boolean: 'Ja oder Nein (true, false)',
  array: 'eine Liste',
  object: 'eine Gruppe von Feldern',
  null: 'leer',
  auto: 'Zahl oder Text',
}
const SIGNS: Record<string, string> = { '>=': 'mindestens', '<=': 'höchstens', '>': 'größer als', '<': 'kleiner als' }
const PARTS: Record<string, string> = { characters: 'Zeichen', items: 'Einträge' }
const TIMES: Record<string, string> = {
  year: 'das Jahr',
  month: 'der Monat',
  day: 'der Tag',
  hour: 'die Stunde',
  minute: 'die Minute',
  second: 'die Sekunde',
  ms: 'die Millisekunde',
}

const kinds = (list: string): string =>
  list
    .split(', ')
    .map((one) => KINDS[one] ?? one)
    .join(', ')

function said(rules: readonly Rule[], text: string): string | null {
  for (const [pattern, german] of rules) {
    const match = pattern.exec(text)
    if (match) return german(match)
  }
  return null
}

/** `(did you mean "unit"?)`, `(there are: a, b)` at the end of a message. */
function hintOf(text: string): string {
  const near = /\(did you mean "(.+?)"\?\)/.exec(text)?.[1]
  if (near) return `. Meinten Sie „${near}“?`
  const all = /\(there are: (.+?)\)/.exec(text)?.[1]
  return all ? `. Es gibt: ${all}` : ''
}

/** Why something is refused, in German; null where nobody thought of it yet. */
export function germanReason(text: string, field = ''): string | null {
  if (field === 'YAML') return `So ist es kein YAML: ${said(YAML, text) ?? 'die Schreibweise stimmt nicht'}`
  const found = said(ROWS, text) ?? said(DEFINITION, text) ?? said(FILES, text)
  return found === null ? null : found + hintOf(text)
}
