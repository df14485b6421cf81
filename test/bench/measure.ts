/** What the parts of `npm run bench` share: load, medians, and a table with verdicts. */
import { execFile } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LoadResult } from './load.ts'

const run = promisify(execFile)

/** One measured goal. */
export interface Line {
  work: string
  measured: string
  /** What it is compared with, measured in the same run or given. */
  against: string
  ratio: number
  goal: string
  met: boolean
}

const lines: Line[] = []

/** Notes `measured` as a share of `against`, which is to be at least `least`; both are rates. */
export function atLeast(work: string, measured: number, against: number, unit: string, least: number): void {
  const ratio = measured / against
  const goal = `≥ ${least}`
  lines.push({
    work,
    measured: `${round(measured)} ${unit}`,
    against: `${round(against)} ${unit}`,
    ratio,
    goal,
    met: ratio >= least,
  })
}

/** Notes `measured` as a share of `against`, which is to be at most `most`; both are durations or sizes. */
export function atMost(work: string, measured: number, against: number, unit: string, most = 1): void {
  const ratio = measured / against
  const goal = `≤ ${most}`
  lines.push({
    work,
    measured: `${round(measured)} ${unit}`,
    against: `${round(against)} ${unit}`,
    ratio,
    goal,
    met: ratio <= most,
  })
}

/** Notes a line whose goal is of another kind. */
export function note(line: Line): void {
  lines.push(line)
}

export const round = (n: number): string => (n >= 100 ? Math.round(n).toLocaleString('en') : n.toFixed(2))

/** The machine and how busy it is: milliseconds mean nothing without. */
export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}, load ${loadavg()[0]!.toFixed(1)}`

/** Prints what was noted. */
export function printLines(): void {
  console.table(
    lines.map(({ work, measured, against, ratio, goal, met }) => ({
      work,
      measured,
      against,
      ratio: ratio.toFixed(2),
      goal,
      verdict: met ? 'met' : 'NOT MET',
    })),
  )
}

/** Requests from a process of its own. */
export async function load(options: object): Promise<LoadResult> {
  const running = run(process.execPath, [join(import.meta.dirname, 'load.ts')])
  running.child.stdin!.end(JSON.stringify({ connections: 64, method: 'POST', ...options }))
  return JSON.parse((await running).stdout)
}

/** Median milliseconds of `work` over `times` runs after some to warm up. */
export async function median(work: () => Promise<unknown>, times = 15): Promise<number> {
  for (let i = 0; i < 3; i++) await work()
  return medianOf(await repeat(work, times))
}

/** Medians of two works that are to be compared, measured turn by turn: what else the machine does meets both. */
export async function medians(
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
  times = 15,
): Promise<[number, number]> {
  const taken: [number[], number[]] = [[], []]
  for (let i = -3; i < times; i++) {
    const turn = [await repeat(one, 1), await repeat(other, 1)]
    if (i < 0) continue
    taken[0].push(turn[0]![0]!)
    taken[1].push(turn[1]![0]!)
  }
  return [medianOf(taken[0]), medianOf(taken[1])]
}

async function repeat(work: () => Promise<unknown>, times: number): Promise<number[]> {
  const taken: number[] = []
  for (let i = 0; i < times; i++) {
    const start = performance.now()
    await work()
    taken.push(performance.now() - start)
  }
  return taken
}

const medianOf = (taken: number[]): number => taken.sort((a, b) => a - b)[taken.length >> 1]!
