import { type Bounds, type Camera, resolutionAt } from './camera.ts'

/** Our own map ground, as SVG paths in screen pixels: the city's frame and a grid whose cells have a round size. */
export interface Ground {
  frame: string
  grid: string
  /** Side of a cell: in pixels and in metres. */
  cell: number
  metres: number
}

/** The round length (1, 2, 5 · 10^n metres) that is at least `pixels` long. */
export function roundLength(pixels: number, metresPerPixel: number): number {
  const least = pixels * metresPerPixel
  const power = 10 ** Math.floor(Math.log10(least))
  return (([1, 2, 5, 10] as const).find((f) => f * power >= least) ?? 10) * power
}

export function groundOf(camera: Camera, [w, s, e, n]: Bounds, width: number, height: number): Ground {
  const lat = (s + n) / 2
  const scale = resolutionAt(lat, camera.zoom)
  const metres = roundLength(88, scale)
  const [x0, y1] = camera.project(w, s)
  const [x1, y0] = camera.project(e, n)
  const cell = metres / scale
  let grid = ''
  // Counted from the frame's south-west corner, so that the grid stays with the city when the map moves.
  for (let x = x0 - Math.ceil(x0 / cell) * cell; x <= width; x += cell) grid += `M${x.toFixed(1)} 0V${height}`
  for (let y = y1 - Math.ceil(y1 / cell) * cell; y <= height; y += cell) grid += `M0 ${y.toFixed(1)}H${width}`
  return { frame: `M${x0} ${y0}H${x1}V${y1}H${x0}Z`, grid, cell, metres }
}
