import type { Database, Queryable } from '../../kernel/db/index.ts'
import type { Finding, Flag, ListedFlag, Settings, ShownFlag, Value } from './model.ts'
import { DROP_WEEKS, type History } from './rules.ts'

const HOUR = 3_600_000
const WEEK = 7 * 24 * HOUR
/** Hours of the four weeks before that must have values. */
const LEAST_HOURS = 100

/** What the rules need to know of a series. */
export interface SeriesFacts {
  datastream: number
  property: string | null
  aggregate: 'sum' | 'mean'
  periodSeconds: number | null
  override: Partial<Settings> | null
}

export async function factsOf(db: Queryable, datastream: number): Promise<SeriesFacts | undefined> {
  const [row] = await db.query<SeriesFacts>(
    `select d.id as datastream, p.natural_key as property, d.aggregate, d.period_s as "periodSeconds", s.settings as override
       from datastream d join observed_property p on p.id = d.observed_property
       left join plausibility_setting s on s.datastream = d.id
      where d.id = $1`,
    [datastream],
  )
  return row
}

/** Numbers of a series that nobody called suspect, ascending, at most `limit`. */
export async function valuesOf(
  db: Queryable,
  datastream: number,
  from: number,
  to: number,
  limit: number,
): Promise<Value[]> {
  const [row] = await db.query<{ values: [number, number, number][] | null }>(
    `select json_agg(json_build_array(extract(epoch from o.t) * 1000, extract(epoch from coalesce(o.t_end, o.t)) * 1000, o.v)) as values
       from (select t, t_end, v from observation
              where datastream = $1 and t >= $2 and t <= $3 and v is not null and q is null order by t limit $4) as o`,
    [datastream, iso(from), iso(to), limit],
  )
  return (row?.values ?? []).map(([t, end, v]) => ({ t, end, v }))
}

/** What earlier weeks of a series say, from its hourly sums. */
export function historyOf(db: Queryable, datastream: number): History {
  return {
    async largestBefore(at) {
      const [row] = await db.query<{ largest: number | null; hours: number }>(
        `select max(max) as largest, count(*) as hours from rollup_hour
          where datastream = $1 and variant = 0 and hour >= $2 and hour < $3`,
        [datastream, iso(at - 4 * WEEK), iso(Math.floor(at / HOUR) * HOUR)],
      )
      return row && row.hours >= LEAST_HOURS ? row.largest : null
    },
    async weeksBefore(from, to) {
      const [first, last] = [Math.ceil(from / HOUR) * HOUR, Math.floor(to / HOUR) * HOUR]
      const rows = await db.query<{ sum: number; hours: number }>(
        `select sum(r.sum) as sum, count(*) as hours
           from generate_series(1, ${DROP_WEEKS}) as week
           join rollup_hour r on r.datastream = $1 and r.variant = 0
            and r.hour >= $2::timestamptz - week * interval '7 days' and r.hour < $3::timestamptz - week * interval '7 days'
          group by week`,
        [datastream, iso(first), iso(last)],
      )
      const expected = (last - first) / HOUR
      return rows.filter(({ hours }) => hours >= expected * 0.9).map(({ sum }) => sum)
    },
  }
}

/** What was looked at: values in [windowFrom, windowTo], of which [from, to] changed. */
export interface Looked {
  datastream: number
  windowFrom: number
  windowTo: number
  from: number
  to: number
  /** Findings closer than this to a stored flag of the same rule belong to it. */
  near: number
}

interface StoredFlag {
  id: number
  rule: string
  from: string
  to: string
  ok: boolean
}

/**
 * Stores findings beside what was found before: one that continues a flag makes it longer; a flag inside the window that
 * is not found any more is forgotten, as its values were corrected. Answers the new flags' rules.
 */
export async function keepFindings(db: Database, looked: Looked, findings: readonly Finding[]): Promise<string[]> {
  return db.transaction(async (tx) => {
    const stored = await tx.query<StoredFlag>(
      `select id, rule, t_from as "from", t_to as "to", ok_at is not null as ok from plausibility_flag
        where datastream = $1 and t_to >= $2 and t_from <= $3 order by t_from`,
      [looked.datastream, iso(looked.windowFrom - looked.near), iso(looked.windowTo + looked.near)],
    )
    const seen = new Set<number>()
    const added: string[] = []
    for (const { rule, from, to, detail } of findings) {
      const before = stored.find(
        (flag) =>
          flag.rule === rule &&
          Date.parse(flag.from) <= to + (rule === 'spike' ? 0 : looked.near) &&
          Date.parse(flag.to) >= from - (rule === 'spike' ? 0 : looked.near),
      )
      if (!before) {
        await tx.query(
          'insert into plausibility_flag (datastream, rule, t_from, t_to, detail) values ($1, $2, $3, $4, $5::jsonb)',
          [looked.datastream, rule, iso(from), iso(to), JSON.stringify(detail)],
        )
        added.push(rule)
        continue
      }
      seen.add(before.id)
      const [start, end] = [Math.min(from, Date.parse(before.from)), Math.max(to, Date.parse(before.to))]
      if (start === Date.parse(before.from) && end === Date.parse(before.to)) continue
      const hours = detail.hours === undefined ? {} : { hours: Math.round((end - start) / HOUR) }
      await tx.query(
        `update plausibility_flag set t_from = $2, t_to = $3, detail = $4::jsonb, changed_at = now() where id = $1`,
        [before.id, iso(start), iso(end), JSON.stringify({ ...detail, ...hours })],
      )
    }
    const gone = stored.filter(({ id, ok, from, to }) => {
      const [start, end] = [Date.parse(from), Date.parse(to)]
      const inside = start >= looked.windowFrom && end <= looked.windowTo
      return !ok && !seen.has(id) && inside && start <= looked.to && end >= looked.from
    })
    if (gone.length > 0)
      await tx.query('delete from plausibility_flag where id = any($1::int4[])', [gone.map(({ id }) => id)])
    return added
  })
}

const FLAG = `f.id, f.datastream, f.rule, f.t_from as "from", f.t_to as "to", f.detail, f.found_at as "foundAt",
  f.ok_at as "okAt", f.ok_by as "okBy"`

/** Flags of some series that touch a range, in order of time. */
export function flagsOf(
  db: Queryable,
  visible: readonly number[],
  datastreams: readonly number[],
  range: { from: string; to: string },
  limit: number,
): Promise<ShownFlag[]> {
  return db.query<ShownFlag>(
    `select ${FLAG}, coalesce(nullif(d.unit->>'symbol', '1'), '') as unit from plausibility_flag f join datastream d on d.id = f.datastream
      where d.dataset = any($1::int4[]) and f.datastream = any($2::int4[]) and f.t_to >= $3 and f.t_from < $4 and f.ok_at is null
      order by f.t_from limit $5`,
    [visible, datastreams, range.from, range.to, limit],
  )
}

/** The newest flags, of one source or station or of all. */
export function listFlags(
  db: Queryable,
  visible: readonly number[],
  filter: { source: string | null; open: boolean; limit: number },
): Promise<ListedFlag[]> {
  return db.query<ListedFlag>(
    `select ${FLAG}, d.name, coalesce(nullif(d.unit->>'symbol', '1'), '') as unit,
            json_build_object('id', t.id, 'name', t.name) as station, c.id as dataset, d.source
       from plausibility_flag f join datastream d on d.id = f.datastream join thing t on t.id = d.thing
       join dataset c on c.key = d.dataset
      where d.dataset = any($1::int4[]) and ($2::text is null or d.source = $2) and (not $3::boolean or f.ok_at is null)
      order by f.t_to desc, f.id desc limit $4`,
    [visible, filter.source, filter.open, filter.limit],
  )
}

/** Open flags by source, of values since. */
export function countBySource(
  db: Queryable,
  visible: readonly number[],
  since: number,
): Promise<{ source: string | null; n: number }[]> {
  return db.query(
    `select d.source, count(*) as n from plausibility_flag f join datastream d on d.id = f.datastream
      where d.dataset = any($1::int4[]) and f.ok_at is null and f.t_to >= $2 group by 1`,
    [visible, iso(since)],
  )
}

export async function markOk(
  db: Queryable,
  visible: readonly number[],
  id: number,
  by: string | null,
): Promise<boolean> {
  const rows = await db.query(
    `update plausibility_flag f set ok_at = case when $3::text is null then null else now() end, ok_by = $3
       from datastream d where f.id = $1 and d.id = f.datastream and d.dataset = any($2::int4[]) returning f.id`,
    [id, visible, by],
  )
  return rows.length > 0
}

export async function keepSettings(
  db: Queryable,
  datastream: number,
  settings: Partial<Settings>,
  by: string,
): Promise<void> {
  if (Object.keys(settings).length === 0) {
    await db.query('delete from plausibility_setting where datastream = $1', [datastream])
    return
  }
  await db.query(
    `insert into plausibility_setting (datastream, settings, changed_by) values ($1, $2::jsonb, $3)
     on conflict (datastream) do update set settings = excluded.settings, changed_by = excluded.changed_by, changed_at = now()`,
    [datastream, JSON.stringify(settings), by],
  )
}

/** Series that got values since; for the check that runs without being told. */
export function recentSeries(db: Queryable, since: number): Promise<{ datastream: number; at: string }[]> {
  return db.query(
    `select datastream, last_t as at from datastream_state where arrived_at >= $1 and last_t is not null`,
    [iso(since)],
  )
}

/** Series with a flag nobody has looked at, that grew or was found lately and whose values are of now. */
export function freshFlags(db: Queryable, changedSince: number, valuesSince: number): Promise<FreshFlag[]> {
  return db.query<FreshFlag>(
    `select distinct on (f.datastream) f.datastream, f.rule, f.t_from as "from", f.t_to as "to", f.detail, d.name,
            coalesce(nullif(d.unit->>'symbol', '1'), '') as unit, t.id as station, t.name as "stationName", d.dataset, d.source
       from plausibility_flag f join datastream d on d.id = f.datastream join thing t on t.id = d.thing
      where f.changed_at >= $1 and f.t_to >= $2 and f.ok_at is null
      order by f.datastream, f.t_to desc`,
    [iso(changedSince), iso(valuesSince)],
  )
}

export interface FreshFlag extends Pick<Flag, 'datastream' | 'rule' | 'from' | 'to' | 'detail'> {
  name: string
  unit: string
  station: number
  stationName: string
  /** Key. */
  dataset: number
  source: string | null
}

const iso = (at: number): string => new Date(at).toISOString()
