import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseDuration, parseInstant, parsePeriod, showInstant } from './times.ts'

describe('times', () => {
  it('reads what Date reads, in UTC', () => {
    const millis = fc.integer({ min: Date.parse('0001-01-02T00:00:00Z'), max: Date.parse('9999-12-30T00:00:00Z') })
    fc.assert(
      fc.property(millis, fc.integer({ min: -1080, max: 1080 }), (ms, minutes) => {
        const utc = new Date(ms).toISOString()
        const shown = utc.replace(/\.?0+Z$/, 'Z')
        assert.equal(parseInstant(utc), shown)
        const offset = `${minutes < 0 ? '-' : '+'}${String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0')}:${String(Math.abs(minutes) % 60).padStart(2, '0')}`
        assert.equal(parseInstant(new Date(ms + minutes * 60_000).toISOString().replace('Z', offset)), shown)
      }),
    )
  })

  it('refuses what is no time', () => {
    for (const text of [
      '',
      'x',
      '2020-13-01T00:00:00Z',
      '2020-02-30T00:00:00Z',
      '2021-02-29T00:00:00Z',
      '2020-04-31T00:00:00Z',
      '2020-01-01T25:00:00Z',
      '2020-01-01T00:60:00Z',
      '2020-01-01T00:00:60Z',
      '0000-01-01T00:00:00Z',
      '10000-01-01T00:00:00Z',
      '2020-01-01',
      '2020-00-01T00:00:00Z',
      '2020-01-00T00:00:00Z',
      '9999-12-31T23:59:59-02:00',
      '0001-01-01T00:00:00+02:00',
    ]) {
      assert.equal(parseInstant(text), null, text)
    }
    assert.equal(parseInstant('2020-02-29T24:00:00Z'), '2020-03-01T00:00:00Z')
    assert.equal(parseInstant('2000-12-31T24:00:00Z'), '2001-01-01T00:00:00Z')
    assert.equal(parseInstant('2020-01-01T00:00:00.1234567Z'), '2020-01-01T00:00:00.123456Z')
    assert.equal(parseInstant('2020-01-01T00:00'), '2020-01-01T00:00:00Z')
  })

  it('intervals, durations, and what the database gives', () => {
    assert.deepEqual(parsePeriod('2020-01-01T00:00:00Z/2020-01-01T01:00:00+01:00', 't'), {
      start: '2020-01-01T00:00:00Z',
      end: null,
    })
    assert.throws(() => parsePeriod('2020-01-02T00:00:00Z/2020-01-01T00:00:00Z', 't'), /ends before/)
    for (const [text, end] of [
      ['2024-02-29T12:00:00Z/P1Y', '2025-02-28T12:00:00Z'],
      ['2023-12-31T00:00:00Z/P2M1D', '2024-03-01T00:00:00Z'],
      ['2020-01-01T00:00:00.75Z/PT0.5S', '2020-01-01T00:00:01.25Z'],
      ['2020-01-01T00:00:00Z/P1W', '2020-01-08T00:00:00Z'],
      ['0001-01-31T00:00:00Z/P1M', '0001-02-28T00:00:00Z'],
    ] as const)
      assert.deepEqual(parsePeriod(text, 't'), { start: text.split('/')[0], end })
    assert.deepEqual(parsePeriod('P1MT0.000001S/2020-03-31T00:00:00Z', 't'), {
      start: '2020-02-28T23:59:59.999999Z',
      end: '2020-03-31T00:00:00Z',
    })
    for (const text of [
      'P1D/P1D',
      '2020-01-01T00:00:00Z/P',
      '2020-01-01T00:00:00Z/P9999Y',
      'P3000Y/2020-01-01T00:00:00Z',
    ])
      assert.throws(() => parsePeriod(text, 't'), /^StaError: t: /)
    assert.equal(parseDuration('P1DT2H'), '1 days 2 hours')
    assert.equal(parseDuration('-PT0.5S'), '-0.5 secs')
    for (const text of ['P', 'PT', 'P1', '1D', 'P1H']) assert.equal(parseDuration(text), null, text)
    assert.equal(showInstant('2020-01-01T00:00:00.5+00:00'), '2020-01-01T00:00:00.5Z')
  })
})
