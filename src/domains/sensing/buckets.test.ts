import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  bucketEnd,
  bucketStarts,
  chooseResolution,
  DAY,
  dayStart,
  HOUR,
  instantOf,
  isOffHour,
  iso,
  localDay,
  zoneOffset,
} from './buckets.ts'

const BERLIN = 'Europe/Berlin'
const at = (text: string) => Date.parse(text)

describe('local buckets', () => {
  it('knows the offset on both sides of the change', () => {
    assert.equal(zoneOffset(at('2024-03-31T00:59:59Z'), BERLIN), HOUR)
    assert.equal(zoneOffset(at('2024-03-31T01:00:00Z'), BERLIN), 2 * HOUR)
    assert.equal(zoneOffset(at('2024-10-27T01:00:00Z'), BERLIN), HOUR)
    assert.equal(zoneOffset(at('2024-07-01T00:00:00.5Z'), BERLIN), 2 * HOUR)
  })

  it('takes the earlier of a time that happens twice and moves a missing one forward', () => {
    assert.equal(iso(instantOf(at('2024-10-27T02:30:00Z'), BERLIN)), '2024-10-27T00:30:00Z')
    assert.equal(iso(instantOf(at('2024-03-31T02:30:00Z'), BERLIN)), '2024-03-31T01:30:00Z')
    assert.equal(iso(dayStart('2024-03-31', BERLIN)), '2024-03-30T23:00:00Z')
    assert.equal(iso(dayStart('2024-03-31', BERLIN, 1)), '2024-03-31T22:00:00Z')
  })

  it('gives a day of 23 hours in March and of 25 in October', () => {
    for (const [day, hours] of [
      ['2024-03-31', 23],
      ['2024-10-27', 25],
      ['2024-06-01', 24],
    ] as const) {
      const start = dayStart(day, BERLIN)
      const end = bucketEnd('day', start, BERLIN)
      assert.equal((end - start) / HOUR, hours, day)
      assert.equal(bucketStarts('hour', start, end, BERLIN).length, hours)
      assert.equal(localDay(start, BERLIN), day)
      assert.equal(localDay(end - 1, BERLIN), day)
    }
  })

  it('covers a range without holes at every resolution', () => {
    const from = at('2023-10-05T10:17:00Z')
    const to = at('2025-04-02T00:00:00Z')
    for (const zone of [BERLIN, 'UTC', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/New_York']) {
      for (const grid of ['hour', 'day', 'week', 'month', 'year'] as const) {
        const starts = bucketStarts(grid, from, to, zone)
        assert.ok(starts[0]! <= from && bucketEnd(grid, starts[0]!, zone) > from, `${zone} ${grid} begins`)
        assert.ok(bucketEnd(grid, starts.at(-1)!, zone) >= to, `${zone} ${grid} ends`)
        for (let i = 1; i < starts.length; i++)
          assert.equal(bucketEnd(grid, starts[i - 1]!, zone), starts[i], `${zone} ${grid} ${i}`)
      }
    }
    assert.equal(new Date(bucketStarts('week', from, to, BERLIN)[0]! + 2 * HOUR).getUTCDay(), 1)
  })

  it('tells zones off the full hour', () => {
    assert.equal(isOffHour(at('2024-01-01T00:00:00Z'), at('2024-12-31T00:00:00Z'), BERLIN), false)
    assert.equal(isOffHour(at('2024-01-01T00:00:00Z'), at('2024-12-31T00:00:00Z'), 'Asia/Kolkata'), true)
    assert.equal(isOffHour(at('2024-01-01T00:00:00Z'), at('2024-12-31T00:00:00Z'), 'Australia/Lord_Howe'), true)
  })

  it('chooses a resolution by span and period', () => {
    const quarter = 900_000
    assert.equal(chooseResolution(DAY, quarter), 'raw')
    assert.equal(chooseResolution(2 * DAY, 60_000), 'hour')
    assert.equal(chooseResolution(7 * DAY, quarter), 'hour')
    assert.equal(chooseResolution(31 * DAY, DAY), 'day')
    assert.equal(chooseResolution(366 * DAY, quarter), 'day')
    assert.equal(chooseResolution(8 * 366 * DAY, quarter), 'week')
    assert.equal(chooseResolution(30 * 366 * DAY, quarter), 'month')
    assert.equal(chooseResolution(200 * 366 * DAY, quarter), 'year')
    assert.equal(chooseResolution(7 * DAY, null), 'hour')
  })
})
