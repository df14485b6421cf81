import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problem } from '../../kernel/problem.ts'
import { PublishErrors, reasonOf } from './publish-errors.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const MINUTE = 60_000

describe('publish errors', () => {
  it('counts the last hour, and keeps one line for what happens again', () => {
    const errors = new PublishErrors()
    errors.add({ client: 'a', topic: 'x', reason: 'invalid' }, NOW - 61 * MINUTE)
    errors.add({ client: 'a', topic: 'y', reason: 'not-json' }, NOW - 50 * MINUTE)
    errors.add({ client: null, topic: 'y', reason: 'failed' }, NOW - 2 * MINUTE)
    errors.add({ client: 'a', topic: 'y', reason: 'not-json' }, NOW)
    assert.deepEqual(errors.lastHour(NOW), {
      count: 3,
      latest: [
        { client: 'a', topic: 'y', reason: 'not-json', times: 2, last: '2026-11-24T12:00:00.000Z' },
        { client: null, topic: 'y', reason: 'failed', times: 1, last: '2026-11-24T11:58:00.000Z' },
      ],
    })
  })

  it('keeps little, whatever clients call themselves', () => {
    const errors = new PublishErrors()
    for (let i = 0; i < 10_000; i++)
      errors.add({ client: `${i}${'c'.repeat(1_000)}`, topic: 't'.repeat(60_000), reason: 'not-allowed' }, NOW)
    const { count, latest } = errors.lastHour(NOW)
    assert.equal(count, 10_000)
    assert.equal(latest.length, 10)
    assert.ok(latest[0]!.client!.startsWith('9999c'))
    assert.ok(JSON.stringify(latest).length < 10_000)
  })

  it('names the reason without what the message said', () => {
    const because = (status: number, code: string) => reasonOf(new Problem(status, code, 'secret'), status)
    assert.equal(because(400, 'invalid-json'), 'not-json')
    assert.equal(because(403, 'topic-unknown'), 'topic-unknown')
    assert.equal(because(403, 'forbidden'), 'not-allowed')
    assert.equal(reasonOf(new Error('secret'), 404), 'not-found')
    assert.equal(reasonOf(new Error('secret'), 422), 'invalid')
    assert.equal(reasonOf(new Error('secret'), 500), 'failed')
  })
})
