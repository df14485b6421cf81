import { t } from '../parts/Board.texts.ts'
import type { BoardData } from './board-data.svelte.ts'
import { type BoardItem, seriesOf } from './boards.ts'
import { plainName } from './simulated.ts'
import { app } from './state.svelte.ts'

/** What an item is called: as its author named it, else after what it shows. Empty for a text without a heading. */
export function titleOf(item: BoardItem, data: BoardData): string {
  if (item.title) return item.title
  if (item.kind === 'text') return ''
  const groupName = (key: string): string => {
    const group = data.stations?.groups.find((g) => g.key === key)
    return group ? app.groupName(key, group.name) : ''
  }
  if (item.kind === 'chart' || item.kind === 'figure') {
    const figures = seriesOf(item).flatMap((id) => data.figures.get(id) ?? [])
    const things = [...new Set(figures.map((f) => plainName(f.thing.name)))]
    const groups = [...new Set(figures.map((f) => f.group))]
    const group = groups.length === 1 ? app.groupName(groups[0]!, '') : ''
    if (things.length === 1) return group ? `${group}, ${things[0]}` : things[0]!
    if (things.length > 1) return group || things.slice(0, 2).join(', ')
  }
  const named = item.kind !== 'chart' && item.group !== undefined ? groupName(item.group) : ''
  if (named) return named
  const isPlaces = item.kind === 'map' || item.kind === 'list'
  if (isPlaces && item.dataset !== undefined) return data.stationsOf(item)[0]?.datasetTitle ?? t(`kind.${item.kind}`)
  return isPlaces && !item.hidden && item.group === undefined ? t('allStations') : t(`kind.${item.kind}`)
}

export interface Origin {
  sources: string[]
  simulated: boolean
  /** How much of it everybody may see. */
  released: 'all' | 'some' | 'none'
}

const releasedOf = (flags: readonly boolean[]): Origin['released'] =>
  flags.every(Boolean) ? 'all' : flags.some(Boolean) ? 'some' : 'none'

/** Who is to be named for what an item shows, and whether it is simulated, or not for everybody to see. */
export function originOf(item: BoardItem, data: BoardData): Origin {
  const figures = seriesOf(item).flatMap((id) => data.figures.get(id) ?? [])
  if (item.kind === 'chart' || item.kind === 'text' || figures.length > 0) {
    return {
      sources: [...new Set(figures.map((f) => f.dataset.source))],
      simulated: figures.some((f) => f.dataset.simulated),
      released: releasedOf(figures.map((f) => f.dataset.released)),
    }
  }
  const stations = item.hidden
    ? []
    : data.stationsOf(item.kind === 'figure' ? { kind: 'list', width: 1, height: 1, group: item.group } : item)
  return {
    sources: [...new Set(stations.map((s) => s.datasetTitle))],
    simulated: stations.some((s) => s.simulated),
    released: releasedOf(stations.map((s) => s.released)),
  }
}
