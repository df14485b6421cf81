import type { Queryable } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { iso } from './buckets.ts'
import { GapFinder } from './gaps.ts'
import { bucketSeries, type Head, type Plan, planSeries, type Series, type SeriesQuery, summed } from './series.ts'
import { valuePages } from './series-pages.ts'
import { Thinner } from './thin.ts'

export interface ThinnedQuery extends SeriesQuery {
  /** Points each series is thinned to, about; what has fewer comes as it is. */
  points: number
}

/** Values read for one thinned answer, all series together: about as many as a chart of ten years of quarters of an hour. */
export const MAX_READ = 1_000_000
const MAX_BUCKETS = 200_000

/**
 * As `series`, but no series has more than about `points` points: extremes, gaps and suspect values stay. Sums, means
 * and counts are those of all values. Throws Problem 400 `too-many-points` where more than {@link MAX_READ} values
 * would have to be read.
 */
export async function thinnedSeries(db: Queryable, visible: readonly number[], query: ThinnedQuery) {
  const plan = await planSeries(db, visible, query)
  const found: (Series & { thinned: boolean })[] = []
  if (plan.resolution === 'raw') {
    let left = MAX_READ
    for (const head of plan.heads) {
      const { series, read } = await thinnedValues(db, visible, plan, head, query.points, left)
      found.push(series)
      left -= read
    }
  } else {
    for (const series of await bucketSeries(db, visible, plan, plan.resolution, MAX_BUCKETS)) {
      found.push({ ...series, ...thin(series.points, plan, query.points) })
    }
  }
  return {
    from: iso(plan.from),
    to: iso(plan.to),
    resolution: plan.resolution,
    timeZone: plan.timeZone,
    series: found,
  }
}

function thin(points: Series['points'], plan: Plan, most: number): { points: Series['points']; thinned: boolean } {
  if (points.length <= most) return { points, thinned: false }
  const thinner = new Thinner(plan.from, plan.to, most)
  for (const point of points) thinner.add(point)
  return { points: thinner.finish(), thinned: true }
}

/** Reads the values page by page; the first `most` are kept in case there are no more. */
async function thinnedValues(
  db: Queryable,
  visible: readonly number[],
  plan: Plan,
  head: Head,
  most: number,
  limit: number,
): Promise<{ series: Series & { thinned: boolean }; read: number }> {
  const all = { bucket: 1, n: 0, suspect: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY }
  const gaps = new GapFinder(head, plan)
  const thinner = new Thinner(plan.from, plan.to, most)
  let few: Series['points'] = []
  const take = (point: Series['points'][number]): void => {
    if (few.length <= most) few.push(point)
    thinner.add(point)
  }
  for await (const page of valuePages(db, visible, plan, head)) {
    for (const point of page) {
      const value = point.value!
      all.n++
      all.suspect += point.suspect
      all.sum += value
      all.min = Math.min(all.min, value)
      all.max = Math.max(all.max, value)
      // A value at an instant ends where it begins here; the finder wants to know that it has no end.
      const missing = gaps.before({ t: point.t, tEnd: point.tEnd === point.t ? null : point.tEnd })
      if (missing) take(missing)
      take(point)
    }
    if (all.n > limit) {
      throw new Problem(
        400,
        'too-many-points',
        `The range holds more than ${MAX_READ} values: ask for a coarser resolution (or "auto"), a shorter range, or format=csv, which has no limit.`,
      )
    }
  }
  const missing = gaps.end()
  if (missing) take(missing)
  const thinned = few.length > most
  if (thinned) few = thinner.finish()
  return { series: { ...summed(head, few, all.n > 0 ? [all] : []), thinned }, read: all.n }
}
