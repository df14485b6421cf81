import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changesOf, factsOf } from './audit.ts'

describe('entries of the log', () => {
  it('tell what changed, and only that', () => {
    const detail = { before: { title: 'Rad', k: 1, tags: ['a'] }, after: { title: 'Radverkehr', k: 1, tags: ['a'] } }
    assert.deepEqual(changesOf(detail), [{ field: 'title', before: 'Rad', after: 'Radverkehr' }])
    assert.deepEqual(changesOf({ before: 'draft', after: 'released', reason: 'x' }), [
      { field: '', before: 'draft', after: 'released' },
    ])
    assert.deepEqual(changesOf({ before: null, after: { id: 'verkehr', description: '' } }), [
      { field: 'id', before: null, after: 'verkehr' },
      { field: 'description', before: null, after: '' },
    ])
    assert.deepEqual(changesOf({ before: { a: { b: 1 } }, after: { a: { b: 2 } } }), [
      { field: 'a', before: { b: 1 }, after: { b: 2 } },
    ])
    assert.equal(changesOf({ role: 'owner' }), null)
  })

  it('keep the rest apart', () => {
    assert.deepEqual(factsOf({ before: 1, after: 2, reason: 'Zweck fehlt' }), [['reason', 'Zweck fehlt']])
    assert.deepEqual(factsOf({ role: 'owner', until: null }), [
      ['role', 'owner'],
      ['until', null],
    ])
  })
})
