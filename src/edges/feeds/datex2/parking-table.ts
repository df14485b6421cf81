import type { FeedItem } from '../../../domains/sources/index.ts'
import { at, below, every, numberAt, textAt, type XmlElement } from '../xml.ts'
import type { Place } from './location.ts'
import { openingHours } from './opening.ts'

const LAYOUTS: Readonly<Record<string, string>> = {
  automatedParkingGarage: 'garage',
  multiStorey: 'garage',
  multiLevel: 'garage',
  covered: 'garage',
  underground: 'underground',
  undergroundMultiLevel: 'underground',
  openSpace: 'openSpace',
  singleLevel: 'openSpace',
  field: 'openSpace',
  onStreet: 'onStreet',
}

/** For whom spaces are assigned → the term that counts them. */
const ASSIGNED: Readonly<Record<string, string>> = {
  disabled: 'capacityDisabled',
  women: 'capacityWomen',
  families: 'capacityFamily',
}
const USERS: Readonly<Record<string, string>> = {
  disabled: 'disabled',
  women: 'women',
  families: 'families',
  residents: 'residents',
  staff: 'staff',
  employees: 'staff',
}

/** `parkingFacility` of the German profile of version 2. */
export function facility(element: XmlElement, place: Place): FeedItem {
  const id = element.attributes.id
  if (!id) return { kind: 'reject', reason: 'the car park has no id', column: 'id', value: nameOf(element) ?? null }
  const name = nameOf(element) ?? id
  const owner = textAt(element, 'owner', 'contactName')?.replace(/^\d+\s*\/\s*/, '')
  const opening = at(element, 'openingTimes')
  return {
    kind: 'feature',
    concept: 'parking',
    key: id,
    name,
    geometry: place(at(element, 'facilityLocation')),
    properties: compact({
      purpose: 'car',
      type: typeFor(name, textAt(element, 'parkingFacilityLayout')),
      capacity:
        numberAt(element, 'totalParkingCapacity') ??
        sum(numberAt(element, 'totalParkingCapacityShortTerm'), numberAt(element, 'totalParkingCapacityLongTerm')),
      ...assigned(element),
      openingHours: opening && openingHours(opening),
      maxHeight: numberAt(element, 'characteristicsOfPermittedVehicles', 'heightCharacteristic', 'vehicleHeight'),
      operator: textAt(element, 'operator', 'contactName') ?? owner,
      url: textAt(element, 'facilityURL') ?? textAt(element, 'urlLinkAddress'),
      parkAndRide: /\bP\s*\+\s*R\b/i.test(name) ? true : undefined,
    }),
  }
}

/** `parkingRecord` of the parking profile, versions 2 and 3. */
export function recordFacts(element: XmlElement, place: Place): FeedItem {
  const id = element.attributes.id
  if (!id)
    return { kind: 'reject', reason: 'the parking record has no id', column: 'id', value: nameOf(element) ?? null }
  const name = nameOf(element) ?? id
  const only = at(element, 'onlyAssignedParking') ?? at(element, 'assignedParkingAmongOthers')
  const user = only && USERS[textAt(only, 'applicableForUser') ?? '']
  const bike = only !== undefined && [...below(only, 'vehicleType')].some(({ text }) => text === 'bicycle')
  const kind = textAt(element, 'urbanParkingSiteType')
  const capacity = numberAt(element, 'parkingNumberOfSpaces')
  return {
    kind: 'feature',
    concept: 'parking',
    key: id,
    name,
    geometry: place(at(element, 'parkingLocation')),
    properties: compact({
      purpose: bike ? 'bike' : 'car',
      type:
        kind === 'onStreetParking'
          ? 'onStreet'
          : capacity === 1
            ? 'bay'
            : typeFor(name, textAt(element, 'parkingLayout')),
      capacity,
      user,
      description: wordsOf(at(element, 'parkingDescription')),
      operator: firstText(at(element, 'operator')),
      url: textAt(element, 'urlLinkAddress'),
      fee: freeOfCharge(element),
      address: addressOf(element),
    }),
  }
}

function addressOf(element: XmlElement): string | undefined {
  const address = at(element, 'parkingSiteAddress')
  if (!address) return undefined
  const [line] = [...below(address, 'text')].map((one) => wordsOf(one)).filter(Boolean)
  return line ?? textAt(address, 'street')
}

function freeOfCharge(element: XmlElement): boolean | undefined {
  const text = textAt(element, 'tariffsAndPayment', 'freeOfCharge')
  return text === 'true' ? false : text === 'false' ? true : undefined
}

function assigned(element: XmlElement): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const outer of every(element, 'assignedParkingSpaces')) {
    const inner = at(outer, 'assignedParkingSpaces')
    const count = inner && numberAt(inner, 'numberOfAssignedParkingSpaces')
    if (!inner || count === undefined) continue
    const who = textAt(inner, 'descriptionOfAssignedParkingSpaces', 'personTypeForWhichSpacesAssigned')
    const electric = [...below(inner, 'fuelType')].some(({ text }) => text === 'battery')
    const term = who === undefined ? (electric ? 'capacityCharging' : undefined) : ASSIGNED[who]
    if (term && count > 0) counts[term] = (counts[term] ?? 0) + count
  }
  return counts
}

/** The German profile calls every car park singleLevel: the name says more. */
function typeFor(name: string, layout: string | undefined): string | undefined {
  if (/tiefgarage|\bTG\b/i.test(name)) return 'underground'
  if (/parkhaus|\bPH\b/i.test(name)) return 'garage'
  return layout === undefined ? undefined : LAYOUTS[layout]
}

const nameOf = (element: XmlElement) => wordsOf(at(element, 'parkingFacilityName') ?? at(element, 'parkingName'))

/** The German text of a multilingual string, else the first. */
export function wordsOf(element: XmlElement | undefined): string | undefined {
  const values = element ? [...below(element, 'value')] : []
  const german = values.find(({ attributes, text }) => /^de/i.test(attributes.lang ?? '') && text !== '')
  return (german ?? values.find(({ text }) => text !== ''))?.text
}

function firstText(element: XmlElement | undefined): string | undefined {
  if (!element) return undefined
  return element.text || element.children.map(firstText).find(Boolean)
}

const sum = (a: number | undefined, b: number | undefined) =>
  a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0)

export function compact(given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ''))
}
