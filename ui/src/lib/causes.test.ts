import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Cause, causeAt } from './series.ts'

describe('the cause of a gap', () => {
  const causes: Cause[] = [
    { from: 100, to: 200, series: [1], text: 'failed' },
    { from: 150, to: null, series: [2], text: 'late' },
    { from: 0, to: null, series: [1], text: 'none came' },
  ]
  it('is the first that covers it, for one of its series', () => {
    const say = (t: number, end: number, ...series: number[]) => causeAt(causes, { t, end }, series)
    assert.equal(say(90, 100, 1), 'none came', 'ends where the outage begins')
    assert.equal(say(90, 101, 1), 'failed')
    assert.equal(say(199, 210, 1), 'failed')
    assert.equal(say(200, 210, 1), 'none came')
    assert.equal(say(150, 150, 2), 'late', 'an instant')
    assert.equal(say(149, 149, 2), null)
    assert.equal(say(160, 170, 2, 1), 'failed')
    assert.equal(say(160, 170, 3), null)
    assert.equal(causeAt([{ from: 0, to: null, series: null, text: 'all' }], { t: 5, end: 6 }, [9]), 'all')
  })
})
