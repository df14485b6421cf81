import { type Queryable, sql } from '../../kernel/db/index.ts'
import { bucketStarts, iso } from './buckets.ts'
import { bucketSeries, type Head, MAX_POINTS, own, type Plan, type SeriesPoint } from './series.ts'

export interface SeriesPage {
  series: Head
  points: SeriesPoint[]
}

const VALUES_A_PAGE = 10_000
const BUCKETS_A_PAGE = 5_000

/**
 * The points of a planned series in pages, series after series, each in order of time, however long the range: memory
 * holds one page. Without gap points. Values that come in or go while it is read may or may not be in it; none comes twice.
 */
export async function* seriesPages(db: Queryable, visible: readonly number[], plan: Plan): AsyncGenerator<SeriesPage> {
  for (const head of plan.heads) {
    const pages = plan.resolution === 'raw' ? valuePages(db, visible, plan, head) : bucketPages(db, visible, plan, head)
    for await (const points of pages) yield { series: head, points }
  }
}

interface ValueRow {
  id: number
  t: string
  tEnd: string | null
  v: number
  q: number | null
}

/** Keyset pages by (time, id): page 1,000 costs what page 1 costs. */
export async function* valuePages(
  db: Queryable,
  visible: readonly number[],
  plan: Plan,
  head: Head,
): AsyncGenerator<SeriesPoint[]> {
  let from = iso(plan.from)
  let id = -1
  for (;;) {
    const rows = await db.run<ValueRow>(sql`
      select o.id, o.t, o.t_end as "tEnd", o.v, o.q
        from observation o
       where o.datastream = ${head.datastream} and exists (${own(visible, [head.datastream])}) and o.v is not null
         and o.t >= ${from}::timestamptz and o.t < ${iso(plan.to)}::timestamptz
         and (o.t > ${from}::timestamptz or o.id > ${id}::int8)
       order by o.t, o.id
       limit ${VALUES_A_PAGE}`)
    if (rows.length > 0) {
      yield rows.map(({ t, tEnd, v, q }) => ({
        t,
        tEnd: tEnd ?? t,
        value: v,
        n: 1,
        min: v,
        max: v,
        suspect: q === 1 ? 1 : 0,
      }))
    }
    if (rows.length < VALUES_A_PAGE) return
    const last = rows.at(-1)!
    from = last.t
    id = last.id
  }
}

async function* bucketPages(
  db: Queryable,
  visible: readonly number[],
  plan: Plan,
  head: Head,
): AsyncGenerator<SeriesPoint[]> {
  if (plan.resolution === 'raw') return
  const starts = bucketStarts(plan.resolution, plan.from, plan.to, plan.timeZone)
  const size = Math.min(BUCKETS_A_PAGE, MAX_POINTS)
  for (let first = 0; first < starts.length; first += size) {
    const from = Math.max(plan.from, starts[first]!)
    const to = starts[first + size] ?? plan.to
    const [page] = await bucketSeries(db, visible, { ...plan, heads: [head], from, to }, plan.resolution)
    const points = page!.points.filter((point) => point.value !== null)
    if (points.length > 0) yield points
  }
}
