/** A marker that would like a label, in screen pixels; the list is in the order of importance. */
export interface Labelled {
  id: number
  text: string
  x: number
  y: number
  r: number
}

let context: CanvasRenderingContext2D | null = null
const widths = new Map<string, number>()

function widthOf(text: string): number {
  const known = widths.get(text)
  if (known !== undefined) return known
  context ??= document.createElement('canvas').getContext('2d')
  if (!context) return text.length * 7
  context.font = '13px "Fira Sans", sans-serif'
  const width = context.measureText(text).width + 8
  // The typeface may still be on its way: only what was measured with it is kept.
  if (document.fonts.check('13px "Fira Sans"')) widths.set(text, width)
  return width
}

/** Puts labels right or left of their markers where they cover neither a marker nor another label; others get none. */
export function placeLabels(
  markers: Labelled[],
  obstacles: { x: number; y: number; r: number }[],
  overlays: [x0: number, y0: number, x1: number, y1: number][],
  width: number,
  height: number,
): Map<number, 'right' | 'left'> {
  const taken: [number, number, number, number][] = []
  for (const m of [...markers, ...obstacles]) taken.push([m.x - m.r, m.y - m.r, m.x + m.r, m.y + m.r])
  taken.push(...overlays)
  const free = (x0: number, y0: number, x1: number, y1: number, own: number): boolean =>
    x0 >= 4 &&
    x1 <= width - 4 &&
    y0 >= 0 &&
    y1 <= height &&
    !taken.some(([a, b, c, d], i) => i !== own && a < x1 && c > x0 && b < y1 && d > y0)
  const sides = new Map<number, 'right' | 'left'>()
  markers.forEach((m, i) => {
    const w = widthOf(m.text)
    for (const side of ['right', 'left'] as const) {
      const x0 = side === 'right' ? m.x + m.r + 2 : m.x - m.r - 2 - w
      if (free(x0, m.y - 9, x0 + w, m.y + 9, i)) {
        taken.push([x0, m.y - 9, x0 + w, m.y + 9])
        sides.set(m.id, side)
        return
      }
    }
  })
  return sides
}
