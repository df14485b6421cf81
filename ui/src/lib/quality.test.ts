import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { monthsOf, shapesOf, yearsOf } from './quality.ts'

const day = (name: string, present: number, expected: number | null, suspect = 0, n = present) => ({
  day: name,
  n,
  present,
  expected,
  suspect,
})

describe('calendar of completeness', () => {
  const years = yearsOf([
    day('2025-12-31', 96, 96),
    day('2026-01-01', 0, 96),
    day('2026-01-02', 48, 96, 2),
    day('2026-02-01', 0, null, 0, 3),
    day('2026-02-02', 0, 0),
  ])

  it('puts the newest year first and tells kinds apart', () => {
    assert.deepEqual(
      years.map((one) => one.year),
      [2026, 2025],
    )
    assert.deepEqual(
      years[0]!.cells.map((cell) => [cell.kind, cell.index, cell.month, cell.date]),
      [
        ['missing', 1, 0, 1],
        ['part', 2, 0, 2],
        ['came', 3, 1, 1],
        ['nothing', 4, 1, 2],
      ],
    )
    assert.deepEqual([years[0]!.present, years[0]!.expected, years[0]!.missing], [48, 192, 1])
  })

  it('sums months', () => {
    assert.deepEqual(
      monthsOf(years[0]!.cells).map((month) => [month.month, month.present, month.expected, month.n]),
      [
        [0, 48, 192, 48],
        [1, 0, 0, 3],
      ],
    )
  })

  it('draws each kind as a shape: a half day is filled by half', () => {
    const shapes = shapesOf(years[0]!.cells, { across: 12, down: 12, month: 0 })
    assert.equal(shapes.part, 'M12 5h10v5h-10z')
    assert.match(shapes.slash, /^M1 9L9 1$/)
    assert.equal(shapes.full, '')
    assert.ok(shapes.notable.startsWith('M'))
  })
})
