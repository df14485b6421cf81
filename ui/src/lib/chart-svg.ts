import type { Format } from './format.ts'
import type { Holiday } from './holidays.ts'
import { escaped } from './qr.ts'
import { type Chart, gaps, type Line, middle, type Value, valueRange } from './series.ts'
import { restDays, ticks } from './ticks.ts'
import type { Span } from './view.ts'
import type { Zone } from './zone.ts'

/** One drawing within a picture: lines of one unit. */
export interface Panel {
  heading: string | null
  chart: Chart
  before: Map<number, Value[]>
  /** Smallest and largest value of all panels that are to be compared by height. */
  scale?: [number, number]
}

/** What a picture for others holds. Who sees it far from its page must still know what, from whom, and when. */
export interface Picture {
  title: string
  subtitle: string
  panels: Panel[]
  /** Source, licence, date, address: below the drawing. */
  notes: string[]
  /** The word that marks simulated values; null where they were measured. */
  mark: string | null
  span: Span
  zone: Zone
  format: Format
  holidays: Holiday[]
  words: { suspect: string; gap: string; previous: string }
}

const WIDTH = 1200
const MARGIN = 40
const DAY = 86_400_000
/** Installed nearly everywhere; nothing is fetched, since a picture opened elsewhere may not fetch anything. */
const FONT = 'Arial, Helvetica, sans-serif'
/** The light theme's colours: a picture is for paper and for pages of others. */
const COLORS = ['#1e4fa3', '#b4530a', '#0a7a66', '#8a3ba8', '#5c6470']
const INK = { text: '#171a2b', muted: '#555d75', ruler: '#dfe2ea', rest: '#f1f2f7', hatch: '#8d93a8', warn: '#a34a00' }

/** Width of a text in Arial, roughly: enough to keep labels apart. */
const widthOf = (text: string, size: number): number => text.length * size * 0.54
const px = (value: number): string => String(Math.round(value * 10) / 10)

interface Look {
  size?: number
  bold?: boolean
  color?: string
  anchor?: 'start' | 'middle' | 'end'
}
function write(x: number, y: number, content: string, look: Look = {}): string {
  const { size = 15, bold = false, color = INK.text, anchor = 'start' } = look
  const weight = bold ? ' font-weight="700"' : ''
  return `<text x="${px(x)}" y="${px(y)}" font-size="${size}" fill="${color}" text-anchor="${anchor}"${weight}>${escaped(content)}</text>`
}

/** Steps of 1, 2 or 5 times a power of ten: about `most` of them. */
export function steps([low, high]: [number, number], most: number): number[] {
  const rough = (high - low) / most
  const power = 10 ** Math.floor(Math.log10(rough))
  // Differences no number can divide further.
  if (!(power > 1e-300)) return [low]
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough) ?? 10 * power
  const found: number[] = []
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    found.push(Number((i * step).toPrecision(12)))
  return found
}

/** The picture as a standalone SVG document, made from the data. Needs no page, so it can be tested without one. */
export function pictureSvg(picture: Picture): string {
  const { title, subtitle, panels, notes, mark } = picture
  const parts: string[] = []
  let y = 52
  parts.push(write(MARGIN, y, title, { size: 26, bold: true }))
  if (mark) {
    const width = widthOf(mark, 16) + 28
    parts.push(
      `<rect x="${px(WIDTH - MARGIN - width)}" y="28" width="${px(width)}" height="30" rx="15" fill="none" stroke="${INK.warn}" stroke-width="1.5" stroke-dasharray="5 3"/>`,
      write(WIDTH - MARGIN - width / 2, 48, mark, { size: 16, bold: true, color: INK.warn, anchor: 'middle' }),
    )
  }
  y += 28
  parts.push(write(MARGIN, y, subtitle, { size: 17, color: INK.muted }))
  y += 22
  const height = panels.length === 1 ? 430 : 230
  panels.forEach((panel, i) => {
    if (panel.heading) {
      y += 26
      parts.push(write(MARGIN, y, panel.heading, { bold: true, size: 16 }))
    }
    y += 14
    parts.push(drawPanel(picture, panel, y, height, i))
    y += height
  })
  y += 12
  const suspect = panels.some((p) => p.chart.lines.some((l) => l.suspect.includes(true)))
  const missing = panels.some((p) => gaps(p.chart).length > 0)
  const compared = panels.some((p) => p.before.size > 0)
  const key = [
    compared ? `- - -  ${picture.words.previous}` : '',
    suspect ? `○  ${picture.words.suspect}` : '',
    missing ? `▨  ${picture.words.gap}` : '',
  ].filter(Boolean)
  for (const line of [...(key.length > 0 ? [key.join('      ')] : []), ...notes].flatMap((note) => wrap(note))) {
    y += 21
    parts.push(write(MARGIN, y, line, { size: 14, color: INK.muted }))
  }
  const full = Math.ceil(y + 28)
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${full}" viewBox="0 0 ${WIDTH} ${full}" role="img" font-family="${FONT}">
<title>${escaped([title, mark].filter(Boolean).join(' – '))}</title>
<desc>${escaped([subtitle, ...notes].join(' '))}</desc>
<defs><pattern id="gap" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V8" stroke="${INK.hatch}" stroke-width="1"/></pattern></defs>
<rect width="${WIDTH}" height="${full}" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`
}

function wrap(note: string): string[] {
  const lines: string[] = []
  for (const word of note.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && widthOf(`${last} ${word}`, 14) <= WIDTH - 2 * MARGIN)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

function drawPanel(
  picture: Picture,
  { chart, before, scale }: Panel,
  top: number,
  height: number,
  index: number,
): string {
  const { span, zone, format, holidays } = picture
  const parts: string[] = []
  const known = [...chart.lines.flatMap((l) => l.values), ...[...before.values()].flat()].filter((v) => v != null)
  const zero = chart.lines.every((l) => l.aggregate === 'sum')
  const low = known.reduce((a: number | null, v) => (a === null || v < a ? v : a), null)
  const high = known.reduce((a: number | null, v) => (a === null || v > a ? v : a), null)
  const range = scale ? valueRange(...scale, zero) : valueRange(low, high, zero)
  const marks = steps(range, height / 56)
  const labels = chart.lines.length > 1
  const right = labels ? Math.min(260, Math.max(...chart.lines.map((l) => widthOf(l.label, 15))) + 14) : 6
  const left = MARGIN + Math.max(...marks.map((m) => widthOf(format.number(m), 14))) + 12
  const plot = { left, right: WIDTH - MARGIN - right, top, bottom: top + height - 54 }
  const x = (at: number): number => plot.left + ((at - span.from) / (span.to - span.from)) * (plot.right - plot.left)
  const y = (v: number): number => plot.bottom - ((v - range[0]) / (range[1] - range[0])) * (plot.bottom - plot.top)
  const block = (from: number, to: number, fill: string): string => {
    const [a, b] = [x(Math.max(from, span.from)), x(Math.min(to, span.to))]
    return b - a < 1
      ? ''
      : `<rect x="${px(a)}" y="${px(plot.top)}" width="${px(b - a)}" height="${px(plot.bottom - plot.top)}" fill="${fill}"/>`
  }
  const days = span.to - span.from <= 75 * DAY
  if (days) for (const r of restDays(span, holidays, zone)) parts.push(block(r.from, r.to, INK.rest))
  for (const g of gaps(chart)) parts.push(block(g.from, g.to, 'url(#gap)'))
  for (const m of marks) {
    parts.push(
      `<path d="M${px(plot.left)} ${px(y(m))}H${px(plot.right)}" stroke="${INK.ruler}"/>`,
      write(plot.left - 10, y(m) + 5, format.number(m), { size: 14, color: INK.muted, anchor: 'end' }),
    )
  }
  for (const l of ticks(span, plot.right - plot.left, zone, format).labels) {
    parts.push(write(x(l.at), plot.bottom + 22, l.text, { size: 14, color: INK.muted, anchor: 'middle' }))
  }
  if (days) {
    let free = 0
    for (const h of holidays) {
      const at = x((Math.max(h.from, span.from) + Math.min(h.to, span.to)) / 2)
      const half = widthOf(h.name, 13) / 2
      const middleAt = Math.min(at, WIDTH - MARGIN - half)
      if (middleAt - half < free) continue
      parts.push(write(middleAt, plot.bottom + 41, h.name, { size: 13, bold: true, anchor: 'middle' }))
      free = middleAt + half + 8
    }
  }
  const times = chart.buckets.map((b) => x(middle(b)))
  const color = (line: Line): string => COLORS[(line.color - 1) % COLORS.length]!
  parts.push(
    `<clipPath id="plot${index}"><rect x="${px(plot.left)}" y="${px(plot.top - 4)}" width="${px(plot.right - plot.left)}" height="${px(plot.bottom - plot.top + 8)}"/></clipPath><g clip-path="url(#plot${index})">`,
  )
  for (const line of chart.lines) {
    const old = before.get(line.id)
    if (old) {
      const stroke = labels ? color(line) : INK.muted
      parts.push(
        `<path d="${pathOf(old, times, y)}" fill="none" stroke="${stroke}" stroke-width="1.5" stroke-dasharray="6 5"/>`,
      )
    }
    parts.push(
      `<path d="${pathOf(line.values, times, y)}" fill="none" stroke="${color(line)}" stroke-width="2.2" stroke-linejoin="round" stroke-linecap="round"/>`,
    )
    line.values.forEach((v, i) => {
      if (v != null && line.suspect[i])
        parts.push(
          `<circle cx="${px(times[i]!)}" cy="${px(y(v))}" r="4" fill="#ffffff" stroke="${INK.warn}" stroke-width="1.8"/>`,
        )
    })
  }
  parts.push('</g>')
  if (labels) parts.push(...nameLines(chart.lines, y, plot, color))
  return parts.filter(Boolean).join('\n')
}

/** Lines are named at their ends, apart from each other. */
function nameLines(
  lines: Line[],
  y: (v: number) => number,
  plot: { right: number; top: number; bottom: number },
  color: (line: Line) => string,
): string[] {
  const names = lines.flatMap((line) => {
    const last = line.values.findLast((v) => v != null)
    return last == null ? [] : [{ line, y: y(last) }]
  })
  names.sort((a, b) => a.y - b.y)
  let free = plot.top
  for (const name of names) {
    name.y = Math.max(name.y, free)
    free = name.y + 18
  }
  const over = Math.max(0, free - 18 - plot.bottom)
  return names.map((n) => write(plot.right + 8, n.y - over + 5, n.line.label, { color: color(n.line), size: 15 }))
}

/** Broken where a value was expected and none came; a value alone between gaps becomes a dot (round line ends). */
function pathOf(values: readonly Value[], times: readonly number[], y: (v: number) => number): string {
  let path = ''
  let open = false
  values.forEach((v, i) => {
    if (v === undefined) return
    if (v === null) {
      open = false
      return
    }
    const point = `${px(times[i]!)} ${px(y(v))}`
    path += open ? `L${point}` : `M${point}L${point}`
    open = true
  })
  return path
}
