import { Failure, get, type SeriesAnswer, seriesPath } from './api.ts'
import type { BoardData } from './board-data.svelte.ts'
import type { ChartItem, SeriesFigure } from './boards.ts'
import { align, type Chart, previous } from './series.ts'
import { plainName } from './simulated.ts'
import { app } from './state.svelte.ts'
import { parseView, type Span, shiftFor, spanOf, yearBefore } from './view.ts'

/** Names as short as they can be told apart: the station, the series, or both. */
function labelsOf(figures: readonly SeriesFigure[]): Map<number, string> {
  const things = new Set(figures.map((f) => f.thing.id))
  const label = (f: SeriesFigure): string =>
    things.size === figures.length
      ? plainName(f.thing.name)
      : things.size === 1
        ? plainName(f.name)
        : `${plainName(f.thing.name)}, ${plainName(f.name)}`
  return new Map(figures.map((f) => [f.datastream, label(f)]))
}

/** Values of one chart of a board: the stretch up to the newest value of its series, and the year before. */
export class BoardChartData {
  readonly #item: () => ChartItem
  readonly #data: BoardData
  answer = $state.raw<SeriesAnswer | null>(null)
  before = $state.raw<SeriesAnswer | null>(null)
  failure = $state<Failure | null>(null)
  #abort: AbortController | null = null

  /** The series the viewer may see. */
  readonly figures: SeriesFigure[] = $derived.by(() =>
    this.#item().series.flatMap((id) => this.#data.figures.get(id) ?? []),
  )
  readonly labels: Map<number, string> = $derived(labelsOf(this.figures))
  readonly newest: number | null = $derived.by(() => {
    const ends = this.figures.flatMap((f) => (f.newest ? [Date.parse(f.newest) + (f.timeEnd === null ? 1000 : 0)] : []))
    return ends.length > 0 ? Math.max(...ends) : null
  })
  readonly span: Span = $derived.by(() =>
    spanOf(parseView(`range=${this.#item().range}`), null, this.newest, app.zone, app.now),
  )
  readonly chart: Chart | null = $derived.by(() => {
    if (!this.answer) return null
    const known = new Map(this.figures.map((f) => [f.datastream, f]))
    const shown = this.answer.series.filter((s) => known.has(s.datastream))
    const look = shown.map((s, i) => {
      const label = this.labels.get(s.datastream) ?? s.name
      const unit = app.unitText(s.unit, known.get(s.datastream)!.group)
      return [s.datastream, { label, color: i + 1, unit }] as const
    })
    return align(shown, new Map(look))
  })
  readonly previous: Map<number, (number | null)[]> = $derived.by(() => {
    const { chart, before, answer } = this
    if (!chart || !before || !answer) return new Map()
    const shift = shiftFor(answer.resolution)
    return new Map(before.series.map((s) => [s.datastream, previous(chart.buckets, s.points, shift, app.zone)]))
  })

  constructor(item: () => ChartItem, data: BoardData) {
    this.#item = item
    this.#data = data
  }

  async load(): Promise<void> {
    if (this.newest === null) return
    this.#abort?.abort()
    const abort = new AbortController()
    this.#abort = abort
    const { from, to } = this.span
    const { resolution, compare } = this.#item()
    const datastreams = this.figures.map((f) => f.datastream)
    try {
      const answer = await get<SeriesAnswer>(seriesPath({ datastreams, from, to, resolution }), abort.signal)
      let before: SeriesAnswer | null = null
      if (compare) {
        const shift = shiftFor(answer.resolution)
        const year = { from: yearBefore(from, shift, app.zone), to: yearBefore(to, shift, app.zone) }
        const path = seriesPath({ datastreams, ...year, resolution: answer.resolution })
        before = await get<SeriesAnswer>(path, abort.signal)
      }
      this.answer = answer
      this.before = before
      this.failure = null
    } catch (error) {
      if (!abort.signal.aborted) this.failure = error instanceof Failure ? error : new Failure('server', String(error))
    }
  }

  stop(): void {
    this.#abort?.abort()
  }
}
