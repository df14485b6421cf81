import type { FeedItem } from '../../../domains/sources/index.ts'
import { at, below, every, textAt, typeOf, type XmlElement } from '../xml.ts'
import { linesIn, placing } from './location.ts'
import { compact, wordsOf } from './parking-table.ts'

const SEVERITIES = new Set(['none', 'low', 'medium', 'high', 'highest', 'unknown'])
const NOTHING = /^keine beschreibung/i
const place = placing(undefined)

/**
 * A situation as one feature: its records (works, closures, phases) are listed in it. Where the publisher describes the
 * whole (an `overallSituation` in the extension, as Baden-Württemberg does), that names it and says its time.
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
  const detours = distinct(comments.filter(({ kind }) => kind === 'routeRecommendation').map(({ text }) => text))
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
      description: said('roadworksType') === name ? undefined : said('roadworksType'),
      detour: detours.filter((text) => !NOTHING.test(text)).join('\n') || undefined,
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
    const [kind] = below(comment, 'commentType2')
    return text === undefined ? [] : [{ kind: kind?.text ?? '', text }]
  })
}

/** What is closed or restricted, in the words of the standard (`roadClosed`, `laneClosures`). */
function restrictionsOf(record: XmlElement): string[] {
  return record.children
    .filter(({ name, text }) => /(Management|Constriction)Type$/.test(name) && text !== '')
    .map(({ text }) => text)
}

/** The lines of all records, each once; else the first place a record names. */
function geometryOf(situation: XmlElement, records: readonly XmlElement[]): object | null {
  const lines = new Map(linesIn(situation).map((line) => [JSON.stringify(line), line]))
  // The way back along the same line is no further place.
  for (const line of lines.values()) {
    const back = JSON.stringify([...line].reverse())
    if (lines.has(back) && lines.size > 1) lines.delete(back)
  }
  const all = [...lines.values()]
  if (all.length === 1) return { type: 'LineString', coordinates: all[0] }
  if (all.length > 1) return { type: 'MultiLineString', coordinates: all }
  for (const record of records) {
    const found = place(at(record, 'groupOfLocations') ?? at(record, 'locationReference'))
    if (found) return found
  }
  return null
}

const distinct = (texts: string[]) => [...new Set(texts)]
const list = (texts: string[]) => (texts.length === 0 ? undefined : distinct(texts))
const times = (texts: (string | null)[]) => texts.filter((text) => text !== null).sort()
const least = (texts: (string | null)[]) => (texts.includes(null) ? null : (times(texts)[0] ?? null))
const greatest = (texts: (string | null)[]) => times(texts).at(-1) ?? null
