import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { defaultsOf } from './defaults.ts'
import type { Value } from './model.ts'
import { check, drops, type History, outOfRange, spikes, stuck } from './rules.ts'

const HOUR = 3_600_000
const QUARTER = 900_000
const START = Date.parse('2026-08-17T00:00:00Z')

const series = (values: readonly (number | null)[], period = QUARTER): Value[] =>
  values.flatMap((v, i) => (v === null ? [] : [{ t: START + i * period, end: START + (i + 1) * period, v }]))

const history = (largest: number | null, weeks: number[] = []): History => ({
  largestBefore: async () => largest,
  weeksBefore: async () => weeks,
})
const count = defaultsOf('bicycle_count', 'sum')
const air = defaultsOf('air_temperature', 'mean')

describe('values out of range', () => {
  it('are exactly those outside, however they are strung together', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { maxLength: 60 }), (raw) => {
        const values = series(raw)
        const found = outOfRange(values, air)
        for (const { t, v } of values) {
          const inside = v >= -40 && v <= 50
          assert.equal(
            found.some(({ from, to }) => t >= from && t < to),
            !inside,
            `${v}`,
          )
        }
        assert.equal(
          found.reduce((n, { detail }) => n + detail.n, 0),
          raw.filter((v) => v < -40 || v > 50).length,
        )
      }),
    )
  })

  it('takes the limits themselves for possible', () => {
    assert.deepEqual(outOfRange(series([-40, 50]), air), [])
    assert.equal(outOfRange(series([0, -1, 3]), count)[0]?.detail.value, -1)
  })
})

describe('a stuck sensor', () => {
  it('repeats one value for hours; nights of zero are quiet, not stuck', () => {
    assert.equal(stuck(series(new Array(96).fill(0)), count, true, QUARTER).length, 0)
    const [found] = stuck(series([3, ...new Array(40).fill(7), 4]), count, true, QUARTER)
    assert.deepEqual([found?.from, found?.to], [START + QUARTER, START + 41 * QUARTER])
    assert.equal(found?.detail.hours, 10)
    // A thermometer stands still at zero as well as anywhere.
    assert.equal(stuck(series(new Array(100).fill(0)), air, false, QUARTER).length, 1)
  })

  it('is never seen where neighbours always differ, nor across a gap', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 300 }), (steps) => {
        let level = 0
        const values = series(
          steps.map((step) => {
            level += step
            return level
          }),
        )
        assert.deepEqual(stuck(values, count, true, QUARTER), [])
      }),
    )
    const holes = [...new Array(20).fill(7), ...new Array(10).fill(null), ...new Array(20).fill(7)]
    assert.equal(stuck(series(holes), count, true, QUARTER).length, 0)
  })
})

describe('a spike', () => {
  const calm = (v: number): number[] => [20, 22, 19, 25, 21, 24, 23, 20, 22, v, 21, 20, 24, 23]

  it('stands alone, far above what is around and what four weeks saw', async () => {
    assert.equal((await spikes(series(calm(900)), count, history(80))).length, 1)
    // The beginning of a festival: it stays.
    const festival = [20, 22, 19, 25, 21, 24, 23, 20, 900, 850, 870, 910, 880, 860]
    assert.equal((await spikes(series(festival), count, history(80))).length, 0)
    // Known from earlier weeks, or nothing known yet.
    assert.equal((await spikes(series(calm(900)), count, history(700))).length, 0)
    assert.equal((await spikes(series(calm(900)), count, history(null))).length, 0)
    // Not yet back on the level.
    assert.equal((await spikes(series(calm(900).slice(0, 11)), count, history(80))).length, 0)
  })

  it('is found whatever the level, and scaling a calm series finds none', async () => {
    const level = fc.array(fc.integer({ min: 50, max: 100 }), { minLength: 20, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(level, fc.integer({ min: 1, max: 50 }), async (raw, factor) => {
        const values = raw.map((v) => v * factor)
        assert.deepEqual(await spikes(series(values), count, history(100 * factor)), [])
        values[10] = 1000 * factor
        assert.deepEqual(
          (await spikes(series(values), count, history(100 * factor))).map(({ from }) => from),
          [START + 10 * QUARTER],
        )
      }),
    )
  })
})

describe('a drop to nothing', () => {
  const day = [...new Array(8).fill(40), ...new Array(32).fill(0), ...new Array(4).fill(30)]

  it('is what no earlier week had', async () => {
    const [found] = await drops(series(day), count, history(null, [1200, 900, 1100, 1000]), QUARTER)
    assert.deepEqual([found?.detail.hours, found?.detail.usual], [8, 1100])
    assert.deepEqual(await drops(series(day), count, history(null, [1200, 900, 1100, 0]), QUARTER), [])
    assert.deepEqual(await drops(series(day), count, history(null, [1200, 900]), QUARTER), [])
    assert.deepEqual(await drops(series(new Array(20).fill(0)), count, history(null, [900, 900, 900]), QUARTER), [])
  })
})

describe('all rules', () => {
  it('find the same again, and findings lie within the values', async () => {
    const values = fc.array(fc.option(fc.integer({ min: -5, max: 2000 }), { freq: 8 }), { maxLength: 120 })
    await fc.assert(
      fc.asyncProperty(values, async (raw) => {
        const given = series(raw)
        const about = { isCount: true, period: QUARTER }
        const found = await check(given, count, about, history(100, [500, 500, 500]))
        assert.deepEqual(found, await check(given, count, about, history(100, [500, 500, 500])))
        for (const { from, to } of found) {
          assert.ok(from < to && from >= given[0]!.t && to <= given.at(-1)!.end)
        }
      }),
    )
  })

  it('say nothing where nothing is known of the property', async () => {
    const none = defaultsOf('something_new', 'mean')
    const values = series(new Array(500).fill(1e9), HOUR)
    assert.deepEqual(await check(values, none, { isCount: false, period: HOUR }, history(1, [1e9, 1e9, 1e9])), [])
  })
})
