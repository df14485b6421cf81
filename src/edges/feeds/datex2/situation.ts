import type { FeedItem } from '../../../domains/sources/index.ts'
import { at, below, every, textAt, typeOf, type XmlElement } from '../xml.ts'
import { areasIn, linesIn, placing } from './location.ts'
import { compact, wordsOf } from './parking-table.ts'

const SEVERITIES = new Set(['none', 'low', 'medium', 'high', 'highest', 'unknown'])
const NOTHING = /^keine beschreibung/i
/** A word that says what a comment is where its kind does already. */
const SAID_BEFORE = /^umleitung:\s*/i
const place = placing(undefined)

/**
 * A situation of version 2 or 3 as one feature: its records (works, closures, phases) are listed in it. Where the
 * publisher describes the whole (an `overallSituation` in the extension, as Baden-Württemberg does), that names it and
 * says its time. The way around it is no part of the place: it is the detour (`alternativeRoute` of a rerouting).
 */
export function situationItem(situation: XmlElement): FeedItem {
  const key = situation.attributes.id ?? ''
  const records = every(situation, 'situationRecord')
  if (key === '' || records.length === 0) {
    const reason = key === '' ? 'the situation has no id' : 'the situation has no record'
    return { kind: 'reject', reason, column: 'situation', value: key }
  }
  const [overall] = below(situation, 'overallSituation')
  const main = overall ?? records[0]!
  const times = (overall ? [overall] : records).map(periodOf)
  const comments = records.flatMap(commentsOf)
  const own = overall ? commentsOf(overall) : commentsOf(main)
  const said = (kind: string) => own.find((one) => one.kind === kind)?.text
  const [road] = [...below(situation, 'roadNumber')].map(({ text }) => text).filter(Boolean)
  const name = said('roadworksName') ?? own.find(({ kind }) => kind === '')?.text ?? said('roadworksType')
  const detours = distinct([
    ...comments.filter(({ kind }) => kind === 'routeRecommendation').map(({ text }) => text.replace(SAID_BEFORE, '')),
    ...[...below(situation, 'reroutingItineraryDescription')].flatMap((element) => wordsOf(element) ?? []),
  ])
  const described = said('roadworksType') ?? said('description')
  const severity = textAt(situation, 'overallSeverity')
  return {
    kind: 'feature',
    concept: 'roadworks',
    key,
    name: name ?? [typeOf(main), road].filter(Boolean).join(' '),
    geometry: geometryOf(situation, records),
    properties: compact({
      type: typeOf(main),
      severity: severity && SEVERITIES.has(severity) ? severity : undefined,
      description: described === name ? undefined : described,
      detour: detours.filter((text) => !NOTHING.test(text)).join('\n') || undefined,
      detourGeometry: linesOf([...below(situation, 'alternativeRoute')].flatMap((way) => linesIn(way))) ?? undefined,
      road,
      restrictions: list(records.flatMap(restrictionsOf)),
      status: records.every((record) => textAt(record, 'validity', 'validityStatus') === 'suspended')
        ? 'suspended'
        : undefined,
      url: textAt(main, 'urlLink', 'urlLinkAddress'),
      records: records.map((record) => ({
        id: record.attributes.id,
        type: typeOf(record),
        name: commentsOf(record).find(({ kind }) => kind === 'roadworksName' || kind === '')?.text,
        ...periodOf(record),
      })),
    }),
    valid: {
      from: least(times.map(({ from }) => from)),
      to: times.some(({ to }) => to === null) ? null : greatest(times.map(({ to }) => to)),
    },
  }
}

function periodOf(record: XmlElement): { from: string | null; to: string | null } {
  const validity = at(record, 'validity', 'validityTimeSpecification')
  const instant = (name: string) => {
    const text = validity && textAt(validity, name)
    return text === undefined || Number.isNaN(Date.parse(text)) ? null : new Date(text).toISOString()
  }
  return { from: instant('overallStartTime'), to: instant('overallEndTime') }
}

function commentsOf(record: XmlElement): { kind: string; text: string }[] {
  return every(record, 'generalPublicComment').flatMap((comment) => {
    const text = wordsOf(at(comment, 'comment'))
    const [kind] = [...below(comment, 'commentType2'), ...every(comment, 'commentType')]
    return text === undefined ? [] : [{ kind: kind?.attributes._extendedValue ?? kind?.text ?? '', text }]
  })
}

/** What is closed or restricted, in the words of the standard (`roadClosed`, `laneClosures`). */
function restrictionsOf(record: XmlElement): string[] {
  return record.children
    .filter(({ name, text }) => /(Management|Constriction)Type$/.test(name) && text !== '')
    .map(({ text }) => text)
}

/** The areas of all records, else their lines, each once; else the first place a record names. */
function geometryOf(situation: XmlElement, records: readonly XmlElement[]): object | null {
  const areas = distinct([...areasIn(situation)].map((area) => JSON.stringify(area))).map((area) => JSON.parse(area))
  if (areas.length === 1) return { type: 'Polygon', coordinates: areas[0] }
  if (areas.length > 1) return { type: 'MultiPolygon', coordinates: areas }
  const line = linesOf(linesIn(situation, 'alternativeRoute'))
  if (line) return line
  for (const record of records) {
    const found = place(at(record, 'groupOfLocations') ?? at(record, 'locationReference'))
    if (found) return found
  }
  return null
}

/** Each line once; the way back along the same line is no further place. */
function linesOf(found: [number, number][][]): object | null {
  const lines = new Map(found.map((line) => [JSON.stringify(line), line]))
  for (const line of lines.values()) {
    const back = JSON.stringify([...line].reverse())
    if (lines.has(back) && lines.size > 1) lines.delete(back)
  }
  const all = [...lines.values()]
  if (all.length === 0) return null
  return all.length === 1 ? { type: 'LineString', coordinates: all[0] } : { type: 'MultiLineString', coordinates: all }
}

const distinct = (texts: string[]) => [...new Set(texts)]
const list = (texts: string[]) => (texts.length === 0 ? undefined : distinct(texts))
const times = (texts: (string | null)[]) => texts.filter((text) => text !== null).sort()
const least = (texts: (string | null)[]) => (texts.includes(null) ? null : (times(texts)[0] ?? null))
const greatest = (texts: (string | null)[]) => times(texts).at(-1) ?? null
