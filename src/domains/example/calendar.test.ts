import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Calendar, easter, holidays, weekdayOf } from './calendar.ts'

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`) / 86_400_000
const text = (number: number): string => new Date(number * 86_400_000).toISOString().slice(0, 10)

describe('the calendar of the example city', () => {
  it('knows Easter, also at the ends of its range', () => {
    const dates = ['2000-04-23', '2008-03-23', '2024-03-31', '2025-04-20', '2026-04-05', '2027-03-28', '2038-04-25']
    assert.deepEqual(
      dates.map((date) => text(easter(Number(date.slice(0, 4))))),
      dates,
    )
  })

  it('knows the holidays of Thuringia, those that move and its own', () => {
    const found = [...holidays(2026)].map(([number, name]) => `${text(number)} ${name}`)
    for (const expected of [
      '2026-04-03 Karfreitag',
      '2026-04-06 Ostermontag',
      '2026-05-14 Christi Himmelfahrt',
      '2026-05-25 Pfingstmontag',
      '2026-09-20 Weltkindertag',
      '2026-10-03 Tag der Deutschen Einheit',
      '2026-10-31 Reformationstag',
    ])
      assert.ok(found.includes(expected), expected)
  })

  it('counts ISO weekdays, before 1970 too', () => {
    assert.equal(weekdayOf(day('2026-11-23')), 1)
    assert.equal(weekdayOf(day('2026-11-29')), 7)
    assert.equal(weekdayOf(day('1969-12-28')), 7)
  })

  it('says how a day runs', () => {
    const calendar = new Calendar()
    const at = (date: string) => calendar.day(day(date))
    assert.equal(at('2026-11-24').kind, 'workday')
    assert.equal(at('2026-11-27').kind, 'friday')
    assert.equal(at('2026-11-28').kind, 'saturday')
    assert.equal(at('2026-05-14').kind, 'sunday', 'Ascension Day is a Thursday')
    assert.equal(at('2026-10-03').kind, 'sunday', 'a holiday on a Saturday')
    assert.equal(at('2026-05-15').bridge, true, 'the Friday after Ascension Day')
    assert.equal(at('2026-05-08').bridge, false)
    assert.equal(at('2026-11-25').market, true, 'Wednesday')
    assert.equal(at('2026-11-26').market, false)
    assert.equal(at('2025-12-24').half, true)
    assert.equal(at('2026-07-15').school, false)
    assert.equal(at('2026-07-15').summerHolidays, true)
    assert.equal(at('2026-11-24').school, true)
    assert.equal(at('2026-11-28').school, false, 'no school on Saturday')
    assert.equal(at('2026-09-01').lectures, false)
  })

  it('opens the Christmas market on the Monday before the first Sunday in Advent', () => {
    const calendar = new Calendar()
    const open = (date: string) => calendar.day(day(date)).christmasMarket
    assert.deepEqual(['2026-11-22', '2026-11-23', '2026-12-22', '2026-12-23'].map(open), [false, true, true, false])
    // The fourth Advent may be Christmas Eve itself.
    assert.deepEqual(['2023-11-26', '2023-11-27'].map(open), [false, true])
  })
})
