import type { Queryable } from '../../../kernel/db/index.ts'
import { holidaysOf } from '../../catalog/index.ts'
import { localDay } from '../../sensing/index.ts'

/** One hour of the week at a place: what its hourly sums say over some weeks. */
export interface HourFigures {
  /** Hours that have values. */
  hours: number
  /** Mean over them of the hour's mean. */
  mean: number
  /** Share of them in which the value was 0 (or less) at some time. */
  zero: number
}

export interface WeekQuery {
  /** Whose series. */
  thing: number
  /** Keys of the observed properties. */
  properties: readonly string[]
  /** Days since the newest value. */
  days: number
  timeZone: string
  /** Official key of the city: its holidays count as Sundays. */
  cityKey: string | null
}

export interface Week {
  /** The hours with values lie in [from, to), ISO 8601; null where there are none. */
  from: string | null
  to: string | null
  /** By observed property, ISO weekday (1 Monday … 7 Sunday and holidays) and hour of the day. */
  figures: ReadonlyMap<string, ReadonlyMap<number, HourFigures>>
}

/** Where a weekday and an hour stand in {@link Week.figures}. */
export const slotOf = (weekday: number, hour: number): number => (weekday - 1) * 24 + hour

const DAY = 86_400_000

/**
 * How the values of a place run through the week, from the hourly sums. Suspect values are left out of the means, and hours
 * that hold one out of `zero`. Local hours: on the day the clocks go back the hour that comes twice counts twice.
 */
export async function weekOf(reader: Queryable, visible: readonly number[], query: WeekQuery): Promise<Week> {
  const { thing, properties, days, timeZone, cityKey } = query
  const [newest] = await reader.query<{ to: string | null }>(
    `select max(s.t_max) as to from datastream d join observed_property p on p.id = d.observed_property
       join datastream_state s on s.datastream = d.id
      where d.dataset = any($1::int4[]) and p.dataset = any($1::int4[]) and d.thing = $2 and p.natural_key = any($3::text[])`,
    [visible, thing, properties],
  )
  if (!newest?.to) return { from: null, to: null, figures: new Map() }
  const to = Math.floor(Date.parse(newest.to) / 3_600_000 + 1) * 3_600_000
  const from = to - days * DAY
  const rows = await reader.query<HourFigures & { property: string; slot: number; first: string }>(
    `select p.natural_key as property,
       (case when w.day = any($7::date[]) then 6 else extract(isodow from w.day)::int4 - 1 end) * 24 + w.hour as slot,
       count(*)::int4 as hours, avg((r.sum - r.sum_suspect) / (r.n - r.n_suspect)) as mean,
       coalesce(avg((r.min <= 0)::int4) filter (where r.n_suspect = 0), 0)::float8 as zero, min(r.hour) as first
     from datastream d join observed_property p on p.id = d.observed_property
       join rollup_hour r on r.datastream = d.id and r.variant = 0 and r.hour >= $4 and r.hour < $5
       cross join lateral (select (r.hour at time zone $6)::date as day, extract(hour from r.hour at time zone $6)::int4 as hour) w
     where d.dataset = any($1::int4[]) and p.dataset = any($1::int4[]) and d.thing = $2 and p.natural_key = any($3::text[])
       and r.n > r.n_suspect
     group by 1, 2`,
    [
      visible,
      thing,
      properties,
      new Date(from).toISOString(),
      new Date(to).toISOString(),
      timeZone,
      holidaysOf(cityKey, localDay(from, timeZone), localDay(to, timeZone)),
    ],
  )
  const figures = new Map<string, Map<number, HourFigures>>()
  for (const { property, slot, hours, mean, zero } of rows) {
    const slots = figures.get(property) ?? new Map<number, HourFigures>()
    figures.set(property, slots.set(slot, { hours, mean, zero }))
  }
  const firsts = rows.map(({ first }) => Date.parse(first))
  return {
    from: firsts.length > 0 ? new Date(Math.min(...firsts)).toISOString() : null,
    to: firsts.length > 0 ? new Date(to).toISOString() : null,
    figures,
  }
}
