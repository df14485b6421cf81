import type { SeriesPoint } from './series-model.ts'

/** A stretch of time keeps at most this many points. */
const KEPT = 4

/**
 * Thins a series to about `most` points so that the picture stays the same: time is divided evenly, and each stretch
 * keeps its smallest and its largest value, its first suspect value and its longest gap, in order of time. Averages or
 * every n-th value would lose the peaks a chart is looked at for. Takes points in order of time, however many; memory
 * holds those kept.
 */
export class Thinner {
  readonly points: SeriesPoint[] = []
  /** How many points came in. */
  seen = 0
  readonly #from: number
  readonly #width: number
  #stretch = Number.NaN
  #low: SeriesPoint | null = null
  #high: SeriesPoint | null = null
  #suspect: SeriesPoint | null = null
  #gap: SeriesPoint | null = null
  #last: SeriesPoint | null = null

  constructor(from: number, to: number, most: number) {
    this.#from = from
    this.#width = Math.max(1, (to - from) / Math.max(1, Math.floor(most / KEPT)))
  }

  add(point: SeriesPoint): void {
    const stretch = Math.floor((Date.parse(point.t) - this.#from) / this.#width)
    if (stretch !== this.#stretch) {
      this.#flush()
      this.#stretch = stretch
    }
    if (this.seen++ === 0) this.points.push(point)
    else if (point.value === null) {
      if (!this.#gap || lengthOf(point) > lengthOf(this.#gap)) this.#gap = point
    } else {
      if (!this.#low || point.value < this.#low.value!) this.#low = point
      if (!this.#high || point.value > this.#high.value!) this.#high = point
      if (point.suspect > 0) this.#suspect ??= point
    }
    this.#last = point
  }

  /** Call once after the last point. The first and the last are always kept. */
  finish(): SeriesPoint[] {
    this.#flush()
    if (this.#last && this.points.at(-1) !== this.#last) this.points.push(this.#last)
    return this.points
  }

  #flush(): void {
    const kept = new Set<SeriesPoint>()
    for (const point of [this.#low, this.#high, this.#suspect, this.#gap]) if (point) kept.add(point)
    this.points.push(...[...kept].sort((a, b) => Date.parse(a.t) - Date.parse(b.t)))
    this.#low = this.#high = this.#suspect = this.#gap = null
  }
}

const lengthOf = (point: SeriesPoint): number => Date.parse(point.tEnd) - Date.parse(point.t)
