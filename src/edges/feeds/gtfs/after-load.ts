import type { TransitLoad } from '../../../domains/mobility/index.ts'
import type { ReadingState } from './state.ts'
import type { BlockSpan, Travel } from './travel.ts'

/** More overlaps than this are not looked into: the feed then uses blocks for something else. */
const MOST_OVERLAPS = 200_000

/** Rules that need the whole feed and its indexes: where shapes run and on which days blocks are busy. */
export async function afterLoad(load: TransitLoad, state: ReadingState, travel: Travel): Promise<void> {
  const { n, examples } = await load.stopsOffShape([...travel.shapeStops(state.shapes)])
  state.notices.addMany(
    'stop_too_far_from_shape',
    n,
    examples.map(({ shape, stop, name, metres }) => ({
      filename: 'stop_times.txt',
      shapeId: shape,
      stopId: stop,
      stopName: name,
      geoDistanceToShape: Math.round(metres * 10) / 10,
    })),
  )
  await blocks(load, state, travel)
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
