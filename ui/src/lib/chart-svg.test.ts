import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Picture, pictureSvg, steps } from './chart-svg.ts'
import { Format } from './format.ts'
import { holidaysIn } from './holidays.ts'
import type { Line, Value } from './series.ts'
import { Zone } from './zone.ts'

const zone = new Zone('Europe/Berlin')
const HOUR = 3_600_000

function picture(values: Value[][], over: Partial<Picture> = {}): Picture {
  const from = zone.instant(2026, 10, 2)
  const buckets = values[0]!.map((_, i) => ({ t: from + i * HOUR, end: from + (i + 1) * HOUR }))
  const lines = values.map(
    (v, i): Line => ({
      id: i + 1,
      label: `Reihe <${i + 1}>`,
      color: i + 1,
      unit: '',
      symbol: '',
      digits: 0,
      aggregate: 'sum',
      values: v,
      suspect: v.map((_, k) => k === 2),
      figure: null,
    }),
  )
  const span = { from, to: from + values[0]!.length * HOUR }
  return {
    title: 'Promenade & „Hafen“',
    subtitle: '2.–4. Oktober 2026 · Stundenwerte',
    panels: [{ heading: null, chart: { buckets, lines }, before: new Map() }],
    notes: ['Quelle: Stadt Münster, dl-by-de/2.0', 'Stand: 4.10.2026', 'https://daten.example/stationen/1'],
    mark: 'Simuliert',
    span,
    zone,
    format: new Format('de', zone),
    holidays: holidaysIn(span, zone, null, 'de'),
    words: { suspect: 'auffälliger Wert', gap: 'keine Werte', previous: 'Vorjahr' },
    ...over,
  }
}

const day = (f: (i: number) => Value): Value[] => Array.from({ length: 72 }, (_, i) => f(i))

describe('a chart as a picture', () => {
  it('says what it shows, from whom, under which licence, of when, and that it is simulated', () => {
    const svg = pictureSvg(picture([day((i) => i), day((i) => 100 - i)]))
    for (const text of ['Promenade &amp; „Hafen“', 'Stundenwerte', 'dl-by-de/2.0', '4.10.2026', '>Simuliert<'])
      assert.ok(svg.includes(text), text)
    assert.match(svg, /Reihe &lt;1&gt;<\/text>/, 'lines are named at their ends')
    assert.match(svg, /Tag der Deutschen Einheit/)
    assert.doesNotMatch(pictureSvg(picture([day((i) => i)], { mark: null })), /Simuliert/)
  })

  it('needs nothing from elsewhere and runs nothing', () => {
    const svg = pictureSvg(picture([day((i) => (i % 5 ? i : null))]))
    assert.doesNotMatch(svg, /<(script|image|style|use|foreignObject)|href|@import|@font-face/)
    assert.deepEqual(
      [...svg.matchAll(/url\(([^)]*)\)/g)].filter(([, to]) => !to!.startsWith('#')),
      [],
    )
  })

  it('breaks the line at a gap and hatches it, joins over the times of others, rings what is suspect', () => {
    const svg = pictureSvg(picture([day((i) => (i >= 20 && i < 30 ? null : i % 2 ? undefined : i))]))
    const path = /<path d="([^"]+)" fill="none" stroke="#1e4fa3"/.exec(svg)![1]!
    assert.equal(path.match(/M/g)!.length, 2)
    assert.equal(svg.match(/fill="url\(#gap\)"/g)!.length, 1)
    assert.equal(svg.match(/<circle/g)!.length, 1)
  })

  it('is well-formed and finite whatever the values', () => {
    const value = fc.oneof(fc.double({ min: -1e9, max: 1e9, noNaN: true }), fc.constant(null), fc.constant(undefined))
    fc.assert(
      fc.property(fc.array(value, { minLength: 3, maxLength: 60 }), fc.string(), (values, title) => {
        const svg = pictureSvg(picture([values], { title: title.replace(/[^\x20-\x7e]/g, '') }))
        assert.doesNotMatch(svg, /NaN|Infinity|undefined/)
        const open = [...svg.matchAll(/<(\/?)([a-zA-Z]+)[^<>]*?(\/?)>/g)].reduce(
          (depth, [, end, , self]) => depth + (end ? -1 : self ? 0 : 1),
          0,
        )
        assert.equal(open, 0)
      }),
      { numRuns: 100 },
    )
  })

  it('counts in ones, twos and fives', () => {
    assert.deepEqual(steps([0, 212], 5), [0, 50, 100, 150, 200])
    assert.deepEqual(steps([-3, 7], 5), [-2, 0, 2, 4, 6])
    assert.deepEqual(steps([0, 0.3], 3), [0, 0.1, 0.2, 0.3])
  })
})
