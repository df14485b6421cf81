import type { Queryable } from '../../../kernel/db/index.ts'
import { CANCELLED, DELAY } from './delays.ts'

export const GROUPS = ['line', 'hour', 'weekday'] as const
export type PunctualityGroup = (typeof GROUPS)[number]

export interface Punctuality {
  /** route_id, hour of the day (0–23) or ISO weekday (1 Monday … 7). */
  key: string
  /** Departures with a delay. */
  departures: number
  /** Seconds. */
  median: number | null
  p90: number | null
  /** Share of `departures` between 1 minute early and 5 minutes late (the usual German measure: up to 5:59). */
  punctual: number | null
  cancelled: number
}

const KEYS = {
  line: `route`,
  hour: `extract(hour from t at time zone $5)::int4::text`,
  weekday: `extract(isodow from t at time zone $5)::int4::text`,
} as const

/**
 * How punctual the departures at these stops were in [from, to), from the kept delays. A departure that was cancelled
 * counts as that alone, whatever delay was told before.
 */
export function punctuality(
  db: Queryable,
  dataset: number,
  stopIds: readonly string[],
  { from, to, zone, by }: { from: string; to: string; zone: string; by: PunctualityGroup },
): Promise<Punctuality[]> {
  return db.query<Punctuality>(
    `with kept as (
       select o.t, o.v, o.x -> 'p' ->> 'trip' as trip, o.x -> 'p' ->> 'route' as route, p.natural_key = '${DELAY}' as late
       from thing th join datastream d on d.thing = th.id join observed_property p on p.id = d.observed_property
         join observation o on o.datastream = d.id and o.t >= $3 and o.t < $4
       where th.dataset = $1 and th.natural_key = any($2::text[]) and d.dataset = $1
         and p.natural_key in ('${DELAY}', '${CANCELLED}') and o.q is null
     ), departure as (
       select t, trip, route, max(v) filter (where late) as delay, coalesce(max(v) filter (where not late), 0) > 0 as cancelled
       from kept group by t, trip, route
     )
     select ${KEYS[by]} as key,
       count(delay) filter (where not cancelled)::int4 as departures,
       percentile_cont(0.5) within group (order by delay) filter (where not cancelled) as median,
       percentile_cont(0.9) within group (order by delay) filter (where not cancelled) as p90,
       avg((delay between -60 and 359)::int4) filter (where not cancelled and delay is not null)::float8 as punctual,
       count(*) filter (where cancelled)::int4 as cancelled
     from departure where $5::text is not null group by 1 order by 1`,
    [dataset, stopIds.map((id) => `stop:${id}`), from, to, zone],
  )
}
