import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Block, blocksOf, type Span } from './plain-text.ts'

const spans = (blocks: Block[]): Span[] =>
  blocks.flatMap((b) => (b.kind === 'heading' ? b.spans : b.kind === 'list' ? b.items.flat() : b.lines.flat()))

describe('texts on boards', () => {
  it('knows headings, paragraphs with their line breaks, lists, bold words and links', () => {
    const text =
      '# Guten Tag\n\nErste Zeile\nzweite **fett** Zeile\n\n- eins\n- [zwei](/datensaetze)\n\n1. a\n2) b\n## Mehr'
    assert.deepEqual(blocksOf(text), [
      { kind: 'heading', level: 1, spans: [{ text: 'Guten Tag' }] },
      {
        kind: 'paragraph',
        lines: [[{ text: 'Erste Zeile' }], [{ text: 'zweite ' }, { text: 'fett', bold: true }, { text: ' Zeile' }]],
      },
      { kind: 'list', ordered: false, items: [[{ text: 'eins' }], [{ text: 'zwei', href: '/datensaetze' }]] },
      { kind: 'list', ordered: true, items: [[{ text: 'a' }], [{ text: 'b' }]] },
      { kind: 'heading', level: 2, spans: [{ text: 'Mehr' }] },
    ])
  })

  it('links to the web, to mail and to this platform, and to nothing else', () => {
    const href = (target: string) => spans(blocksOf(`[x](${target})`))[0]!.href
    assert.equal(href('https://example.org/a?b=c#d'), 'https://example.org/a?b=c#d')
    assert.equal(href('mailto:stadt@example.org'), 'mailto:stadt@example.org')
    assert.equal(href('/tafeln/rathaus'), '/tafeln/rathaus')
    for (const hostile of [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      'java\tscript:alert(1)',
      'data:text/html,<script>alert(1)</script>',
      'vbscript:x',
      '//example.org',
      '/\\example.org',
      'https:/example.org:x',
      'blob:https://example.org/1',
      'file:///etc/passwd',
    ]) {
      assert.equal(href(hostile), undefined, hostile)
    }
  })

  it('loses no word and finds only links of three kinds, whatever it is given', () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom('**', '[', '](', ')', '\n', '# ', '- ', '1. ', 'javascript:', 'https://', '/', '<img onerror=x>'),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('')
        for (const { href } of spans(blocksOf(text))) {
          if (href !== undefined) assert.match(href, /^(https?:\/\/|mailto:|\/(?![/\\]))/i)
        }
      }),
    )
    const hostile = '<script>alert(1)</script> [a](javascript:b) **'
    assert.equal(
      spans(blocksOf(hostile))
        .map((s) => s.text)
        .join(''),
      hostile,
    )
  })

  it('reads a long hostile text in no time', () => {
    const start = performance.now()
    blocksOf('**['.repeat(1_666))
    blocksOf(`[${'x'.repeat(4_900)}](`)
    assert.ok(performance.now() - start < 500)
  })
})
