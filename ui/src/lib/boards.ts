import type { Aggregate, Group, Resolution, StationState, Stations, Unit } from './api.ts'

/** Shapes of `/api/v1/boards` and `/api/v1/figures` as the pages use them. */
interface Size {
  title?: string
  width: number
  height: number
}
export type BoardRange = '24h' | '7d' | '30d' | '1y'
export interface ChartItem extends Size {
  kind: 'chart'
  series: number[]
  range: BoardRange
  resolution: Exclude<Resolution, 'year'> | 'auto'
  compare: boolean
}
export interface FigureItem extends Size {
  kind: 'figure'
  series?: number
  group?: string
  show: 'latest' | 'day'
  hidden?: true
}
/** A map or a list of stations: all, those of a dataset, of a group, or of both. */
export interface StationsItem extends Size {
  kind: 'map' | 'list'
  dataset?: string
  group?: string
  hidden?: true
}
export interface TextItem extends Size {
  kind: 'text'
  text: string
}
export type BoardItem = ChartItem | FigureItem | StationsItem | TextItem
export type Kind = BoardItem['kind']

export interface BoardSummary {
  id: string
  title: string
  description: string
  visibility: 'draft' | 'published'
  version: number
  changedAt: string
  kinds: Partial<Record<Kind, number>>
}
export interface Board extends Omit<BoardSummary, 'kinds'> {
  items: BoardItem[]
}

export interface SeriesFigure {
  datastream: number
  name: string
  thing: { id: number; name: string }
  dataset: { id: string; title: string; released: boolean; simulated: boolean; source: string }
  group: string
  unit: Unit
  aggregate: Aggregate
  value: number | null
  time: string | null
  timeEnd: string | null
  day: string | null
  dayTotal: number | null
  usual: { value: number; change: number } | null
  since: string | null
  newest: string | null
  state: StationState
}

export const KINDS: readonly Kind[] = ['figure', 'chart', 'map', 'list', 'text']
export const MAX_ITEMS = 24
export const MAX_LINES = 5
export const COLUMNS = 4
export const MAX_HEIGHT = 4

export function seriesOf(item: BoardItem): number[] {
  if (item.kind === 'chart') return item.series
  return item.kind === 'figure' && item.series !== undefined ? [item.series] : []
}

/** Whether an item needs the list of all stations. */
export const needsStations = (item: BoardItem): boolean =>
  item.kind === 'map' || item.kind === 'list' || (item.kind === 'figure' && item.group !== undefined)

export interface Spot {
  column: number
  row: number
  width: number
  height: number
}

/** Places items one after another, each behind the one before it: what is read first stands first. */
export function pack(items: readonly Size[], columns: number): { spots: Spot[]; rows: number } {
  const taken = new Set<number>()
  const spots: Spot[] = []
  let cursor = 0
  let rows = 0
  for (const item of items) {
    const width = Math.min(item.width, columns)
    for (let cell = cursor; ; cell++) {
      const column = cell % columns
      const row = Math.floor(cell / columns)
      const cells: number[] = []
      for (let y = 0; y < item.height; y++) for (let x = 0; x < width; x++) cells.push(cell + y * columns + x)
      if (column + width > columns || cells.some((one) => taken.has(one))) continue
      for (const one of cells) taken.add(one)
      cursor = cell + width
      rows = Math.max(rows, row + item.height)
      spots.push({ column, row, width, height: item.height })
      break
    }
  }
  return { spots, rows }
}

/** Cuts a board into pages of at most so many rows, for screens nobody scrolls. */
export function pagesOf<T extends Size>(items: readonly T[], columns: number, rows: number): T[][] {
  const pages: T[][] = []
  let page: T[] = []
  for (const item of items) {
    if (page.length > 0 && pack([...page, item], columns).rows > rows) {
      pages.push(page)
      page = []
    }
    page.push(item)
  }
  if (page.length > 0 || pages.length === 0) pages.push(page)
  return pages
}

/** A name for each item that stays while it is moved or resized. */
export function keysOf(items: readonly BoardItem[]): string[] {
  const seen = new Map<string, number>()
  return items.map((item) => {
    const text = JSON.stringify({ ...item, width: 0, height: 0 })
    const n = seen.get(text) ?? 0
    seen.set(text, n + 1)
    return `${n} ${text}`
  })
}

/** A new item of a kind, as large as it usually looks right. */
export function newItem(kind: Kind): BoardItem {
  switch (kind) {
    case 'chart':
      return { kind, width: 2, height: 2, series: [], range: '7d', resolution: 'auto', compare: false }
    case 'figure':
      return { kind, width: 1, height: 1, show: 'day' }
    case 'text':
      return { kind, width: 2, height: 1, text: '' }
    default:
      return { kind, width: 2, height: 2 }
  }
}

export type TemplateName = 'traffic' | 'weather'
const TEMPLATES: Record<TemplateName, RegExp> = {
  traffic: /bicycle|pedestrian|car_|vehicle|traffic|parking|footfall/,
  weather: /temperature|humidity|precipitation|rain|wind|water|level|soil|pressure/,
}
const FIGURES = 4

/** The groups of a city a template is made of, the largest first. */
export const groupsFor = (name: TemplateName, groups: readonly Group[]): Group[] =>
  groups.filter((g) => TEMPLATES[name].test(g.key)).slice(0, FIGURES)

/** Fills a template with what the city has; null when it has nothing of the kind. */
export function fromTemplate(name: TemplateName, { groups, stations }: Stations): BoardItem[] | null {
  const mine = groupsFor(name, groups)
  if (mine.length === 0) return null
  const width = mine.length === 1 ? 4 : mine.length === 2 ? 2 : 1
  const figures = mine.map(
    (g): BoardItem => ({
      kind: 'figure',
      width,
      height: 1,
      group: g.key,
      show: g.aggregate === 'sum' ? 'day' : 'latest',
    }),
  )
  const charts = mine.slice(0, 2).flatMap((g): BoardItem[] => {
    const series = stations
      .filter((s) => s.group === g.key && s.headline?.datastreams.length === 1)
      .sort((a, b) => (b.headline?.dayTotal ?? 0) - (a.headline?.dayTotal ?? 0))
      .slice(0, 3)
      .map((s) => s.headline!.datastream)
    return series.length > 0
      ? [{ kind: 'chart', width: 2, height: 2, series, range: '7d', resolution: 'hour', compare: false }]
      : []
  })
  const where: BoardItem[] = [
    { kind: 'map', width: 2, height: 2, group: mine[0]!.key },
    { kind: 'list', width: 2, height: 2, group: mine[0]!.key },
  ]
  return [...figures, ...charts, ...where]
}
