/**
 * Departures of a region: 1 M stop times, 5,000 stops, 2,000 trips with real time. `node test/bench/departures.ts` prints p50
 * and p95 for single stops and for a station of ten platforms, on both databases.
 */
import { Catalog } from '../../src/domains/catalog/index.ts'
import { departures, findStop, Realtime } from '../../src/domains/mobility/index.ts'
import { Sensing } from '../../src/domains/sensing/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { regionTimetable } from '../support/timetable.ts'

const REGION = { stops: 5_000, trips: 25_000, stopsPerTrip: 40, from: '2026-01-01', to: '2026-12-31' }
const ASKED = 500
const NOON = Date.parse('2026-06-09T12:00:00+02:00') / 1000

for (const engine of databases()) {
  const db = await engine.fresh()
  const catalog = await Catalog.load(db)
  const { key } = await catalog.ensure({ id: 'region', title: 'Region' })
  await regionTimetable(db, key, REGION)
  const realtime = new Realtime({ db, sensing: new Sensing(db), log: createLog('silent') })
  const trips = Array.from({ length: 2_000 }, (_, i) => 8_000 + i).filter((i) => i % 10 !== 0)
  const part = {
    ...{ source: 'live', part: 'trip-updates', time: NOON, validity: 1_800 },
    message: {
      header: { gtfsRealtimeVersion: '2.0', timestamp: NOON },
      entity: trips.map((i) => ({
        id: `${i}`,
        tripUpdate: { trip: { tripId: `T${i}`, startDate: '20260609' }, delay: i % 600 },
      })),
    },
  }
  const merging = performance.now()
  await realtime.live.put(key, part)
  const again = performance.now()
  await realtime.live.put(key, part)
  console.log(
    `${engine.name}: ${trips.length} trips of real time merged in ${(again - merging).toFixed(0)} ms, the next time in ${(performance.now() - again).toFixed(0)} ms`,
  )
  for (const what of ['stop', 'station'] as const) {
    const times: number[] = []
    for (let i = 0; i < ASKED; i++) {
      const at = i % 2 === 0 ? NOON + (i % 600) : NOON + ((i * 7919) % (7 * 86_400))
      const started = performance.now()
      const stop = await findStop(
        db,
        new Map([['region', key]]),
        what === 'station' ? 'hub' : `S${12 + ((i * 7919) % 4_980)}`,
      )
      await departures(db, realtime.live, stop, at, 20)
      times.push(performance.now() - started)
    }
    times.sort((a, b) => a - b)
    const p = (share: number) => times[Math.floor(share * ASKED)]!.toFixed(1)
    console.log(`${engine.name}: 20 departures of a ${what}: p50 ${p(0.5)} ms, p95 ${p(0.95)} ms`)
  }
  await db.close()
}
process.exit(0)
