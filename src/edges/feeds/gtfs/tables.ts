import type { TransitRow, TransitTable } from '../../../domains/mobility/index.ts'
import { isClosed } from './flex-rules.ts'
import type { Ids } from './ids.ts'
import type { ReadingState } from './state.ts'
import type { TableRow } from './table.ts'

/** How a file becomes rows of a table; null leaves the row out (rules that look at several rows keep what they need). */
export interface FileReader {
  table: TransitTable
  /** Columns that have one of the database; others are kept in `other`. */
  modelled: readonly string[]
  row(row: TableRow): TransitRow | null
  /** After the last row. */
  end?(): void
}

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

export function agencies(state: ReadingState): FileReader {
  const seen: TableRow[] = []
  return {
    table: 'gtfs_agency',
    modelled: [
      'agency_id',
      'agency_name',
      'agency_url',
      'agency_timezone',
      'agency_lang',
      'agency_phone',
      'agency_fare_url',
      'agency_email',
    ],
    row(row) {
      const id = row.text('agency_id')
      if (!row.good) {
        if (id !== undefined) state.agencies.addUnusable(id)
        return state.rejectRow(row)
      }
      if (id !== undefined && !state.unique(row, state.agencies, 'agency_id')) return state.rejectRow(row)
      seen.push(row)
      state.rules.agency(row)
      state.timeZone ||= row.text('agency_timezone')!
      if (row.text('agency_timezone') !== state.timeZone)
        state.note('inconsistent_agency_timezone', row, {
          expected: state.timeZone,
          actual: row.text('agency_timezone')!,
        })
      const v = row.values
      return {
        agency: id === undefined ? state.agencies.reserve() : state.agencies.add(id),
        agency_id: id,
        name: v.agency_name,
        url: v.agency_url,
        timezone: v.agency_timezone,
        lang: v.agency_lang,
        phone: v.agency_phone,
        fare_url: v.agency_fare_url,
        email: v.agency_email,
      }
    },
    end() {
      for (const row of seen) {
        if (row.text('agency_id') !== undefined) continue
        state.note(seen.length > 1 ? 'missing_required_field' : 'missing_recommended_field', row, {
          fieldName: 'agency_id',
        })
      }
    },
  }
}

export function levels(state: ReadingState): FileReader {
  return {
    table: 'gtfs_level',
    modelled: ['level_id', 'level_index', 'level_name'],
    row: keyed(state, state.levels, 'level_id', (row, level) => ({
      level,
      level_id: row.text('level_id'),
      level_index: row.num('level_index'),
      name: row.text('level_name'),
    })),
  }
}

export function routes(state: ReadingState): FileReader {
  const names = new Map<string, TableRow>()
  return {
    table: 'gtfs_route',
    modelled: [
      'route_id',
      'agency_id',
      'route_short_name',
      'route_long_name',
      'route_desc',
      'route_type',
      'route_url',
      'route_color',
      'route_text_color',
      'route_sort_order',
    ],
    row: keyed(state, state.routes, 'route_id', (row, route) => {
      const short = row.text('route_short_name')
      const long = row.text('route_long_name')
      const description = row.text('route_desc')
      const routeId = row.text('route_id')!
      if (row.text('agency_id') === undefined)
        state.note(state.agencies.size > 1 ? 'missing_required_field' : 'missing_recommended_field', row, {
          fieldName: 'agency_id',
        })
      if (short === undefined && long === undefined)
        state.note('route_both_short_and_long_name_missing', row, { routeId })
      if (short !== undefined && short.length > 12)
        state.note('route_short_name_too_long', row, { routeId, routeShortName: short })
      if (short !== undefined && long !== undefined && containsName(long, short))
        state.note('route_long_name_contains_short_name', row, { routeId, routeShortName: short, routeLongName: long })
      if (description !== undefined && (description === short || description === long))
        state.note('same_name_and_description_for_route', row, { routeId, routeDesc: description })
      const name = JSON.stringify([short, long, row.num('route_type'), row.text('agency_id')])
      const same = names.get(name)
      if (same)
        state.notices.add('duplicate_route_name', {
          filename: row.file,
          csvRowNumber1: same.number,
          routeId1: same.text('route_id')!,
          csvRowNumber2: row.number,
          routeId2: routeId,
          routeShortName: short ?? '',
          routeLongName: long ?? '',
        })
      else names.set(name, row)
      state.rules.route(row)
      if (row.text('network_id') !== undefined)
        state.references.add('routes.txt', 'network_id', row.text('network_id')!)
      state.routeTypes[route] = row.num('route_type')!
      if (isClosed(row)) state.routeRows.set(route, row)
      return {
        route,
        route_id: routeId,
        agency: state.refer(row, 'agency_id', 'agency.txt', 'agency_id', state.agencies),
        short_name: short,
        long_name: long,
        description,
        type: row.num('route_type'),
        url: row.text('route_url'),
        color: row.text('route_color'),
        text_color: row.text('route_text_color'),
        sort_order: row.num('route_sort_order'),
      }
    }),
  }
}

/** "10 Marktplatz" says "10" again, "100er" does not. */
function containsName(long: string, short: string): boolean {
  if (!long.toLowerCase().startsWith(short.toLowerCase())) return false
  return long.length === short.length || /[\s\-(]/.test(long[short.length]!)
}

/** Services by calendar.txt, and by calendar_dates.txt alone. */
export function calendar(state: ReadingState, services: Map<number, TableRow>): FileReader {
  return {
    table: 'gtfs_service',
    modelled: ['service_id', ...DAYS, 'start_date', 'end_date'],
    row: keyed(
      state,
      state.services,
      'service_id',
      (row, service) => {
        const start = row.text('start_date')!
        const end = row.text('end_date')!
        services.set(service, row)
        return {
          service,
          service_id: row.text('service_id'),
          weekdays: DAYS.reduce((bits, day, index) => bits | (row.num(day)! << index), 0),
          start_date: start,
          end_date: end,
        }
      },
      (row) => {
        if (row.text('end_date')! >= row.text('start_date')!) return true
        state.note('start_and_end_range_out_of_order', row, {
          startFieldName: 'start_date',
          startValue: row.text('start_date')!,
          endFieldName: 'end_date',
          endValue: row.text('end_date')!,
          entityId: row.text('service_id')!,
        })
        row.spoil('start_and_end_range_out_of_order', 'end_date')
        return false
      },
    ),
  }
}

export function calendarDates(
  state: ReadingState,
  services: Map<number, TableRow>,
  onlyHere: TransitRow[],
): FileReader {
  const seen = new Set<string>()
  return {
    table: 'gtfs_service_date',
    modelled: ['service_id', 'date', 'exception_type'],
    row(row) {
      const id = row.text('service_id')
      if (!row.good || id === undefined) {
        if (id !== undefined) state.services.addUnusable(id)
        return state.rejectRow(row)
      }
      let service = state.services.of(id)
      if (service === undefined || service < 0) {
        service = state.services.add(id)
        onlyHere.push({ service, service_id: id })
      }
      const day = row.text('date')!
      const key = `${service} ${day}`
      if (seen.has(key)) {
        state.note('duplicate_key', row, { fieldName1: 'service_id,date', fieldValue1: `${id},${day}` })
        row.spoil('duplicate_key', 'date')
        return state.rejectRow(row)
      }
      seen.add(key)
      // Beside calendar.txt days are exceptions.
      if (!state.headers['calendar.txt'] && !services.has(service)) services.set(service, row)
      return { service, day, exception: row.num('exception_type') }
    },
  }
}

export function trips(state: ReadingState): FileReader {
  return {
    table: 'gtfs_trip',
    modelled: [
      'route_id',
      'service_id',
      'trip_id',
      'trip_headsign',
      'trip_short_name',
      'direction_id',
      'block_id',
      'shape_id',
      'wheelchair_accessible',
      'bikes_allowed',
    ],
    row(row) {
      const id = row.text('trip_id')
      const route = state.refer(row, 'route_id', 'routes.txt', 'route_id', state.routes)
      const service = state.refer(row, 'service_id', 'calendar.txt or calendar_dates.txt', 'service_id', state.services)
      if (!row.good || id === undefined || route == null || service == null) {
        if (id !== undefined) state.trips.addUnusable(id)
        return state.rejectRow(row)
      }
      if (!state.unique(row, state.trips, 'trip_id')) return state.rejectRow(row)
      const trip = state.trips.add(id)
      const shape = state.refer(row, 'shape_id', 'shapes.txt', 'shape_id', state.shapes)
      const block = row.text('block_id')
      if (isFerry(state.routeTypes[route]!) && !row.num('bikes_allowed'))
        state.note('missing_bike_allowance', row, { routeId: row.text('route_id')!, tripId: id })
      state.flexRules.trip(id, state.routeRows.get(route))
      state.tripFacts.set(trip, {
        routeType: state.routeTypes[route]!,
        shape: shape ?? -1,
        block: block === undefined ? -1 : state.blocks.add(block),
        service,
      })
      return {
        trip,
        route,
        service,
        shape,
        direction_id: row.num('direction_id'),
        wheelchair: row.num('wheelchair_accessible'),
        bikes: row.num('bikes_allowed'),
        trip_id: id,
        headsign: row.text('trip_headsign'),
        short_name: row.text('trip_short_name'),
        block_id: block,
      }
    },
  }
}

export function frequencies(state: ReadingState): FileReader {
  const spans = new Map<number, { start: number; end: number; row: TableRow }[]>()
  return {
    table: 'gtfs_frequency',
    modelled: ['trip_id', 'start_time', 'end_time', 'headway_secs', 'exact_times'],
    row(row) {
      const trip = state.refer(row, 'trip_id', 'trips.txt', 'trip_id', state.trips)
      const start = row.num('start_time')
      const end = row.num('end_time')
      if (!row.good || trip == null || start === undefined || end === undefined) return state.rejectRow(row)
      if (end <= start) {
        const code = end === start ? 'start_and_end_range_equal' : 'start_and_end_range_out_of_order'
        state.note(code, row, {
          startFieldName: 'start_time',
          endFieldName: 'end_time',
          entityId: row.text('trip_id')!,
        })
        row.spoil(code, 'end_time')
        return state.rejectRow(row)
      }
      const list = spans.get(trip) ?? []
      const other = list.find((span) => start < span.end && span.start < end)
      if (other)
        state.note('overlapping_frequency', row, { prevCsvRowNumber: other.row.number, tripId: row.text('trip_id')! })
      list.push({ start, end, row })
      spans.set(trip, list)
      return {
        trip,
        start_time: start,
        end_time: end,
        headway: row.num('headway_secs'),
        exact_times: row.num('exact_times'),
      }
    },
  }
}

export function translations(state: ReadingState): FileReader {
  return {
    table: 'gtfs_translation',
    modelled: ['table_name', 'field_name', 'language', 'translation', 'record_id', 'record_sub_id', 'field_value'],
    row(row) {
      if (!row.good) return state.rejectRow(row)
      state.rules.translation(row)
      return { ...row.values }
    },
  }
}

/** Ferries by the basic and by the extended route types. */
const isFerry = (routeType: number): boolean => routeType === 4 || (routeType >= 1000 && routeType < 1100)

/** Rows with an id of their own: unusable ones are remembered, later ones of the same id left out. */
function keyed(
  state: ReadingState,
  ids: Ids,
  field: string,
  make: (row: TableRow, number: number) => TransitRow,
  check: (row: TableRow) => boolean = () => true,
): (row: TableRow) => TransitRow | null {
  return (row) => {
    const id = row.text(field)
    if (!row.good || id === undefined || !check(row)) {
      if (id !== undefined) ids.addUnusable(id)
      return state.rejectRow(row)
    }
    if (!state.unique(row, ids, field)) return state.rejectRow(row)
    return make(row, ids.add(id))
  }
}
