import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Format } from './format.ts'
import { distance, distanceText } from './near.ts'
import { Zone } from './zone.ts'

const format = new Format('de', new Zone('Europe/Berlin'))
const place = fc.record({
  lat: fc.double({ min: -89, max: 89, noNaN: true }),
  lon: fc.double({ min: -180, max: 180, noNaN: true }),
})

describe('distances', () => {
  it('are those of the earth', () => {
    const [muenster, hamburg] = [
      { lat: 51.9625, lon: 7.6256 },
      { lat: 53.5511, lon: 9.9937 },
    ]
    assert.ok(Math.abs(distance(muenster, hamburg) - 237_000) < 2_000, String(distance(muenster, hamburg)))
    assert.equal(distance(muenster, muenster), 0)
  })

  it('are the same there and back, and never longer than half around', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const d = distance(a, b)
        assert.ok(d >= 0 && d <= 20_016_000)
        assert.ok(Math.abs(d - distance(b, a)) < 1e-3)
      }),
    )
  })

  it('are written no more exactly than they are known', () => {
    const text = (m: number): string => distanceText(m, format).replace('\u00a0', ' ')
    assert.deepEqual([3, 234, 994, 996, 1_440, 9_940, 9_960, 37_600].map(text), [
      '10 m',
      '230 m',
      '990 m',
      '1,0 km',
      '1,4 km',
      '9,9 km',
      '10 km',
      '38 km',
    ])
  })
})
