import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Format } from './format.ts'
import { Zone } from './zone.ts'

const zone = new Zone('Europe/Berlin')
const de = new Format('de', zone)
const en = new Format('en', zone)
const at = (text: string): number => Date.parse(text)
const plain = (text: string): string => text.replace(/[\u00a0\u2009]/g, ' ')

describe('Format', () => {
  it('writes numbers, dates and times as people do', () => {
    assert.equal(de.number(1234.5), '1.234,5')
    assert.equal(en.number(1234.5), '1,234.5')
    assert.equal(de.date(at('2026-08-20T12:15:00Z')), 'Do, 20.8.2026')
    assert.equal(en.date(at('2026-08-20T12:15:00Z')), 'Thu, 20 Aug 2026')
    assert.equal(plain(de.time(at('2026-08-20T12:15:00Z'))), '14:15 Uhr')
    assert.equal(de.percent(-0.2591, true).replace('\u00a0', ' '), '−25,9 %')
    assert.equal(plain(de.percent(0.00002)), '< 0,1 %')
  })

  it('says how old a value is', () => {
    const now = at('2026-08-20T12:15:00Z')
    assert.equal(de.age(now - 20_000, now), 'gerade eben')
    assert.equal(de.age(now - 4 * 60_000, now), 'vor 4 Minuten')
    assert.equal(en.age(now - 3 * 3_600_000, now), '3 hours ago')
    assert.equal(de.age(now + 60_000, now), 'gerade eben')
  })

  it('ends a day at 24:00', () => {
    assert.equal(plain(de.span(at('2026-08-20T21:45:00Z'), at('2026-08-20T22:00:00Z'))), '23:45–24:00 Uhr')
  })

  it('names the hours of both clock changes', () => {
    const hour = (text: string): string => plain(de.span(at(text), at(text) + 3_600_000))
    assert.equal(hour('2026-03-29T00:00:00Z'), '01:00–02:00 Uhr')
    assert.equal(hour('2026-03-29T01:00:00Z'), '03:00–04:00 Uhr')
    assert.equal(hour('2025-10-26T00:00:00Z'), '02:00–03:00 Uhr (Sommerzeit)')
    assert.equal(hour('2025-10-26T01:00:00Z'), '02:00–03:00 Uhr (Normalzeit)')
    assert.equal(hour('2025-10-26T02:00:00Z'), '03:00–04:00 Uhr')
  })
})
