import type { Finding, Rule, Settings, Value } from './model.ts'

/**
 * Pure decisions: values in ascending order in, findings out. None of them changes with the order of checking: the same
 * values give the same findings.
 */

const HOUR = 3_600_000
/** Values on each side a spike is compared with, and how many of them must be there. */
const AROUND = 12
const LEAST_BEFORE = 6
const LEAST_AFTER = 2
/** Counts below are too small to call anything a spike: five people in an hour may be a school class. */
const SPIKE_LEAST = 50
/** Stuck needs this many equal values, however seldom they come. */
const STUCK_LEAST = 6
/** So much must be usual in the stretch before nothing at all is a drop, and in the quietest of the earlier weeks. */
const DROP_USUAL = 60
const DROP_QUIETEST = 20
/** Earlier weeks that must have values for the stretch. */
export const DROP_WEEKS = 4
const DROP_LEAST_WEEKS = 3

/** Does a rule need to look at earlier weeks to decide? The caller loads them only then. */
export interface History {
  /** Largest value of the four weeks before; null = no values. */
  largestBefore(at: number): Promise<number | null>
  /** Sums of the same stretch in the earlier weeks that have values for it. */
  weeksBefore(from: number, to: number): Promise<number[]>
}

/** Values outside [min, max]; neighbours that are both outside are one finding. */
export function outOfRange(values: readonly Value[], { min, max }: Settings): Finding[] {
  if (min === null && max === null) return []
  const below = min ?? Number.NEGATIVE_INFINITY
  const above = max ?? Number.POSITIVE_INFINITY
  const far = (v: number) => Math.max(below - v, v - above)
  return stretches(values, (a) => far(a.v) > 0).map((run) => {
    const worst = run.reduce((a, b) => (far(b.v) > far(a.v) ? b : a))
    const detail = { value: worst.v, n: run.length, ...(min !== null && { min }), ...(max !== null && { max }) }
    return finding('range', run, detail)
  })
}

/** The same value for too long. Zero is left to `drops` for counts: nights are quiet. */
export function stuck(values: readonly Value[], { stuckHours }: Settings, isCount: boolean, period: number): Finding[] {
  if (stuckHours === null) return []
  const found: Finding[] = []
  for (let start = 0; start < values.length; ) {
    let last = start
    const { v } = values[start]!
    // A gap ends it: what is not measured is not stuck.
    while (last + 1 < values.length && values[last + 1]!.v === v && !isGap(values[last]!, values[last + 1]!, period))
      last++
    const run = values.slice(start, last + 1)
    start = last + 1
    if (isCount && v === 0) continue
    const hours = (endOf(run) - run[0]!.t) / HOUR
    // A small count repeats by chance: one bicycle an hour all night. Each further value makes chance less likely.
    const needed = isCount ? Math.max(STUCK_LEAST, Math.ceil(40 / Math.log2(2 + v))) : STUCK_LEAST
    if (hours >= stuckHours && run.length >= needed)
      found.push(finding('stuck', run, { value: v, n: run.length, hours: round(hours) }))
  }
  return found
}

/**
 * Single values far above both sides and above what the last four weeks saw. The level must be back after it: what stays
 * is not a spike. So a value is judged only when two more have come.
 */
export async function spikes(
  values: readonly Value[],
  { spikeFactor }: Settings,
  history: History,
): Promise<Finding[]> {
  if (spikeFactor === null) return []
  const found: Finding[] = []
  for (let i = LEAST_BEFORE; i < values.length - LEAST_AFTER; i++) {
    const { v, t } = values[i]!
    if (v < SPIKE_LEAST) continue
    let around = 0
    for (let k = Math.max(0, i - AROUND); k <= Math.min(values.length - 1, i + AROUND); k++) {
      if (k !== i) around = Math.max(around, values[k]!.v)
      if (around * spikeFactor > v) break
    }
    const limit = Math.max(around, SPIKE_LEAST / spikeFactor) * spikeFactor
    if (v < limit) continue
    const largest = await history.largestBefore(t)
    // Without four weeks to compare with nobody knows what an event brings there.
    if (largest === null || v < largest * 2) continue
    found.push(finding('spike', [values[i]!], { value: v, n: 1, usual: around }))
  }
  return found
}

/** Nothing but zero for hours in which every earlier week had clearly more. */
export async function drops(
  values: readonly Value[],
  { dropHours }: Settings,
  history: History,
  period: number,
): Promise<Finding[]> {
  if (dropHours === null) return []
  const found: Finding[] = []
  for (const run of stretches(values, (a) => a.v === 0, period)) {
    const [from, to] = [run[0]!.t, endOf(run)]
    if (to - from < dropHours * HOUR || run.length < 2) continue
    const weeks = await history.weeksBefore(from, to)
    if (weeks.length < DROP_LEAST_WEEKS) continue
    const sorted = [...weeks].sort((a, b) => a - b)
    const usual = sorted[sorted.length >> 1]!
    if (usual < DROP_USUAL || sorted[0]! < DROP_QUIETEST) continue
    found.push(finding('drop', run, { value: 0, n: run.length, hours: round((to - from) / HOUR), usual: round(usual) }))
  }
  return found
}

/** All rules on one stretch of a series. `period` in milliseconds: the distance expected between two values. */
export async function check(
  values: readonly Value[],
  settings: Settings,
  series: { isCount: boolean; period: number },
  history: History,
): Promise<Finding[]> {
  return [
    ...outOfRange(values, settings),
    ...stuck(values, settings, series.isCount, series.period),
    ...(await spikes(values, settings, history)),
    ...(await drops(values, settings, history, series.period)),
  ]
}

/** Runs of neighbours that all fit; with a period, a gap between two ends the run. */
function stretches(values: readonly Value[], fits: (value: Value) => boolean, period?: number): Value[][] {
  const runs: Value[][] = []
  let open: Value[] | null = null
  for (const value of values) {
    if (!fits(value)) open = null
    else if (open && !(period && isGap(open.at(-1)!, value, period))) open.push(value)
    else {
      open = [value]
      runs.push(open)
    }
  }
  return runs
}

const isGap = (a: Value, b: Value, period: number): boolean => b.t - a.t > period * 2.5

const endOf = (run: readonly Value[]): number => run.at(-1)!.end

const round = (value: number): number => Math.round(value * 10) / 10

function finding(rule: Rule, run: readonly Value[], detail: Finding['detail']): Finding {
  return { rule, from: run[0]!.t, to: endOf(run), detail }
}
