import { plainArray, type Queryable, textArray } from '../../kernel/db/index.ts'

/** A source or a part of it (null: the main one), and the milliseconds without anything good after which it is late; null = nobody expects it by the clock. */
export interface Supplier {
  id: string
  part: string | null
  dataset: number
  patience: number | null
}

/** How reliably a dataset was supplied. Shares are 0 to 1; null where there is nothing to measure it by. */
export interface ServiceLevel {
  dataset: number
  /** Share of the time in which its latest good delivery was not older than expected. */
  uptime: number | null
  /** Deliveries (runs and pushes) and how many of them failed. */
  deliveries: number
  failed: number
  /** Seconds between measuring and arrival of the newest values: median and 90th percentile over all series. */
  latency: number | null
  latency90: number | null
  /** Values that came, of those that were expected of series with a fixed distance. */
  completeness: number | null
  /** When the first and the newest value were measured, ISO 8601. */
  since: string | null
  newest: string | null
}

interface Window {
  from: string
  to: string
}

/**
 * Uptime, latency and completeness of datasets in [from, to). Uptime: two good deliveries further apart than the source's
 * patience count as failure for what is beyond it; before its first delivery a source owes nothing. Values of the hourly
 * sums are counted, so a month of a city takes a moment.
 */
export async function serviceLevels(
  db: Queryable,
  datasets: readonly number[],
  suppliers: readonly Supplier[],
  { from, to }: Window,
): Promise<ServiceLevel[]> {
  const [uptimes, series] = [await uptimesOf(db, suppliers, { from, to }), await seriesOf(db, datasets, { from, to })]
  return datasets.map((dataset) => {
    const mine = uptimes.filter((one) => one.dataset === dataset)
    const known = mine.filter(({ uptime }) => uptime !== null)
    const found = series.get(dataset)
    return {
      dataset,
      uptime: known.length === 0 ? null : known.reduce((sum, { uptime }) => sum + uptime!, 0) / known.length,
      deliveries: mine.reduce((sum, one) => sum + one.deliveries, 0),
      failed: mine.reduce((sum, one) => sum + one.failed, 0),
      latency: found?.latency ?? null,
      latency90: found?.latency90 ?? null,
      completeness: found?.expected ? Math.min(1, found.present / found.expected) : null,
      since: found?.since ?? null,
      newest: found?.newest ?? null,
    }
  })
}

interface Uptime {
  dataset: number
  uptime: number | null
  deliveries: number
  failed: number
}

function uptimesOf(db: Queryable, suppliers: readonly Supplier[], { from, to }: Window): Promise<Uptime[]> {
  return db.query<Uptime>(
    `with supplier as (
       select *, row_number() over () as n from unnest($1::text[], $2::int4[], $3::float8[], $6::text[]) as s (id, dataset, patience, part)
     ), event as (
       select s.n, least(r.finished_at, $5::timestamptz) as at, r.outcome in ('ok', 'unmodified', 'rejections') as good
         from supplier s join source_run r on r.source = s.id and r.part is not distinct from s.part
        where r.trigger <> 'push' and r.finished_at >= $4 and r.started_at < $5
       union all
       select s.n, d.last_at, d.rejected < d.read or d.read = 0
         from supplier s join delivery d on d.source = s.id and s.part is null where d.last_at >= $4 and d.last_at < $5
     ), stretch as (
       select n, at, lead(at, 1, $5::timestamptz) over (partition by n order by at) as until from event where good
     ), whole as (
       select n, sum(extract(epoch from until - at)) as seconds,
         sum(greatest(0, extract(epoch from until - at) - (select patience from supplier where supplier.n = stretch.n) / 1000))
           as down
       from stretch group by n
     ), counted as (
       select n, count(*)::int4 as deliveries, count(*) filter (where not coalesce(good, false))::int4 as failed
         from event group by n
     )
     select s.dataset, coalesce(c.deliveries, 0) as deliveries, coalesce(c.failed, 0) as failed,
       case when s.patience is null then null when w.n is not null and w.seconds > 0 then (1 - w.down / w.seconds)::float8
            when c.failed > 0 then 0 end as uptime
     from supplier s left join whole w on w.n = s.n left join counted c on c.n = s.n`,
    [
      textArray(suppliers.map(({ id }) => id)),
      plainArray(suppliers.map(({ dataset }) => dataset)),
      plainArray(suppliers.map(({ patience }) => patience)),
      from,
      to,
      textArray(suppliers.map(({ part }) => part)),
    ],
  )
}

interface SeriesFacts {
  dataset: number
  latency: number | null
  latency90: number | null
  present: number
  expected: number | null
  since: string | null
  newest: string | null
}

async function seriesOf(
  db: Queryable,
  datasets: readonly number[],
  { from, to }: Window,
): Promise<ReadonlyMap<number, SeriesFacts>> {
  const rows = await db.query<SeriesFacts>(
    `with stream as (
       select d.id, d.dataset, d.period_s as period, s.t_min, s.t_max,
         greatest(0, extract(epoch from s.arrived_at - coalesce(s.last_t_end, s.last_t)))::float8 as late
       from datastream d join datastream_state s on s.datastream = d.id
       where d.dataset = any($1::int4[]) and s.n > 0
     ), came as (
       select st.id, least(sum(r.n)::float8, max(st.owed)) as present, max(st.owed) as owed
       from (
         select id, floor(extract(epoch from $3::timestamptz - greatest($2::timestamptz, t_min)) / period) as owed
         from stream where period > 0 and t_min < $3::timestamptz
       ) st left join rollup_hour r on r.datastream = st.id and r.variant = 0 and r.hour >= $2 and r.hour < $3
       group by st.id
     )
     select dataset, percentile_cont(0.5) within group (order by late) as latency,
       percentile_cont(0.9) within group (order by late) as latency90,
       coalesce(sum(c.present), 0)::float8 as present, sum(c.owed)::float8 as expected,
       min(t_min) as since, max(t_max) as newest
     from stream left join came c on c.id = stream.id group by dataset`,
    [plainArray(datasets), from, to],
  )
  return new Map(rows.map((row) => [row.dataset, row]))
}
