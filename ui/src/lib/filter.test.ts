import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matches } from './filter.ts'

describe('the filter of a list', () => {
  it('finds every word anywhere, however it is written', () => {
    for (const query of [
      '',
      '  ',
      'muhle',
      'Mühle',
      'MUEHLE',
      'mu\u0308hle',
      'bach müh',
      'strasse',
      'Straße',
      'rad',
      'e',
    ]) {
      assert.equal(matches(query, ['Mühlbachstraße an der Mühle', 'Fahrräder']), true, query)
    }
    for (const query of ['x', 'mühle x', 'muuhle', 'mahle']) {
      assert.equal(matches(query, ['Mühlbachstraße an der Mühle', 'Fahrräder']), false, query)
    }
    assert.equal(matches('a', []), false)
  })
})
