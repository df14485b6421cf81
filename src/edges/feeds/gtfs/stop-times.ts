import type { CopyRows } from '../../../kernel/db/index.ts'
import { ByteIds, ByteRows, isPlain } from './byte-rows.ts'
import { fastRows } from './fast-rows.ts'
import { FLEX_COLUMNS } from './flex-rules.ts'
import type { Ids } from './ids.ts'
import type { Notices } from './notices.ts'
import { FILES } from './schema.ts'
import { RowReader, type Table, type TableRow } from './table.ts'
import type { TravelContext } from './travel.ts'
import { TripOrder } from './trip-order.ts'
import { isPrintable } from './values.ts'

const FILE = 'stop_times.txt'
const COLUMNS = 12
/** Columns that have one of the database; the rest goes to `other`. */
const MODELLED = new Set([
  'trip_id',
  'arrival_time',
  'departure_time',
  'stop_id',
  'stop_sequence',
  'stop_headsign',
  'pickup_type',
  'drop_off_type',
  'timepoint',
  'shape_dist_traveled',
])

/** What stop times are checked against, and what became of them. */
export interface StopTimeContext {
  version: number
  trips: Ids
  stops: Ids
  travel: TravelContext
  /** location_type by number of the stop. */
  locationTypes: readonly number[]
  notices: Notices
  /** Looks at a row of a file that has columns of GTFS-Flex. */
  flex(row: TableRow): void
  signal: AbortSignal | undefined
  progress(rows: number): void
  reject(code: string, row: number, column: string, value: string): void
}

/**
 * The one table with millions of rows. Rows as nearly all are are read from the bytes they stand in; anything unusual in
 * a cell sends the row through the general reader, which says what it is.
 */
export class StopTimes {
  read = 0
  used = 0
  readonly order: TripOrder
  readonly #context: StopTimeContext
  readonly #rest: number[]
  readonly #reader: RowReader
  readonly #table: Table
  readonly #bytes: ByteRows
  readonly #isFlexible: boolean
  /** Told of already. */
  readonly #unexpected = new Set<number>()
  readonly #stopIds: ByteIds
  readonly #at: Record<'trip' | 'stop' | 'sequence' | 'arrival' | 'departure', number>
  readonly #more: Record<'headsign' | 'pickup' | 'dropOff' | 'timepoint' | 'dist', number>
  // Bytes of the trip_id before: the next row is mostly of the same trip.
  #tripBytes = Buffer.alloc(0)
  #tripLength = -1

  constructor(table: Table, context: StopTimeContext) {
    this.#table = table
    this.#context = context
    const at = (name: string) => table.header.indexOf(name)
    this.#at = {
      trip: at('trip_id'),
      stop: at('stop_id'),
      sequence: at('stop_sequence'),
      arrival: at('arrival_time'),
      departure: at('departure_time'),
    }
    this.#more = {
      headsign: at('stop_headsign'),
      pickup: at('pickup_type'),
      dropOff: at('drop_off_type'),
      timepoint: at('timepoint'),
      dist: at('shape_dist_traveled'),
    }
    this.#isFlexible = table.header.some((name) => FLEX_COLUMNS.has(name))
    this.#rest = table.header.flatMap((name, index) => (MODELLED.has(name) ? [] : [index]))
    this.#reader = new RowReader(FILES.get(FILE)!, table.header, context.notices)
    this.#bytes = new ByteRows(table.header.length)
    this.#stopIds = new ByteIds([...context.stops.entries()].filter(([id]) => isPrintable(id)))
    this.order = new TripOrder(context)
  }

  /** Rows in the binary form of COPY. */
  async *parts(): AsyncIterable<Buffer> {
    const { signal, progress, notices } = this.#context
    yield* fastRows(FILE, this.#table, this.#bytes, {
      signal,
      notices,
      plain: (rows, number) => this.#takePlain(rows, number),
      careful: (rows, cells, number) => this.#takeCarefully(rows, cells, number),
      read: progress,
    })
    this.order.end()
    if (!this.order.unsorted) notices.merge(this.order.found)
  }

  /** The short path. False: look at the row more closely. */
  #takePlain(rows: CopyRows, number: number): boolean {
    const bytes = this.#bytes
    if (bytes.cells !== this.#table.header.length) return false
    for (const index of this.#rest) if (!bytes.isEmpty(index)) return false
    const at = this.#at
    const more = this.#more
    const stop = bytes.isEmpty(at.stop)
      ? -1
      : this.#stopIds.of(bytes.bytes, bytes.starts[at.stop]!, bytes.ends[at.stop]!)
    if (stop < 0) return false
    const sequence = bytes.natural(at.sequence)
    if (sequence < 0) return false
    let arrival: number | null = null
    let departure: number | null = null
    const noArrival = bytes.isEmpty(at.arrival)
    if (noArrival !== bytes.isEmpty(at.departure)) return false
    if (!noArrival) {
      arrival = bytes.time(at.arrival)
      departure = bytes.time(at.departure)
      if (arrival < 0 || departure < arrival) return false
    }
    const pickup = this.#digit(more.pickup, 3)
    const dropOff = this.#digit(more.dropOff, 3)
    const timepoint = this.#digit(more.timepoint, 1)
    if (pickup === -1 || dropOff === -1 || timepoint === -1) return false
    let dist: number | null = null
    if (!bytes.isEmpty(more.dist)) {
      dist = bytes.decimal(more.dist)
      if (!(dist >= 0)) return false
    }
    let headsign: string | null = null
    if (!bytes.isEmpty(more.headsign)) {
      headsign = bytes.text(more.headsign)
      if (!isPlain(headsign)) return false
    }
    if (!bytes.equals(at.trip, this.#tripBytes, this.#tripLength) && !this.#nextTrip()) return false
    this.read++
    this.#timepoint(number, this.order.tripId, sequence, arrival, departure, timepoint)
    this.#store(rows, number, stop, sequence, arrival, departure, pickup, dropOff, timepoint, dist, headsign, null)
    return true
  }

  /** Goes to the trip named in the row, if it is one of use. */
  #nextTrip(): boolean {
    const bytes = this.#bytes
    const { trip: cell } = this.#at
    if (bytes.isEmpty(cell)) return false
    const tripId = bytes.text(cell)
    const trip = this.#context.trips.of(tripId)
    if (trip === undefined || trip < 0 || !isPrintable(tripId)) return false
    if (trip !== this.order.trip) this.order.begin(tripId, trip)
    this.#remember(tripId)
    return true
  }

  #remember(tripId: string): void {
    this.#tripBytes = Buffer.from(tripId)
    // Of an odd id each row is looked at.
    this.#tripLength = isPrintable(tripId) ? this.#tripBytes.length : -1
  }

  /** null where it is empty, -1 for what must be looked at. */
  #digit(cell: number, most: number): number | null {
    const bytes = this.#bytes
    if (bytes.isEmpty(cell)) return null
    const value = bytes.natural(cell)
    return value > most || bytes.ends[cell]! - bytes.starts[cell]! > 1 ? -1 : value
  }

  #takeCarefully(rows: CopyRows, cells: string[], csvRowNumber: number): void {
    const { notices, trips, stops, reject } = this.#context
    const row = this.#reader.read(cells, csvRowNumber)
    if (!row) return
    this.read++
    const tripId = row.text('trip_id')
    const sequence = row.num('stop_sequence')
    if (!row.good || tripId === undefined || sequence === undefined) {
      reject(
        row.problem ?? 'missing_required_field',
        csvRowNumber,
        row.field ?? 'trip_id',
        row.field ? (cells[this.#table.header.indexOf(row.field)] ?? '') : '',
      )
      return
    }
    const unknown = (field: string, parent: string, value: string, ids: Ids) => {
      if (!ids.absent && !ids.has(value))
        notices.add('foreign_key_violation', {
          childFilename: FILE,
          childFieldName: field,
          parentFilename: parent,
          parentFieldName: field,
          fieldValue: value,
          csvRowNumber,
        })
      reject(
        ids.has(value) ? 'refers to a row that cannot be used' : 'foreign_key_violation',
        csvRowNumber,
        field,
        value,
      )
    }
    const trip = trips.of(tripId)
    if (trip === undefined || trip < 0) {
      const at = stops.of(row.text('stop_id') ?? '')
      if (at !== undefined && at >= 0) stops.mark(at)
      unknown('trip_id', 'trips.txt', tripId, trips)
      return
    }
    const stopId = row.text('stop_id')
    let stop: number | null = null
    if (stopId !== undefined) {
      const found = stops.of(stopId)
      if (found === undefined || found < 0) {
        unknown('stop_id', 'stops.txt', stopId, stops)
        return
      }
      stop = found
    } else if (row.text('location_group_id') === undefined && row.text('location_id') === undefined) {
      notices.add('missing_required_field', { filename: FILE, csvRowNumber, fieldName: 'stop_id' })
      reject('missing_required_field', csvRowNumber, 'stop_id', '')
      return
    }
    if (this.#isFlexible) this.#context.flex(row)
    let arrival = row.num('arrival_time') ?? null
    let departure = row.num('departure_time') ?? null
    if (arrival !== null && departure !== null && departure < arrival)
      notices.add('start_and_end_range_out_of_order', {
        filename: FILE,
        csvRowNumber,
        startFieldName: 'arrival_time',
        endFieldName: 'departure_time',
        entityId: tripId,
      })
    this.#timepoint(csvRowNumber, tripId, sequence, arrival, departure, row.num('timepoint') ?? null)
    if ((arrival === null) !== (departure === null)) {
      notices.add('stop_time_with_only_arrival_or_departure_time', {
        filename: FILE,
        csvRowNumber,
        tripId,
        stopSequence: sequence,
        specifiedField: arrival === null ? 'departure_time' : 'arrival_time',
      })
      arrival ??= departure
      departure ??= arrival
    }
    let other: Record<string, string> | null = null
    for (const index of this.#rest) {
      const name = this.#table.header[index]!
      if (name !== '' && row.values[name] !== undefined) {
        other ??= {}
        other[name] = cells[index]!.trim()
      }
    }
    const { pickup_type, drop_off_type, timepoint, shape_dist_traveled } = row.values as Record<string, number>
    if (trip !== this.order.trip) {
      this.order.begin(tripId, trip)
      this.#remember(tripId)
    }
    this.#store(
      rows,
      csvRowNumber,
      stop,
      sequence,
      arrival,
      departure,
      pickup_type ?? null,
      drop_off_type ?? null,
      timepoint ?? null,
      shape_dist_traveled ?? null,
      row.text('stop_headsign') ?? null,
      other,
    )
  }

  /** Where the feed tells exact times from guessed ones, it should of each; exact ones must be there. */
  #timepoint(
    csvRowNumber: number,
    tripId: string,
    stopSequence: number,
    arrival: number | null,
    departure: number | null,
    timepoint: number | null,
  ): void {
    if (this.#more.timepoint < 0) return
    const { notices } = this.#context
    const facts = { filename: FILE, csvRowNumber, tripId, stopSequence }
    if (timepoint === null && (arrival !== null || departure !== null)) notices.add('missing_timepoint_value', facts)
    if (timepoint !== 1) return
    if (arrival === null) notices.add('stop_time_timepoint_without_times', { ...facts, specifiedField: 'arrival_time' })
    if (departure === null)
      notices.add('stop_time_timepoint_without_times', { ...facts, specifiedField: 'departure_time' })
  }

  #store(
    rows: CopyRows,
    csvRowNumber: number,
    stop: number | null,
    sequence: number,
    arrival: number | null,
    departure: number | null,
    pickup: number | null,
    dropOff: number | null,
    timepoint: number | null,
    dist: number | null,
    headsign: string | null,
    other: Record<string, string> | null,
  ): void {
    const { order } = this
    const context = this.#context
    const before = order.rowOf(sequence)
    if (before > 0) {
      context.notices.add('duplicate_key', {
        filename: FILE,
        oldCsvRowNumber: before,
        newCsvRowNumber: csvRowNumber,
        fieldName1: 'trip_id,stop_sequence',
        fieldValue1: `${order.tripId},${sequence}`,
      })
      context.reject('duplicate_key', csvRowNumber, 'stop_sequence', String(sequence))
      return
    }
    order.take(
      csvRowNumber,
      sequence,
      stop,
      arrival,
      departure,
      dist,
      other?.start_pickup_drop_off_window !== undefined,
    )
    if (stop !== null) {
      context.stops.mark(stop)
      const type = context.locationTypes[stop]!
      if (type !== 0 && !this.#unexpected.has(stop)) {
        this.#unexpected.add(stop)
        const { id, name } = context.travel.stop(stop)
        context.notices.add('location_with_unexpected_stop_time', {
          filename: FILE,
          csvRowNumber,
          stopId: id,
          stopName: name,
        })
      }
    }
    this.used++
    rows.row(COLUMNS)
    rows.int4(context.version)
    rows.int4(order.trip)
    rows.int4(sequence)
    rows.int4(stop)
    rows.int4(arrival)
    rows.int4(departure)
    rows.int2(pickup)
    rows.int2(dropOff)
    rows.int2(timepoint)
    rows.float8(dist)
    rows.text(headsign)
    rows.jsonb(other)
  }
}
