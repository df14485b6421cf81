import { type FeedGuess, type FeedItem, FileError, type ItemFeed } from '../../../domains/sources/index.ts'
import { xmlRecords } from '../xml.ts'
import { placing } from './location.ts'
import { facilityStatus, recordStatus } from './parking-status.ts'
import { facility, recordFacts } from './parking-table.ts'
import { situationItem } from './situation.ts'

const RECORDS = new Set([
  'publicationTime',
  'parkingFacility',
  'parkingRecord',
  'parkingFacilityStatus',
  'parkingRecordStatus',
  'situation',
])

/** Names of publications, and what role their file has. */
const PUBLICATIONS: readonly [pattern: RegExp, role: string, reason: string, reasonDe: string][] = [
  [
    /parkingFacilityTableStatusPublication|[Pp]arkingStatusPublication/,
    'status',
    'the states of car parks (DATEX II)',
    'Zustände von Parkplätzen (DATEX II)',
  ],
  [
    /parkingFacilityTablePublication|[Pp]arkingTablePublication/,
    'static',
    'a table of car parks (DATEX II)',
    'Tabelle von Parkplätzen (DATEX II)',
  ],
  [
    /SituationPublication/,
    'situation',
    'roadworks and events on the road (DATEX II)',
    'Baustellen und Ereignisse auf der Straße (DATEX II)',
  ],
]

/**
 * DATEX II: parking as the German profiles of version 2 have it (parkingFacilityTable, parkingTable and their states)
 * and as version 3 has it (CEN/TS 16157-6), and SituationPublications of both (CEN/TS 16157-3). A table and its states
 * are two files of one source.
 */
export const datex2: ItemFeed = {
  id: 'datex2',
  detect({ head }): FeedGuess | null {
    const text = Buffer.from(head).toString('latin1')
    if (!/datex2\.eu\/schema|<(\w+:)?d2LogicalModel/.test(text)) return null
    const found = PUBLICATIONS.find(([pattern]) => pattern.test(text))
    if (!found) return null
    const [, role, reason, reasonDe] = found
    return { role, confidence: 1, reason, reasonDe }
  },
  isLive: (role) => role === 'status',
  async *read(inputs, { crs }, { signal }): AsyncIterable<FeedItem> {
    const place = placing(crs)
    const named = new Set<string>()
    let concept = ''
    let records = 0
    for (const { bytes, name } of inputs) {
      let published = ''
      let found = 0
      for await (const record of xmlRecords(bytes, RECORDS)) {
        signal?.throwIfAborted()
        if (record.name === 'publicationTime') {
          published = record.text
          continue
        }
        found++
        if (record.name === 'situation') {
          concept = 'roadworks'
          yield situationItem(record)
        } else if (record.name.endsWith('Status')) {
          const read = record.name === 'parkingRecordStatus' ? recordStatus : facilityStatus
          yield* read(record, published, named)
        } else {
          concept = 'parking'
          const item = record.name === 'parkingFacility' ? facility(record, place) : recordFacts(record, place)
          if (item.kind === 'feature') named.add(item.key)
          yield item
        }
      }
      if (found === 0) throw new FileError(`${name} holds neither car parks nor situations of DATEX II`)
      records += found
    }
    if (records > 0 && concept !== '') yield { kind: 'complete', concept }
  },
}
