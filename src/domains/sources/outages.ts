import { plainArray, type Queryable, textArray } from '../../kernel/db/index.ts'
import { patienceMs } from './health.ts'
import { MAIN, partsOf } from './parts.ts'
import type { SourceInfo } from './source-info.ts'

/**
 * failed: runs failed, `error` says why · idle: the source was not asked (paused, or the platform was off) · silent:
 * values are pushed to it, and nothing is known but that none came · empty: it was asked, and had none.
 */
export type OutageKind = 'failed' | 'idle' | 'silent' | 'empty'

/** When a source brought nothing, as its log tells. `to` null = still. */
export interface Outage {
  source: string
  kind: OutageKind
  from: string
  to: string | null
  error: string | null
}

const MOST = 500
const GOOD = `r.outcome in ('ok', 'unmodified', 'rejections')`

/**
 * Why values of a range may be missing, the most telling first. An outage begins with the last good run before it:
 * what was measured after that is what the next run would have brought. `from` and `to` are instants (ISO 8601).
 */
export async function outagesOf(
  db: Queryable,
  sources: readonly SourceInfo[],
  { from, to }: { from: string; to: string },
  defaultZone: string,
): Promise<Outage[]> {
  if (sources.length === 0) return []
  // A timetable brings no values; the real time beside it does.
  const parts = sources.flatMap(({ id, definition }) => {
    const all = partsOf(definition)
    return all
      .filter(({ definition: { format } }) => all.length === 1 || format.type !== 'gtfs')
      .map(({ name, definition: part }) => ({
        id,
        part: name === MAIN ? null : name,
        patience: patienceMs(part, defaultZone, Date.now()),
      }))
  })
  const logged = await db.query<Outage>(
    `with run as (
       select r.source, r.part, r.id, r.started_at as at, coalesce(${GOOD}, false) as good, r.error, s.patience,
              lag(r.started_at) over w as before, count(*) filter (where ${GOOD}) over w as goods
         from source_run r
         join unnest($1::text[], $2::float8[], $5::text[]) as s (id, patience, part)
           on s.id = r.source and s.part is not distinct from r.part
        where r.trigger <> 'push' and r.outcome is not null
          and r.started_at <= coalesce((select min(g.started_at) from source_run g
                where g.source = r.source and g.part is not distinct from r.part and g.trigger <> 'push' and g.started_at >= $4
                  and g.outcome in ('ok', 'unmodified', 'rejections')), 'infinity')
          and r.started_at >= coalesce((select max(g.started_at) from source_run g
                where g.source = r.source and g.part is not distinct from r.part and g.trigger <> 'push' and g.started_at < $3
                  and g.outcome in ('ok', 'unmodified', 'rejections')), '-infinity')
       window w as (partition by r.source, r.part order by r.id)
     ), stretch as (
       select source, part, goods, min(at) filter (where good) as good_at, min(at) filter (where not good) as first_bad,
              (array_agg(error order by id desc) filter (where not good))[1] as error,
              lead(min(at) filter (where good)) over (partition by source, part order by goods) as next_good
         from run group by source, part, goods
     ), outage as (
       select source, 'failed' as kind, coalesce(good_at, first_bad) as "from", next_good as "to", error
         from stretch where first_bad is not null
       union all
       select source, 'idle', before, at, null from run
        where before is not null and extract(epoch from at - before) * 1000 > patience
     )
     select source, kind, "from", "to", error from outage
      where "from" < $4 and coalesce("to", 'infinity') > $3 order by kind, "from" limit ${MOST}`,
    [
      textArray(parts.map(({ id }) => id)),
      plainArray(parts.map(({ patience }) => patience)),
      from,
      to,
      textArray(parts.map(({ part }) => part)),
    ],
  )
  const always = sources.map(({ id, kind }): Outage => {
    const pushed = kind === 'mqtt' || kind === 'webhook'
    return { source: id, kind: pushed ? 'silent' : 'empty', from, to: null, error: null }
  })
  return [...logged, ...always]
}
