/** The forecast of the next hour on made-up series whose nature is known. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { holidaysOf } from '../../catalog/index.ts'
import { wallClock } from '../../sensing/index.ts'
import { forecast, judge, type Sample, slotsOf } from './model.ts'

const ZONE = 'Europe/Berlin'
const HOUR = 3_600_000
const slotOf = slotsOf((at) => wallClock(at, ZONE), new Set(holidaysOf('09', '2026-01-01', '2026-12-31')))
const hourOf = (iso: string): number => Date.parse(iso) / HOUR

/** Numbers between 0 and 1 that look like chance and are the same every time. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Eight weeks that end at an instant; `value` of the local hour and weekday (0 Monday … 6). */
function weeks(until: string, value: (hour: number, weekday: number, at: number) => number, days = 70): Sample[] {
  const end = hourOf(until)
  return Array.from({ length: days * 24 }, (_, i) => end - days * 24 + i).map((hour) => {
    const wall = new Date(wallClock(hour * HOUR, ZONE))
    return { hour, value: value(wall.getUTCHours(), (wall.getUTCDay() + 6) % 7, hour) }
  })
}

const daily = (hour: number, weekday: number): number => (weekday < 5 && hour >= 8 && hour < 18 ? 20 : 200)

describe('forecast of the next hour', () => {
  it('is told for a series that runs like every day and week', () => {
    const random = chance(1)
    const found = judge(
      weeks('2026-07-01T00:00:00+02:00', (hour, weekday) => daily(hour, weekday) + random() * 10),
      slotOf,
    )!
    assert.equal(found.shown, true)
    assert.ok(found.error < 5, `${found.error}`)
    // Twice a working day 180 spaces come or go: 2 × 5 / 168 of the hours, and the noise between two values.
    assert.ok(found.errorAsNow > 9 && found.errorAsNow < 16, `${found.errorAsNow}`)
    // Tuesday, 7 o'clock: an hour later it is full, whatever it is now.
    const said = forecast(found, slotOf, 205, hourOf('2026-07-07T07:00:00+02:00'))!
    assert.ok(Math.abs(said - 25) < 6, `${said}`)
  })

  it('is not told for a random walk, which nothing usual pulls back', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = chance(seed)
      let value = 200
      const found = judge(
        weeks('2026-07-01T00:00:00+02:00', () => {
          value = Math.min(400, Math.max(0, value + Math.round((random() - 0.5) * 20)))
          return value
        }),
        slotOf,
      )!
      assert.equal(found.shown, false, `seed ${seed}: ${found.error} against ${found.errorAsNow}`)
    }
  })

  it('is not told where a constant is already known by "as now"', () => {
    const found = judge(
      weeks('2026-07-01T00:00:00+02:00', () => 100),
      slotOf,
    )!
    assert.deepEqual([found.shown, found.error, found.errorAsNow], [false, 0, 0])
  })

  it('keeps local hours on the days the clocks change', () => {
    for (const until of ['2026-03-30T00:00:00+02:00', '2026-10-26T00:00:00+01:00']) {
      const found = judge(weeks(until, daily), slotOf)!
      assert.equal(found.shown, true)
      assert.equal(found.error, 0, `${until}: ${found.error}`)
    }
    const found = judge(weeks('2026-03-29T00:00:00+01:00', daily), slotOf)!
    // Monday after the change, 7 o'clock summer time: full at 8.
    assert.equal(forecast(found, slotOf, 200, hourOf('2026-03-30T07:00:00+02:00')), 20)
    // On Sunday there is no 2 o'clock.
    assert.equal(forecast(found, slotOf, 200, hourOf('2026-03-29T01:00:00+01:00')), 200)
  })

  it('takes a public holiday for a Sunday', () => {
    // Corpus Christi, a Thursday; the weeks before it hold five holidays more.
    const free = ['2026-04-03', '2026-04-06', '2026-05-01', '2026-05-14', '2026-05-25']
    const kept = (hour: number, weekday: number, at: number) =>
      daily(hour, free.includes(new Date(wallClock(at * HOUR, ZONE)).toISOString().slice(0, 10)) ? 6 : weekday)
    const found = judge(weeks('2026-06-04T00:00:00+02:00', kept), slotOf)!
    assert.equal(forecast(found, slotOf, 200, hourOf('2026-06-04T07:00:00+02:00')), 200)
    assert.equal(forecast(found, slotOf, 200, hourOf('2026-06-05T07:00:00+02:00')), 20)
  })

  it('passes over gaps and needs a history', () => {
    const all = weeks('2026-07-01T00:00:00+02:00', daily)
    const random = chance(7)
    const holes = all.filter(({ hour }) => random() > 0.3 && !(hour % 168 > 20 && hour % 168 < 30))
    const found = judge(holes, slotOf)!
    const followed = holes.filter(
      ({ hour }, i) => holes[i - 1]?.hour === hour - 1 && hour >= holes.at(-1)!.hour - 28 * 24,
    )
    assert.ok(
      found.pairs <= followed.length && found.pairs > followed.length * 0.8,
      `${found.pairs} of ${followed.length}`,
    )
    assert.equal(found.shown, true)
    assert.equal(judge(all.slice(-20 * 24), slotOf), null)
    assert.equal(judge([], slotOf), null)
  })

  it('never expects less than nothing', () => {
    const found = judge(weeks('2026-07-01T00:00:00+02:00', daily), slotOf)!
    assert.equal(forecast({ ...found, weight: 1 }, slotOf, 0, hourOf('2026-07-07T07:00:00+02:00')), 0)
  })
})
