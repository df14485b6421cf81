import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Point, Series } from './api.ts'
import { align, coverage, digitsOf, gaps, previous } from './series.ts'
import { Zone } from './zone.ts'

const zone = new Zone('Europe/Berlin')
const HOUR = 3_600_000
const at = (text: string): number => Date.parse(text)

const hours = (from: number, values: (number | null)[]): Point[] =>
  values.map((value, i) => ({
    t: new Date(from + i * HOUR).toISOString(),
    tEnd: new Date(from + (i + 1) * HOUR).toISOString(),
    value,
    n: value === null ? 0 : 1,
    min: value,
    max: value,
    suspect: 0,
  }))
const series = (datastream: number, points: Point[]): Series => ({
  datastream,
  name: `s${datastream}`,
  simulated: false,
  thinned: false,
  unit: { name: 'Anzahl', symbol: '' },
  aggregate: 'sum',
  points,
  total: 0,
  mean: null,
  n: 0,
  suspect: 0,
})

describe('align', () => {
  it('puts series of different times on one axis; a time of another is no gap', () => {
    const start = at('2026-08-20T00:00:00Z')
    const chart = align([series(1, hours(start, [1, 2, 3])), series(2, hours(start + HOUR, [20, 30, 40]))], new Map())
    assert.equal(chart.buckets.length, 4)
    assert.deepEqual(
      chart.lines.map((l) => l.values),
      [
        [1, 2, 3, undefined],
        [undefined, 20, 30, 40],
      ],
    )
    assert.deepEqual(gaps(chart), [])
  })

  it('finds the stretches in which nothing was measured', () => {
    const start = at('2026-08-20T00:00:00Z')
    const chart = align([series(1, hours(start, [1, null, null, 4, null]))], new Map())
    assert.deepEqual(
      gaps(chart).map((g) => [(g.from - start) / HOUR, (g.to - start) / HOUR]),
      [
        [1, 3],
        [4, 5],
      ],
    )
    assert.equal(coverage(chart.lines[0]!.values), 0.4)
  })
})

describe('previous', () => {
  it('matches the wall clock 364 days earlier over a day of 23 hours', () => {
    // 29 March 2026 has no 02:00; a year of weekdays earlier, 30 March 2025, has none either; a week on both have it.
    const day = at('2026-03-28T23:00:00Z')
    const now = align(
      [
        series(
          1,
          hours(
            day,
            Array.from({ length: 23 }, (_, i) => i),
          ),
        ),
      ],
      new Map(),
    )
    const then = hours(
      at('2025-03-29T23:00:00Z'),
      Array.from({ length: 23 }, (_, i) => 100 + i),
    )
    assert.deepEqual(
      previous(now.buckets, then, 'weekdays', zone),
      Array.from({ length: 23 }, (_, i) => 100 + i),
    )
  })

  it('meets summer time with winter time hour by hour', () => {
    // 26 October 2026 is winter time, 27 October 2025 too; 25 October 2026 08:00 is winter, 26 October 2025 08:00 as well.
    const now = align([series(1, hours(at('2026-10-24T06:00:00Z'), [1]))], new Map())
    const then = hours(at('2025-10-25T06:00:00Z'), [7])
    assert.deepEqual(previous(now.buckets, then, 'weekdays', zone), [7])
    // 08:00 in summer time meets 08:00 in winter time: another instant, the same hour of life.
    const march = align([series(1, hours(at('2026-03-29T06:00:00Z'), [1]))], new Map())
    assert.deepEqual(previous(march.buckets, hours(at('2025-03-30T06:00:00Z'), [9]), 'weekdays', zone), [9])
  })
})

describe('digitsOf', () => {
  it('writes counts whole, rain to the tenth, and small measures finer', () => {
    assert.equal(digitsOf([1, 2, null], 'sum'), 0)
    assert.equal(digitsOf([0.4, 12], 'sum'), 1)
    assert.equal(digitsOf([21.44, 9], 'mean'), 1)
    assert.equal(digitsOf([0.25, 1.5], 'mean'), 2)
  })
})
