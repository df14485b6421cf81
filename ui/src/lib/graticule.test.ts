import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { citiesIn, roundDegrees } from './graticule.ts'

describe('a map without a ground', () => {
  it('has lines at round degrees, at least three where there is room', () => {
    assert.deepEqual(roundDegrees(5.87, 15.04), [6, 8, 10, 12, 14])
    assert.deepEqual(roundDegrees(9.87, 10.02), [9.9, 9.95, 10])
    assert.deepEqual(roundDegrees(-0.4, 0.4), [-0.4, -0.2, 0, 0.2, 0.4])
  })

  it('names large cities first and lets no name cover another', () => {
    const small = citiesIn([5.87, 47.27, 15.04, 55.06], (lon, lat) => [lon * 20, -lat * 20])
    assert.equal(small[0]!.name, 'Berlin')
    const large = citiesIn([5.87, 47.27, 15.04, 55.06], (lon, lat) => [lon * 200, -lat * 200])
    assert.ok(small.length >= 5 && small.length < large.length, `${small.length} and ${large.length}`)
    for (const a of small)
      for (const b of small)
        if (a !== b && Math.abs(a.y - b.y) < 18) assert.ok(Math.abs(a.x - b.x) > 20, `${a.name} covers ${b.name}`)
    assert.deepEqual(
      citiesIn([9.5, 49.5, 10.5, 50], () => [0, 0]).map(({ name }) => name),
      ['Würzburg'],
    )
  })
})
