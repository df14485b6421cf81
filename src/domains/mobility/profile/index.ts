import type { Queryable } from '../../../kernel/db/index.ts'
import { CONCEPTS, type Feature } from '../../features/index.ts'
import { type HourFigures, slotOf, type Week, type WeekQuery, weekOf } from './week.ts'

export type ProfileMode = 'parking' | 'sharing' | 'charging'

/** One hour of the week. Counts are means; shares lie between 0 and 1. */
export interface ProfileCell {
  /** ISO weekday, 1 Monday … 7 Sunday and public holidays. */
  weekday: number
  /** Hour of the day, local. */
  hour: number
  /** Hours with values that this cell is made of. */
  hours: number
  /** Free spaces, vehicles, or free charge points. */
  free: number
  /** Spaces or charge points in use; free docks. Null where nothing says it. */
  other: number | null
  /** Share of the spaces, docks or charge points in use: at a sharing station, of docks that hold a vehicle. */
  share: number | null
  /** Share of the hours in which nothing was free (no vehicle, no free space) at some time. */
  none: number
  /** Sharing: share of the hours in which no dock was free at some time. Null elsewhere. */
  noDock: number | null
}

/** A stretch of hours of one weekday, [from, to). */
export interface Stretch {
  weekday: number
  from: number
  to: number
}

export interface Profile {
  mode: ProfileMode
  from: string | null
  to: string | null
  /** Hours with values. */
  hours: number
  /** Spaces, docks or charge points that shares refer to; null where nobody says it. */
  capacity: number | null
  cells: ProfileCell[]
  /** Whether the hours are enough to say something of the week: see {@link ENOUGH_CELLS}. Else `tight` and `best` are empty. */
  enough: boolean
  /** Over all hours: share in which nothing was free at some time, and (sharing) in which no dock was. */
  none: number | null
  noDock: number | null
  /** When it is hard to find something: runs of hours that are often or nearly full, by weekday. */
  tight: Stretch[]
  /** Of the hours from 6 to 22 of each weekday, the two in a row in which most is free. */
  best: Stretch[]
}

const FREE: Record<ProfileMode, string> = { parking: 'free', sharing: 'vehicles', charging: 'free' }
const OTHER: Record<ProfileMode, string> = { parking: 'occupied', sharing: 'docks', charging: 'used' }
/** An hour is tight when nothing was free in a fifth of its weeks, or on average nine tenths are in use. */
const TIGHT_NONE = 0.2
const TIGHT_SHARE = 0.9
const WAKING = [6, 22] as const
/** The week can be told once nine in ten of its hours hold values of two weeks at least. */
const ENOUGH_HOURS = 2
const ENOUGH_CELLS = 0.9 * 7 * 24

/** How a car park, sharing station or charging station is used through the week; by the concept's own series. */
export async function profileOf(
  reader: Queryable,
  visible: readonly number[],
  mode: ProfileMode,
  feature: Feature,
  query: Omit<WeekQuery, 'thing' | 'properties'>,
): Promise<Profile> {
  const series = CONCEPTS.get(mode)!.series
  const [free, other] = [series[FREE[mode]]!.property, series[OTHER[mode]]!.property]
  const week: Week =
    feature.thing === null
      ? { from: null, to: null, figures: new Map() }
      : await weekOf(reader, visible, { ...query, thing: feature.thing, properties: [free, other] })
  const capacity = capacityOf(mode, feature)
  const cells = cellsOf(mode, week.figures.get(free), week.figures.get(other), capacity)
  return { mode, from: week.from, to: week.to, capacity, cells, ...summaryOf(mode, cells) }
}

function capacityOf(mode: ProfileMode, { properties }: Feature): number | null {
  const { capacity, points, evses } = properties
  if (mode !== 'charging') return typeof capacity === 'number' && capacity > 0 ? capacity : null
  if (Array.isArray(evses) && evses.length > 0) return evses.length
  return typeof points === 'number' && points > 0 ? points : null
}

type Slots = ReadonlyMap<number, HourFigures> | undefined

function cellsOf(mode: ProfileMode, free: Slots, other: Slots, capacity: number | null): ProfileCell[] {
  const cells: ProfileCell[] = []
  for (let weekday = 1; weekday <= 7; weekday++)
    for (let hour = 0; hour < 24; hour++) {
      const own = free?.get(slotOf(weekday, hour))
      const beside = other?.get(slotOf(weekday, hour))
      // A source that only says what is taken: the rest is free, as far as the capacity is known.
      if (!own && (mode === 'sharing' || !beside || capacity === null)) continue
      const mean = own ? own.mean : capacity! - beside!.mean
      cells.push({
        weekday,
        hour,
        hours: (own ?? beside)!.hours,
        free: Math.max(0, mean),
        other: beside ? beside.mean : null,
        share: shareOf(mode, Math.max(0, mean), beside?.mean ?? null, capacity),
        none: own ? own.zero : 0,
        noDock: mode === 'sharing' && beside ? beside.zero : null,
      })
    }
  return cells
}

function shareOf(mode: ProfileMode, free: number, other: number | null, capacity: number | null): number | null {
  const within = (share: number) => Math.min(1, Math.max(0, share))
  if (mode === 'sharing') {
    const docks = other !== null ? free + other : capacity
    return docks ? within(free / docks) : null
  }
  if (mode === 'charging' && other !== null && free + other > 0) return within(other / (free + other))
  return capacity === null ? null : within(1 - free / capacity)
}

function summaryOf(
  mode: ProfileMode,
  cells: readonly ProfileCell[],
): Pick<Profile, 'hours' | 'enough' | 'none' | 'noDock' | 'tight' | 'best'> {
  const hours = cells.reduce((sum, cell) => sum + cell.hours, 0)
  const weighted = (of: (cell: ProfileCell) => number | null) => {
    const known = cells.filter((cell) => of(cell) !== null)
    const all = known.reduce((sum, cell) => sum + cell.hours, 0)
    return all === 0 ? null : known.reduce((sum, cell) => sum + of(cell)! * cell.hours, 0) / all
  }
  const full = ({ none, share }: ProfileCell) =>
    none >= TIGHT_NONE || (mode !== 'sharing' && share !== null && share >= TIGHT_SHARE)
  // An hour seen once is no custom.
  const known = cells.filter((cell) => cell.hours >= ENOUGH_HOURS)
  const enough = known.length >= ENOUGH_CELLS
  return {
    hours,
    enough,
    none: weighted(({ none }) => none),
    noDock: weighted(({ noDock }) => noDock),
    tight: enough ? runsOf(known.filter(full)) : [],
    best: enough ? bestOf(known) : [],
  }
}

function runsOf(cells: readonly ProfileCell[]): Stretch[] {
  const runs: Stretch[] = []
  for (const { weekday, hour } of cells) {
    const last = runs.at(-1)
    if (last && last.weekday === weekday && last.to === hour) last.to++
    else runs.push({ weekday, from: hour, to: hour + 1 })
  }
  return runs
}

function bestOf(cells: readonly ProfileCell[]): Stretch[] {
  const found: Stretch[] = []
  for (let weekday = 1; weekday <= 7; weekday++) {
    const own = cells.filter((cell) => cell.weekday === weekday && cell.hour >= WAKING[0] && cell.hour < WAKING[1])
    let best: { from: number; free: number } | null = null
    for (const [i, cell] of own.entries()) {
      const next = own[i + 1]
      if (next?.hour !== cell.hour + 1) continue
      const free = cell.free + next.free
      if (!best || free > best.free) best = { from: cell.hour, free }
    }
    if (best) found.push({ weekday, from: best.from, to: best.from + 2 })
  }
  return found
}
