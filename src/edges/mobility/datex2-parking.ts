import type { Feature } from '../../domains/features/index.ts'
import type { ParkingState } from '../../domains/mobility/index.ts'
import { header, location, middle, type Publisher, payload, point, words } from './datex2-common.ts'
import { el, type Out } from './xml.ts'

const LAYOUTS: Readonly<Record<string, string>> = {
  garage: 'multiStorey',
  underground: 'underground',
  openSpace: 'openSpace',
  parkAndRide: 'openSpace',
  shed: 'covered',
  lockers: 'covered',
}
const USERS = new Set(['disabled', 'women', 'families', 'residents', 'staff'])
const SITE_STATES = new Set(['spacesAvailable', 'almostFull', 'full'])

/** Version of a record: when it changed last, so that a status refers to the facts it was made for. */
const version = ({ changedAt }: Feature) => String(Date.parse(changedAt))

/** par:ParkingTablePublication (CEN/TS 16157-6): what does not change from minute to minute. */
export function parkingTable(publisher: Publisher, features: readonly Feature[]): Out {
  const { dataset } = publisher
  const newest = features
    .map(({ changedAt }) => changedAt)
    .sort((a, b) => Date.parse(a) - Date.parse(b))
    .at(-1)!
  return payload(
    'par:ParkingTablePublication',
    publisher,
    header('par:headerInformation'),
    el(
      'par:parkingTable',
      { id: dataset.id, version: Date.parse(newest) },
      words('par:parkingTableName', dataset.title),
      el('par:parkingTableVersionTime', {}, newest),
      features.map(record),
    ),
  )
}

function record(feature: Feature): Out {
  const { properties, geometry, name } = feature
  const { capacity, type, purpose, user, url, description } = properties
  const place = middle(geometry)
  const assigned = [
    typeof user === 'string' && USERS.has(user) ? el('par:applicableForUser', {}, user) : null,
    purpose === 'bike' ? el('par:vehicleCharacteristics', {}, el('com:vehicleType', {}, 'bicycle')) : null,
  ].filter((one) => one !== null)
  const layout = LAYOUTS[String(type)]
  return el(
    'par:parkingRecord',
    { 'xsi:type': 'par:UrbanParkingSite', id: feature.key, version: version(feature) },
    words('par:parkingName', name),
    typeof description === 'string' ? words('par:parkingDescription', description) : null,
    el('par:parkingRecordVersionTime', {}, feature.changedAt),
    isCount(capacity) ? el('par:parkingNumberOfSpaces', {}, capacity) : null,
    typeof url === 'string' && URL.canParse(url) ? el('par:urlLinkAddress', {}, new URL(url).href) : null,
    place ? point('par:parkingLocation', place) : location('par:parkingLocation', null, name),
    assigned.length > 0 ? el('par:onlyAssignedParking', {}, assigned) : null,
    layout ? el('par:parkingLayout', {}, layout) : null,
    el('par:urbanParkingSiteType', {}, type === 'onStreet' ? 'onStreetParking' : 'offStreetParking'),
  )
}

/** par:ParkingStatusPublication: the newest values of every car park that has some. */
export function parkingStatus(
  publisher: Publisher,
  features: readonly Feature[],
  states: ReadonlyMap<number, ParkingState>,
): Out {
  return payload(
    'par:ParkingStatusPublication',
    publisher,
    header('par:headerInformation'),
    features.map((feature) => status(feature, states.get(feature.id)!)),
  )
}

function status(feature: Feature, { capacity, free, occupied, state, trend, measured }: ParkingState): Out {
  return el(
    'par:parkingRecordStatus',
    { 'xsi:type': 'par:ParkingSiteStatus' },
    el('par:parkingRecordReference', { id: feature.key, version: version(feature), targetClass: 'par:ParkingRecord' }),
    el('par:parkingStatusOriginTime', {}, measured),
    el(
      'par:parkingOccupancy',
      {},
      isCount(capacity) ? el('par:parkingNumberOfSpacesOverride', {}, capacity) : null,
      isCount(free) ? el('par:parkingNumberOfVacantSpaces', {}, free) : null,
      isCount(occupied) ? el('par:parkingNumberOfOccupiedSpaces', {}, occupied) : null,
      trend === null ? null : el('par:parkingOccupancyTrend', {}, trend),
    ),
    el('par:parkingSiteStatus', {}, SITE_STATES.has(state) ? state : 'unknown'),
    el(
      'par:parkingSiteOpeningStatus',
      {},
      state === 'closed' ? 'closed' : state === 'unknown' ? 'statusUnknown' : 'open',
    ),
  )
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0
