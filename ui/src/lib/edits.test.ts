import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { patchOf } from './edits.ts'

describe('what an edit sends', () => {
  const before = { title: 'Rad', contact: null, properties: { retention: { de: 'Immer' }, other: 1 } }
  const after = { title: 'Rad', contact: 'a@b.de', properties: { other: 1, blindSpots: { de: 'x' } } }

  it('names changed fields only, properties key by key', () => {
    assert.deepEqual(patchOf(before, after), {
      contact: 'a@b.de',
      properties: { retention: null, blindSpots: { de: 'x' } },
    })
    assert.deepEqual(patchOf(before, before), {})
  })

  it('turns around', () => {
    assert.deepEqual(patchOf(after, before), {
      contact: null,
      properties: { retention: { de: 'Immer' }, blindSpots: null },
    })
  })
})
