import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Zone } from './zone.ts'

const zone = new Zone('Europe/Berlin')
const iso = (at: number): string => new Date(at).toISOString()

describe('Zone', () => {
  it('knows the day that has 23 hours', () => {
    const start = zone.parseDate('2026-03-29')!
    assert.equal(iso(start), '2026-03-28T23:00:00.000Z')
    assert.equal(iso(zone.addDays(start, 1)), '2026-03-29T22:00:00.000Z')
  })

  it('knows the day that has 25 hours', () => {
    const start = zone.parseDate('2025-10-26')!
    assert.equal((zone.addDays(start, 1) - start) / 3_600_000, 25)
  })

  it('takes the earlier of two equal times and moves a missing one forward', () => {
    assert.equal(iso(zone.instant(2025, 10, 26, 2, 30)), '2025-10-26T00:30:00.000Z')
    assert.equal(iso(zone.instant(2026, 3, 29, 2, 30)), '2026-03-29T01:30:00.000Z')
  })

  it('round-trips every hour of two years', () => {
    for (let at = Date.UTC(2025, 0, 1); at < Date.UTC(2027, 0, 1); at += 3_600_000) {
      const w = zone.wall(at)
      const back = zone.instant(w.year, w.month, w.day, w.hour, w.minute)
      // The second of two equal hours comes back as the first.
      assert.ok(back === at || (back === at - 3_600_000 && zone.offset(back) !== zone.offset(at)), iso(at))
    }
  })

  it('reads and writes what a field for date and time holds', () => {
    for (const text of ['2026-03-29T03:30', '2026-12-31T23:59', '2026-01-01T00:00'])
      assert.equal(zone.isoMinute(zone.parseMinute(text)!), text)
    for (const text of ['', '2026-02-30T10:00', '2026-01-01T24:00', '2026-01-01'])
      assert.equal(zone.parseMinute(text), null)
  })

  it('holds for zones with other transitions', () => {
    const lord = new Zone('Australia/Lord_Howe')
    assert.equal(lord.offset(Date.UTC(2026, 0, 1)) / 60_000, 660)
    assert.equal(lord.offset(Date.UTC(2026, 6, 1)) / 60_000, 630)
    assert.equal(new Zone('Asia/Kathmandu').wall(Date.UTC(2026, 0, 1)).minute, 45)
  })

  it('refuses what is not a date', () => {
    assert.equal(zone.parseDate('2026-02-30'), null)
    assert.equal(zone.parseDate('gestern'), null)
  })
})
