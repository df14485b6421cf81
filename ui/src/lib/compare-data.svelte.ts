import {
  type Channel,
  Failure,
  get,
  type Point,
  type Resolution,
  type Series,
  type SeriesAnswer,
  type Station,
  seriesPath,
} from './api.ts'
import { loggedCauses, newestCauses } from './cause.ts'
import { MOST_LINES, unitKey } from './channels.ts'
import { type LiveValue, listenTo } from './live.ts'
import { place } from './router.svelte.ts'
import { align, type Cause, type Chart, previous, type Value } from './series.ts'
import { app } from './state.svelte.ts'
import { POINTS, toFailure } from './station-data.svelte.ts'
import {
  MOST_STATIONS,
  parseView,
  type Span,
  type StationView,
  shiftFor,
  spanOf,
  type YearShift,
  yearBefore,
} from './view.ts'

/** One chart of the comparison. `scale`: charts of one unit beside each other are as high for the same value. */
export interface ComparedPanel {
  key: string
  name: string
  chart: Chart
  /** The year before, by line; empty when not compared with it. */
  before: Map<number, Value[]>
  small: boolean
  scale?: [number, number]
}

/** With as many dashed ones beside them, more lines than these cannot be told apart. */
const MOST_LINES_WITH_YEAR = 2

/** Values of all that is compared, each station one series. */
interface Answer {
  from: number
  to: number
  resolution: Resolution
  thinned: boolean
  series: Series[]
}

/** What is compared of a station: one series, or parts that add up to it. */
interface Compared {
  station: Station
  channels: Channel[]
}

export function stationsOf(search: string): number[] {
  const ids = (new URLSearchParams(search).get('stationen') ?? '').split(',').map(Number)
  return [...new Set(ids.filter((id) => Number.isInteger(id) && id > 0))].slice(0, MOST_STATIONS)
}

/** A station's series of one kind: its total, else the only one, else the parts of it. */
export function channelsOf(station: Station, group: string | null): Channel[] {
  if (group === null || station.headline?.group === group) {
    const ids = station.headline?.datastreams ?? []
    if (ids.length > 0) return ids.flatMap((id) => station.datastreams.find((d) => d.id === id) ?? [])
  }
  const all = station.datastreams.filter((d) => group === null || d.group === group)
  const total = all.find((d) => d.role === 'total')
  if (total) return [total]
  return all.length > 1 && all.every((d) => d.role === 'part' && d.aggregate === 'sum')
    ? all.slice(0, 10)
    : all.slice(0, 1)
}

/** Parts added up, bucket by bucket: a sum that lacks a part is none. */
export function sumOf(parts: Series[], name: string): Series {
  const [first, ...rest] = parts
  if (rest.length === 0) return { ...first!, name }
  const others = rest.map((s) => new Map(s.points.map((p) => [p.t, p])))
  const points = first!.points.map((p): Point => {
    const all = [p, ...others.map((o) => o.get(p.t))]
    const values = all.map((one) => one?.value ?? null)
    const value = values.includes(null) ? null : values.reduce((a: number, v) => a + v!, 0)
    return { ...p, value, min: null, max: null, suspect: all.reduce((n, one) => n + (one?.suspect ?? 0), 0) }
  })
  const add = (f: (s: Series) => number | null): number | null =>
    parts.some((s) => f(s) === null) ? null : parts.reduce((sum, s) => sum + f(s)!, 0)
  return { ...first!, name, points, total: add((s) => s.total), mean: null, n: add((s) => s.n) ?? 0 }
}

/** What the comparison knows: its stations, and their values of the range the address asks for. */
export class CompareData {
  stations = $state.raw<Station[]>([])
  /** Ids asked for that do not exist, or are not public. */
  missing = $state.raw<number[]>([])
  failure = $state<Failure | null>(null)
  seriesFailure = $state<Failure | null>(null)
  loading = $state(false)
  ready = $state(false)
  #answer = $state.raw<Answer | null>(null)
  /** The year before that belongs to the answer; null when not compared. */
  #before = $state.raw<Answer | null>(null)
  #logged = $state.raw<Cause[]>([])
  /** Counts new values by series: what changes glows. */
  fresh = $state<Record<number, number>>({})
  connected = $state(true)
  #again: ReturnType<typeof setTimeout> | undefined
  #lastLoad = 0
  #abort: AbortController | null = null

  readonly view: StationView = $derived(parseView(place.search))
  /** Kinds at least two of the stations measure. */
  readonly shared: { key: string; name: string }[] = $derived.by(() => {
    const names = new Map<string, { name: string; n: number }>()
    for (const s of this.stations) {
      for (const [key, name] of new Map(s.datastreams.map((d) => [d.group, d.observedProperty.name]))) {
        names.set(key, { name, n: (names.get(key)?.n ?? 0) + 1 })
      }
    }
    const common = [...names].filter(([, { n }]) => n > 1).sort((a, b) => b[1].n - a[1].n)
    return common.map(([key, { name }]) => ({ key, name }))
  })
  /** The kind compared; null = each station's own main series, one chart for each unit. */
  readonly kind: string | null = $derived.by(() => {
    const asked = new URLSearchParams(place.search).get('kind')
    if (asked === 'main') return null
    if (this.shared.some((g) => g.key === asked)) return asked
    const mains = new Set(this.stations.map((s) => s.headline?.group))
    return mains.size === 1 && this.stations.length > 1 ? (this.stations[0]!.headline?.group ?? null) : null
  })
  readonly compared: Compared[] = $derived(
    this.stations
      .map((station) => ({ station, channels: channelsOf(station, this.kind) }))
      .filter((c) => c.channels.length > 0),
  )
  readonly without: Station[] = $derived(this.stations.filter((s) => !this.compared.some((c) => c.station.id === s.id)))
  readonly since: number | null = $derived(
    ends(
      this.stations.map((s) => s.since),
      Math.min,
    ),
  )
  readonly newest: number | null = $derived(
    ends(
      this.stations.map((s) => s.newest),
      Math.max,
    ),
  )
  readonly span: Span = $derived(
    spanOf(
      this.view,
      this.since,
      this.newest === null ? null : this.newest + 1000 - ((this.newest + 1000) % 1000),
      app.zone,
      app.now,
    ),
  )
  readonly resolution: Resolution = $derived(this.#answer?.resolution ?? 'hour')
  readonly thinned: boolean = $derived(this.#answer?.thinned ?? false)
  readonly chart: Chart | null = $derived.by(() => {
    if (!this.#answer) return null
    const names = withoutSharedEnd(this.compared.map((c) => c.station.name))
    const look = new Map(
      this.compared.map(({ station, channels }, k) => {
        const i = this.stations.indexOf(station)
        const d = channels[0]!
        return [d.id, { label: names[k]!, color: (i % MOST_LINES) + 1, unit: app.unitText(d.unit, d.group) }]
      }),
    )
    return align(this.#answer.series, look)
  })
  /** Whether an earlier year can be shown beside it: thinned values of two years do not meet. */
  readonly comparable: boolean = $derived(this.view.range !== 'all' && this.view.resolution !== 'year' && !this.thinned)
  readonly withYear: boolean = $derived(this.view.compare && this.comparable)
  readonly shift: YearShift = $derived(shiftFor(this.resolution))
  readonly previous: Map<number, Value[]> = $derived.by(() => {
    const { chart } = this
    if (!chart || !this.#before) return new Map()
    return new Map(
      this.#before.series.map((s) => [s.datastream, previous(chart.buckets, s.points, this.shift, app.zone)]),
    )
  })
  readonly previousFigures: Map<number, number | null> = $derived(
    new Map(
      (this.#before?.series ?? []).map((s) => [
        s.datastream,
        s.aggregate === 'sum' ? (s.n > 0 ? s.total : null) : s.mean,
      ]),
    ),
  )
  readonly panels: ComparedPanel[] = $derived.by(() =>
    this.chart ? panelsOf(this.chart, this.previous, this.compared) : [],
  )
  /** Why values are missing, the most telling first. */
  readonly causes: readonly Cause[] = $derived([
    ...this.stations.flatMap((s) => (s.newest ? newestCauses(s, Date.parse(s.newest)) : [])),
    ...this.#logged,
  ])
  readonly ids: number[] = $derived(this.compared.flatMap((c) => c.channels.map((d) => d.id)).slice(0, 10))

  readonly loadStations = async (): Promise<void> => {
    const ids = stationsOf(place.search)
    this.failure = null
    const missing: number[] = []
    try {
      const known = new Map(this.stations.map((s) => [s.id, s]))
      const found = await Promise.all(
        ids.map(async (id) => {
          const have = known.get(id)
          if (have) return have
          try {
            return await get<Station>(`/api/v1/stations/${id}`)
          } catch (error) {
            if (!(error instanceof Failure) || error.kind !== 'notFound') throw error
            missing.push(id)
            return null
          }
        }),
      )
      if (stationsOf(place.search).join() !== ids.join()) return
      this.stations = found.filter((s) => s !== null)
      this.missing = missing
      this.ready = true
    } catch (error) {
      this.failure = toFailure(error)
    }
  }

  /** Loads what the address asks for. `quiet` = something new arrived: nothing dims. */
  readonly loadSeries = async (quiet = false): Promise<void> => {
    this.#abort?.abort()
    if (this.compared.length === 0 || this.newest === null) {
      this.#answer = null
      this.#before = null
      return
    }
    const abort = new AbortController()
    this.#abort = abort
    this.#lastLoad = Date.now()
    const { from, to } = this.span
    if (!quiet) this.loading = true
    try {
      const answer = await this.#ask({ from, to }, this.view.resolution, abort.signal)
      let before: Answer | null = null
      const { compare, range, resolution } = this.view
      if (compare && range !== 'all' && resolution !== 'year' && !answer.thinned) {
        const shift = shiftFor(answer.resolution)
        const earlier = { from: yearBefore(from, shift, app.zone), to: yearBefore(to, shift, app.zone) }
        before = await this.#ask(earlier, answer.resolution, abort.signal)
      }
      this.#answer = answer
      this.#before = before
      this.seriesFailure = null
      const lacking = answer.series.filter((s) => s.points.some((p) => p.value === null)).map((s) => s.datastream)
      void loggedCauses(lacking, { from, to }, abort.signal).then(
        (causes) => {
          if (!abort.signal.aborted) this.#logged = causes
        },
        () => {},
      )
    } catch (error) {
      if (abort.signal.aborted) return
      this.seriesFailure = toFailure(error)
    }
    if (this.#abort === abort) this.loading = false
  }

  /** One question for all decides the resolution; parts that add up to one line are asked for at that resolution. */
  async #ask({ from, to }: Span, resolution: Resolution | 'auto', signal: AbortSignal): Promise<Answer> {
    const { compared } = this
    const datastreams = compared.map((c) => c.channels[0]!.id)
    const first = await get<SeriesAnswer>(seriesPath({ datastreams, from, to, resolution, points: POINTS }), signal)
    const series = await Promise.all(
      compared.map(async ({ station, channels }) => {
        const own = first.series.find((s) => s.datastream === channels[0]!.id)!
        if (channels.length === 1) return { ...own, name: station.name }
        const parts = await get<SeriesAnswer>(
          seriesPath({
            datastreams: channels.map((d) => d.id),
            from,
            to,
            resolution: first.resolution === 'raw' ? 'hour' : first.resolution,
          }),
          signal,
        )
        return sumOf(parts.series, station.name)
      }),
    )
    const thinned = series.some((s) => s.thinned)
    return { from: Date.parse(first.from), to: Date.parse(first.to), resolution: first.resolution, thinned, series }
  }

  /** Listens to what is compared until the returned function is called. */
  listen(datastreams: number[]): () => void {
    return listenTo(datastreams.slice(0, 100), {
      value: (value) => this.#take(value),
      connected: (yes) => {
        this.connected = yes
      },
      resumed: () => void this.loadSeries(true),
    })
  }

  #take({ datastream, t, tEnd }: LiveValue): void {
    const end = tEnd ?? t
    const station = this.stations.find((s) => s.datastreams.some((d) => d.id === datastream))
    if (!station) return
    if (station.newest === null || Date.parse(end) > Date.parse(station.newest)) {
      const state = station.state !== 'archive' && app.now - Date.parse(end) < 3_600_000 ? 'current' : station.state
      this.stations = this.stations.map((s) => (s === station ? { ...s, newest: end, state } : s))
    }
    const shown = this.compared.find((c) => c.channels.some((d) => d.id === datastream))?.channels[0]?.id
    if (shown !== undefined) this.fresh[shown] = (this.fresh[shown] ?? 0) + 1
    // The server knows sums and corrections: at once, but not more than once a second.
    clearTimeout(this.#again)
    this.#again = setTimeout(() => void this.loadSeries(true), Math.max(120, 1_000 - (Date.now() - this.#lastLoad)))
  }

  stop(): void {
    this.#abort?.abort()
    clearTimeout(this.#again)
  }
}

/** Names without the last words all of them share, such as a district or a mark in brackets. */
export function withoutSharedEnd(names: string[]): string[] {
  const words = names.map((name) => name.split(' '))
  let shared = 0
  if (names.length > 1) {
    const least = Math.min(...words.map((w) => w.length))
    while (shared + 1 < least && words.every((w) => w.at(-1 - shared) === words[0]!.at(-1 - shared))) shared++
  }
  return words.map((w) => w.slice(0, w.length - shared).join(' '))
}

function ends(times: (string | null)[], pick: (...at: number[]) => number): number | null {
  const known = times.filter((t) => t !== null).map((t) => Date.parse(t))
  return known.length > 0 ? pick(...known) : null
}

/** One chart per unit; where too many lines would share one, a small chart each, all of the same height. */
function panelsOf(chart: Chart, previous: Map<number, Value[]>, compared: Compared[]): ComparedPanel[] {
  const beforeOf = (lines: Chart['lines']) => new Map([...previous].filter(([id]) => lines.some((l) => l.id === id)))
  const most = previous.size > 0 ? MOST_LINES_WITH_YEAR : MOST_LINES
  const keys = new Map(compared.map(({ channels }) => [channels[0]!.id, unitKey(channels[0]!)]))
  return [...new Set(keys.values())].flatMap((key): ComparedPanel[] => {
    const lines = chart.lines.filter((l) => keys.get(l.id) === key)
    if (lines.length === 0) return []
    const channel = compared.find(({ channels }) => channels[0]!.id === lines[0]!.id)!.channels[0]!
    const name = app.groupName(channel.group, channel.observedProperty.name)
    if (lines.length <= most)
      return [{ key, name, chart: { buckets: chart.buckets, lines }, before: beforeOf(lines), small: false }]
    const known = lines.flatMap((l) => [...l.values, ...(previous.get(l.id) ?? [])]).filter((v) => v != null)
    const scale: [number, number] = known.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ] as [number, number])
    return lines.map((line) => ({
      key: `${key}|${line.id}`,
      name: line.label,
      chart: { buckets: chart.buckets, lines: [{ ...line, color: 1 }] },
      before: beforeOf([line]),
      small: true,
      scale: known.length > 0 ? scale : undefined,
    }))
  })
}
