import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseView, snap, spanOf, spanParams, yearBefore } from './view.ts'
import { Zone } from './zone.ts'

const zone = new Zone('Europe/Berlin')
const iso = (at: number): string => new Date(at).toISOString()
const newest = Date.parse('2026-08-20T12:15:00Z')
const since = Date.parse('2019-01-01T00:00:00+01:00')
const span = (search: string) => spanOf(parseView(search), since, newest, zone, Date.parse('2026-11-23T09:00:00Z'))

describe('the address is the view', () => {
  it('ends ranges at the newest value and starts them at midnight', () => {
    assert.deepEqual([iso(span('').from), iso(span('').to)], ['2026-08-13T22:00:00.000Z', '2026-08-20T12:15:00.000Z'])
    assert.equal(iso(span('?range=1y').from), '2025-08-20T22:00:00.000Z')
    assert.equal(iso(span('?range=all').from), '2018-12-31T23:00:00.000Z')
  })

  it('reads an own range as whole days, the last one included', () => {
    const own = span('?from=2026-03-28&to=2026-03-29')
    assert.equal((own.to - own.from) / 3_600_000, 47)
    assert.deepEqual(spanParams(own, zone), { from: '2026-03-28', to: '2026-03-29' })
  })

  it('keeps an own range to the minute', () => {
    const own = span('?from=2026-08-20T06:00&to=2026-08-20T09:30')
    assert.deepEqual(spanParams(own, zone), { from: '2026-08-20T06:00', to: '2026-08-20T09:30' })
  })

  it('falls back to seven days on nonsense', () => {
    for (const search of ['?range=x', '?from=2026-13-01&to=2026-01-01', '?from=2026-08-20&to=2026-08-01']) {
      assert.deepEqual(span(search), span(''))
    }
  })

  it('matches weekdays a year earlier, by the wall clock across clock changes', () => {
    const monday = Date.parse('2026-03-30T08:00:00+02:00')
    assert.equal(iso(yearBefore(monday, 'weekdays', zone)), '2025-03-31T06:00:00.000Z')
    const sunday = Date.parse('2026-10-25T12:00:00+01:00')
    assert.equal(zone.wall(yearBefore(sunday, 'weekdays', zone)).weekday, 7)
    assert.equal(zone.wall(yearBefore(sunday, 'weekdays', zone)).hour, 12)
  })

  it('snaps a long drag to days and never to nothing', () => {
    const dragged = { from: Date.parse('2026-08-14T01:00:00Z'), to: Date.parse('2026-08-18T20:00:00Z') }
    assert.deepEqual(spanParams(snap(dragged, zone), zone), { from: '2026-08-14', to: '2026-08-18' })
    const tiny = snap({ from: newest, to: newest + 1000 }, zone)
    assert.ok(tiny.to - tiny.from >= 3_600_000)
  })
})
