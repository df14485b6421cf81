import { Failure, get, type StationSummary, type Stations } from './api.ts'
import { type Board, type BoardItem, needsStations, type SeriesFigure, type StationsItem, seriesOf } from './boards.ts'
import { type LiveValue, listenTo } from './live.ts'
import { app } from './state.svelte.ts'

/** As many datastreams as one stream of events, or one request for figures, takes. */
const MOST = 100
/** Between two looks at everything, however live the values are: sums, corrections, changes of the board itself. */
const EVERY = 60_000
const FIRST_RETRY = 3_000
/** Live values come in bursts: what the server adds up is asked for once for all of them. */
const SETTLE = 1_500

const toFailure = (error: unknown): Failure => (error instanceof Failure ? error : new Failure('server', String(error)))

/** What a board shows and how live it is. What was read once stays, with its age, until something newer comes. */
export class BoardData {
  readonly id: string
  board = $state.raw<Board | null>(null)
  failure = $state<Failure | null>(null)
  /** By datastream; those the viewer may not see are not in it. */
  figures = $state.raw<ReadonlyMap<number, SeriesFigure>>(new Map())
  stations = $state.raw<Stations | null>(null)
  /** Everything the board needs was read at least once. */
  ready = $state(false)
  /** Since when nothing comes from the platform; null = connected. */
  lostAt = $state<number | null>(null)
  /** Counts looks at everything: charts, which ask for themselves, follow it. */
  round = $state(0)
  /** Counts new values by datastream, and by station: what changes glows. */
  fresh = $state<Record<number, number>>({})
  freshStations = $state<Record<number, number>>({})
  /** Items shown now; an editor may be ahead of what is stored. */
  items = $state.raw<BoardItem[]>([])
  /** While somebody edits, the stored board does not overwrite what they see. */
  editing = false

  /** Datastreams whose new values are to be heard, as the text a stream is opened by. */
  readonly live: string = $derived.by(() => {
    const ids = new Set(this.items.flatMap(seriesOf).filter((id) => this.figures.has(id)))
    for (const item of this.items) {
      if (item.kind !== 'map' && item.kind !== 'list') continue
      for (const station of this.stationsOf(item)) for (const id of station.headline?.datastreams ?? []) ids.add(id)
    }
    return [...ids].slice(0, MOST).join(',')
  })

  #timer: ReturnType<typeof setTimeout> | undefined
  #settling: ReturnType<typeof setTimeout> | undefined
  #retry = FIRST_RETRY
  #running: Promise<void> | null = null
  #stopped = false

  constructor(id: string) {
    this.id = id
  }

  start(): () => void {
    void this.load()
    const back = (): void => {
      if (!document.hidden) void this.load()
    }
    document.addEventListener('visibilitychange', back)
    window.addEventListener('online', back)
    return () => {
      this.#stopped = true
      clearTimeout(this.#timer)
      clearTimeout(this.#settling)
      document.removeEventListener('visibilitychange', back)
      window.removeEventListener('online', back)
    }
  }

  /** Listens to new values until the returned function is called. */
  listen(ids: string): () => void {
    return listenTo(ids.split(',').map(Number), {
      value: (value) => this.#take(value),
      connected: (yes) => {
        // A stream that stands again proves nothing about what was missed: `resumed` reads it.
        if (!yes) this.#lost()
      },
      resumed: () => void this.load(),
    })
  }

  /** Reads the board and everything on it. Fails quietly once there is something to show: it only grows old. */
  readonly load = (): Promise<void> => {
    this.#running ??= this.#load().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #load(): Promise<void> {
    clearTimeout(this.#timer)
    try {
      const board = await get<Board>(`/api/v1/boards/${encodeURIComponent(this.id)}`)
      if (!this.editing && board.version !== this.board?.version) this.items = board.items
      if (!this.editing) this.board = board
      await this.refresh()
      this.failure = null
      this.lostAt = null
      this.ready = true
      this.round++
      this.#retry = FIRST_RETRY
    } catch (error) {
      const failure = toFailure(error)
      const gone = failure.kind === 'notFound' || failure.kind === 'refused'
      if (gone) this.board = null
      else this.#lost()
      if (gone || !this.board) this.failure = failure
      this.#retry = Math.min(this.#retry * 2, EVERY)
    }
    if (this.#stopped) return
    const wait = this.lostAt === null && !this.failure ? EVERY : this.#retry
    this.#timer = setTimeout(() => {
      if (document.hidden) return
      void this.load()
    }, wait)
  }

  /** Reads figures and stations as the items need them. */
  async refresh(): Promise<void> {
    await Promise.all([this.want(this.items.flatMap(seriesOf), true), this.#wantStations()])
  }

  /** Makes sure the figures of these series are there, `anew` whether or not they are known already. */
  async want(ids: readonly number[], anew = false): Promise<void> {
    const wanted = [...new Set(ids)].filter((id) => anew || !this.figures.has(id)).slice(0, MOST)
    if (wanted.length === 0) return
    const answer = await get<{ now: string; figures: SeriesFigure[] }>(`/api/v1/figures?datastream=${wanted.join(',')}`)
    app.setClock(answer.now)
    const known = new Map(this.figures)
    for (const id of wanted) known.delete(id)
    for (const figure of answer.figures) known.set(figure.datastream, figure)
    this.figures = known
  }

  async #wantStations(): Promise<void> {
    if (this.items.some(needsStations)) await this.loadStations()
  }

  async loadStations(): Promise<void> {
    this.stations = await get<Stations>('/api/v1/stations')
    app.setClock(this.stations.now)
  }

  /** The stations an item speaks of. */
  stationsOf(item: StationsItem): StationSummary[] {
    return (this.stations?.stations ?? []).filter(
      (s) =>
        (item.dataset === undefined || s.dataset === item.dataset) &&
        (item.group === undefined || s.groups.includes(item.group)),
    )
  }

  #lost(): void {
    this.lostAt ??= Date.now()
    if (this.#running || this.#stopped) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.load(), this.#retry)
  }

  /** A new value stands at once; what the server adds up follows when the burst is over. */
  #take(value: LiveValue): void {
    const figure = this.figures.get(value.datastream)
    if (figure && (figure.time === null || Date.parse(value.t) >= Date.parse(figure.time))) {
      const known = new Map(this.figures)
      const next = { ...figure, value: value.value, time: value.t, timeEnd: value.tEnd, newest: value.tEnd ?? value.t }
      known.set(value.datastream, next)
      this.figures = known
      this.fresh[value.datastream] = (this.fresh[value.datastream] ?? 0) + 1
    }
    const station = this.stations?.stations.find((s) => s.headline?.datastreams.includes(value.datastream))
    if (station) this.freshStations[station.id] = (this.freshStations[station.id] ?? 0) + 1
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined
      this.refresh().then(
        () => this.round++,
        () => this.#lost(),
      )
    }, SETTLE)
  }
}
