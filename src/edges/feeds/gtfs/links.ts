import { Ids } from './ids.ts'
import { PathwayRules } from './pathway-rules.ts'
import type { ReadingState } from './state.ts'
import type { FileReader } from './tables.ts'

export function transfers(state: ReadingState): FileReader {
  const seen = new Set<string>()
  return {
    table: 'gtfs_transfer',
    modelled: [
      'from_stop_id',
      'to_stop_id',
      'from_route_id',
      'to_route_id',
      'from_trip_id',
      'to_trip_id',
      'transfer_type',
      'min_transfer_time',
    ],
    row(row) {
      const stop = (field: string) => state.refer(row, field, 'stops.txt', 'stop_id', state.stops)
      const route = (field: string) => state.refer(row, field, 'routes.txt', 'route_id', state.routes)
      const trip = (field: string) => state.refer(row, field, 'trips.txt', 'trip_id', state.trips)
      const ends = [
        stop('from_stop_id'),
        stop('to_stop_id'),
        route('from_route_id'),
        route('to_route_id'),
        trip('from_trip_id'),
        trip('to_trip_id'),
      ]
      if (!row.good || ends.includes(undefined)) return state.rejectRow(row)
      const type = row.num('transfer_type') ?? 0
      if (type < 4) {
        for (const [index, field] of ['from_stop_id', 'to_stop_id'].entries()) {
          if (ends[index] !== null) continue
          state.note('missing_required_field', row, { fieldName: field })
          row.spoil('missing_required_field', field)
        }
        if (!row.good) return state.rejectRow(row)
      }
      const key = ends.join()
      if (seen.has(key)) {
        state.note('duplicate_key', row, {
          fieldName1: 'from_stop_id,to_stop_id',
          fieldValue1: `${row.text('from_stop_id')},${row.text('to_stop_id')}`,
        })
        row.spoil('duplicate_key', 'from_stop_id')
        return state.rejectRow(row)
      }
      seen.add(key)
      const [from_stop, to_stop, from_route, to_route, from_trip, to_trip] = ends
      if (from_trip != null || to_trip != null) state.hasTripTransfers = true
      state.rules.transfer(row, from_stop ?? null, to_stop ?? null)
      return {
        from_stop,
        to_stop,
        from_route,
        to_route,
        from_trip,
        to_trip,
        type,
        min_time: row.num('min_transfer_time'),
      }
    },
  }
}

export function pathways(state: ReadingState): FileReader {
  const ids = new Ids()
  const rules = new PathwayRules(state)
  return {
    table: 'gtfs_pathway',
    modelled: ['pathway_id', 'from_stop_id', 'to_stop_id', 'pathway_mode', 'is_bidirectional'],
    row(row) {
      const from_stop = state.refer(row, 'from_stop_id', 'stops.txt', 'stop_id', state.stops)
      const to_stop = state.refer(row, 'to_stop_id', 'stops.txt', 'stop_id', state.stops)
      const id = row.text('pathway_id')
      if (!row.good || id === undefined || from_stop == null || to_stop == null) return state.rejectRow(row)
      if (!state.unique(row, ids, 'pathway_id')) return state.rejectRow(row)
      ids.add(id)
      rules.take(row, from_stop, to_stop)
      return {
        pathway_id: id,
        from_stop,
        to_stop,
        mode: row.num('pathway_mode'),
        bidirectional: row.num('is_bidirectional') === 1,
      }
    },
    end: () => rules.end(),
  }
}
