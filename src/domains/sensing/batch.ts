import type { NewObservation, StoredObservation } from './model.ts'

/** Is instant `a` before `b`? Both ISO 8601 in UTC ending in `Z`, with or without fractions. */
export function before(a: string, b: string): boolean {
  // Without the Z a shorter text is a prefix and sorts first: 12:00:00 < 12:00:00.5
  return a.length === b.length ? a < b : a.slice(0, -1) < b.slice(0, -1)
}

interface HourSum {
  datastream: number
  hour: string
  n: number
  suspect: number
  sum: number
  sumSuspect: number
  min: number
  max: number
}

interface StateChange {
  datastream: number
  n: number
  tMin: string
  tMax: string
  rtMin: string | null
  rtMax: string | null
  last: StoredObservation
}

const byDatastreamAndHour = (a: HourSum, b: HourSum) =>
  a.datastream - b.datastream || (a.hour < b.hour ? -1 : a.hour > b.hour ? 1 : 0)

/**
 * What a batch of new observations adds: hourly sums and the state of each datastream, both sorted by their key so
 * that concurrent writers lock rows in the same order.
 */
export function summarise(rows: readonly StoredObservation[]): { hours: HourSum[]; states: StateChange[] } {
  const hours = new Map<string, HourSum>()
  const states = new Map<number, StateChange>()
  for (const row of rows) {
    if (row.v !== null) addToHour(hours, row, row.v)
    addToState(states, row)
  }
  return {
    hours: [...hours.values()].sort(byDatastreamAndHour),
    states: [...states.values()].sort((a, b) => a.datastream - b.datastream),
  }
}

function addToHour(hours: Map<string, HourSum>, row: StoredObservation, v: number): void {
  const hour = row.t.slice(0, 13)
  const key = `${row.datastream} ${hour}`
  const suspect = row.q === 1 ? 1 : 0
  const sum = hours.get(key)
  if (!sum) {
    hours.set(key, {
      datastream: row.datastream,
      hour: `${hour}:00:00Z`,
      n: 1,
      suspect,
      sum: v,
      sumSuspect: suspect ? v : 0,
      min: v,
      max: v,
    })
    return
  }
  sum.n++
  sum.sum += v
  if (suspect) {
    sum.suspect++
    sum.sumSuspect += v
  }
  if (v < sum.min) sum.min = v
  if (v > sum.max) sum.max = v
}

function addToState(states: Map<number, StateChange>, row: StoredObservation): void {
  const end = row.tEnd ?? row.t
  const rt = row.x?.rt ?? null
  const state = states.get(row.datastream)
  if (!state) {
    states.set(row.datastream, {
      datastream: row.datastream,
      n: 1,
      tMin: row.t,
      tMax: end,
      rtMin: rt,
      rtMax: rt,
      last: row,
    })
    return
  }
  state.n++
  if (before(row.t, state.tMin)) state.tMin = row.t
  if (before(state.tMax, end)) state.tMax = end
  if (rt !== null) {
    if (state.rtMin === null || before(rt, state.rtMin)) state.rtMin = rt
    if (state.rtMax === null || before(state.rtMax, rt)) state.rtMax = rt
  }
  if (!before(row.t, state.last.t)) state.last = row
}

/** Rows grouped by datastream, in order. */
export function byDatastream<T extends NewObservation>(rows: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const row of rows) {
    const group = groups.get(row.datastream)
    if (group) group.push(row)
    else groups.set(row.datastream, [row])
  }
  return groups
}
