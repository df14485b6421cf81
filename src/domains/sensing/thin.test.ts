import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { SeriesPoint } from './series.ts'
import { Thinner } from './thin.ts'

const STEP = 60_000
const START = Date.parse('2026-08-14T00:00:00Z')
const at = (i: number): string => new Date(START + i * STEP).toISOString()

/** One letter a minute: a value, a suspect value, or nothing. */
const cells = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ value: fc.integer({ min: -1000, max: 1000 }), suspect: fc.constant(0) }) },
    { weight: 1, arbitrary: fc.record({ value: fc.integer({ min: -1000, max: 1000 }), suspect: fc.constant(1) }) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  { minLength: 1, maxLength: 3000 },
)

function pointsOf(all: ({ value: number; suspect: number } | null)[]): SeriesPoint[] {
  const points: SeriesPoint[] = []
  all.forEach((cell, i) => {
    const last = points.at(-1)
    if (cell) {
      const { value, suspect } = cell
      points.push({ t: at(i), tEnd: at(i + 1), value, n: 1, min: value, max: value, suspect })
    } else if (last?.value === null) last.tEnd = at(i + 1)
    else points.push({ t: at(i), tEnd: at(i + 1), value: null, n: 0, min: null, max: null, suspect: 0 })
  })
  return points
}

function thin(points: SeriesPoint[], cellCount: number, most: number): SeriesPoint[] {
  const thinner = new Thinner(START, START + cellCount * STEP, most)
  for (const point of points) thinner.add(point)
  return thinner.finish()
}

describe('thinning a series', () => {
  it('keeps points that were there, in order, each once, and no more than asked', () => {
    fc.assert(
      fc.property(cells, fc.integer({ min: 100, max: 400 }), (all, most) => {
        const points = pointsOf(all)
        const kept = thin(points, all.length, most)
        assert.ok(kept.length <= most + 6, `${kept.length} of ${most}`)
        let index = -1
        for (const point of kept) {
          const next = points.indexOf(point)
          assert.ok(next > index, 'in order, none twice, none made up')
          index = next
        }
        assert.equal(kept[0], points[0])
        assert.equal(kept.at(-1), points.at(-1))
      }),
      { numRuns: 200 },
    )
  })

  it('keeps the extremes of every stretch, its longest gap and a suspect value', () => {
    fc.assert(
      fc.property(cells, fc.integer({ min: 100, max: 400 }), (all, most) => {
        const points = pointsOf(all)
        const kept = new Set(thin(points, all.length, most))
        const width = (all.length * STEP) / Math.floor(most / 4)
        const stretches = Map.groupBy(points, (p) => Math.floor((Date.parse(p.t) - START) / width))
        for (const stretch of stretches.values()) {
          const mine = stretch.filter((p) => kept.has(p))
          const values = (list: SeriesPoint[]) => list.map((p) => p.value).filter((v) => v !== null)
          const length = (list: SeriesPoint[]) =>
            Math.max(0, ...list.filter((p) => p.value === null).map((p) => Date.parse(p.tEnd) - Date.parse(p.t)))
          assert.equal(Math.max(...values(mine)), Math.max(...values(stretch)))
          assert.equal(Math.min(...values(mine)), Math.min(...values(stretch)))
          assert.equal(length(mine), length(stretch), 'the longest gap')
          assert.equal(
            mine.some((p) => p.suspect > 0),
            stretch.some((p) => p.suspect > 0),
          )
        }
      }),
      { numRuns: 200 },
    )
  })

  it('answers nothing for nothing', () => {
    assert.deepEqual(new Thinner(0, 1000, 100).finish(), [])
  })
})
