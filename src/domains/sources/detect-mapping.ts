import {
  type ColumnFacts,
  chooseKind,
  choosePlace,
  chooseStation,
  chooseStatus,
  chooseTime,
  factsOf,
  MISSING,
  type TimeChoice,
} from './detect-columns.ts'
import { type ColumnMapping, type Guess, type Mapping, type Measure, words } from './detect-model.ts'
import { isRegister, withoutValues } from './detect-register.ts'
import type { Scan } from './detect-scan.ts'
import { stationOfFile, stemOf } from './detect-station.ts'
import { periodOf } from './detect-time.ts'
import { valuesOf } from './detect-values.ts'
import { aggregateOf, nameOf, ownProperty, propertyOf, slug } from './detect-words.ts'
import { compileTimeFormat, type ReadTime } from './time-format.ts'
import { NO_UNIT } from './vocabulary.ts'

export interface Origin {
  file: string
  /** What the whole was called that came: the archive's name, for a member of one. */
  name: string
  from: Mapping['from']
  format: Mapping['format']
  preamble: readonly string[]
  labels: ReadonlyMap<string, string>
  foreignCrs: string | null
  /** The city's time zone. */
  zone: string
}

/** The proposal: a role for every column, and whatever else a definition needs. */
export function proposeMapping(scan: Scan, origin: Origin): { mapping: Mapping; guesses: Guess[]; register: boolean } {
  const { format, file, from, preamble } = origin
  const facts = factsOf(scan, format.decimal)
  const rows = scan.sample.length
  const guesses: Guess[] = []
  const roles = new Map<number, ColumnMapping>()
  const set = (column: ColumnFacts | null | undefined, role: ColumnMapping['role'], de: string, en: string) => {
    if (column) roles.set(column.index, { column: column.name, role, reason: words(de, en) })
  }
  const found = chooseTime(facts, rows)
  const place = choosePlace(facts, format.type === 'geojson')
  const fetched = from.file !== undefined || from.http !== undefined
  const register = fetched && isRegister(facts, found, place, origin.zone)
  const time = register ? null : found
  if (register && found) {
    roles.set(found.column.index, withoutValues({ column: found.column.name, role: 'time' }))
  }
  if (time) {
    set(time.column, 'time', `Zeiten in der Form ${time.form.format}.`, `Times of the form ${time.form.format}.`)
    set(time.clock, 'clock', 'Die Uhrzeit zum Datum.', 'The time of day to the date.')
    for (const other of facts.filter(({ index, time: form, clock }) => !roles.has(index) && (form || clock)))
      set(other, 'none', 'Eine weitere Zeit; gebraucht wird eine.', 'Another time; one is needed.')
  }
  if (place?.geometry && origin.foreignCrs) {
    const crs = origin.foreignCrs
    set(
      place.geometry,
      'none',
      `Koordinaten in ${crs}, nicht in Grad: bleiben weg.`,
      `Coordinates in ${crs}, not degrees: left out.`,
    )
  } else if (place) {
    for (const role of ['lat', 'lon', 'point', 'geometry'] as const)
      set(place[role], role, 'Koordinaten in Grad.', 'Coordinates in degrees.')
  }
  for (const { column, of, good } of chooseStatus(facts, taken(roles))) {
    const target = of ? { of: of.name } : {}
    const reason = words(
      `Verlässlich: ${good.join(', ')}; alles andere gilt als zweifelhaft.`,
      `To be trusted: ${good.join(', ')}; anything else counts as suspect.`,
    )
    roles.set(column.index, { column: column.name, role: 'status', good, ...target, reason })
  }
  const times = time ? timeTexts(time) : null
  const station = chooseStation(facts, times, taken(roles))
  if (station) {
    const { key, name, stations } = station
    set(key, 'station', `${stations} verschiedene; kehren wieder.`, `${stations} different ones that come again.`)
    set(name, 'name', `Gehört Zeile für Zeile zu „${key.name}“.`, `Goes row by row with "${key.name}".`)
    guesses.push({
      about: 'station',
      value: words(`${stations} in „${(name ?? key).name}“`, `${stations} in "${(name ?? key).name}"`),
      confidence: 'likely',
      reason: words(
        times ? 'Zu jeder Zeit steht jede höchstens einmal da.' : 'Texte, die eine Messstelle nennen.',
        times ? 'At each time each stands there once at most.' : 'Texts that name a station.',
      ),
    })
  }
  const kind = times ? chooseKind(facts, times, station?.key ?? null, taken(roles)) : null
  set(kind, 'kind', 'Sagt, welche Größe der Wert der Zeile ist.', 'Says which quantity the value of a row is.')
  const free = facts.filter(({ index }) => !roles.has(index))
  const values = valuesOf(free, origin.labels, `${stemOf(file)} ${origin.file}`)
  for (const [index, column] of values.mappings) roles.set(index, register ? withoutValues(column) : column)
  if (!register) guesses.push(...values.guesses)
  const one = stationOfFile(file, preamble, format.separator ?? ',')
  if (values.whole && !one.preamble) Object.assign(one.station, values.whole)
  if (!station) guesses.push(...(values.whole && !one.preamble ? [wholeGuess(values.whole)] : one.guesses))
  if (place) {
    guesses.push({
      about: 'place',
      value: words('Koordinaten', 'coordinates'),
      confidence: origin.foreignCrs ? 'guess' : 'sure',
      reason: words('Grad nördlicher Breite und östlicher Länge.', 'Degrees of latitude and longitude.'),
    })
  }
  const measures = [...roles.values()].flatMap(({ measure }) => (measure ? [measure] : []))
  const counts = measures.some((measure) => aggregateOf(measure) === 'sum')
  const when = timeOf(scan, origin, time, station?.key ?? null, kind, counts)
  guesses.push(...when.guesses)
  const empty = emptyTexts(free, values.mappings)
  const title = nameOf(
    (!station && one.said) ||
      stemOf(file) ||
      values.whole?.name ||
      stemOf(origin.name) ||
      file.replace(/\.[a-z]+$/i, ''),
  )
  const mapping: Mapping = {
    id: slug(title),
    title,
    from,
    format: { ...format, ...(empty.length > 0 ? { empty } : {}) },
    timeZone: when.timeZone,
    time: when.time,
    station: one.station,
    ...(one.preamble && !station ? { preamble: one.preamble } : {}),
    columns: facts.map(({ index, name }): ColumnMapping => roles.get(index) ?? { column: name, role: 'none' }),
    ...(kind ? { kinds: kindsOf(kind) } : {}),
    dataset: { title },
  }
  return { mapping, guesses, register }
}

const taken = (roles: ReadonlyMap<number, ColumnMapping>): ReadonlySet<number> => new Set(roles.keys())

function wholeGuess({ key, name }: { key: string; name: string }): Guess {
  return {
    about: 'station',
    value: words(`eine: ${name}`, `one: ${name}`),
    confidence: 'likely',
    reason: words(
      `Die Spalte „${key} (${name})“ ist die Summe der anderen: Sie sind ihre Teile.`,
      `The column "${key} (${name})" is the sum of the others: they are its parts.`,
    ),
  }
}

function timeTexts({ column, clock }: TimeChoice): string[] {
  return clock ? column.texts.map((text, at) => `${text} ${clock.texts[at]}`) : column.texts
}

function timeOf(
  scan: Scan,
  { zone, preamble, from }: Origin,
  time: TimeChoice | null,
  station: ColumnFacts | null,
  kind: ColumnFacts | null,
  counts: boolean,
): { time: Mapping['time']; timeZone: string; guesses: Guess[] } {
  if (!time) {
    const file = from.file !== undefined
    const guess: Guess = {
      about: 'time',
      value: file ? words('keine Zeit gefunden', 'no time found') : words('Zeit des Abrufs', 'time of arrival'),
      confidence: 'guess',
      reason: words(
        'Keine Spalte enthält Zeiten. Werte bekommen dann den Augenblick, in dem sie ankommen.',
        'No column holds times. Values then get the moment they arrive.',
      ),
    }
    return { time: { format: 'iso', arrival: true }, timeZone: zone, guesses: [guess] }
  }
  const { column, form, clock } = time
  const format = clock ? joinedFormat(form.format, clock) : form.format
  const guesses: Guess[] = [
    {
      about: 'time',
      value: words(
        `„${column.name}“, ${format === 'iso' ? 'ISO 8601' : format}`,
        `"${column.name}", ${format === 'iso' ? 'ISO 8601' : format}`,
      ),
      confidence: form.share === 1 ? 'sure' : 'likely',
      reason: words(
        `${form.share === 1 ? 'Alle' : `${(form.share * 100).toFixed(0)} % der`} geprüften Zellen lassen sich so lesen, z. B. ${column.texts.find(Boolean)}.`,
        `${form.share === 1 ? 'All' : `${(form.share * 100).toFixed(0)} % of the`} cells looked at can be read like this, e.g. ${column.texts.find(Boolean)}.`,
      ),
    },
  ]
  const usual = periodOf(distances(scan, column, clock, format, station, kind))
  const daily = form.dateOnly && !clock
  const period = usual && (counts || (daily && usual.period === '1d')) ? usual.period : undefined
  if (usual) {
    guesses.push({
      about: 'period',
      value: words(`alle ${usual.period}`, `every ${usual.period}`),
      confidence: usual.share > 0.95 ? 'sure' : 'likely',
      reason: words(
        `${(usual.share * 100).toFixed(0)} % der Abstände zwischen zwei Zeiten.${period ? ' Ein Wert gilt für diese Dauer.' : ' Werte gelten für den Augenblick.'}`,
        `${(usual.share * 100).toFixed(0)} % of the distances between two times.${period ? ' A value covers this long.' : ' Values are of the moment.'}`,
      ),
    })
  }
  const { timeZone, guess } = zoneOf(scan, zone, preamble, time)
  guesses.push(guess)
  return { time: { format, ...(period ? { period } : {}) }, timeZone, guesses }
}

function joinedFormat(date: string, clock: ColumnFacts): string {
  const seconds = clock.texts.some((text) => text.split(':').length === 3)
  const short = clock.texts.some((text) => /^\d:/.test(text))
  return `${date === 'iso' ? 'YYYY-MM-DD' : date} ${short ? 'H' : 'HH'}:mm${seconds ? ':ss' : ''}`
}

/** Distances between neighbouring times of the same station, over the first rows. */
function distances(
  { firstRows }: Scan,
  column: ColumnFacts,
  clock: ColumnFacts | null,
  format: string,
  station: ColumnFacts | null,
  kind: ColumnFacts | null,
): Map<number, number> {
  const read = compileTimeFormat(format)
  const out: ReadTime = { ms: 0, micros: 0, local: true }
  const last = new Map<string, number>()
  const tally = new Map<number, number>()
  for (const { cells } of firstRows) {
    const date = String(cells[column.index] ?? '').trim()
    if (!read(clock ? `${date} ${String(cells[clock.index] ?? '').trim()}` : date, out)) continue
    const key = `${station ? cells[station.index] : ''}\n${kind ? cells[kind.index] : ''}`
    const before = last.get(key)
    last.set(key, out.ms)
    if (before === undefined || before === out.ms) continue
    const distance = Math.abs(out.ms - before)
    tally.set(distance, (tally.get(distance) ?? 0) + 1)
  }
  return tally
}

function zoneOf(
  { nights }: Scan,
  zone: string,
  preamble: readonly string[],
  { form, column }: TimeChoice,
): { timeZone: string; guess: Guess } {
  const guess = (
    value: string,
    confidence: Guess['confidence'],
    de: string,
    en: string,
  ): { timeZone: string; guess: Guess } => {
    return { timeZone: value, guess: { about: 'zone', value: words(value, value), confidence, reason: words(de, en) } }
  }
  if (form.zoned) return guess(zone, 'sure', 'Jede Zeit nennt ihre Zone selbst.', 'Each time states its zone itself.')
  const said = /\b(MEZ|CET|UTC|GMT|MESZ)\b/.exec([...preamble, column.name].join('\n'))?.[1]
  if (said === 'UTC' || said === 'GMT')
    return guess('UTC', 'sure', `Die Datei sagt „${said}“.`, `The file says "${said}".`)
  const years = (list: readonly number[]) => list.slice(0, 3).join(', ')
  if (nights.present.length > 0 && nights.present.length >= nights.absent.length) {
    const when = years(nights.present)
    return guess(
      '+01:00',
      said ? 'sure' : 'likely',
      `Die Stunde, die ${zone} im März ${when} auslässt, ist da: Die Uhr dieser Datei wird nie umgestellt${said ? `, und sie sagt „${said}“` : ' (MEZ das ganze Jahr, vielleicht auch UTC)'}.`,
      `The hour that ${zone} skips in March ${when} is there: the clock of this file never changes${said ? `, and it says "${said}"` : ' (CET all year, or perhaps UTC)'}.`,
    )
  }
  if (nights.absent.length > 0) {
    const when = years(nights.absent)
    return guess(
      zone,
      'sure',
      `Im März ${when} fehlt genau die Stunde, die es hier nicht gab: Ortszeit mit Sommerzeit.`,
      `In March ${when} exactly the hour is missing that did not exist here: local time with summer time.`,
    )
  }
  if (said === 'MEZ' || said === 'CET') {
    return guess(
      '+01:00',
      'likely',
      `Die Datei sagt „${said}“: eine Stunde vor UTC, das ganze Jahr.`,
      `The file says "${said}": one hour ahead of UTC, all year.`,
    )
  }
  if (form.dateOnly) return guess(zone, 'likely', 'Tage der Stadt.', 'Days of the city.')
  return guess(
    zone,
    'guess',
    'Die Zeiten nennen keine Zone und reichen über keine Zeitumstellung: angenommen ist die Ortszeit der Stadt.',
    'The times name no zone and cover no change of the clocks: the local time of the city is assumed.',
  )
}

/** Texts among numbers that mean "no value". */
function emptyTexts(columns: readonly ColumnFacts[], mappings: ReadonlyMap<number, ColumnMapping>): string[] {
  const found = new Set<string>()
  for (const column of columns) {
    if (mappings.get(column.index)?.role !== 'value') continue
    column.texts.forEach((text, at) => {
      if (text !== '' && Number.isNaN(column.numbers[at]!) && MISSING.test(text)) found.add(text)
    })
  }
  return [...found].slice(0, 20)
}

function kindsOf(kind: ColumnFacts): Record<string, Measure> {
  const seen = [...new Set(kind.texts.filter((text) => text !== ''))]
  return Object.fromEntries(
    seen.map((text): [string, Measure] => {
      const property = propertyOf(text)
      const name = nameOf(text)
      const own = property ? ownProperty(property) : { name, unit: NO_UNIT, aggregate: 'mean' as const }
      return [text, { property: property ?? slug(text, '_'), name, key: text, ...(own ? { own } : {}) }]
    }),
  )
}
