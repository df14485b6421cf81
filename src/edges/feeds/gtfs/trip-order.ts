import type { Ids } from './ids.ts'
import { type NoticeFacts, Notices } from './notices.ts'
import { Travel, type TravelContext } from './travel.ts'

const FILE = 'stop_times.txt'

/** What is looked at from one stop of a trip to the next. */
export interface OrderContext {
  trips: Ids
  travel: TravelContext
  /** Adds to the run at once: these hold whatever the order of the file. */
  notices: Notices
}

/**
 * Rules over the stop times of a trip one after the other. They hold where a feed lists trip after trip in order; what
 * they found is worth nothing once that turns out to be wrong (`unsorted`): they are asked again of what the database
 * has, which knows no rows of the file (row 0).
 */
export class TripOrder {
  unsorted = false
  /** Times are left out somewhere: to be worked out. */
  gaps = false
  /** Number of the trip being read; -1 before the first. */
  trip = -1
  tripId = ''
  readonly found = new Notices()
  readonly travel: Travel
  readonly #context: OrderContext
  readonly #closed: Uint8Array
  #sequence = -1
  #departure = -1
  #departureRow = 0
  #dist = -1
  #row = 0
  #timed = true
  #stops = 0

  constructor(context: OrderContext) {
    this.#context = context
    this.travel = new Travel(context.travel, this.found)
    this.#closed = new Uint8Array(context.trips.size)
  }

  /** A row of another trip than the one before. */
  begin(tripId: string, trip: number): void {
    this.end()
    if (this.#closed[trip] === 1) this.unsorted = true
    this.tripId = tripId
    this.trip = trip
    this.#sequence = -1
    this.#departure = -1
    this.#dist = -1
    this.#stops = 0
    this.travel.begin(trip, tripId)
  }

  /** The row the trip had this sequence in already, 0 where it had none: the row is then taken in by {@link take}. */
  rowOf(sequence: number): number {
    return sequence === this.#sequence ? this.#row : 0
  }

  /** `flexible`: a window instead of times (start and end of it). Times in seconds, null where there is none. */
  take(
    row: number,
    sequence: number,
    stop: number | null,
    arrival: number | null,
    departure: number | null,
    dist: number | null,
    flexible: boolean,
  ): void {
    if (this.#stops === 0) {
      if (arrival === null && !flexible) this.#edge(row, sequence)
    } else if (sequence < this.#sequence) this.unsorted = true
    this.travel.call(row, sequence, stop, arrival, departure, dist)
    if (arrival !== null && arrival < this.#departure)
      this.#note('stop_time_with_arrival_before_previous_departure_time', row, {
        prevCsvRowNumber: this.#departureRow,
        arrivalTime: clock(arrival),
        departureTime: clock(this.#departure),
      })
    if (dist !== null) {
      if (dist <= this.#dist)
        this.#note('decreasing_or_equal_stop_time_distance', row, {
          stopSequence: sequence,
          shapeDistTraveled: dist,
          prevShapeDistTraveled: this.#dist,
        })
      this.#dist = dist
    }
    if (departure !== null) {
      this.#departure = departure
      this.#departureRow = row
    } else this.gaps = true
    this.#timed = departure !== null || flexible
    this.#sequence = sequence
    this.#row = row
    this.#stops++
  }

  end(): void {
    if (this.trip < 0) return
    const { trips } = this.#context
    this.#closed[this.trip] = 1
    this.travel.end()
    trips.mark(this.trip)
    if (this.#stops > 1) trips.mark(this.trip)
    if (!this.#timed && this.#stops > 1) this.#edge(this.#row, this.#sequence)
  }

  /** The first and the last stop of a trip need both times; there is none here. */
  #edge(csvRowNumber: number, stopSequence: number): void {
    for (const specifiedField of ['arrival_time', 'departure_time'])
      this.#note('missing_trip_edge', csvRowNumber, { stopSequence, specifiedField })
  }

  #note(code: Parameters<Notices['add']>[0], csvRowNumber: number, facts: NoticeFacts): void {
    this.found.add(code, { filename: FILE, csvRowNumber: csvRowNumber || null, tripId: this.tripId, ...facts })
  }
}

/** `25:30:00` */
function clock(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}
