import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { holidayAt, holidaysIn, regionOf } from './holidays.ts'
import { Zone } from './zone.ts'

const zone = new Zone('Europe/Berlin')
const year = { from: zone.instant(2026, 1, 1), to: zone.instant(2027, 1, 1) }
const names = (key: string | null): string[] => holidaysIn(year, zone, key, 'de').map((h) => h.name)

describe('public holidays', () => {
  it('are those of the federal state the official key names', () => {
    assert.equal(regionOf('05515000'), 'NW')
    assert.equal(regionOf('055150000000'), 'NW')
    assert.equal(regionOf('11000000'), 'BE')
    assert.ok(names('05515000').includes('Allerheiligen'))
    assert.ok(!names('05515000').includes('Reformationstag'))
    assert.ok(names('03241001').includes('Reformationstag'))
    assert.ok(names('09362000').includes('Heilige Drei Könige'))
    assert.ok(names('11000000').some((name) => name.includes('frauentag')))
  })

  it('include the one Augsburg keeps alone', () => {
    const mine = names('09761000')
    assert.ok(
      mine.some((name) => name.includes('Friedensfest')),
      mine.join(),
    )
    assert.ok(!names('09162000').some((name) => name.includes('Friedensfest')))
  })

  it('are the nationwide ones where no key is known', () => {
    const known = names(null)
    assert.deepEqual(
      known.filter((name) => name !== 'Ostersonntag' && name !== 'Pfingstsonntag'),
      [
        'Neujahrstag',
        'Karfreitag',
        'Ostermontag',
        'Tag der Arbeit',
        'Christi Himmelfahrt',
        'Pfingstmontag',
        'Tag der Deutschen Einheit',
        '1. Weihnachtstag',
        '2. Weihnachtstag',
      ],
    )
  })

  it('are whole local days, also where the clocks change, and only those that touch the span', () => {
    const easter = holidaysIn(
      { from: zone.instant(2024, 3, 29, 12), to: zone.instant(2024, 4, 1, 1) },
      zone,
      '05',
      'de',
    )
    assert.deepEqual(
      easter.filter((h) => h.name !== 'Ostersonntag').map((h) => [h.name, zone.isoDate(h.from), h.to - h.from]),
      [
        ['Karfreitag', '2024-03-29', 86_400_000],
        ['Ostermontag', '2024-04-01', 86_400_000],
      ],
    )
    assert.equal(holidayAt(easter, zone.instant(2024, 4, 1, 0))?.name, 'Ostermontag')
    assert.equal(holidayAt(easter, zone.instant(2024, 4, 2)), null)
    assert.equal(holidaysIn(year, zone, null, 'en')[0]?.name, "New Year's Day")
  })
})
