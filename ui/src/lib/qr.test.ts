import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encode } from 'uqr'
import { qrPath, qrSvg } from './qr.ts'
import { stickerSvg } from './sticker.ts'

/** Fills a grid by what the path draws, as a renderer would. */
function drawn({ path, size }: { path: string; size: number }): boolean[][] {
  const grid = Array.from({ length: size }, () => new Array<boolean>(size).fill(false))
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H\1z/g)) {
    for (let i = 0; i < Number(width); i++) grid[Number(y)]![Number(x) + i] = true
  }
  return grid
}

describe('QR code', () => {
  it('draws exactly the modules of the code, with four light ones around', () => {
    fc.assert(
      fc.property(fc.webUrl(), (url) => {
        const code = qrPath(url)
        const grid = drawn(code)
        assert.deepEqual(grid, encode(url, { ecc: 'Q', border: 4 }).data)
        for (let i = 0; i < code.size; i++) for (let k = 0; k < 4; k++) assert.ok(!grid[k]![i] && !grid[i]![k])
        // The finder patterns in three corners: a dark ring of seven.
        const far = code.size - 5
        for (const [x, y] of [
          [4, 4],
          [far, 4],
          [4, far],
        ] as const)
          assert.ok(grid[y]![x], `${x}, ${y}`)
      }),
      { numRuns: 50 },
    )
  })

  it('is black on white and runs nothing', () => {
    const svg = qrSvg('https://daten.example/stationen/7#steckbrief', 'Code <Hafen>')
    assert.match(svg, /<title>Code &lt;Hafen&gt;<\/title><rect [^>]*fill="#fff"/)
    assert.doesNotMatch(svg, /script|href|style/)
  })

  it('stands on a sticker with name, sentence and who runs the station, however long they are', () => {
    const text = fc.string({ minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(text, text, text, (name, sentence, operator) => {
        const svg = stickerSvg({
          city: 'Stadt',
          name,
          sentence,
          operator,
          address: 'https://a.example/stationen/7',
          hint: 'Mehr',
          mark: 'Simuliert',
        })
        assert.ok(svg.includes('>Simuliert<'))
        assert.doesNotMatch(svg.replace(/<[^<>]*>/g, ''), /[<>]/)
        for (const [, y] of svg.matchAll(/<text x="\d+" y="([\d.]+)"/g)) assert.ok(Number(y) <= 1050, `line at ${y}`)
      }),
      { numRuns: 100 },
    )
  })
})
