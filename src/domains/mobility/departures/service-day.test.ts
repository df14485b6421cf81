import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { addDays, isoIn, readDay, readTime, runStarts, serviceDayStart, serviceDaysAt } from './service-day.ts'

const BERLIN = 'Europe/Berlin'
const at = (text: string) => Date.parse(text) / 1000

describe('service days', () => {
  it('count from noon minus twelve hours in the zone of the agency', () => {
    assert.equal(serviceDayStart('2026-06-09', BERLIN), at('2026-06-09T00:00:00+02:00'))
    assert.equal(serviceDayStart('2023-11-07', 'America/Los_Angeles'), at('2023-11-07T00:00:00-08:00'))
  })

  it('begin off midnight on both days the clocks change, so that 08:00 is 08:00 on the wall', () => {
    const forward = serviceDayStart('2026-03-29', BERLIN)
    assert.equal(forward, at('2026-03-28T23:00:00+01:00'))
    assert.equal(isoIn(forward + 8 * 3600, BERLIN), '2026-03-29T08:00:00+02:00')
    assert.equal(isoIn(forward + 3600, BERLIN), '2026-03-29T00:00:00+01:00')
    const back = serviceDayStart('2026-10-25', BERLIN)
    assert.equal(back, at('2026-10-25T01:00:00+02:00'))
    assert.equal(isoIn(back + 8 * 3600, BERLIN), '2026-10-25T08:00:00+01:00')
    assert.equal(isoIn(back + 2 * 3600, BERLIN), '2026-10-25T02:00:00+01:00')
  })

  it('reach into the next day by times beyond 24:00', () => {
    const night = serviceDayStart('2026-06-09', BERLIN) + readTime('25:10:00')!
    assert.equal(isoIn(night, BERLIN), '2026-06-10T01:10:00+02:00')
    assert.deepEqual(serviceDaysAt(at('2026-06-10T01:10:00+02:00'), BERLIN, readTime('26:00:00')!), [
      '2026-06-09',
      '2026-06-10',
    ])
    assert.deepEqual(serviceDaysAt(at('2026-06-10T02:10:00+02:00'), BERLIN, readTime('26:00:00')!), ['2026-06-10'])
    assert.deepEqual(serviceDaysAt(at('2026-06-10T12:00:00+02:00'), BERLIN, readTime('60:00:00')!), [
      '2026-06-08',
      '2026-06-09',
      '2026-06-10',
    ])
  })

  it('of tomorrow are under way before midnight when the clocks go forward', () => {
    assert.deepEqual(serviceDaysAt(at('2026-03-28T23:30:00+01:00'), BERLIN, 86_399), ['2026-03-28', '2026-03-29'])
  })

  it('are the calendar days that hold the instant, whatever the zone', () => {
    const zones = [BERLIN, 'America/Los_Angeles', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'UTC']
    fc.assert(
      fc.property(
        fc.integer({ min: 1_600_000_000, max: 1_900_000_000 }),
        fc.constantFrom(...zones),
        (instant, zone) => {
          const days = serviceDaysAt(instant, zone, 30 * 3600)
          const day = isoIn(instant, zone).slice(0, 10)
          // Every day whose first 30 hours hold the instant, and no other.
          for (let n = -4; n <= 4; n++) {
            const start = serviceDayStart(addDays(day, n), zone)
            assert.equal(days.includes(addDays(day, n)), start <= instant && instant <= start + 108_000)
          }
          assert.equal(Date.parse(isoIn(instant, zone)) / 1000, instant)
        },
      ),
    )
  })
})

describe('texts of GTFS', () => {
  it('are times with one or two digits for the hour, or none', () => {
    assert.equal(readTime('5:07:09'), 18_429)
    assert.equal(readTime('05:07:09'), 18_429)
    assert.equal(readTime('24:00:00'), 86_400)
    for (const wrong of ['', 'AA:BB:CC', '12:60:00', '12:00', '-1:00:00']) assert.equal(readTime(wrong), null)
  })
  it('are days of the calendar, or none', () => {
    assert.equal(readDay('20240229'), '2024-02-29')
    for (const wrong of ['AAAABBCC', '20230229', '2023-11-07', '20231307', '']) assert.equal(readDay(wrong), null)
  })
})

describe('frequencies', () => {
  const rows = [{ start: 6 * 3600, end: 10 * 3600 + 1, headway: 3600, exact: true }]
  it('give a run at the start and every headway before the end', () => {
    assert.deepEqual(
      runStarts(rows, 0, 90_000).map(({ start }) => start / 3600),
      [6, 7, 8, 9, 10],
    )
    assert.deepEqual(runStarts([{ ...rows[0]!, end: 10 * 3600 }], 0, 90_000).length, 4)
  })
  it('are cut to the window asked for, both ends included', () => {
    assert.deepEqual(
      runStarts(rows, 7 * 3600, 8 * 3600).map(({ start }) => start / 3600),
      [7, 8],
    )
    assert.deepEqual(runStarts(rows, 7 * 3600 + 1, 8 * 3600 - 1), [])
  })
  it('of two rows that touch give one run', () => {
    const two = [...rows, { start: 10 * 3600, end: 11 * 3600, headway: 1800, exact: false }]
    assert.deepEqual(runStarts(two, 9 * 3600, 90_000), [
      { start: 9 * 3600, exact: true },
      { start: 10 * 3600, exact: true },
      { start: 10.5 * 3600, exact: false },
    ])
  })
  it('without a headway give none', () => {
    assert.deepEqual(runStarts([{ ...rows[0]!, headway: 0 }], 0, 90_000), [])
  })
})
