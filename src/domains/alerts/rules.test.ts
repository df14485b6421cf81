import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Notice } from './model.ts'
import { advance, isQuiet, type Standing } from './rules.ts'
import { compose } from './words.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const ZONE = 'Europe/Berlin'

/** Plays seen (true) and not seen (false), a look each minute; answers what was told and when. */
function play(seen: readonly boolean[]): { told: string[]; standing: Standing | null } {
  let standing: Standing | null = null
  const told: string[] = []
  seen.forEach((wrong, minute) => {
    const step = advance(standing, wrong, minute * MINUTE)
    if (step?.tell) told.push(`${step.tell} ${minute}`)
    standing = step
  })
  return { told, standing }
}
const minutes = (n: number, wrong: boolean): boolean[] => new Array(n).fill(wrong)

describe('a problem', () => {
  it('is told after two minutes and over after ten good ones', () => {
    assert.deepEqual(play([...minutes(1, true), ...minutes(60, false)]).told, [])
    assert.deepEqual(play([...minutes(30, true), ...minutes(30, false)]).told, ['began 2', 'over 40'])
  })

  it('that comes and goes is told ever more seldom', () => {
    const flapping = Array.from({ length: 24 * 60 }, (_, i) => i % 20 < 8)
    const { told } = play(flapping)
    assert.deepEqual(told, ['began 2', 'over 18', 'began 24'])
    const slow = Array.from({ length: 24 * 60 }, (_, i) => i % 60 < 30)
    assert.ok(play(slow).told.length <= 8, String(play(slow).told))
  })

  it('is never told to begin twice without being over, nor over without having begun', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.boolean()), { maxLength: 40 }), (parts) => {
        const { told } = play(parts.flatMap(([n, wrong]) => minutes(n, wrong)))
        told.forEach((one, i) => {
          assert.ok(one.startsWith(i % 2 === 0 ? 'began' : 'over'), told.join())
        })
      }),
    )
  })
})

describe('quiet hours', () => {
  const at = (text: string) => Date.parse(text)

  it('follow the city’s clock over midnight, summer and winter', () => {
    assert.ok(isQuiet(at('2026-08-20T20:00:00Z'), ZONE, '22:00', '06:00'))
    assert.ok(!isQuiet(at('2026-08-20T19:59:00Z'), ZONE, '22:00', '06:00'))
    assert.ok(isQuiet(at('2026-01-20T04:59:00Z'), ZONE, '22:00', '06:00'))
    assert.ok(!isQuiet(at('2026-01-20T05:00:00Z'), ZONE, '22:00', '06:00'))
    assert.ok(isQuiet(at('2026-01-20T12:00:00Z'), ZONE, '12:00', '14:00'))
    assert.ok(!isQuiet(at('2026-01-20T12:00:00Z'), ZONE, null, null))
  })

  it('last seven hours in the night to summer time and nine in the one back', () => {
    const quiet = (from: string) =>
      Array.from({ length: 24 * 60 }, (_, i) => at(from) + i * MINUTE).filter((t) => isQuiet(t, ZONE, '22:00', '06:00'))
        .length
    assert.equal(quiet('2026-03-28T12:00:00Z'), 7 * 60)
    assert.equal(quiet('2026-10-24T12:00:00Z'), 9 * 60)
    // An end that comes twice is the first one; one that does not exist is the jump.
    assert.ok(!isQuiet(at('2026-10-25T00:30:00Z'), ZONE, '22:00', '02:30'))
    assert.ok(!isQuiet(at('2026-10-25T01:10:00Z'), ZONE, '22:00', '02:30'))
    assert.ok(isQuiet(at('2026-03-29T00:59:00Z'), ZONE, '22:00', '02:30'))
  })

  it('begin once and end once in any day, whatever the times', () => {
    const clock = fc
      .integer({ min: 0, max: 95 })
      .map((q) => `${String(q >> 2).padStart(2, '0')}:${String((q % 4) * 15).padStart(2, '0')}`)
    const start = fc.integer({ min: 0, max: 730 }).map((day) => Date.parse('2026-01-01T00:00:00Z') + day * 24 * HOUR)
    fc.assert(
      fc.property(clock, clock, start, (from, to, begin) => {
        // 23 hours never hold the same time of day twice, not even when the clocks are put forward.
        const states = Array.from({ length: 4 * 23 }, (_, i) => isQuiet(begin + i * 15 * MINUTE, ZONE, from, to))
        const turns = states.filter((state, i) => i > 0 && state !== states[i - 1]).length
        assert.ok(turns <= 3, `${from}–${to}: ${turns} turns`)
      }),
    )
  })
})

describe('messages', () => {
  const notice = (i: number, kind: Notice['kind'] = 'began'): Notice => ({
    id: i,
    kind,
    event: 'broken',
    key: `source:s${i}`,
    title: `Quelle „S${i}“`,
    source: `s${i}`,
    path: `/verwaltung/quellen/s${i}`,
    cause: 'Die Adresse ist\r\nBcc: x@y nicht erreichbar.',
    advice: 'Fragen Sie nach.',
    since: '2026-08-20T12:15:00Z',
    createdAt: '2026-08-20T12:17:00Z',
  })
  const head = { city: 'Musterstadt', timeZone: ZONE, origin: 'https://daten.example' }

  it('say what, since when, why, what to do and where', () => {
    const { subject, body } = compose([notice(1)], head, 'x')
    assert.equal(subject, 'Musterstadt: Quelle „S1“ – gestört')
    assert.match(body, /Do, 20\.8\.2026, 14:15 Uhr/)
    assert.match(
      body,
      /Ursache: Die Adresse ist Bcc: x@y nicht erreichbar\.\nWas tun: Fragen Sie nach\.\nhttps:\/\/daten\.example\/verwaltung\/quellen\/s1/,
    )
  })

  it('stay short however much happened, and say once what came and went', () => {
    const { subject, body, payload } = compose(
      Array.from({ length: 1000 }, (_, i) => notice(i)),
      head,
      'x',
    )
    assert.match(subject, /1000 Meldungen – 1000 gestört/)
    assert.match(body, /… und 980 weitere\./)
    assert.ok(body.length < 8_000)
    assert.equal((payload.messages as unknown[]).length, 500)
    const both = compose([notice(1), notice(1, 'over')], head, 'x')
    assert.match(both.subject, /war gestört, ist wieder in Ordnung/)
    assert.equal(both.body.match(/Quelle „S1“/g)?.length, 1)
  })
})
