import type { FeedItem } from '../../../domains/sources/index.ts'
import { at, every, textAt, type XmlElement } from '../xml.ts'

type Value = Extract<FeedItem, { kind: 'value' }>

const TRENDS: Readonly<Record<string, string>> = {
  decreasing: 'decreasing',
  decreasingQuickly: 'decreasing',
  decreasingSlowly: 'decreasing',
  increasing: 'increasing',
  increasingQuickly: 'increasing',
  increasingSlowly: 'increasing',
  stable: 'stable',
}

/** `parkingFacilityStatus` of the German profile of version 2. */
export function* facilityStatus(
  element: XmlElement,
  published: string,
  named: ReadonlySet<string>,
): Iterable<FeedItem> {
  const reader = new StatusReader(at(element, 'parkingFacilityReference'), named)
  const time = textAt(element, 'parkingFacilityStatusTime') ?? published
  const words = every(element, 'parkingFacilityStatus').map(({ text }) => text)
  yield* reader.items(time, [
    ['free', textAt(element, 'totalNumberOfVacantParkingSpaces')],
    ['occupied', textAt(element, 'totalNumberOfOccupiedParkingSpaces')],
    ['capacity', textAt(element, 'totalParkingCapacityOverride')],
    ['state', stateOf(words)],
    ['trend', TRENDS[textAt(element, 'parkingFacilityOccupancyTrend') ?? '']],
  ])
}

/** `parkingRecordStatus` of the parking profile, versions 2 and 3. */
export function* recordStatus(element: XmlElement, published: string, named: ReadonlySet<string>): Iterable<FeedItem> {
  const reader = new StatusReader(at(element, 'parkingRecordReference'), named)
  const time = textAt(element, 'parkingStatusOriginTime') ?? published
  const occupancy = at(element, 'parkingOccupancy') ?? element
  const words = ['parkingSiteStatus', 'parkingSiteOpeningStatus'].map((name) => textAt(element, name) ?? '')
  yield* reader.items(time, [
    ['free', textAt(occupancy, 'parkingNumberOfVacantSpaces')],
    ['occupied', textAt(occupancy, 'parkingNumberOfOccupiedSpaces')],
    ['capacity', textAt(occupancy, 'parkingNumberOfSpacesOverride')],
    ['state', stateOf(words)],
    ['trend', TRENDS[textAt(occupancy, 'parkingOccupancyTrend') ?? '']],
  ])
}

/** closed wins, then what says most about free spaces. */
function stateOf(words: readonly string[]): string | undefined {
  const has = (...wanted: string[]) => wanted.some((word) => words.includes(word))
  if (has('closed', 'closedAbnormal')) return 'closed'
  if (has('full', 'fullAtEntrance')) return 'full'
  if (has('almostFull')) return 'almostFull'
  if (has('spacesAvailable')) return 'spacesAvailable'
  if (has('open')) return 'open'
  if (has('unknown', 'statusUnknown', 'openingTimesUnknown')) return 'unknown'
  return undefined
}

class StatusReader {
  readonly #key: string

  constructor(reference: XmlElement | undefined, named: ReadonlySet<string>) {
    const id = reference?.attributes.id ?? ''
    // "1035[P+R Bondorf]" speaks of the facility 1035.
    const bare = id.replace(/\[.*\]$/, '')
    this.#key = named.has(id) ? id : bare
  }

  *items(time: string, given: readonly (readonly [series: string, text: string | undefined])[]): Iterable<FeedItem> {
    const key = this.#key
    if (key === '') {
      yield { kind: 'reject', reason: 'the state says not of which car park', column: 'reference' }
      return
    }
    for (const [series, text] of given) {
      if (text === undefined) continue
      const value: Value = { kind: 'value', concept: 'parking', key, series, time, value: text }
      if (series === 'state' || series === 'trend') {
        yield value
        continue
      }
      const count = Number(text)
      if (Number.isInteger(count) && count >= 0) yield { ...value, value: count }
      else yield { kind: 'reject', reason: 'not a number of spaces', column: series, value: `${key}: ${text}` }
    }
  }
}
