import type { TransitLoad } from '../../../domains/mobility/index.ts'
import type { NoticeCode } from './notice-codes.ts'
import type { ReadingState } from './state.ts'
import type { TableRow } from './table.ts'
import type { BlockSpan, Travel } from './travel.ts'

/** More overlaps than this are not looked into: the feed then uses blocks for something else. */
const MOST_OVERLAPS = 200_000

/** Rules that need the whole feed and its indexes: shapes, blocks, fare zones and transfers between trips. */
export async function afterLoad(load: TransitLoad, state: ReadingState): Promise<void> {
  const { notices, travel } = state
  if (travel) {
    const pairs = [...travel.shapeStops(state.shapes)]
    addOff(state, 'stop_too_far_from_shape', await load.stopsOffShape(pairs))
    const said = pairs.flatMap(({ dists, ...pair }) => dists.map((dist) => ({ ...pair, dist })))
    addOff(state, 'stop_too_far_from_shape_using_user_distance', await load.stopsOffDistance(said))
    await blocks(load, state, travel)
  }
  const { n, examples } = await load.stopsWithoutZone([...state.zonedRoutes])
  notices.addMany(
    'stop_without_zone_id',
    n,
    examples.map(({ stop, name }) => ({ filename: 'stops.txt', stopId: stop, stopName: name })),
  )
  if (state.hasTripTransfers) await transfers(load, state)
  await zones(load, state)
}

function addOff(
  { notices }: ReadingState,
  code: NoticeCode,
  { n, examples }: Awaited<ReturnType<TransitLoad['stopsOffShape']>>,
): void {
  notices.addMany(
    code,
    n,
    examples.map(({ shape, stop, name, metres }) => ({
      filename: 'stop_times.txt',
      shapeId: shape,
      stopId: stop,
      stopName: name,
      geoDistanceToShape: Math.round(metres * 10) / 10,
    })),
  )
}

async function zones(load: TransitLoad, { notices, flexRules, areas }: ReadingState): Promise<void> {
  const key = (a: TableRow, b: TableRow) => JSON.stringify([a.text('location_id'), b.text('location_id')])
  const found = [...flexRules.together()]
  const pairs = new Map(found.map(({ a, b }) => [key(a, b), [a, b].map((row) => areas.get(row.text('location_id')!))]))
  const known = [...pairs].flatMap(([id, [a, b]]) => (a && b ? [{ id, a, b }] : []))
  const overlapping = new Set(await load.overlappingAreas(known))
  for (const { tripId, a, b } of found)
    if (overlapping.has(key(a, b)))
      notices.add('overlapping_zone_and_pickup_drop_off_window', {
        filename: 'stop_times.txt',
        csvRowNumber: b.number,
        tripId,
        prevCsvRowNumber: a.number,
        locationId1: a.text('location_id')!,
        locationId2: b.text('location_id')!,
      })
}

async function transfers(load: TransitLoad, { notices }: ReadingState): Promise<void> {
  for (const { end, trip, route, tripRoute, stop, type, calls, atEnd } of await load.transferEnds()) {
    const facts = { filename: 'transfers.txt', fieldName: `${end}_trip_id`, fieldValue: trip }
    if (route !== null && route !== tripRoute)
      notices.add('transfer_with_invalid_trip_and_route', { ...facts, routeId: route, expectedRouteId: tripRoute })
    if (!calls) notices.add('transfer_with_invalid_trip_and_stop', { ...facts, stopId: stop })
    else if (!atEnd && type >= 4) notices.add('transfer_with_suspicious_mid_trip_in_seat', { ...facts, stopId: stop })
  }
}

async function blocks(load: TransitLoad, state: ReadingState, travel: Travel): Promise<void> {
  const found: { block: number; a: BlockSpan; b: BlockSpan }[] = []
  for (const overlap of travel.overlaps()) if (found.push(overlap) === MOST_OVERLAPS) break
  if (found.length === 0) return
  const key = (a: BlockSpan, b: BlockSpan) => `${a.service} ${b.service}`
  const pairs = new Map(found.map(({ a, b }) => [key(a, b), [a.service, b.service] as const]))
  const days = await load.commonDays([...pairs.values()])
  const sameDay = found.filter(({ a, b }) => days.has(key(a, b)))
  const shown = sameDay.slice(0, 50)
  const ids = await load.tripIds(shown.flatMap(({ a, b }) => [a.trip, b.trip]))
  const blockIds = new Map([...state.blocks.entries()].map(([id, block]) => [block, id]))
  state.notices.addMany(
    'block_trips_with_overlapping_stop_times',
    sameDay.length,
    shown.map(({ block, a, b }) => ({
      filename: 'trips.txt',
      blockId: blockIds.get(block)!,
      tripIdA: ids.get(a.trip)!,
      tripIdB: ids.get(b.trip)!,
      intersection: days.get(key(a, b))!,
    })),
  )
}
