/** West, south, east, north in degrees. */
export type Bounds = [number, number, number, number]

/**
 * What the markers need of a map: where a place is on the screen now. Two kinds exist: `PlainCamera` for our own
 * ground, which loads nothing, and one over MapLibre for a city with a map style or a map file of its own.
 */
export interface Camera {
  /** In the convention of 512-pixel tiles: the world is 512 · 2^zoom pixels wide. */
  readonly zoom: number
  /** Whether someone has moved the map: then it keeps its view when the window changes. */
  readonly touched: boolean
  project(lon: number, lat: number): [x: number, y: number]
  /** The part of the world on the screen. */
  bounds(): Bounds
  /** Never nearer than `most`, 14 when absent. */
  fit(bounds: Bounds, animate: boolean, most?: number): void
  /** Zooms by so many steps around a place, or around the middle. */
  zoomBy(steps: number, around?: [lon: number, lat: number]): void
  resize(): void
  /** Draws in the colours of the dark page, or of the light one. Absent where the ground follows by itself. */
  setDark?(dark: boolean): void
  destroy(): void
}

const TILE = 512
const mercatorX = (lon: number): number => (180 + lon) / 360
const mercatorY = (lat: number): number =>
  0.5 - Math.log(Math.tan(Math.PI / 4 + (Math.max(-85, Math.min(85, lat)) * Math.PI) / 360)) / (2 * Math.PI)
const lonOf = (x: number): number => x * 360 - 180
const latOf = (y: number): number => (Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 360) / Math.PI - 90

/** Metres per pixel at a latitude. */
export const resolutionAt = (lat: number, zoom: number): number =>
  (40_075_016.7 * Math.cos((lat * Math.PI) / 180)) / (TILE * 2 ** zoom)

/** The place at a part of a picture of `bounds`: 0, 0 is its upper left corner, 1, 1 the lower right. */
export function placeAt([w, s, e, n]: Bounds, fx: number, fy: number): [lon: number, lat: number] {
  const [top, bottom] = [mercatorY(n), mercatorY(s)]
  return [w + fx * (e - w), latOf(top + fy * (bottom - top))]
}

const MIN_ZOOM = 6
const MAX_ZOOM = 18

/**
 * A Mercator view moved by mouse, wheel, two fingers and keys. One finger scrolls the page: the map never traps it.
 * `moved` is called whenever a place changes its position.
 */
export class PlainCamera implements Camera {
  zoom = 11
  touched = false
  #x = 0.5
  #y = 0.5
  #animation = 0
  readonly #element: HTMLElement
  readonly #moved: () => void
  readonly #leastZoom: number
  readonly #pointers = new Map<number, [number, number]>()
  readonly #off = new AbortController()

  constructor(element: HTMLElement, moved: () => void, leastZoom = MIN_ZOOM) {
    this.#leastZoom = leastZoom
    this.#element = element
    this.#moved = moved
    const options = { signal: this.#off.signal }
    element.addEventListener('pointerdown', (e) => this.#down(e), options)
    element.addEventListener('pointermove', (e) => this.#move(e), options)
    for (const type of ['pointerup', 'pointercancel'] as const) {
      element.addEventListener(type, (e) => this.#pointers.delete(e.pointerId), options)
    }
    element.addEventListener('wheel', (e) => this.#wheel(e), { ...options, passive: false })
    element.addEventListener('dblclick', (e) => this.#doubleClick(e), options)
    element.addEventListener('keydown', (e) => this.#key(e), options)
  }

  project(lon: number, lat: number): [number, number] {
    const size = TILE * 2 ** this.zoom
    return [
      (mercatorX(lon) - this.#x) * size + this.#element.clientWidth / 2,
      (mercatorY(lat) - this.#y) * size + this.#element.clientHeight / 2,
    ]
  }

  bounds(): Bounds {
    const size = TILE * 2 ** this.zoom
    const w = this.#element.clientWidth / 2 / size
    const h = this.#element.clientHeight / 2 / size
    return [lonOf(this.#x - w), latOf(this.#y + h), lonOf(this.#x + w), latOf(this.#y - h)]
  }

  fit([west, south, east, north]: Bounds, animate: boolean, most = 14): void {
    const [x0, x1, y0, y1] = [mercatorX(west), mercatorX(east), mercatorY(north), mercatorY(south)]
    const padding = Math.min(56, this.#element.clientWidth / 8)
    const width = Math.max(80, this.#element.clientWidth - 2 * padding)
    const height = Math.max(80, this.#element.clientHeight - 2 * padding)
    const zoom = Math.log2(Math.min(width / (x1 - x0), height / (y1 - y0)) / TILE)
    this.#go((x0 + x1) / 2, (y0 + y1) / 2, Math.min(zoom, most), animate)
  }

  zoomBy(steps: number, around?: [number, number]): void {
    this.touched = true
    const at = around ? this.project(...around) : null
    this.#zoomAt(this.zoom + steps, at, true)
  }

  resize(): void {
    this.#moved()
  }

  destroy(): void {
    cancelAnimationFrame(this.#animation)
    this.#off.abort()
  }

  /** Moves to a view; eased over a quarter of a second where motion is welcome. */
  #go(x: number, y: number, zoom: number, animate: boolean): void {
    cancelAnimationFrame(this.#animation)
    const z = Math.max(this.#leastZoom, Math.min(MAX_ZOOM, zoom))
    const still = !animate || matchMedia('(prefers-reduced-motion: reduce)').matches
    if (still) {
      this.#set(x, y, z)
      return
    }
    const [x0, y0, z0, start] = [this.#x, this.#y, this.zoom, performance.now()]
    const step = (now: number): void => {
      const p = Math.min(1, (now - start) / 250)
      const e = 1 - (1 - p) ** 3
      // Position follows the zoom's scale, so that a point zoomed at stays under the pointer all the way.
      const s = z === z0 ? e : (1 - 2 ** (-(z - z0) * e)) / (1 - 2 ** -(z - z0))
      this.#set(x0 + (x - x0) * s, y0 + (y - y0) * s, z0 + (z - z0) * e)
      if (p < 1) this.#animation = requestAnimationFrame(step)
    }
    this.#animation = requestAnimationFrame(step)
  }

  #set(x: number, y: number, zoom: number): void {
    this.#x = Math.max(0, Math.min(1, x))
    this.#y = Math.max(0, Math.min(1, y))
    this.zoom = zoom
    this.#moved()
  }

  #zoomAt(zoom: number, at: [number, number] | null, animate: boolean): void {
    const z = Math.max(this.#leastZoom, Math.min(MAX_ZOOM, zoom))
    const dx = at ? at[0] - this.#element.clientWidth / 2 : 0
    const dy = at ? at[1] - this.#element.clientHeight / 2 : 0
    const [before, after] = [TILE * 2 ** this.zoom, TILE * 2 ** z]
    this.#go(this.#x + dx / before - dx / after, this.#y + dy / before - dy / after, z, animate)
  }

  #at(e: MouseEvent): [number, number] {
    const box = this.#element.getBoundingClientRect()
    return [e.clientX - box.left, e.clientY - box.top]
  }

  #down(e: PointerEvent): void {
    if (e.pointerType === 'mouse' && e.button !== 0) return
    cancelAnimationFrame(this.#animation)
    this.#pointers.set(e.pointerId, this.#at(e))
  }

  #move(e: PointerEvent): void {
    const before = this.#pointers.get(e.pointerId)
    if (!before) return
    if (e.pointerType === 'mouse' && e.buttons === 0) {
      this.#pointers.delete(e.pointerId)
      return
    }
    this.touched = true
    const now = this.#at(e)
    const size = TILE * 2 ** this.zoom
    if (this.#pointers.size >= 2) {
      const other = [...this.#pointers].find(([id]) => id !== e.pointerId)![1]
      const [d0, d1] = [
        Math.hypot(before[0] - other[0], before[1] - other[1]),
        Math.hypot(now[0] - other[0], now[1] - other[1]),
      ]
      if (d0 > 10 && d1 > 10)
        this.#zoomAt(this.zoom + Math.log2(d1 / d0), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2], false)
      const scale = TILE * 2 ** this.zoom
      this.#set(this.#x - (now[0] - before[0]) / 2 / scale, this.#y - (now[1] - before[1]) / 2 / scale, this.zoom)
    } else if (e.pointerType === 'mouse') {
      if (Math.hypot(now[0] - before[0], now[1] - before[1]) < 3 && !this.#element.hasPointerCapture(e.pointerId))
        return
      // Only a drag captures the pointer: a click on a marker stays a click.
      this.#element.setPointerCapture(e.pointerId)
      this.#set(this.#x - (now[0] - before[0]) / size, this.#y - (now[1] - before[1]) / size, this.zoom)
    }
    this.#pointers.set(e.pointerId, now)
  }

  #wheel(e: WheelEvent): void {
    // Beside the list the wheel zooms; where the map lies in the page's flow it scrolls the page, unless Ctrl is held.
    if (!e.ctrlKey && !matchMedia('(min-width: 901px)').matches) return
    e.preventDefault()
    this.touched = true
    const step = e.deltaMode === 1 ? e.deltaY * 20 : e.deltaY
    this.#zoomAt(this.zoom - Math.max(-1, Math.min(1, step / (e.ctrlKey ? 100 : 300))), this.#at(e), false)
  }

  #doubleClick(e: MouseEvent): void {
    if ((e.target as Element).closest('a, button')) return
    this.touched = true
    this.#zoomAt(this.zoom + (e.shiftKey ? -1 : 1), this.#at(e), true)
  }

  #key(e: KeyboardEvent): void {
    if (e.target !== this.#element || e.ctrlKey || e.metaKey || e.altKey) return
    const step = 80 / (TILE * 2 ** this.zoom)
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    }
    const move = moves[e.key]
    if (move) this.#go(this.#x + move[0] * step, this.#y + move[1] * step, this.zoom, true)
    else if (e.key === '+' || e.key === '=') this.#zoomAt(this.zoom + 1, null, true)
    else if (e.key === '-') this.#zoomAt(this.zoom - 1, null, true)
    else return
    this.touched = true
    e.preventDefault()
  }
}
