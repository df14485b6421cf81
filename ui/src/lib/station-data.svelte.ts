import { type Channel, Failure, get, type Resolution, type SeriesAnswer, type Station, seriesPath } from './api.ts'
import { loggedCauses, newestCauses } from './cause.ts'
import { chosenChannels, colorsOf, shortNames, unitKey } from './channels.ts'
import { type LiveValue, listenTo } from './live.ts'
import { place } from './router.svelte.ts'
import { align, type Cause, type Chart, previous, type Value } from './series.ts'
import { app } from './state.svelte.ts'
import { parseView, type Span, type StationView, shiftFor, spanOf, type YearShift, yearBefore } from './view.ts'

/** Room of a chart: more cannot be told apart. */
export const POINTS = 4000
const HOUR = 3_600_000
const DAY = 24 * HOUR

export const toFailure = (error: unknown): Failure =>
  error instanceof Failure ? error : new Failure('server', error instanceof Error ? error.message : String(error))

/** What a station page knows: the station, the values its address asks for, and what arrives live. */
export class StationData {
  readonly id: number
  station = $state<Station | null>(null)
  #loadedAt = $state(0)
  failure = $state<Failure | null>(null)
  answer = $state.raw<SeriesAnswer | null>(null)
  /** The previous year's answer that belongs to `answer`; null when not compared. */
  before = $state.raw<SeriesAnswer | null>(null)
  seriesFailure = $state<Failure | null>(null)
  loading = $state(false)
  connected = $state(true)
  /** Counts new values by series: what changes glows. */
  fresh = $state<Record<number, number>>({})
  /** The newest value in words, for a live region. */
  news = $state('')

  readonly view: StationView = $derived.by(() => {
    const view = parseView(place.search)
    // Dates that are none: the address is answered with the usual range, and the control says so.
    const own = view.range === 'own' && spanOf(view, null, 0, app.zone, 0).to !== 0
    return view.range === 'own' && !own ? { ...view, range: '7d', from: null, to: null } : view
  })
  readonly since: number | null = $derived(this.station?.since ? Date.parse(this.station.since) : null)
  /** Where the newest value ends. Ranges exclude their end, so an instant "ends" a second after itself. */
  readonly newest: number | null = $derived.by(() => {
    const newest = this.station?.newest
    if (!newest) return null
    const instant = this.station?.datastreams.some((d) => d.newest === newest && d.latest?.tEnd === null)
    return Date.parse(newest) + (instant ? 1000 : 0)
  })
  /**
   * Where ranges end: at the newest value. Where more is awaited and the silence is shorter than half the range, now:
   * then the gap and its cause are seen.
   */
  readonly end: number | null = $derived.by(() => {
    const { newest, station } = this
    if (newest === null || !station || (station.state !== 'late' && station.state !== 'broken')) return newest
    const now = Math.floor(this.#loadedAt / HOUR) * HOUR
    const { range } = this.view
    const length = range === '24h' ? DAY : range === '7d' ? 7 * DAY : 30 * DAY
    return now > newest && now - newest < length / 2 ? now : newest
  })
  readonly span: Span = $derived(spanOf(this.view, this.since, this.end, app.zone, app.now))
  #logged = $state.raw<Cause[]>([])
  /** Why values are missing, the most telling first. */
  readonly causes: readonly Cause[] = $derived([
    ...(this.station && this.newest !== null ? newestCauses(this.station, this.newest) : []),
    ...this.#logged,
  ])
  readonly shown: Channel[] = $derived(this.station ? chosenChannels(this.station, this.view.channels) : [])
  readonly colors: Map<number, number> = $derived(this.station ? colorsOf(this.station, this.shown) : new Map())
  readonly names: Map<number, string> = $derived(this.station ? shortNames(this.station.datastreams) : new Map())
  readonly thinned: boolean = $derived(this.answer?.series.some((s) => s.thinned) ?? false)
  /** Whether an earlier year can be shown beside it: thinned values of two years do not meet. */
  readonly comparable: boolean = $derived(this.view.range !== 'all' && this.view.resolution !== 'year' && !this.thinned)
  readonly compare: boolean = $derived(this.view.compare && this.comparable)
  readonly resolution: Resolution = $derived(this.answer?.resolution ?? 'hour')
  readonly shift: YearShift = $derived(shiftFor(this.resolution))

  readonly chart: Chart | null = $derived.by(() => {
    if (!this.answer || !this.station) return null
    const known = new Map(this.station.datastreams.map((d) => [d.id, d]))
    const look = new Map(
      this.answer.series.map((s) => {
        const d = known.get(s.datastream)
        const label = this.names.get(s.datastream) ?? s.name
        return [
          s.datastream,
          { label, color: this.colors.get(s.datastream) ?? 1, unit: app.unitText(s.unit, d?.group ?? null) },
        ]
      }),
    )
    return align(this.answer.series, look)
  })
  /** One chart per unit: a temperature does not share an axis with a count. */
  readonly panels: { key: string; name: string; chart: Chart }[] = $derived.by(() => {
    const all = this.chart
    if (!all) return []
    const keys = new Map(this.shown.map((d) => [d.id, unitKey(d)]))
    return [...new Set(all.lines.map((l) => keys.get(l.id) ?? ''))].map((key) => {
      const lines = all.lines.filter((l) => (keys.get(l.id) ?? '') === key)
      return { key, name: lines.map((l) => l.label).join(', '), chart: { buckets: all.buckets, lines } }
    })
  })
  readonly shownSpan: Span = $derived(
    this.answer
      ? {
          from: Math.max(this.span.from, Date.parse(this.answer.from)),
          to: Math.max(Date.parse(this.answer.to), this.span.to),
        }
      : this.span,
  )
  readonly previous: Map<number, Value[]> = $derived.by(() => {
    const { chart, before } = this
    if (!chart || !before) return new Map()
    return new Map(before.series.map((s) => [s.datastream, previous(chart.buckets, s.points, this.shift, app.zone)]))
  })
  readonly previousFigures: Map<number, number | null> = $derived(
    new Map(
      (this.before?.series ?? []).map((s) => [
        s.datastream,
        s.aggregate === 'sum' ? (s.n > 0 ? s.total : null) : s.mean,
      ]),
    ),
  )

  #abort: AbortController | null = null
  #again: ReturnType<typeof setTimeout> | undefined
  #lastLoad = 0

  constructor(id: number) {
    this.id = id
  }

  /** The previous year's lines that belong into a chart. */
  previousOf(chart: Chart): Map<number, Value[]> {
    return new Map([...this.previous].filter(([key]) => chart.lines.some((l) => l.id === key)))
  }

  readonly loadStation = async (): Promise<void> => {
    this.failure = null
    try {
      this.station = await get<Station>(`/api/v1/stations/${this.id}`)
      this.#loadedAt = app.now
    } catch (error) {
      // A station once loaded stays on the page: what is known is better than nothing.
      if (!this.station) this.failure = toFailure(error)
    }
  }

  /** Loads what the address asks for. `quiet` = something new arrived: nothing dims. */
  readonly loadSeries = async (quiet = false): Promise<void> => {
    if (!this.station || this.shown.length === 0 || this.newest === null) return
    this.#abort?.abort()
    const abort = new AbortController()
    this.#abort = abort
    this.#lastLoad = Date.now()
    const datastreams = this.shown.map((d) => d.id).slice(0, 10)
    const { from, to } = this.span
    if (!quiet) this.loading = true
    try {
      const answer = await get<SeriesAnswer>(
        seriesPath({ datastreams, from, to, resolution: this.view.resolution, points: POINTS }),
        abort.signal,
      )
      let before: SeriesAnswer | null = null
      if (this.compare && !answer.series.some((s) => s.thinned)) {
        const shift = shiftFor(answer.resolution)
        before = await get<SeriesAnswer>(
          seriesPath({
            datastreams,
            from: yearBefore(from, shift, app.zone),
            to: yearBefore(to, shift, app.zone),
            resolution: answer.resolution,
          }),
          abort.signal,
        )
      }
      this.answer = answer
      this.before = before
      this.seriesFailure = null
      void this.#explain(answer, abort.signal)
    } catch (error) {
      if (abort.signal.aborted) return
      this.seriesFailure = toFailure(error)
    }
    if (this.#abort === abort) this.loading = false
  }

  /** Asks why values are missing, where some are. Without an answer a gap is just a gap. */
  async #explain({ series }: SeriesAnswer, signal: AbortSignal): Promise<void> {
    const lacking = series.filter((s) => s.points.some((p) => p.value === null)).map((s) => s.datastream)
    const causes = await loggedCauses(lacking, this.span, signal).catch(() => [])
    if (!signal.aborted) this.#logged = causes
  }

  /** Listens until the returned function is called. */
  listen(datastreams: number[]): () => void {
    return listenTo(datastreams.slice(0, 100), {
      value: (value) => this.#take(value),
      connected: (yes) => {
        this.connected = yes
      },
      resumed: () => void this.loadStation().then(() => this.loadSeries(true)),
    })
  }

  stop(): void {
    this.#abort?.abort()
    clearTimeout(this.#again)
  }

  #take(value: LiveValue): void {
    const channel = this.station?.datastreams.find((d) => d.id === value.datastream)
    if (!this.station || !channel) return
    channel.n++
    const end = value.tEnd ?? value.t
    // History that comes later reaches further back.
    const { since } = this.station
    if (since === null || Date.parse(value.t) < Date.parse(since)) this.station.since = value.t
    const isNewer = !channel.latest || Date.parse(value.t) >= Date.parse(channel.latest.t)
    if (isNewer) {
      channel.latest = { t: value.t, tEnd: value.tEnd, value: value.value, quality: value.quality }
      channel.newest = end
      const known = this.station.newest
      if (known === null || Date.parse(end) > Date.parse(known)) this.station.newest = end
      if (this.station.state !== 'archive' && app.now - Date.parse(end) < 3_600_000) this.station.state = 'current'
      this.fresh[value.datastream] = (this.fresh[value.datastream] ?? 0) + 1
      if (value.value !== null && this.shown[0]?.id === value.datastream) {
        const unit = app.unitText(channel.unit, channel.group)
        this.news = app.t('station.new', {
          name: channel.name,
          value: app.format.quantity(value.value, unit),
          time: app.format.time(Date.parse(end)),
        })
      }
    }
    // The chart asks the server, which knows sums and corrections: at once, but not more than once a second.
    clearTimeout(this.#again)
    this.#again = setTimeout(() => void this.loadSeries(true), Math.max(120, 1_000 - (Date.now() - this.#lastLoad)))
  }
}
