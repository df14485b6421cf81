import type { Queryable } from '../../kernel/db/index.ts'
import { CANCELLED, DELAY } from './realtime/delays.ts'

/** What stands for a mode in the overview: an observed property, and how a month of it is told. */
const MEASURES = [
  { mode: 'bicycle', property: 'bicycle_count', of: 'sum' },
  { mode: 'pedestrian', property: 'pedestrian_count', of: 'sum' },
  { mode: 'car', property: 'car_count', of: 'sum' },
  { mode: 'parking', property: 'parking_free', of: 'mean' },
  { mode: 'sharing', property: 'sharing_vehicles', of: 'mean' },
  { mode: 'charging', property: 'charging_used', of: 'mean' },
  { mode: 'transit', property: DELAY, of: 'mean' },
  { mode: 'cancelled', property: CANCELLED, of: 'sum' },
] as const

/** A mode in a month and a district. `value`: a sum of counts, or the mean of a series (spaces, vehicles, points, seconds). */
export interface ModeMonth {
  /** Name of the district; null = outside of all, or there are none. */
  district: string | null
  /** `YYYY-MM` of the city's time zone. */
  month: string
  mode: (typeof MEASURES)[number]['mode']
  of: 'sum' | 'mean'
  value: number
  series: number
}

export interface PlanningQuery {
  visible: readonly number[]
  from: string
  to: string
  zone: string
}

const LIMIT = { timeoutMs: 30_000 }

/** Where a series stands: its feature, else the place of its Thing. */
const PLACE = `coalesce(
  (select f.geom from feature f where f.thing = d.thing and f.geom is not null order by f.id limit 1),
  (select l.geom from thing_location tl join location l on l.id = tl.location
    where tl.thing = d.thing and l.geom is not null order by l.id limit 1))`

/** The modes side by side, by district (features of the concept `district`) and month. */
function modesByDistrict(db: Queryable, { visible, from, to, zone }: PlanningQuery): Promise<ModeMonth[]> {
  return db.query<ModeMonth>(
    `with measure as (
       select * from unnest($4::text[], $5::text[], $6::text[]) as m (property, mode, "of")
     ), stream as (
       select d.id, m.mode, m."of", ${PLACE} as geom
         from datastream d join observed_property p on p.id = d.observed_property
           join measure m on m.property = p.natural_key
        where d.dataset = any($1::int4[]) and d.kind = 'single' and coalesce(d.role, '') <> 'part'
     ), district as (
       select id, name, geom from feature
        where dataset = any($1::int4[]) and concept = 'district' and gone_at is null and geom is not null
     ), placed as (
       select s.id, s.mode, s."of",
         (select x.name from district x where st_intersects(x.geom, st_pointonsurface(s.geom)) order by x.id limit 1) as district
         from stream s
     ), month as (
       select to_char(m, 'YYYY-MM') as name, greatest(m at time zone $7, $2::timestamptz) as starts,
         least((m + interval '1 month') at time zone $7, $3::timestamptz) as ends
       from generate_series(date_trunc('month', $2::timestamptz at time zone $7), $3::timestamptz at time zone $7,
         interval '1 month') m
     )
     -- A stretch of the key for each series and month: to ask every hour for its month costs more than to add it up.
     select p.district, m.name as month, p.mode, p."of",
       case p."of" when 'sum' then sum(r.sum) else sum(r.sum) / sum(r.n) end as value, count(*)::int4 as series
     from placed p cross join month m cross join lateral (
       select sum(h.sum) as sum, sum(h.n) as n from rollup_hour h
        where h.datastream = p.id and h.variant = 0 and h.hour >= m.starts and h.hour < m.ends) r
     where r.n > 0
     group by 1, 2, 3, 4 order by 1 nulls last, 2, 3`,
    [visible, from, to, MEASURES.map((m) => m.property), MEASURES.map((m) => m.mode), MEASURES.map((m) => m.of), zone],
    LIMIT,
  )
}

/** A month that is over hardly changes: corrections of it show after so long. */
const KEEP_MS = 12 * 3_600_000
const MOST_KEPT = 500

/**
 * {@link modesByDistrict} month by month: those that are over are added up once and kept for half a day, so that a year of a
 * large city is read once and not at every look.
 */
export class ModesByMonth {
  readonly #kept = new Map<string, { at: number; rows: Promise<ModeMonth[]> }>()

  /** `reader` is named by `as`: what one may see is not kept for another. */
  async of(db: Queryable, query: PlanningQuery, as: string): Promise<ModeMonth[]> {
    const months = await db.query<{ from: string; to: string; over: boolean }>(
      `select greatest(m.starts, $1::timestamptz) as "from", least(m.ends, $2::timestamptz) as "to",
         m.starts >= $1 and m.ends <= $2 and m.ends <= now() as over
       from (select m at time zone $3 as starts, (m + interval '1 month') at time zone $3 as ends
         from generate_series(date_trunc('month', $1::timestamptz at time zone $3), $2::timestamptz at time zone $3,
           interval '1 month') m) m where greatest(m.starts, $1) < least(m.ends, $2) order by 1`,
      [query.from, query.to, query.zone],
    )
    const found: ModeMonth[] = []
    for (const { from, to, over } of months) {
      const part = { ...query, from, to }
      found.push(...(await (over ? this.#once(db, part, as) : modesByDistrict(db, part))))
    }
    const place = (district: string | null) => (district === null ? '\uffff' : district)
    return found.sort(
      (a, b) =>
        place(a.district).localeCompare(place(b.district), 'de') ||
        a.month.localeCompare(b.month) ||
        a.mode.localeCompare(b.mode),
    )
  }

  #once(db: Queryable, query: PlanningQuery, as: string): Promise<ModeMonth[]> {
    const key = `${as}\n${query.visible.join()}\n${query.zone}\n${query.from}`
    const known = this.#kept.get(key)
    if (known && Date.now() - known.at < KEEP_MS) return known.rows
    const rows = modesByDistrict(db, query)
    this.#kept.delete(key)
    this.#kept.set(key, { at: Date.now(), rows })
    rows.catch(() => this.#kept.delete(key))
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!)
    return rows
  }
}

/** How punctual a stop was; delays in seconds, `p90`: nine in ten were less late. `punctual`: share between 1 minute early and 5:59 late. */
export interface StopPunctuality {
  name: string
  dataset: number
  lon: number | null
  lat: number | null
  departures: number
  median: number | null
  p90: number | null
  punctual: number | null
  /** Departures that did not run, beside `departures`. */
  cancelled: number
}

/** Every stop with kept delays, least punctual first. */
export function punctualityByStop(
  db: Queryable,
  { visible, from, to }: Omit<PlanningQuery, 'zone'>,
): Promise<StopPunctuality[]> {
  return db.query<StopPunctuality>(
    `with kept as (
       select d.thing, count(*) filter (where d.late)::int4 as departures,
         percentile_cont(array[0.5, 0.9]) within group (order by o.v) filter (where d.late) as parts,
         avg((o.v between -60 and 359)::int4) filter (where d.late)::float8 as punctual,
         count(*) filter (where not d.late and o.v > 0)::int4 as cancelled
       from (select d.id, d.thing, p.natural_key = '${DELAY}' as late
               from datastream d join observed_property p on p.id = d.observed_property
              where d.dataset = any($1::int4[]) and p.natural_key in ('${DELAY}', '${CANCELLED}')) d
         join observation o on o.datastream = d.id and o.t >= $2 and o.t < $3 and o.q is null
       group by d.thing
     )
     select t.name, t.dataset, st_x(g.point) as lon, st_y(g.point) as lat, k.departures, k.parts[1] as median,
       k.parts[2] as p90, k.punctual, k.cancelled
     from kept k join thing t on t.id = k.thing
       left join lateral (
         select st_pointonsurface(l.geom) as point from thing_location tl join location l on l.id = tl.location
          where tl.thing = t.id and l.geom is not null order by l.id limit 1) g on true
     order by k.punctual, k.departures desc limit 5000`,
    [visible, from, to],
    LIMIT,
  )
}

/** How full a car park was: shares 0 to 1 of its capacity, on the whole, at its fullest hour of the day, and beside events. */
export interface Occupancy {
  name: string
  dataset: number
  capacity: number
  /** Fees in words; null where the source says none. */
  fee: string | null
  mean: number
  /** Mean of the hour of the day that is fullest, and which one. */
  peak: number
  peakHour: number
  /** Mean while an event was on within 1 km, and of how many hours; null without any. */
  event: number | null
  eventHours: number
}

/**
 * Occupancy of car parks against price and events. An event is a record of the concept roadworks of the type PublicEvent,
 * for as long as it is valid.
 */
export function occupancyByPrice(db: Queryable, { visible, from, to, zone }: PlanningQuery): Promise<Occupancy[]> {
  return db.query<Occupancy>(
    `with park as (
       select f.id, f.name, f.dataset, f.geom, d.id as stream, (f.properties ->> 'capacity')::float8 as capacity,
         coalesce(f.properties ->> 'feeDescription',
           case f.properties ->> 'fee' when 'true' then 'kostenpflichtig' when 'false' then 'kostenlos' end) as fee
       from feature f join datastream d on d.thing = f.thing
         join observed_property p on p.id = d.observed_property and p.natural_key = 'parking_free'
       where f.dataset = any($1::int4[]) and f.concept = 'parking' and f.gone_at is null
         and jsonb_typeof(f.properties -> 'capacity') = 'number' and (f.properties ->> 'capacity')::float8 > 0
     ), event as (
       select geom, coalesce(valid, tstzrange(null, null)) as valid from feature
       where dataset = any($1::int4[]) and concept = 'roadworks' and gone_at is null and geom is not null
         and properties ->> 'type' = 'PublicEvent'
     ), beside as materialized (
       -- When events are on near each car park; hours are held against that, not against every event.
       select k.id, range_agg(e.valid) as valid from park k join event e
         on st_dwithin(e.geom::geography, k.geom::geography, 1000) group by k.id
     ), taken as (
       select k.id, extract(hour from r.hour at time zone $4)::int4 as of_day,
         greatest(0, least(1, 1 - r.sum / r.n / k.capacity)) as share,
         coalesce(b.valid && tstzrange(r.hour, r.hour + interval '1 hour'), false) as beside
       from park k left join beside b on b.id = k.id
         join rollup_hour r on r.datastream = k.stream and r.variant = 0 and r.hour >= $2 and r.hour < $3 and r.n > 0
     ), by_hour as (
       select distinct on (id) id, of_day, avg(share) as share from taken group by id, of_day order by id, avg(share) desc, of_day
     )
     select k.name, k.dataset, k.capacity, k.fee, avg(t.share)::float8 as mean, b.share::float8 as peak, b.of_day as "peakHour",
       (avg(t.share) filter (where t.beside))::float8 as event, (count(*) filter (where t.beside))::int4 as "eventHours"
     from park k join taken t on t.id = k.id join by_hour b on b.id = k.id
     group by k.id, k.name, k.dataset, k.capacity, k.fee, b.share, b.of_day order by mean desc`,
    [visible, from, to, zone],
    LIMIT,
  )
}
