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
import { MOST_LINES, unitKey } from './channels.ts'
import { place } from './router.svelte.ts'
import { align, type Chart } from './series.ts'
import { app } from './state.svelte.ts'
import { POINTS, toFailure } from './station-data.svelte.ts'
import { MOST_STATIONS, parseView, type Span, type StationView, spanOf } from './view.ts'

/** One chart of the comparison. `scale`: charts of one unit beside each other are as high for the same value. */
export interface ComparedPanel {
  key: string
  name: string
  chart: Chart
  small: boolean
  scale?: [number, number]
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
  #answer = $state.raw<{ from: number; to: number; resolution: Resolution; thinned: boolean; series: Series[] } | null>(
    null,
  )
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
  readonly panels: ComparedPanel[] = $derived.by(() => (this.chart ? panelsOf(this.chart, this.compared) : []))
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

  readonly loadSeries = async (): Promise<void> => {
    this.#abort?.abort()
    if (this.compared.length === 0 || this.newest === null) {
      this.#answer = null
      return
    }
    const abort = new AbortController()
    this.#abort = abort
    const { from, to } = this.span
    const { compared } = this
    this.loading = true
    try {
      // One question for all decides the resolution; parts that add up to one line are asked for at that resolution.
      const first = await get<SeriesAnswer>(
        seriesPath({
          datastreams: compared.map((c) => c.channels[0]!.id),
          from,
          to,
          resolution: this.view.resolution,
          points: POINTS,
        }),
        abort.signal,
      )
      const series = await Promise.all(
        compared.map(async ({ station, channels }) => {
          const own = first.series.find((s) => s.datastream === channels[0]!.id)!
          if (channels.length === 1) return { ...own, name: station.name }
          const { resolution } = first
          const parts = await get<SeriesAnswer>(
            seriesPath({
              datastreams: channels.map((d) => d.id),
              from,
              to,
              resolution: resolution === 'raw' ? 'hour' : resolution,
            }),
            abort.signal,
          )
          return sumOf(parts.series, station.name)
        }),
      )
      const thinned = series.some((s) => s.thinned)
      this.#answer = {
        from: Date.parse(first.from),
        to: Date.parse(first.to),
        resolution: first.resolution,
        thinned,
        series,
      }
      this.seriesFailure = null
    } catch (error) {
      if (abort.signal.aborted) return
      this.seriesFailure = toFailure(error)
    }
    if (this.#abort === abort) this.loading = false
  }

  stop(): void {
    this.#abort?.abort()
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

/** One chart per unit; where more than five lines would share one, a small chart each, all of the same height. */
function panelsOf(chart: Chart, compared: Compared[]): ComparedPanel[] {
  const keys = new Map(compared.map(({ channels }) => [channels[0]!.id, unitKey(channels[0]!)]))
  return [...new Set(keys.values())].flatMap((key): ComparedPanel[] => {
    const lines = chart.lines.filter((l) => keys.get(l.id) === key)
    if (lines.length === 0) return []
    const channel = compared.find(({ channels }) => channels[0]!.id === lines[0]!.id)!.channels[0]!
    const name = app.groupName(channel.group, channel.observedProperty.name)
    if (lines.length <= MOST_LINES) return [{ key, name, chart: { buckets: chart.buckets, lines }, small: false }]
    const known = lines.flatMap((l) => l.values).filter((v) => v != null)
    const scale: [number, number] = known.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ] as [number, number])
    return lines.map((line) => ({
      key: `${key}|${line.id}`,
      name: line.label,
      chart: { buckets: chart.buckets, lines: [{ ...line, color: 1 }] },
      small: true,
      scale: known.length > 0 ? scale : undefined,
    }))
  })
}
