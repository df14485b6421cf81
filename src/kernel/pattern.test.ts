import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePattern } from './pattern.ts'

describe('patterns of people for texts of others', () => {
  it('match as those of JavaScript, with their groups in order', () => {
    const file = compilePattern('^(?<jahr>\\d{4})-(?<monat>\\d\\d)(?<rest>_x)?\\.csv$')
    assert.deepEqual(
      file.groups('2024-05.csv'),
      new Map([
        ['jahr', '2024'],
        ['monat', '05'],
        ['rest', ''],
      ]),
    )
    assert.equal(file.groups('2024-5.csv'), null)
    assert.equal(file.test('2024-05.csv'), true)
    assert.equal(file.first('2024-05.csv'), '2024')
    assert.equal(compilePattern('\\d+|(x)').first('a 12'), '12')
    assert.equal(compilePattern('\\d+').first('a'), null)
    for (const [source, text] of [
      ['\\p{Lu}\\p{L}+ \\u00e4', 'Grün ä'],
      ['Stra\\u{df}e', 'Straße'],
      ['^a/b\\/c', 'a/b/c'],
      ['^\u{1F6B2}.$', '\u{1F6B2}\u{1F6B2}'],
      ['', 'x'],
    ] as const)
      assert.equal(compilePattern(source).test(text), true, source)
  })

  it('take no longer for a text made to hold them up', () => {
    for (const source of ['(a+)+$', '^(\\w+\\s?)*$', '(.*)*x', '(a|a)*b', '^(a?){60}a{60}$'])
      assert.equal(compilePattern(source).test(`${'a'.repeat(20_000)}!`), false, source)
  })

  it('say what is wrong with them, and which part could take for ever', () => {
    assert.throws(() => compilePattern('(unclosed'), SyntaxError)
    for (const [source, sentence] of [
      ['^(?!x)\\w+$', /^SyntaxError: Look-around \("\(\?!"\) is not possible/],
      ['^(?<a>.)(?=b)', /Look-around \("\(\?="\)/],
      ['(?<!a)b', /Look-around \("\(\?<!"\)/],
      ['(a)\\1', /A reference to a group \("\\1"\)/],
      ['(?<a>x)\\k<a>', /A reference to a group \("\\k<a>"\)/],
      ['[(?=]{1001}', /Invalid regular expression: .*repeat/],
    ] as const)
      assert.throws(() => compilePattern(source), sentence, source)
    assert.equal(compilePattern('^\\(\\?=[(?!\\]]$').test('(?=]'), true)
  })
})
