import { CopyRows } from '../../../kernel/db/index.ts'
import type { Ids } from './ids.ts'
import { Notices } from './notices.ts'
import { FILES } from './schema.ts'
import { RowReader, type Table } from './table.ts'
import { secondsOf } from './values.ts'

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
  /** location_type by number of the stop. */
  locationTypes: readonly number[]
  notices: Notices
  signal: AbortSignal | undefined
  progress(rows: number): void
  reject(code: string, row: number, column: string, value: string): void
}

/**
 * The one table with millions of rows. Rows as nearly all are take a short path; anything unusual in a cell sends the row
 * through the general reader, which says what it is. A feed that lists trip after trip in order is checked on the way;
 * another is checked by the database once it is there (`unsorted`).
 */
export class StopTimes {
  read = 0
  used = 0
  /** Times are left out somewhere: to be worked out. */
  gaps = false
  unsorted = false
  readonly #context: StopTimeContext
  readonly #columns: Record<string, number>
  readonly #rest: number[]
  readonly #reader: RowReader
  readonly #table: Table
  /** Of the order of the file; not worth anything once that turns out to be none. */
  readonly #ordered = new Notices()
  #closed: Uint8Array
  // The trip being read.
  #tripId = ''
  #trip = -1
  #sequence = -1
  #departure = -1
  #departureRow = 0
  #dist = -1
  #row = 0
  #timed = true
  #stops = 0

  constructor(table: Table, context: StopTimeContext) {
    this.#table = table
    this.#context = context
    const at = (name: string) => table.header.indexOf(name)
    this.#columns = Object.fromEntries([...MODELLED].map((name) => [name, at(name)]))
    this.#rest = table.header.flatMap((name, index) => (MODELLED.has(name) ? [] : [index]))
    this.#reader = new RowReader(FILES.get(FILE)!, table.header, context.notices)
    this.#closed = new Uint8Array(context.trips.size)
  }

  /** Rows in the binary form of COPY. */
  async *parts(): AsyncIterable<Buffer> {
    const rows = new CopyRows()
    for await (const { rows: block, first } of this.#table.blocks) {
      this.#context.signal?.throwIfAborted()
      for (let index = 0; index < block.length; index++) this.#take(rows, block[index]!, first + index)
      this.#context.progress(block.length)
      if (rows.full) yield rows.take()
    }
    this.#endTrip()
    yield rows.take()
    if (!this.unsorted) this.#context.notices.merge(this.#ordered)
  }

  #take(rows: CopyRows, cells: string[], number: number): void {
    if (!this.#takePlain(rows, cells, number)) this.#takeCarefully(rows, cells, number)
  }

  /** The short path. False: look at the row more closely. */
  #takePlain(rows: CopyRows, cells: string[], number: number): boolean {
    const c = this.#columns
    if (cells.length !== this.#table.header.length) return false
    for (const index of this.#rest) if (cells[index] !== '') return false
    const tripId = cells[c.trip_id!]!
    const trip = tripId === this.#tripId ? this.#trip : this.#context.trips.of(tripId)
    if (trip === undefined || trip < 0 || tripId === '') return false
    const stop = this.#context.stops.of(cells[c.stop_id!] ?? '')
    if (stop === undefined || stop < 0) return false
    const sequence = naturalOf(cells[c.stop_sequence!]!)
    if (sequence < 0) return false
    const arrival = timeOf(cells[c.arrival_time!])
    const departure = timeOf(cells[c.departure_time!])
    if (arrival === undefined || departure === undefined || (arrival === null) !== (departure === null)) return false
    const pickup = digitOf(cells[c.pickup_type!], 3)
    const dropOff = digitOf(cells[c.drop_off_type!], 3)
    const timepoint = digitOf(cells[c.timepoint!], 1)
    const dist = distanceOf(cells[c.shape_dist_traveled!])
    if (pickup === undefined || dropOff === undefined || timepoint === undefined || dist === undefined) return false
    const headsign = cells[c.stop_headsign!] ?? ''
    if (headsign !== '' && !isPlain(headsign)) return false
    this.read++
    this.#store(
      rows,
      number,
      tripId,
      trip,
      stop,
      sequence,
      arrival,
      departure,
      pickup,
      dropOff,
      timepoint,
      dist,
      headsign || null,
      null,
    )
    return true
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
    let arrival = row.num('arrival_time') ?? null
    let departure = row.num('departure_time') ?? null
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
    this.#store(
      rows,
      csvRowNumber,
      tripId,
      trip,
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

  #store(
    rows: CopyRows,
    csvRowNumber: number,
    tripId: string,
    trip: number,
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
    const ordered = this.#ordered
    if (trip !== this.#trip) {
      this.#endTrip()
      this.#beginTrip(tripId, trip)
      if (arrival === null && !other?.start_pickup_drop_off_window) this.#edge(csvRowNumber, sequence)
    } else if (sequence === this.#sequence) {
      this.#context.notices.add('duplicate_key', {
        filename: FILE,
        oldCsvRowNumber: this.#row,
        newCsvRowNumber: csvRowNumber,
        fieldName1: 'trip_id,stop_sequence',
        fieldValue1: `${tripId},${sequence}`,
      })
      this.#context.reject('duplicate_key', csvRowNumber, 'stop_sequence', String(sequence))
      return
    } else if (sequence < this.#sequence) this.unsorted = true
    if (arrival !== null && arrival < this.#departure)
      ordered.add('stop_time_with_arrival_before_previous_departure_time', {
        filename: FILE,
        csvRowNumber,
        prevCsvRowNumber: this.#departureRow,
        tripId,
        arrivalTime: clock(arrival),
        departureTime: clock(this.#departure),
      })
    if (dist !== null) {
      if (dist <= this.#dist)
        ordered.add('decreasing_or_equal_stop_time_distance', {
          filename: FILE,
          csvRowNumber,
          tripId,
          stopSequence: sequence,
          shapeDistTraveled: dist,
          prevShapeDistTraveled: this.#dist,
        })
      this.#dist = dist
    }
    if (departure !== null) {
      this.#departure = departure
      this.#departureRow = csvRowNumber
    } else this.gaps = true
    if (stop !== null) {
      this.#context.stops.mark(stop)
      const type = this.#context.locationTypes[stop]!
      if (type !== 0 && type !== 4)
        this.#context.notices.add('location_with_unexpected_stop_time', {
          filename: FILE,
          stopTimeCsvRowNumber: csvRowNumber,
          stopNumber: stop,
          tripId,
        })
    }
    this.#timed = departure !== null || other?.end_pickup_drop_off_window !== undefined
    this.#sequence = sequence
    this.#row = csvRowNumber
    this.#stops++
    this.used++
    rows.row(COLUMNS)
    rows.int4(this.#context.version)
    rows.int4(trip)
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

  #beginTrip(tripId: string, trip: number): void {
    if (this.#closed[trip] === 1) this.unsorted = true
    this.#tripId = tripId
    this.#trip = trip
    this.#sequence = -1
    this.#departure = -1
    this.#dist = -1
    this.#stops = 0
  }

  #endTrip(): void {
    if (this.#trip < 0) return
    this.#closed[this.#trip] = 1
    this.#context.trips.mark(this.#trip)
    if (this.#stops > 1) this.#context.trips.mark(this.#trip)
    if (!this.#timed && this.#stops > 1) this.#edge(this.#row, this.#sequence)
  }

  /** The first and the last stop of a trip need both times; there is none here. */
  #edge(csvRowNumber: number, stopSequence: number): void {
    const facts = { filename: FILE, csvRowNumber, stopSequence, tripId: this.#tripId }
    for (const specifiedField of ['arrival_time', 'departure_time'])
      this.#ordered.add('missing_trip_edge', { ...facts, specifiedField })
  }
}

/** Digits alone; -1 for anything else. */
function naturalOf(text: string): number {
  const length = text.length
  if (length === 0 || length > 9) return -1
  let value = 0
  for (let at = 0; at < length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** Seconds; null for an empty cell, undefined for one that must be looked at. */
function timeOf(text: string | undefined): number | null | undefined {
  return text === undefined || text === '' ? null : secondsOf(text)
}

function digitOf(text: string | undefined, most: number): number | null | undefined {
  if (text === undefined || text === '') return null
  const digit = text.charCodeAt(0) - 48
  return text.length === 1 && digit >= 0 && digit <= most ? digit : undefined
}

function distanceOf(text: string | undefined): number | null | undefined {
  if (text === undefined || text === '') return null
  const first = text.charCodeAt(0)
  if (first < 48 || first > 57) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

function isPlain(text: string): boolean {
  return text.charCodeAt(0) > 32 && text.charCodeAt(text.length - 1) > 32 && !/[\ufffd\r\n\0]/.test(text)
}

/** `25:30:00` */
export function clock(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}
