import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drawnAs, handDrawn, partsOf, readText, textOf } from './drawing.ts'

describe('drawing', () => {
  it('reads places by line, latitude first, with points or commas', () => {
    const line = {
      type: 'LineString',
      coordinates: [
        [12.1, 49.01],
        [12.2, 49.02],
      ],
    }
    assert.deepEqual(readText('49.01, 12.1\n49.02 12.2\n', 'LineString'), { geometry: line })
    assert.deepEqual(readText('49,01; 12,1\n\n49,02;12,2', 'LineString'), { geometry: line })
    assert.deepEqual(readText(' ', 'Point'), { geometry: null })
  })

  it('reads GeoJSON: a geometry, a feature, a collection of one', () => {
    const geometry = { type: 'MultiPoint', coordinates: [[12, 49]] }
    const feature = { type: 'Feature', properties: {}, geometry }
    for (const one of [geometry, feature, { type: 'FeatureCollection', features: [feature] }])
      assert.deepEqual(readText(JSON.stringify(one), 'Point'), { geometry })
  })

  it('says what is wrong, and where', () => {
    const problem = (text: string, kind: Parameters<typeof readText>[1] = 'LineString') => {
      const read = readText(text, kind)
      return 'problem' in read ? `${read.problem} ${read.at}` : 'none'
    }
    assert.equal(problem('49.1 12.1\nDomplatz'), 'line 2')
    assert.equal(problem('491 12'), 'range 1')
    assert.equal(problem('49 12'), 'few 2')
    assert.equal(problem('49 12\n49 13', 'Polygon'), 'few 3')
    assert.match(problem('{"type":'), /^json /)
    assert.match(problem('{"type":"Circle"}'), /^geometry .*Circle/)
  })

  it('gives back what it was given', () => {
    for (const kind of ['Point', 'LineString', 'Polygon'] as const) {
      const positions: [number, number][] =
        kind === 'Point'
          ? [[12, 49]]
          : [
              [12, 49],
              [13, 49],
              [13, 50],
            ]
      const geometry = drawnAs(kind, positions)!
      assert.deepEqual(handDrawn(geometry), { kind, positions })
      assert.deepEqual(readText(textOf(geometry), kind), { geometry })
    }
    const holes = {
      type: 'Polygon',
      coordinates: [
        [
          [0, 0],
          [9, 0],
          [9, 9],
          [0, 0],
        ],
        [
          [5, 1],
          [6, 1],
          [6, 2],
          [5, 1],
        ],
      ],
    }
    assert.equal(handDrawn(holes), null)
    assert.equal(partsOf(holes).length, 2)
    assert.deepEqual(readText(textOf(holes), 'Point'), { geometry: holes })
  })
})
