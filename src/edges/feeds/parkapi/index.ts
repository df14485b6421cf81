import { type FeedGuess, type FeedItem, FileError, type ItemFeed } from '../../../domains/sources/index.ts'
import { wholeDocument } from '../json/documents.ts'
import { utf8Chunks } from '../text.ts'

interface Lot {
  id?: unknown
  name?: unknown
  coords?: { lat?: unknown; lng?: unknown } | null
  total?: unknown
  free?: unknown
  state?: unknown
  address?: unknown
  region?: unknown
  lot_type?: unknown
  opening_hours?: unknown
}

/** A parking site of ParkAPI version 3 (`/api/public/v3/parking-sites`). */
interface Site {
  id?: unknown
  original_uid?: unknown
  name?: unknown
  lat?: unknown
  lon?: unknown
  purpose?: unknown
  type?: unknown
  capacity?: unknown
  realtime_free_capacity?: unknown
  realtime_opening_status?: unknown
  realtime_data_updated_at?: unknown
  [name: string]: unknown
}

const SITE_TYPES: Readonly<Record<string, string>> = {
  CAR_PARK: 'garage',
  UNDERGROUND: 'underground',
  OFF_STREET_PARKING_GROUND: 'openSpace',
  ON_STREET: 'onStreet',
  WALL_LOOPS: 'wallLoops',
  STANDS: 'stands',
  LOCKERS: 'lockers',
  SHED: 'shed',
  TWO_TIER: 'twoTier',
  SAFE_WALL_LOOPS: 'wallLoops',
  BUILDING: 'garage',
  LOCKBOX: 'lockers',
  OTHER: 'other',
}
const LOT_TYPES: readonly [RegExp, string][] = [
  [/tiefgarage|underground/i, 'underground'],
  [/parkhaus|garage/i, 'garage'],
  [/park\s*(and|&|\+)\s*ride|p\s*\+\s*r/i, 'parkAndRide'],
  [/stra(ß|ss)e|street/i, 'onStreet'],
  [/parkplatz|lot|ground/i, 'openSpace'],
]
/** Terms of version 3 that are numbers or texts here too. */
const TERMS: Readonly<Record<string, string>> = {
  capacity: 'capacity',
  capacity_disabled: 'capacityDisabled',
  capacity_woman: 'capacityWomen',
  capacity_family: 'capacityFamily',
  capacity_charging: 'capacityCharging',
  capacity_carsharing: 'capacityCarsharing',
  address: 'address',
  opening_hours: 'openingHours',
  has_fee: 'fee',
  fee_description: 'feeDescription',
  is_covered: 'covered',
  has_lighting: 'lighting',
  operator_name: 'operator',
  public_url: 'url',
  description: 'description',
}

/** ParkAPI (ParkenDD): the lots of a city (version 1: `lots`) and parking sites (version 3: `items`). */
export const parkapi: ItemFeed = {
  id: 'parkapi',
  detect({ head }): FeedGuess | null {
    const text = Buffer.from(head).toString('utf8')
    if (!/^\s*\{/.test(text)) return null
    if (/"lots"\s*:\s*\[/.test(text) && /"last_(updated|downloaded)"/.test(text))
      return {
        role: 'static',
        confidence: 1,
        reason: 'lots of a city (ParkAPI version 1)',
        reasonDe: 'Parkplätze einer Stadt (ParkAPI, Version 1)',
      }
    if (/"items"\s*:\s*\[/.test(text) && /"(static_data_updated_at|original_uid)"/.test(text))
      return {
        role: 'static',
        confidence: 1,
        reason: 'parking sites (ParkAPI version 3)',
        reasonDe: 'Parkplätze (ParkAPI, Version 3)',
      }
    return null
  },
  async *read(inputs, options, context): AsyncIterable<FeedItem> {
    for (const { bytes, name } of inputs) {
      const document = await wholeDocument(utf8Chunks(bytes, options.encoding), context)
      const { lots, items, last_updated: updated } = (document ?? {}) as Record<string, unknown>
      if (Array.isArray(lots)) for (const lot of lots) yield* lotItems((lot ?? {}) as Lot, String(updated ?? ''))
      else if (Array.isArray(items)) for (const site of items) yield* siteItems((site ?? {}) as Site)
      else throw new FileError(`${name} has neither "lots" nor "items": it is not of ParkAPI`)
    }
    yield { kind: 'complete', concept: 'parking' }
  },
}

function* lotItems(lot: Lot, updated: string): Iterable<FeedItem> {
  const key = textOf(lot.id) ?? ''
  const lat = numberOf(lot.coords?.lat)
  const lon = numberOf(lot.coords?.lng)
  const kind = LOT_TYPES.find(([pattern]) => pattern.test(String(lot.lot_type ?? '')))?.[1]
  yield {
    kind: 'feature',
    concept: 'parking',
    key,
    name: textOf(lot.name) ?? key,
    geometry: lat === undefined || lon === undefined ? null : { type: 'Point', coordinates: [lon, lat] },
    properties: compact({
      purpose: 'car',
      type: kind,
      capacity: numberOf(lot.total),
      address: textOf(lot.address),
      district: textOf(lot.region),
      openingHours: textOf(lot.opening_hours),
    }),
  }
  const state = lot.state === 'open' || lot.state === 'closed' ? lot.state : undefined
  // Times of version 1 are UTC without saying so.
  const time = /[zZ]|[+-]\d\d:?\d\d$/.test(updated) ? updated : `${updated}Z`
  // A lot without figures (nodata) says 0 free.
  yield* values(key, time, lot.state === 'nodata' ? undefined : lot.free, state)
}

function* siteItems(site: Site): Iterable<FeedItem> {
  const key = textOf(site.original_uid) ?? textOf(site.id) ?? ''
  // Version 3 writes decimals as texts.
  const lat = numberOf(typeof site.lat === 'string' ? Number.parseFloat(site.lat) : site.lat)
  const lon = numberOf(typeof site.lon === 'string' ? Number.parseFloat(site.lon) : site.lon)
  const facts = Object.entries(TERMS).map(([from, to]): [string, unknown] => {
    const given = site[from]
    return [to, typeof given === 'boolean' ? given : (numberOf(given) ?? textOf(given))]
  })
  yield {
    kind: 'feature',
    concept: 'parking',
    key,
    name: textOf(site.name) ?? key,
    geometry: lat === undefined || lon === undefined ? null : { type: 'Point', coordinates: [lon, lat] },
    properties: compact({
      ...Object.fromEntries(facts),
      purpose: site.purpose === 'BIKE' ? 'bike' : 'car',
      type: SITE_TYPES[String(site.type ?? '')],
      maxHeight: centimetres(site.max_height),
    }),
  }
  const status = String(site.realtime_opening_status ?? '').toLowerCase()
  const state = status === 'open' || status === 'closed' ? status : undefined
  yield* values(key, textOf(site.realtime_data_updated_at) ?? '', site.realtime_free_capacity, state)
}

function* values(key: string, time: string, free: unknown, state: string | undefined): Iterable<FeedItem> {
  const count = numberOf(free)
  if (count !== undefined && count >= 0)
    yield { kind: 'value', concept: 'parking', key, series: 'free', time, value: count }
  else if (free !== undefined && free !== null)
    yield { kind: 'reject', reason: 'not a number of spaces', column: 'free', value: `${key}: ${String(free)}` }
  if (state !== undefined) yield { kind: 'value', concept: 'parking', key, series: 'state', time, value: state }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined
}
/** Version 3 says heights in centimetres. */
const centimetres = (value: unknown) => {
  const height = numberOf(value)
  return height === undefined ? undefined : height / 100
}
const compact = (given: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
