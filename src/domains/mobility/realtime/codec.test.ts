import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FileError } from '../../sources/index.ts'
import { decodeFeed, encodeFeed, looksLikeFeed } from './codec.ts'
import type { FeedMessage } from './model.ts'

const CALTRAIN = join(import.meta.dirname, '../../../../../shared/data/transit/caltrain')
const skip = existsSync(CALTRAIN) ? false : `no real data at ${CALTRAIN}`
const read = (name: string) => readFileSync(join(CALTRAIN, name))

const feed: FeedMessage = {
  header: { gtfsRealtimeVersion: '2.0', incrementality: 'FULL_DATASET', timestamp: 1_699_405_534 },
  entity: [
    {
      id: 'a',
      tripUpdate: {
        trip: { tripId: '7', startDate: '20231107', scheduleRelationship: 'SCHEDULED' },
        stopTimeUpdate: [
          { stopSequence: 0, departure: { delay: 0 } },
          { stopSequence: 2, scheduleRelationship: 'SKIPPED' },
        ],
      },
    },
    { id: 'b', isDeleted: false, vehicle: { position: { latitude: 48.5, longitude: 9.25 }, stopId: 'x' } },
    { id: 'c', alert: { cause: 'STRIKE', headerText: { translation: [{ text: 'Streik', language: 'de' }] } } },
  ],
}

describe('GTFS Realtime messages', () => {
  it('come back as they were written, a delay of nothing and a sequence of 0 included', () => {
    assert.deepEqual(decodeFeed(encodeFeed(feed)), feed)
  })

  it('are read from JSON in both spellings, 64-bit numbers as text', () => {
    const snake = `{"header":{"gtfs_realtime_version":"2.0","timestamp":"1699405534"},
      "entity":[{"id":"a","trip_update":{"trip":{"trip_id":"7"},"stop_time_update":[{"stop_sequence":3,"arrival":{"time":"1699405801"}}]}}]}`
    assert.deepEqual(decodeFeed(Buffer.from(snake)).entity[0]!.tripUpdate!.stopTimeUpdate, [
      { stopSequence: 3, arrival: { time: 1_699_405_801 } },
    ])
  })

  it('are refused with the reason when they are something else', () => {
    const cases: [string | Uint8Array, RegExp][] = [
      ['', /empty/],
      ['<html><body>502 Bad Gateway</body></html>', /no GTFS Realtime/],
      ['{"a": 1}', /there is no header/],
      ['{"header": {"gtfsRealtimeVersion": "9"}}', /the header says "9"/],
      ['{"header": {"gtfsRealtimeVersion": "2.0"}, "entity": {}}', /is no list/],
      ['{"header": {', /in JSON/],
      [encodeFeed(feed).subarray(0, -3), /middle of an entity/],
      [Buffer.concat([encodeFeed(feed), Buffer.alloc(500_000, Buffer.from([0x12, 0]))]), /more than 200000 entities/],
    ]
    for (const [bytes, reason] of cases)
      assert.throws(
        () => decodeFeed(typeof bytes === 'string' ? Buffer.from(bytes) : bytes),
        (error) => error instanceof FileError && reason.test(error.message),
        String(reason),
      )
  })

  it('never fail other than by a sentence, whatever the bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.nat(200), fc.nat(255)).map(([at, byte]) => {
        const broken = Uint8Array.from(encodeFeed(feed))
        broken[at % broken.length] = byte
        return broken
      }),
    )
    fc.assert(
      fc.property(bytes, (given) => {
        try {
          assert.ok(Array.isArray(decodeFeed(given).entity))
        } catch (error) {
          assert.ok(error instanceof FileError, String(error))
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('are recognised by their beginning, with what they hold', { skip }, () => {
    const kinds = (name: string) => looksLikeFeed(read(name).subarray(0, 65_536))?.kinds
    assert.deepEqual(kinds('ct-trip-updates.pb'), ['trip-updates'])
    assert.deepEqual(kinds('ct-trip-updates.pb.json'), ['trip-updates'])
    assert.deepEqual(kinds('ct-vehicle-positions.pb'), ['vehicle-positions'])
    assert.deepEqual(kinds('ct-vehicle-positions.pb.json'), ['vehicle-positions'])
    assert.deepEqual(kinds('ct-service-alerts.pb'), [])
    assert.equal(kinds('invalid.pb'), undefined)
    assert.equal(kinds('ct.zip'), undefined)
    assert.deepEqual(looksLikeFeed(read('ct-trip-updates.pb').subarray(0, 1000))?.kinds, ['trip-updates'])
  })

  it('of real feeds say the same as protobuf and as JSON', { skip }, () => {
    for (const name of ['ct-trip-updates', 'ct-vehicle-positions', 'ct-service-alerts', 'example'])
      assert.deepEqual(decodeFeed(read(`${name}.pb`)), decodeFeed(read(`${name}.pb.json`)), name)
    assert.throws(() => decodeFeed(read('invalid.pb')), FileError)
    for (const name of readdirSync(join(CALTRAIN, 'rt-errors')))
      assert.ok(decodeFeed(read(`rt-errors/${name}`)).header, name)
  })
})
