import type { ColumnFacts } from './detect-columns.ts'
import { type ColumnMapping, type Guess, type Measure, type Words, words } from './detect-model.ts'
import { totalsOf } from './detect-totals.ts'
import {
  aggregateOf,
  isBare,
  isGeneric,
  isKnown,
  nameOf,
  ownProperty,
  plain,
  propertyOf,
  slug,
  unitOf,
  unitOfMeasure,
} from './detect-words.ts'
import { NO_UNIT } from './vocabulary.ts'

const NO_VALUE =
  / (id|nr|nummer|fid|objectid|plz|postleitzahl|jahr|year|monat|month|index|zeile|row|lat|lon|x|y|code|qualitaetsniveau|niveau) /
const CODED = /^(\S*\d\S*) \((.+)\)$/

export interface Values {
  mappings: Map<number, ColumnMapping>
  guesses: Guess[]
  /** Column that is the whole of a wide file, `100031297 (Promenade)`: names the station where nothing else does. */
  whole: { key: string; name: string } | null
}

/** What the number columns measure, by the words of their headers; and which are the sums of others. */
export function valuesOf(columns: readonly ColumnFacts[], labels: ReadonlyMap<string, string>, file: string): Values {
  const candidates = columns.filter(
    ({ numeric, letters, name }) =>
      numeric && !NO_VALUE.test(letters) && !/qualitaetsniveau| code /.test(` ${plain(labels.get(name) ?? '')} `),
  )
  const found = new Map<ColumnFacts, string>()
  for (const column of candidates) {
    const property = propertyOf(labels.get(column.name) ?? column.name)
    if (property) found.set(column, property)
  }
  const context = contextOf([...found.values()], file)
  const reasons = new Map<ColumnFacts, Words>()
  for (const column of candidates) {
    if (found.has(column) || !context || !column.integers || !isGeneric(column.name)) continue
    found.set(column, context.property)
    reasons.set(column, context.reason)
  }
  const parts = addTotals(candidates, found, reasons)
  const used = new Map<string, number>()
  for (const property of found.values()) used.set(property, (used.get(property) ?? 0) + 1)
  const mappings = new Map<number, ColumnMapping>()
  let whole: Values['whole'] = null
  const names = new Set<string>()
  for (const column of candidates) {
    const label = labels.get(column.name)
    const measure = measureOf(column, label, found.get(column))
    if (!measure) {
      const reason = words('Ändert sich nie: eher eine Angabe als ein Messwert.', 'Never changes: a fact, not a value.')
      mappings.set(column.index, { column: column.name, role: 'none', reason })
      continue
    }
    const role = parts.get(column)
    if (role) measure.role = role
    const coded = CODED.exec(column.name)
    if (coded) {
      measure.key = coded[1]!
      if (role === 'total') {
        whole = { key: coded[1]!, name: coded[2]! }
        measure.name = 'Gesamt'
      }
    }
    if (names.has(measure.name)) measure.name = `${measure.name} (${measure.key ?? column.name})`
    names.add(measure.name)
    const reason = reasons.get(column) ?? reasonOf(column, found.get(column), label)
    mappings.set(column.index, { column: column.name, role: 'value', measure, reason })
  }
  const total = [...parts.values()].filter((role) => role === 'total').length
  const count = [...mappings.values()].filter(({ role }) => role === 'value').length
  const guess: Guess = {
    about: 'values',
    value: words(
      `${count} ${count === 1 ? 'Wert' : 'Werte'} je Zeile`,
      `${count} ${count === 1 ? 'value' : 'values'} a row`,
    ),
    confidence: found.size === count ? 'sure' : 'likely',
    reason: words(
      `Spalten mit Zahlen${total > 0 ? `; ${total === 1 ? 'eine ist' : `${total} sind`} in fast allen Zeilen die Summe anderer` : ''}.`,
      `Columns of numbers${total > 0 ? `; ${total === 1 ? 'one is' : `${total} are`} the sum of others in nearly all rows` : ''}.`,
    ),
  }
  return { mappings, guesses: count > 0 ? [guess] : [], whole }
}

/** Marks totals and parts, kind by kind; a total whose own header says nothing measures what its parts do. */
function addTotals(
  candidates: readonly ColumnFacts[],
  found: Map<ColumnFacts, string>,
  reasons: Map<ColumnFacts, Words>,
): Map<ColumnFacts, 'total' | 'part'> {
  const roles = new Map<ColumnFacts, 'total' | 'part'>()
  const counted = [...new Set(found.values())].filter((property) => aggregateOf(measured(property)) === 'sum')
  for (const property of counted) {
    const group = candidates.filter(
      (column) => found.get(column) === property || (!found.has(column) && column.integers && !roles.has(column)),
    )
    for (const { total, parts } of totalsOf(group)) {
      if (!parts.some((part) => found.get(part) === property)) continue
      for (const column of [total, ...parts]) {
        if (!found.has(column)) found.set(column, property)
        roles.set(column, column === total ? 'total' : 'part')
      }
      const sum = parts.map(({ name }) => `„${name}“`).slice(0, 3)
      const more = parts.length > 3 ? ' …' : ''
      reasons.set(
        total,
        words(
          `Summe von ${sum.join(', ')}${more}: wird nie mit ihnen zusammengezählt.`,
          `The sum of ${sum.join(', ')}${more}: never added to them.`,
        ),
      )
    }
  }
  return roles
}

/** What plain counts count: the name of the file says it, or the one thing the other columns count. */
function contextOf(properties: readonly string[], file: string): { property: string; reason: Words } | null {
  const named = propertyOf(file)
  if (named && aggregateOf(measured(named)) === 'sum') {
    return {
      property: named,
      reason: words(
        `Was gezählt wird, sagt der Name der Datei: „${file}“.`,
        `What is counted the file's name says: "${file}".`,
      ),
    }
  }
  const counts = [
    ...new Set(properties.filter((property) => aggregateOf(measured(property)) === 'sum' && /_count$/.test(property))),
  ]
  return counts.length === 1
    ? {
        property: counts[0]!,
        reason: words('Was gezählt wird, sagen die anderen Spalten.', 'What is counted the other columns say.'),
      }
    : null
}

function measured(property: string): Pick<Measure, 'property' | 'own'> {
  const own = ownProperty(property)
  return { property, ...(own ? { own } : {}) }
}

/** A number that never changes and has no word we know is no measurement. */
function measureOf(column: ColumnFacts, label: string | undefined, property: string | undefined): Measure | null {
  const coded = CODED.exec(column.name)
  const text = label ?? (coded ? coded[2]! : column.name)
  const unit = unitOf(text) ?? unitOf(column.name)
  const name = nameOf(text)
  if (property === undefined) {
    if (column.distinct <= 1 && !isGeneric(column.name)) return null
    const counts = column.integers && isGeneric(column.name) && !isBare(column.name)
    return {
      property: slug(name, '_'),
      name,
      own: {
        name,
        unit: unit ?? (counts ? { name: 'Anzahl', symbol: '', definition: 'ucum:{count}' } : NO_UNIT),
        aggregate: counts ? 'sum' : 'mean',
      },
    }
  }
  const measure: Measure = { ...measured(property), name }
  if (unit && unitOfMeasure(measure).symbol !== unit.symbol) measure.unit = unit
  return measure
}

function reasonOf(column: ColumnFacts, property: string | undefined, label: string | undefined): Words {
  if (property === undefined) {
    return words(
      `Zahlen; was „${column.name}“ misst, ist hier nicht bekannt. Bitte wählen Sie es, wenn es etwas aus der Liste ist.`,
      `Numbers; what "${column.name}" measures is not known here. Please choose it if the list has it.`,
    )
  }
  const text = label ?? column.name
  const own = isKnown(property) ? '' : ' (eigene Messgröße)'
  return words(`Zahlen; die Überschrift sagt „${text}“${own}.`, `Numbers; the header says "${text}".`)
}
