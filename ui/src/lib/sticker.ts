import { escaped, qrPath } from './qr.ts'

export interface Sticker {
  city: string
  name: string
  /** What is measured, in one sentence. */
  sentence: string
  operator: string
  /** Where the code leads; written out for those without a camera. */
  address: string
  /** What one finds there. */
  hint: string
  /** The word that marks simulated values, else null. */
  mark: string | null
}

/** A6 across, in tenths of a millimetre. */
const [WIDTH, HEIGHT] = [1480, 1050]
const MARGIN = 80
const CODE = 560

/** Breaks a text into lines of about so many letters; what does not fit into `most` lines ends in an ellipsis. */
function lines(text: string, letters: number, most: number): string[] {
  const found: string[] = []
  for (let word of text.trim().split(/\s+/)) {
    for (; word.length > letters; word = word.slice(letters)) found.push(word.slice(0, letters))
    const last = found.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= letters) found[found.length - 1] = `${last} ${word}`
    else found.push(word)
  }
  if (found.length <= most) return found
  return [...found.slice(0, most - 1), `${found[most - 1]!.slice(0, letters - 1)}…`]
}

/** A sticker for the device itself, to be printed as it is: it needs no fonts and nothing from elsewhere. */
export function stickerSvg({ city, name, sentence, operator, address, hint, mark }: Sticker): string {
  const { path, size } = qrPath(address)
  const parts: string[] = []
  const wide = WIDTH - CODE - 2 * MARGIN - 30
  const { text, muted, warn } = { text: '#171a2b', muted: '#555d75', warn: '#a34a00' }
  const write = (x: number, y: number, content: string, size: number, color = text, bold = false): void => {
    const weight = bold ? ' font-weight="700"' : ''
    parts.push(`<text x="${x}" y="${y}" font-size="${size}" fill="${color}"${weight}>${escaped(content)}</text>`)
  }
  let y = 150
  /** Lines below each other at the left. */
  const column = (rows: string[], step: number, size: number, color = text, bold = false): void => {
    for (const row of rows) {
      y += step
      write(MARGIN, y, row, size, color, bold)
    }
  }
  write(MARGIN, 130, lines(city, 60, 1)[0] ?? '', 40, muted)
  column(lines(name, Math.floor(wide / 42), 3), 84, 76, text, true)
  if (mark) column([mark], 62, 42, warn, true)
  y += 26
  column(lines(sentence, Math.floor(wide / 22.5), 6), 54, 42)
  y += 18
  column(lines(operator, Math.floor(wide / 20), 2), 48, 36, muted)
  y = Math.max(y, HEIGHT - 154)
  column(lines(address.replace(/^https?:\/\//, '').replace(/#.*$/, ''), 40, 2), 44, 34, muted)
  const [left, top] = [WIDTH - MARGIN - CODE, 190]
  parts.push(
    `<svg x="${left}" y="${top}" width="${CODE}" height="${CODE}" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path d="${path}" fill="#000"/></svg>`,
  )
  lines(hint, 30, 2).forEach((row, i) => {
    write(left + 40, top + CODE + 66 + i * 46, row, 34, text, true)
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="148mm" height="105mm" role="img" font-family="Arial, Helvetica, sans-serif"><title>${escaped([name, mark].filter(Boolean).join(' – '))}</title><rect x="2" y="2" width="${WIDTH - 4}" height="${HEIGHT - 4}" rx="30" fill="#fff" stroke="#8d93a8" stroke-width="3"/>${parts.join('')}</svg>`
}
