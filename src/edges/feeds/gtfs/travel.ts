import type { Ids } from './ids.ts'
import type { NoticeFacts, Notices } from './notices.ts'

/** Stops further apart than this are far. */
const FAR_KM = 10
/** Stops further from the line than this do not lie on it; stations of railways are large. */
const OFF_SHAPE_METRES = 100
const LARGE_STATION = 4
/** Beyond these only what is looked at is bounded, not what is taken in. */
const MOST_CALLS = 1000
const MOST_PAIRS = 500_000
const MOST_DISTS = 4
/** Ends of a trip and of its shape no further apart than this are one place (0.0001 degrees). */
const SAME_PLACE_METRES = 11.1
const EARTH_KM = 6371.01

/** Where stops are, by number: unit vectors, as distances between them are asked a million times. */
export class Places {
  readonly #xyz: number[] = []

  set(stop: number, lon: number, lat: number): void {
    const [x, y] = [(lon * Math.PI) / 180, (lat * Math.PI) / 180]
    const at = stop * 3
    this.#xyz[at] = Math.cos(y) * Math.cos(x)
    this.#xyz[at + 1] = Math.cos(y) * Math.sin(x)
    this.#xyz[at + 2] = Math.sin(y)
  }

  has(stop: number): boolean {
    return this.#xyz[stop * 3] !== undefined
  }

  /** Gives a stop the place of another, its station. */
  copy(stop: number, from: number): void {
    for (let n = 0; n < 3; n++) this.#xyz[stop * 3 + n] = this.#xyz[from * 3 + n]!
  }

  /** Kilometres on the sphere between two stops that have a place. */
  km(a: number, b: number): number {
    const xyz = this.#xyz
    return along(xyz[a * 3]! - xyz[b * 3]!, xyz[a * 3 + 1]! - xyz[b * 3 + 1]!, xyz[a * 3 + 2]! - xyz[b * 3 + 2]!)
  }

  /** Kilometres from a stop that has a place to a point. */
  kmTo(stop: number, lon: number, lat: number): number {
    const xyz = this.#xyz
    const [x, y] = [(lon * Math.PI) / 180, (lat * Math.PI) / 180]
    const dx = xyz[stop * 3]! - Math.cos(y) * Math.cos(x)
    const dy = xyz[stop * 3 + 1]! - Math.cos(y) * Math.sin(x)
    return along(dx, dy, xyz[stop * 3 + 2]! - Math.sin(y))
  }
}

/** Kilometres on the sphere over a chord of the unit sphere. */
const along = (dx: number, dy: number, dz: number): number =>
  2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(dx * dx + dy * dy + dz * dz) / 2))

/** Where shapes end, by number, and how far they go by their own count. */
export class ShapeEnds {
  readonly #ends: ({ sequence: number; lon: number; lat: number; dist: number } | undefined)[] = []

  point(shape: number, sequence: number, lon: number, lat: number, dist: number): void {
    const end = this.#ends[shape]
    if (!end) {
      this.#ends[shape] = { sequence, lon, lat, dist }
      return
    }
    if (dist > end.dist) end.dist = dist
    if (sequence < end.sequence) return
    end.sequence = sequence
    end.lon = lon
    end.lat = lat
  }

  of(shape: number): { lon: number; lat: number; dist: number } | undefined {
    return this.#ends[shape]
  }
}

/** The speed in km/h no vehicle of a route type goes beyond, as MobilityData's validator has it. */
function mostSpeed(routeType: number): number {
  const known: Record<number, number> = { 0: 100, 1: 150, 2: 500, 3: 150, 4: 80, 5: 30, 6: 50, 7: 50, 11: 150, 12: 150 }
  // Extended types by their hundreds: rail, coach, underground, bus, trolleybus, tram.
  const extended: Record<number, number> = { 1: 500, 2: 150, 4: 150, 5: 150, 6: 150, 7: 150, 8: 150, 9: 100 }
  return known[routeType] ?? extended[Math.floor(routeType / 100)] ?? 200
}

const isRail = (routeType: number): boolean => routeType === 2 || Math.floor(routeType / 100) === 1

/** What is known of a trip before its stop times. */
export interface TripFacts {
  routeType: number
  /** -1: none. */
  shape: number
  /** -1: none. */
  block: number
  service: number
}

/** What later checks need of trips, by number, in four bytes each. */
export class TripTable {
  #table = new Int32Array(4 * 1024)

  set(trip: number, { routeType, shape, block, service }: TripFacts): void {
    if ((trip + 1) * 4 > this.#table.length) {
      const larger = new Int32Array(Math.max(this.#table.length * 2, (trip + 1) * 4))
      larger.set(this.#table)
      this.#table = larger
    }
    this.#table.set([routeType, shape, block, service], trip * 4)
  }

  of(trip: number): TripFacts {
    const [routeType, shape, block, service] = this.#table.subarray(trip * 4, trip * 4 + 4)
    return { routeType: routeType!, shape: shape!, block: block!, service: service! }
  }
}

/** From the first to the last call of a trip of a block, in seconds of the service day. */
export interface BlockSpan {
  trip: number
  service: number
  firstArrival: number
  firstDeparture: number
  lastArrival: number
  lastDeparture: number
}

/** A stop a trip of this shape calls at, and how far from the line it may lie. */
export interface ShapeStop {
  shape: number
  stop: number
  most: number
  /** How far along the shape the trips say it is. */
  dists: readonly number[]
}

interface Call {
  /** Which call of the trip. */
  n: number
  row: number
  sequence: number
  stop: number
  arrival: number
  departure: number
  /** Along the stops since the first. */
  km: number
}

export interface TravelContext {
  places: Places
  shapes: ShapeEnds
  trips: TripTable
  /** Id and name of a stop, for a notice. */
  stop(stop: number): { id: string; name: string }
}

/**
 * How fast trips go, which stops their shapes should touch and when their blocks are busy; taken from the stop times as
 * they go by. Of a file in disorder it is worth nothing.
 */
export class Travel {
  readonly #context: TravelContext
  readonly #found: Notices
  readonly #patterns = new Set<number>()
  readonly #pairs = new Map<number, { most: number; dists: number[] }>()
  readonly #blocks = new Map<number, BlockSpan[]>()
  #trip: TripFacts = { routeType: 3, shape: -1, block: -1, service: -1 }
  #number = -1
  #tripId = ''
  #limit = 200
  #calls: Call[] = []
  #stops: number[] = []
  #dists: (number | null)[] = []
  #dist = 0
  #end = -1
  #last = -1
  #km = 0
  #hash = 0
  #n = 0
  #isFirst = true
  #isFast = false
  #firstTimes: [number, number] | undefined
  #lastTimes: [number, number] | undefined

  constructor(context: TravelContext, found: Notices) {
    this.#context = context
    this.#found = found
  }

  begin(trip: number, tripId: string): void {
    this.#number = trip
    this.#tripId = tripId
    this.#trip = this.#context.trips.of(trip)
    this.#limit = mostSpeed(this.#trip.routeType)
    this.#calls = []
    this.#stops = []
    this.#dists = []
    this.#dist = 0
    this.#end = -1
    this.#last = -1
    this.#km = 0
    this.#hash = 0
    this.#n = 0
    this.#isFirst = true
    this.#isFast = false
    this.#firstTimes = undefined
  }

  call(
    row: number,
    sequence: number,
    stop: number | null,
    arrival: number | null,
    departure: number | null,
    dist: number | null,
  ): void {
    this.#n++
    this.#end = stop ?? -1
    if (dist !== null && dist > this.#dist) this.#dist = dist
    this.#lastTimes = arrival === null || departure === null ? undefined : [arrival, departure]
    if (this.#isFirst) this.#firstTimes = this.#lastTimes
    this.#isFirst = false
    if (stop === null || !this.#context.places.has(stop)) return
    if (this.#last >= 0) this.#km += this.#context.places.km(this.#last, stop)
    this.#last = stop
    this.#hash = (Math.imul(this.#hash, 31) + stop + 1) | 0
    if (dist !== null) this.#hash = (Math.imul(this.#hash, 31) + dist * 1000) | 0
    if (this.#stops.length < MOST_CALLS) {
      this.#stops.push(stop)
      this.#dists.push(dist)
    }
    if (arrival === null || departure === null) return
    const call = { n: this.#n, row, sequence, stop, arrival, departure, km: this.#km }
    const before = this.#calls.at(-1)
    if (before) {
      const km = call.km - before.km
      if (km * 3600 > this.#limit * Math.max(0, arrival - before.departure)) {
        this.#isFast = true
        if (call.n === before.n + 1) this.#compare('fast_travel_between_consecutive_stops', before, call)
      }
    }
    if (this.#calls.length === MOST_CALLS) this.#calls = []
    this.#calls.push(call)
  }

  /** After the last call of the trip. */
  end(): void {
    // Only a trip with a stretch that is too fast can be so as a whole.
    if (this.#isFast && this.#km > FAR_KM) this.#far()
    const { block, service, shape, routeType } = this.#trip
    if (block >= 0 && this.#firstTimes && this.#lastTimes) {
      const spans = this.#blocks.get(block) ?? []
      const [firstArrival, firstDeparture] = this.#firstTimes
      const [lastArrival, lastDeparture] = this.#lastTimes
      spans.push({ trip: this.#number, service, firstArrival, firstDeparture, lastArrival, lastDeparture })
      this.#blocks.set(block, spans)
    }
    if (shape < 0) return
    this.#beyond(shape)
    if (this.#pairs.size >= MOST_PAIRS) return
    const pattern = (this.#hash >>> 0) * 2 ** 20 + ((shape * 31 + this.#stops.length) % 2 ** 20)
    if (this.#patterns.has(pattern)) return
    this.#patterns.add(pattern)
    const most = OFF_SHAPE_METRES * (isRail(routeType) ? LARGE_STATION : 1)
    for (const [index, stop] of this.#stops.entries()) {
      const key = shape * 2 ** 31 + stop
      const pair = this.#pairs.get(key) ?? { most, dists: [] }
      pair.most = most
      const dist = this.#dists[index]
      if (dist != null && pair.dists.length < MOST_DISTS && !pair.dists.includes(dist)) pair.dists.push(dist)
      this.#pairs.set(key, pair)
    }
  }

  /** Does the trip count further than its shape goes? */
  #beyond(shape: number): void {
    const { places, shapes } = this.#context
    const end = shapes.of(shape)
    if (!end || end.dist <= 0 || this.#dist <= end.dist || this.#end < 0 || !places.has(this.#end)) return
    const metres = places.kmTo(this.#end, end.lon, end.lat) * 1000
    this.#found.add(
      metres >= SAME_PLACE_METRES
        ? 'trip_distance_exceeds_shape_distance'
        : 'trip_distance_exceeds_shape_distance_below_threshold',
      {
        filename: 'stop_times.txt',
        tripId: this.#tripId,
        maxTripDistanceTraveled: this.#dist,
        maxShapeDistanceTraveled: end.dist,
        geoDistanceToShape: Math.round(metres * 10) / 10,
      },
    )
  }

  /** The first two stops beyond {@link FAR_KM} that are reached too fast. */
  #far(): void {
    for (let end = 1; end < this.#calls.length; end++)
      for (let start = end - 1; start >= 0; start--) {
        const [from, to] = [this.#calls[start]!, this.#calls[end]!]
        if (to.km - from.km > FAR_KM && this.#compare('fast_travel_between_far_stops', from, to)) return
      }
  }

  #compare(
    code: 'fast_travel_between_consecutive_stops' | 'fast_travel_between_far_stops',
    from: Call,
    to: Call,
  ): boolean {
    const km = to.km - from.km
    const speed = (km * 3600) / secondsBetween(from.departure, to.arrival)
    if (speed <= this.#limit) return false
    const [stop1, stop2] = [this.#context.stop(from.stop), this.#context.stop(to.stop)]
    const facts: NoticeFacts = {
      tripId: this.#tripId,
      speedKph: Math.round(speed * 10) / 10,
      distanceKm: Math.round(km * 1000) / 1000,
      csvRowNumber1: from.row || null,
      stopSequence1: from.sequence,
      stopId1: stop1.id,
      stopName1: stop1.name,
      csvRowNumber2: to.row || null,
      stopSequence2: to.sequence,
      stopId2: stop2.id,
      stopName2: stop2.name,
    }
    this.#found.add(code, { filename: 'stop_times.txt', ...facts })
    return true
  }

  /** Every stop of every shape, once; at most {@link MOST_PAIRS}. */
  *shapeStops(shapes: Ids): Iterable<ShapeStop> {
    const usable = new Set([...shapes.entries()].map(([, number]) => number))
    for (const [key, { most, dists }] of this.#pairs) {
      const shape = Math.floor(key / 2 ** 31)
      if (usable.has(shape)) yield { shape, stop: key % 2 ** 31, most, dists }
    }
  }

  /** Trips of one block of which the second begins before the first ends; whether on one day is another question. */
  *overlaps(): Iterable<{ block: number; a: BlockSpan; b: BlockSpan }> {
    for (const [block, spans] of this.#blocks) {
      spans.sort((x, y) => x.firstArrival - y.firstArrival || x.lastDeparture - y.lastDeparture)
      for (const [index, a] of spans.entries())
        for (let next = index + 1; next < spans.length; next++) {
          const b = spans[next]!
          if (a.lastDeparture <= b.firstArrival) break
          // The call where one trip becomes the other may stand in both.
          if (a.lastArrival === b.firstArrival && a.lastDeparture === b.firstDeparture) continue
          yield { block, a, b }
        }
    }
  }
}

/** Times by the minute are up to half a minute off at either end. */
function secondsBetween(departure: number, arrival: number): number {
  const seconds = arrival - departure
  if (seconds <= 0) return 60
  return arrival % 60 === 0 && departure % 60 === 0 ? seconds + 60 : seconds
}
