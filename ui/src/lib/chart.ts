import 'uplot/dist/uPlot.min.css'
import uPlot from 'uplot'
import type { Format } from './format.ts'
import type { Holiday } from './holidays.ts'
import { type Chart, gaps, middle, type Value, valueRange } from './series.ts'
import { restDays, ticks } from './ticks.ts'
import type { Span } from './view.ts'
import type { Zone } from './zone.ts'

export interface ChartInput {
  chart: Chart
  /** The previous year under the same buckets, by line. */
  before: Map<number, Value[]>
  /** Public holidays of the span: tinted like weekends, and named under the axis. */
  holidays: Holiday[]
  span: Span
  zone: Zone
  format: Format
  /** Stretches that are hard to believe. */
  flags?: readonly Span[]
  /** Counts start at zero: half the height is to be half the number. */
  zero: boolean
  /** Smallest and largest value, where several charts are to be compared by height. */
  scale?: [number, number]
}

export interface ChartEvents {
  /** The cursor stands on this bucket (null = nowhere), at this pixel of the plot. */
  cursor: (index: number | null, left: number) => void
  /** A stretch was dragged. */
  selected: (span: Span) => void
}

const DAY = 86_400_000
/** Days that can be told apart in a chart. */
export const MOST_DAYS = 75
const FONT = '13px "Fira Sans", sans-serif'

/** A drawn chart. Colours come from the page's variables, so a change of theme draws anew. */
export class DrawnChart {
  readonly #plot: uPlot
  #input: ChartInput
  #colors: Record<string, string> = {}

  constructor(element: HTMLElement, size: { width: number; height: number }, input: ChartInput, on: ChartEvents) {
    this.#input = input
    this.#readColors(element)
    const { chart, before } = input
    const wide = size.width >= 560
    const labelled = chart.lines.length > 1 && wide
    const color = (n: number): string => this.#colors[`series-${n}`]!
    this.#plot = new uPlot(
      {
        ...size,
        padding: [10, labelled ? labelWidth(chart.lines.map((l) => l.label)) : 6, 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          drag: { x: true, y: false, setScale: false, dist: 6 },
          points: { size: 8, width: 2, fill: () => this.#colors.background! },
        },
        select: { show: true, left: 0, top: 0, width: 0, height: 0 },
        scales: {
          x: { time: false, range: () => [this.#input.span.from, this.#input.span.to] },
          y: {
            range: (_u, low, high) => {
              const [a, b] = this.#input.scale ?? [low, high]
              return valueRange(a, b, this.#input.zero)
            },
          },
        },
        axes: [
          {
            stroke: () => this.#colors.muted!,
            font: FONT,
            size: () => (this.#named() ? 48 : 30),
            gap: 8,
            grid: { show: false },
            ticks: { show: false },
            splits: (u) => this.#ticks(u).labels.map((l) => l.at),
            values: (u) => this.#ticks(u).labels.map((l) => l.text),
          },
          {
            stroke: () => this.#colors.muted!,
            font: FONT,
            gap: 8,
            size: (_u, values) => Math.max(28, labelWidth(values ?? []) + 4),
            space: 44,
            grid: { stroke: () => this.#colors.ruler!, width: 1 },
            ticks: { show: false },
            values: (_u, splits) => splits.map((v) => this.#input.format.number(v)),
          },
        ],
        series: [
          {},
          ...chart.lines
            .filter((l) => before.has(l.id))
            .map(
              (l): uPlot.Series => ({
                stroke: chart.lines.length === 1 ? this.#colors.muted! : color(l.color),
                width: 1.25,
                dash: [4, 4],
                alpha: 0.9,
                points: { show: false },
              }),
            ),
          ...chart.lines.map(
            (l): uPlot.Series => ({
              stroke: color(l.color),
              width: 1.75,
              points: { show: chart.buckets.length <= 62, size: 5, fill: color(l.color) },
            }),
          ),
        ],
        hooks: {
          drawClear: [(u) => this.#drawGround(u)],
          draw: [(u) => this.#drawMarks(u, labelled)],
          setCursor: [(u) => on.cursor(u.cursor.idx ?? null, u.cursor.left ?? -1)],
          setSelect: [
            (u) => {
              const { left, width } = u.select
              if (width < 6) return
              on.selected({ from: u.posToVal(left, 'x'), to: u.posToVal(left + width, 'x') })
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            },
          ],
        },
      },
      this.#data(),
      element,
    )
    // The typeface may arrive after the first drawing: labels are measured and drawn anew with it.
    void document.fonts.load(FONT).then(() => this.#plot.redraw(false, true))
  }

  /** Takes new values of the same lines: what is drawn stays, and grows. */
  update(input: ChartInput): void {
    this.#input = input
    this.#plot.setData(this.#data())
  }

  resize(width: number, height: number): void {
    this.#plot.setSize({ width, height })
  }

  /** Puts the cursor on a bucket, as the pointer would. */
  pointAt(index: number): void {
    const bucket = this.#input.chart.buckets[index]
    if (!bucket) return
    this.#plot.setCursor({ left: this.#plot.valToPos(middle(bucket), 'x'), top: 10 })
  }

  clearCursor(): void {
    this.#plot.setCursor({ left: -10, top: -10 })
  }

  /** Left edge of the plot within the element, in pixels. */
  get plotLeft(): number {
    return this.#plot.bbox.left / devicePixelRatio
  }

  destroy(): void {
    this.#plot.destroy()
  }

  #data(): uPlot.AlignedData {
    const { chart, before } = this.#input
    return [
      chart.buckets.map(middle),
      ...chart.lines.filter((l) => before.has(l.id)).map((l) => before.get(l.id)!),
      ...chart.lines.map((l) => l.values),
    ]
  }

  /** Holidays are named as long as their days can be told apart. */
  #named(): boolean {
    const { holidays, span } = this.#input
    return holidays.length > 0 && span.to - span.from <= MOST_DAYS * DAY
  }

  #ticks(u: uPlot): ReturnType<typeof ticks> {
    const { span, zone, format } = this.#input
    return ticks(span, u.bbox.width / devicePixelRatio || 600, zone, format)
  }

  #readColors(element: HTMLElement): void {
    const style = getComputedStyle(element)
    const names = [
      'text',
      'muted',
      'ruler',
      'edge',
      'background',
      'weekend',
      'warn',
      'grid',
      'series-1',
      'series-2',
      'series-3',
      'series-4',
      'series-5',
    ]
    for (const name of names) this.#colors[name] = style.getPropertyValue(`--z-${name}`).trim()
  }

  /** Below the lines: weekends tinted, gaps hatched. */
  #drawGround(u: uPlot): void {
    const { chart, span, zone } = this.#input
    const { ctx, bbox } = u
    const x = (at: number): number => u.valToPos(Math.max(span.from, Math.min(span.to, at)), 'x', true)
    ctx.save()
    if (span.to - span.from <= MOST_DAYS * DAY) {
      ctx.fillStyle = this.#colors.weekend!
      for (const w of restDays(span, this.#input.holidays, zone))
        ctx.fillRect(x(w.from), bbox.top, x(w.to) - x(w.from), bbox.height)
    }
    const ratio = devicePixelRatio
    this.#drawFlags(u, x)
    ctx.strokeStyle = this.#colors.edge!
    ctx.lineWidth = 0.75 * ratio
    ctx.globalAlpha = 0.55
    for (const gap of gaps(chart)) {
      const [left, right] = [x(gap.from), x(gap.to)]
      if (right - left < 2 * ratio) continue
      ctx.save()
      ctx.beginPath()
      ctx.rect(left, bbox.top, right - left, bbox.height)
      ctx.clip()
      ctx.beginPath()
      const step = 8 * ratio
      for (let at = left - bbox.height - (left % step); at < right; at += step) {
        ctx.moveTo(at, bbox.top + bbox.height)
        ctx.lineTo(at + bbox.height, bbox.top)
      }
      ctx.stroke()
      ctx.restore()
    }
    ctx.restore()
  }

  /** What is hard to believe: tinted, with a bar on top that shows however short it is. */
  #drawFlags(u: uPlot, x: (at: number) => number): void {
    const { ctx, bbox } = u
    const ratio = devicePixelRatio
    const { span, flags = [] } = this.#input
    ctx.save()
    ctx.fillStyle = this.#colors.warn!
    for (const flag of flags) {
      if (flag.to < span.from || flag.from > span.to) continue
      const least = 3 * ratio
      const width = Math.max(x(flag.to) - x(flag.from), least)
      ctx.globalAlpha = 0.14
      ctx.fillRect(x(flag.from), bbox.top, width, bbox.height)
      ctx.globalAlpha = 1
      ctx.fillRect(x(flag.from), bbox.top, width, least)
    }
    ctx.restore()
  }

  /** Above the lines: suspect values ringed, values alone between gaps dotted, lines named at their ends. */
  #drawMarks(u: uPlot, labelled: boolean): void {
    const { chart } = this.#input
    const { ctx, bbox } = u
    const ratio = devicePixelRatio
    const names: { text: string; y: number; color: string }[] = []
    ctx.save()
    for (const line of chart.lines) {
      const own = line.values.flatMap((v, i) => (v === undefined ? [] : [i]))
      let last = -1
      own.forEach((i, k) => {
        const v = line.values[i]
        if (v == null) return
        last = i
        const alone = (line.values[own[k - 1]!] ?? null) === null && (line.values[own[k + 1]!] ?? null) === null
        if (!line.suspect[i] && !alone) return
        const [x, y] = [u.valToPos(middle(chart.buckets[i]!), 'x', true), u.valToPos(v, 'y', true)]
        ctx.beginPath()
        ctx.arc(x, y, (line.suspect[i] ? 3.6 : 2.2) * ratio, 0, 2 * Math.PI)
        if (line.suspect[i]) {
          ctx.lineWidth = 1.6 * ratio
          ctx.fillStyle = this.#colors.background!
          ctx.strokeStyle = this.#colors.warn!
          ctx.fill()
          ctx.stroke()
        } else {
          ctx.fillStyle = this.#colors[`series-${line.color}`]!
          ctx.fill()
        }
      })
      if (last >= 0)
        names.push({
          text: line.label,
          y: u.valToPos(line.values[last]!, 'y', true),
          color: this.#colors[`series-${line.color}`]!,
        })
    }
    if (this.#named()) this.#nameHolidays(u)
    if (labelled) {
      ctx.font = `${13 * ratio}px "Fira Sans", sans-serif`
      ctx.textBaseline = 'middle'
      ctx.textAlign = 'left'
      const height = 16 * ratio
      names.sort((a, b) => a.y - b.y)
      let free = bbox.top
      for (const name of names) {
        name.y = Math.max(name.y, free)
        free = name.y + height
      }
      const over = Math.max(0, free - height - (bbox.top + bbox.height))
      for (const name of names) {
        ctx.fillStyle = name.color
        ctx.fillText(short(name.text), bbox.left + bbox.width + 6 * ratio, name.y - over)
      }
    }
    ctx.restore()
  }

  /** Names under the days, as many as fit; the cursor names the others too. */
  #nameHolidays(u: uPlot): void {
    const { holidays, span } = this.#input
    const { ctx, bbox } = u
    const ratio = devicePixelRatio
    ctx.font = `600 ${12 * ratio}px "Fira Sans", sans-serif`
    ctx.fillStyle = this.#colors.text!
    ctx.textAlign = 'left'
    ctx.textBaseline = 'alphabetic'
    let free = 0
    for (const h of holidays) {
      const at = (Math.max(h.from, span.from) + Math.min(h.to, span.to)) / 2
      const width = ctx.measureText(h.name).width
      const most = ctx.canvas.width - width - 2 * ratio
      const left = Math.min(u.valToPos(at, 'x', true) - width / 2, most)
      if (left < free) continue
      ctx.fillText(h.name, left, bbox.top + bbox.height + 42 * ratio)
      free = left + width + 8 * ratio
    }
  }
}

/** What tells series apart stands at the end of their names as often as at the beginning: the middle gives way. */
const short = (text: string): string =>
  text.length > 22 ? `${text.slice(0, 10).trimEnd()}…${text.slice(-10).trimStart()}` : text

let measure: CanvasRenderingContext2D | null = null
function labelWidth(texts: string[]): number {
  measure ??= document.createElement('canvas').getContext('2d')
  if (!measure) return 60
  measure.font = FONT
  return Math.ceil(Math.max(0, ...texts.map((t) => measure!.measureText(short(t)).width))) + 10
}
