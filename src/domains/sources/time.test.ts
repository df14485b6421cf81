import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { clockOf, isoText } from './clock.ts'
import { RowTime } from './row-time.ts'
import { compileTimeFormat, type ReadTime } from './time-format.ts'

const berlin = clockOf('Europe/Berlin')
const local = (text: string) => Date.parse(`${text}Z`)
const read = (format: string, text: string): string | undefined => {
  const out: ReadTime = { ms: 0, micros: 0, local: true }
  if (!compileTimeFormat(format)(text, out)) return undefined
  return `${isoText(out.ms, out.micros)}${out.local ? ' local' : ''}`
}

describe('clock', () => {
  it('resolves local times on both days the clocks change', () => {
    assert.equal(isoText(berlin.resolve(local('2025-03-30T01:59:59')).at), '2025-03-30T00:59:59Z')
    assert.ok(Number.isNaN(berlin.resolve(local('2025-03-30T02:00:00')).at))
    assert.ok(Number.isNaN(berlin.resolve(local('2025-03-30T02:59:59')).at))
    assert.equal(isoText(berlin.resolve(local('2025-03-30T03:00:00')).at), '2025-03-30T01:00:00Z')
    const { at, later } = berlin.resolve(local('2025-10-26T02:30:00'))
    assert.deepEqual([isoText(at), isoText(later)], ['2025-10-26T00:30:00Z', '2025-10-26T01:30:00Z'])
    assert.ok(Number.isNaN(berlin.resolve(local('2025-10-26T03:00:00')).later))
    assert.equal(isoText(berlin.resolve(local('2025-10-26T03:00:00')).at), '2025-10-26T02:00:00Z')
  })

  it('agrees with Intl for any instant and several zones', () => {
    for (const zone of [
      'Europe/Berlin',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'UTC',
      '+01:00',
    ]) {
      const clock = clockOf(zone)
      const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
      fc.assert(
        fc.property(fc.integer({ min: local('1990-01-01T00:00:00'), max: local('2037-01-01T00:00:00') }), (instant) => {
          const second = Math.floor(instant / 1000) * 1000
          const wall = local(format.format(second).replace(' ', 'T'))
          const { at, later } = clock.resolve(wall)
          assert.ok(at === second || later === second, `${zone} ${isoText(second)}: ${isoText(at)}`)
          assert.equal(second + clock.offset(second), wall)
        }),
        { numRuns: 300 },
      )
    }
  })

  it('adds local days, which are not always 24 hours', () => {
    const day = (text: string) => isoText(berlin.addDays(Date.parse(text), 1))
    assert.equal(day('2025-03-29T23:00:00Z'), '2025-03-30T22:00:00Z')
    assert.equal(day('2025-10-25T22:00:00Z'), '2025-10-26T23:00:00Z')
    assert.equal(day('2025-03-29T01:30:00Z'), '2025-03-30T01:30:00Z')
  })

  it('refuses zones that do not exist', () => assert.throws(() => clockOf('Europe/Berlim'), RangeError))
})

describe('time formats', () => {
  const good: [string, string, string][] = [
    ['iso', '2025-01-01 01:05:00+01:00', '2025-01-01T00:05:00Z'],
    ['iso', '2024-10-27T02:00:00+01:00', '2024-10-27T01:00:00Z'],
    ['iso', '2023-05-19T05:33:35.848446463Z', '2023-05-19T05:33:35.848446Z'],
    ['iso', '2023-05-22T07:47:05.404859+00:00', '2023-05-22T07:47:05.404859Z'],
    ['iso', '2025-01-01T12:00', '2025-01-01T12:00:00Z local'],
    ['iso', '2025-01-01', '2025-01-01T00:00:00Z local'],
    ['iso', '2025-01-01T12:00:00+0130', '2025-01-01T10:30:00Z'],
    ['iso', '2025-01-01T12:00:00-03', '2025-01-01T15:00:00Z'],
    ['YYYY.MM.DD', '2017.01.01', '2017-01-01T00:00:00Z local'],
    ['D.M.YY H:mm', '14.6.23 8:38', '2023-06-14T08:38:00Z local'],
    ['D.M.YY H:mm', '31.12.23 23:59', '2023-12-31T23:59:00Z local'],
    ['YYYY-MM-DD HH:mm', '2024-02-29 24:00', '2024-03-01T00:00:00Z local'],
    ['DD.MM.YYYY HH:mm:ss', '01.02.2024 03:04:05', '2024-02-01T03:04:05Z local'],
    ['epoch', '1692542271', '2023-08-20T14:37:51Z'],
    ['epoch', '1692542271.25', '2023-08-20T14:37:51.25Z'],
    ['epoch-ms', '1692542271250', '2023-08-20T14:37:51.25Z'],
  ]
  for (const [format, text, expected] of good)
    it(`reads ${text} as ${format}`, () => assert.equal(read(format, text), expected))
  const bad: [string, string][] = [
    ['iso', '2025-02-29'],
    ['iso', '2025-13-01'],
    ['iso', '2025-01-01T25:00'],
    ['iso', '2025-01-01T24:01'],
    ['iso', '2025-01-01T12:00:00+25:00'],
    ['iso', '2025-01-01T12:00 '],
    ['iso', 'gestern'],
    ['YYYY-MM-DD HH:mm', '2025-01-01 12:60'],
    ['YYYY-MM-DD HH:mm', '2025-01-01 12:30 Uhr'],
    ['YYYY-MM-DD', '25-01-01'],
    ['epoch', '2025'.repeat(5)],
    ['epoch', ''],
  ]
  for (const [format, text] of bad)
    it(`refuses ${text || 'nothing'} as ${format}`, () => assert.equal(read(format, text), undefined))
  it('says what is wrong with a format', () => {
    assert.throws(() => compileTimeFormat('TT.MM.JJJJ'), /"J" is not a letter of a time format/)
    assert.throws(() => compileTimeFormat('HH:mm'), /has no year/)
  })
})

describe('the time of a row', () => {
  it('makes intervals, from their start or their end, and whole local days', () => {
    const quarter = new RowTime(berlin, 'iso', { seconds: 900, days: 0 }, 'start', undefined)
    assert.ok(quarter.read('2025-07-01 12:00'))
    assert.deepEqual([quarter.start, quarter.end], ['2025-07-01T10:00:00Z', '2025-07-01T10:15:00Z'])
    const ended = new RowTime(berlin, 'iso', { seconds: 900, days: 0 }, 'end', undefined)
    assert.ok(ended.read('2025-07-01 12:00'))
    assert.deepEqual([ended.start, ended.end], ['2025-07-01T09:45:00Z', '2025-07-01T10:00:00Z'])
    const day = new RowTime(berlin, 'YYYY.MM.DD', { seconds: 86_400, days: 1 }, 'start', undefined)
    assert.ok(day.read('2024.10.27'))
    assert.deepEqual([day.start, day.end], ['2024-10-26T22:00:00Z', '2024-10-27T23:00:00Z'])
  })

  it('says why a time is none', () => {
    const time = new RowTime(berlin, 'iso', undefined, 'start', undefined)
    assert.ok(!time.read('2025-03-30 02:15'))
    assert.match(time.reason, /does not exist in Europe\/Berlin/)
    assert.ok(!time.read(''))
    assert.match(time.reason, /empty/)
    assert.ok(!time.read('heute'))
    assert.match(time.reason, /not a time of the form iso/)
  })
})
