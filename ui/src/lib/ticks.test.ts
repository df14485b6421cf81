import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Format } from './format.ts'
import { ticks, weekends } from './ticks.ts'
import { Zone } from './zone.ts'

const zone = new Zone('Europe/Berlin')
const de = new Format('de', zone)
const at = (text: string): number => Date.parse(text)

describe('ticks', () => {
  it('labels each day of a week once, in the middle of the day', () => {
    const span = { from: zone.parseDate('2026-08-14')!, to: zone.parseDate('2026-08-21')! }
    const { labels } = ticks(span, 900, zone, de)
    assert.deepEqual(
      labels.map((l) => l.text),
      ['Fr 14.8.', 'Sa 15.8.', 'So 16.8.', 'Mo 17.8.', 'Di 18.8.', 'Mi 19.8.', 'Do 20.8.'],
    )
    assert.equal(zone.wall(labels[0]!.at).hour, 12)
  })

  it('does not name the hour that is skipped, nor shift those after it', () => {
    const span = { from: zone.parseDate('2026-03-29')!, to: zone.parseDate('2026-03-30')! }
    const texts = ticks(span, 2000, zone, de).labels.map((l) => l.text)
    assert.ok(!texts.includes('02:00'))
    assert.deepEqual(texts.slice(0, 4), ['So 29.3.', '01:00', '03:00', '04:00'])
  })

  it('has one label per day over the day of 25 hours', () => {
    const span = { from: zone.parseDate('2025-10-23')!, to: zone.parseDate('2025-10-30')! }
    const { labels, edges } = ticks(span, 900, zone, de)
    assert.equal(labels.length, 7)
    assert.ok(edges.every((e) => zone.wall(e).hour === 0))
  })

  it('never puts more labels than fit', () => {
    for (const days of [1, 2, 7, 30, 60, 100, 365, 800, 1500, 2800]) {
      for (const width of [260, 600, 1200]) {
        const to = at('2026-08-20T12:15:00Z')
        const { labels } = ticks({ from: to - days * 86_400_000, to }, width, zone, de)
        assert.ok(labels.length > 0 && labels.length <= width / 40, `${days} days in ${width} px: ${labels.length}`)
      }
    }
  })
})

describe('weekends', () => {
  it('finds them, cut to the span', () => {
    const found = weekends({ from: at('2026-08-15T10:00:00Z'), to: at('2026-08-23T10:00:00Z') }, zone)
    assert.deepEqual(
      found.map((s) => [new Date(s.from).toISOString(), new Date(s.to).toISOString()]),
      [
        ['2026-08-15T10:00:00.000Z', '2026-08-16T22:00:00.000Z'],
        ['2026-08-21T22:00:00.000Z', '2026-08-23T10:00:00.000Z'],
      ],
    )
  })
})
