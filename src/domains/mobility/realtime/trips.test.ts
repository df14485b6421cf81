import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { serviceDayStart } from '../departures/service-day.ts'
import { mergeTrips } from './merge.ts'
import type { StopTimeUpdate, TripUpdate } from './model.ts'
import type { LiveTrip, PlannedTrip } from './trip-model.ts'
import { resolveTrip, type Timetable } from './trips.ts'

const ZONE = 'Europe/Berlin'
const DAY = '2026-06-09'
const ORIGIN = serviceDayStart(DAY, ZONE)
const H = 3600
const route = { routeId: 'L1', name: '1', type: 3, color: null }

/** Stops A B C D E at 8:00, 8:10 … ; two minutes at C. */
const stops = ['A', 'B', 'C', 'D', 'E'].map((stopId, i) => ({
  sequence: (i + 1) * 10,
  stopId,
  parentId: stopId === 'C' ? 'Station' : null,
  arrival: 8 * H + i * 600,
  departure: 8 * H + i * 600 + (stopId === 'C' ? 120 : 0),
  boards: i < 4,
  headsign: null,
}))
const planned: PlannedTrip = { tripId: 't', service: 1, route, direction: 0, headsign: 'E', frequencies: [], stops }
const frequent = (exact: boolean): PlannedTrip => ({
  ...planned,
  tripId: exact ? 'exact' : 'about',
  frequencies: [{ start: 6 * H, end: 10 * H, headway: 1800, exact }],
})
const night: PlannedTrip = {
  ...planned,
  tripId: 'night',
  stops: stops.map((stop) => ({ ...stop, arrival: stop.arrival + 17 * H, departure: stop.departure + 17 * H })),
}
const trips = new Map([planned, frequent(true), frequent(false), night].map((trip) => [trip.tripId, trip]))
const stations: Record<string, string | null> = {
  A: null,
  B: null,
  C: 'Station',
  C2: 'Station',
  D: null,
  E: null,
  Station: null,
}
const timetable: Timetable = {
  zone: ZONE,
  trip: (id) => trips.get(id),
  route: (id) => (id === 'L1' ? route : id === 'L2' ? { ...route, routeId: 'L2' } : undefined),
  runs: (_, day) => day !== '2026-06-14',
  station: (id) => stations[id],
}
const resolve = (update: Partial<TripUpdate>) =>
  resolveTrip({ trip: { tripId: 't', startDate: '20260609' }, ...update }, timetable, ORIGIN + 8 * H, 'source', 1)
const delays = (stopTimeUpdate: StopTimeUpdate[], more: Partial<TripUpdate> = {}) => {
  const { trip, faults } = resolve({ stopTimeUpdate, ...more })
  assert.deepEqual(faults, [])
  return trip!.stops.map(({ delay, state }) => (state === 'live' ? delay : state))
}
const reasons = (update: Partial<TripUpdate>) => resolve(update).faults.map(({ reason }) => reason)

describe('trip updates', () => {
  it('carry a delay on to later stops until the next update, and leave earlier ones unknown', () => {
    const updates = [
      { stopSequence: 20, departure: { delay: 300 } },
      { stopSequence: 40, departure: { delay: 60 } },
    ]
    assert.deepEqual(delays(updates), ['unknown', 300, 300, 60, 60])
  })

  it('say the delay by a time; a time goes before a delay', () => {
    assert.deepEqual(
      delays([{ stopSequence: 10, departure: { time: ORIGIN + 8 * H + 90, delay: 7 } }]),
      [90, 90, 90, 90, 90],
    )
    assert.deepEqual(delays([{ stopSequence: 10, departure: { delay: 0 } }]), [0, 0, 0, 0, 0])
  })

  it('with an arrival only make the departure as late', () => {
    const { trip } = resolve({ stopTimeUpdate: [{ stopSequence: 30, arrival: { delay: 100 } }] })
    const stop = trip!.stops[2]!
    assert.equal(stop.departure, ORIGIN + 8 * H + 1200 + 120 + 100)
    assert.equal(stop.arrival, ORIGIN + 8 * H + 1200 + 100)
  })

  it('are matched by stop_id where there is no stop_sequence', () => {
    assert.deepEqual(delays([{ stopId: 'D', arrival: { delay: -30 } }]), ['unknown', 'unknown', 'unknown', -30, -30])
  })

  it('skip a stop and pass the delay on', () => {
    const skipped = { stopSequence: 30, scheduleRelationship: 'SKIPPED' as const }
    assert.deepEqual(delays([{ stopSequence: 10, departure: { delay: 60 } }, skipped]), [60, 60, 'skipped', 60, 60])
  })

  it('end a delay by NO_DATA', () => {
    const none = { stopSequence: 30, scheduleRelationship: 'NO_DATA' as const }
    assert.deepEqual(delays([{ stopSequence: 10, departure: { delay: 60 } }, none]), [
      60,
      60,
      'unknown',
      'unknown',
      'unknown',
    ])
  })

  it('without updates take the delay of the trip', () => {
    assert.deepEqual(delays([], { delay: 240 }), [240, 240, 240, 240, 240])
  })

  it('move to another platform of the station', () => {
    const { trip, faults } = resolve({ stopTimeUpdate: [{ stopSequence: 30, stopId: 'C2', departure: { delay: 0 } }] })
    assert.deepEqual(faults, [])
    assert.equal(trip!.stops[2]!.stopId, 'C2')
    const assigned = { stopSequence: 30, departure: { delay: 0 }, stopTimeProperties: { assignedStopId: 'C2' } }
    assert.equal(resolve({ stopTimeUpdate: [assigned] }).trip!.stops[2]!.stopId, 'C2')
  })

  it('cancel a trip, or take it out', () => {
    const of = (scheduleRelationship: 'CANCELED' | 'DELETED') =>
      resolve({ trip: { tripId: 't', startDate: '20260609', scheduleRelationship } }).trip!.state
    assert.equal(of('CANCELED'), 'cancelled')
    assert.equal(of('DELETED'), 'deleted')
  })

  it('replace a trip: stops they do not name are left out', () => {
    const trip = { tripId: 't', startDate: '20260609', scheduleRelationship: 'REPLACEMENT' as const }
    const named = ['A', 'B', 'E'].map((stopId) => ({ stopId, arrival: { delay: 5 } }))
    assert.deepEqual(delays(named, { trip }), [5, 5, 'skipped', 'skipped', 5])
  })

  it('add a trip the timetable does not know', () => {
    const trip = { tripId: 'extra', routeId: 'L1', scheduleRelationship: 'ADDED' as const }
    const at = ORIGIN + 9 * H
    const { trip: added } = resolve({
      trip,
      stopTimeUpdate: [
        { stopId: 'A', departure: { time: at } },
        { stopId: 'E', arrival: { time: at + 900, delay: 60 } },
      ],
    })
    assert.deepEqual([added!.state, added!.day, added!.route!.routeId], ['added', DAY, 'L1'])
    assert.deepEqual(
      added!.stops.map(({ departure, plannedDeparture, delay, boards }) => ({
        departure,
        plannedDeparture,
        delay,
        boards,
      })),
      [
        { departure: at, plannedDeparture: null, delay: null, boards: true },
        { departure: at + 900, plannedDeparture: at + 840, delay: 60, boards: false },
      ],
    )
  })

  it('duplicate a trip at another time', () => {
    const { trip: copy } = resolve({
      trip: { tripId: 't', startDate: '20260609', scheduleRelationship: 'DUPLICATED' },
      tripProperties: { tripId: 't-2', startDate: '20260610', startTime: '09:00:00' },
      stopTimeUpdate: [{ stopSequence: 10, departure: { delay: 30 } }],
    })
    assert.deepEqual([copy!.tripId, copy!.state, copy!.day], ['t-2', 'added', '2026-06-10'])
    assert.equal(copy!.stops[1]!.departure, serviceDayStart('2026-06-10', ZONE) + 9 * H + 600 + 30)
  })

  it('without a day are of the one that lies nearest', () => {
    const day = (tripId: string, asOf: number, stopTimeUpdate: StopTimeUpdate[] = []) =>
      resolveTrip({ trip: { tripId }, stopTimeUpdate, delay: 0 }, timetable, asOf, 's', 1).trip!.day
    assert.equal(day('t', ORIGIN + 8 * H), DAY)
    assert.equal(day('t', ORIGIN - 3 * H), DAY)
    // 25:10 of the ninth is 1:10 of the tenth.
    assert.equal(day('night', ORIGIN + 25 * H), DAY)
    assert.equal(day('night', ORIGIN + 23 * H), DAY)
    assert.equal(day('night', ORIGIN + 2 * H), '2026-06-08')
    // The times in the updates say more than the feed's own.
    assert.equal(day('t', ORIGIN + 30 * H, [{ stopSequence: 10, departure: { time: ORIGIN + 8 * H } }]), DAY)
  })

  it('of trips with frequencies need their start_time, an exact one where times are exact', () => {
    const of = (tripId: string, startTime?: string) =>
      resolveTrip(
        { trip: { tripId, startDate: '20260609', ...(startTime && { startTime }) }, delay: 60 },
        timetable,
        ORIGIN + 8 * H,
        's',
        1,
      )
    assert.equal(of('exact', '06:30:00').trip!.stops[1]!.departure, ORIGIN + 6.5 * H + 600 + 60)
    assert.match(of('exact', '06:31:00').faults[0]!.reason, /no run/)
    assert.equal(of('about', '06:31:00').trip!.start, 6 * H + 1860)
    assert.match(of('about').faults[0]!.reason, /needs its start_time/)
  })

  it('that contradict the timetable are refused with the reason, the rest is used', () => {
    const good = { stopSequence: 10, departure: { delay: 0 } }
    const with_ = (update: StopTimeUpdate) => reasons({ stopTimeUpdate: [good, update] })
    assert.deepEqual(with_({ departure: { delay: 0 } }), ['it names no stop: neither stop_sequence nor stop_id'])
    assert.deepEqual(with_({ stopSequence: 99, departure: { delay: 0 } }), ['the trip does not call there'])
    assert.deepEqual(with_({ stopId: 'X', departure: { delay: 0 } }), ['the timetable has no such stop'])
    assert.match(with_({ stopSequence: 20, stopId: 'D', departure: { delay: 0 } })[0]!, /is another stop, B/)
    assert.match(with_({ stopSequence: 10, departure: { delay: 0 } })[0]!, /order of its stops/)
    assert.match(with_({ stopSequence: 20 })[0]!, /neither an arrival nor a departure/)
    assert.match(with_({ stopSequence: 20, departure: {} })[0]!, /neither a time nor a delay/)
    assert.match(with_({ stopSequence: 20, departure: { time: (ORIGIN + 8 * H) * 1000 } })[0]!, /not in seconds/)
    assert.match(with_({ stopSequence: 20, departure: { time: ORIGIN - 30 * H } })[0]!, /more than a day off/)
    assert.match(with_({ stopSequence: 20, departure: { time: ORIGIN + 7 * H } })[0]!, /before that of the stop before/)
    assert.match(with_({ stopSequence: 20, departure: { delay: 100_000 } })[0]!, /longer than a day/)
    const { trip } = resolve({ stopTimeUpdate: [good, { stopSequence: 20 }] })
    assert.equal(trip!.stops[0]!.delay, 0)
  })

  it('of trips nobody knows are refused', () => {
    const of = (trip: TripUpdate['trip']) =>
      reasons({ trip, stopTimeUpdate: [{ stopSequence: 10, departure: { delay: 0 } }] })
    assert.deepEqual(of({ tripId: 'no' }), ['the timetable has no such trip'])
    assert.deepEqual(of({ tripId: 't', routeId: 'L9' }), ['the timetable has no such route'])
    assert.deepEqual(of({ tripId: 't', routeId: 'L2' }), ['the trip runs on another route, L1'])
    assert.deepEqual(of({ tripId: 't', startDate: 'AAAABBCC' }), ['start_date is no day, YYYYMMDD'])
    assert.deepEqual(of({ tripId: 't', startDate: '20260614' }), ['the trip does not run on this day'])
    assert.deepEqual(of({ tripId: 't', startTime: 'AA:BB:CC' }), ['start_time is no time, HH:MM:SS'])
    assert.deepEqual(of({}), ['the trip has no trip_id'])
    assert.deepEqual(reasons({ timestamp: 1_699_405_520_000 }), ['the timestamp is not in seconds since 1970'])
  })
})

describe('several feeds', () => {
  it('of one timetable: the newest word on a trip holds, whatever the order', () => {
    const at = (timestamp: number, source: string) =>
      ({ tripId: 't', day: DAY, start: null, timestamp, source }) as LiveTrip
    const other = { ...at(1, 'a'), day: '2026-06-10' }
    for (const feeds of [
      [[at(5, 'a'), other], [at(9, 'b')]],
      [[at(9, 'b')], [at(5, 'a'), other]],
    ]) {
      assert.deepEqual([...mergeTrips(feeds).values()].map(({ source }) => source).sort(), ['a', 'b'])
      assert.equal(mergeTrips(feeds).get(`${DAY}  t`)!.source, 'b')
    }
  })
})
