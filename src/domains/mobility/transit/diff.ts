import type { Database, Queryable } from '../../../kernel/db/index.ts'
import type { TableDiff, VersionDiff } from './model.ts'

/** What makes two rows of the same id the same, per table; ids of others, never the numbers of a version. */
const COMPARED: Record<keyof VersionDiff['tables'], string> = {
  agency: `select coalesce(agency_id, name) as id, row(name, url, timezone, lang, phone, fare_url, email)::text as facts
             from gtfs_agency where version = $V`,
  routes: `select r.route_id as id,
                  row(r.short_name, r.long_name, r.description, r.type, r.url, r.color, r.text_color, a.agency_id)::text as facts
             from gtfs_route r left join gtfs_agency a on a.version = r.version and a.agency = r.agency where r.version = $V`,
  stops: `select s.stop_id as id,
                 row(s.name, s.code, s.description, st_x(s.geom), st_y(s.geom), s.location_type, p.stop_id, s.platform_code, s.wheelchair)::text as facts
            from gtfs_stop s left join gtfs_stop p on p.version = $V and p.stop = s.parent where s.version = $V`,
  trips: `select t.trip_id as id,
                 row(r.route_id, s.service_id, t.headsign, t.short_name, t.direction_id, t.block_id, c.n, c.first, c.last)::text as facts
            from gtfs_trip t
            join gtfs_route r on r.version = $V and r.route = t.route
            join gtfs_service s on s.version = $V and s.service = t.service
            left join (select trip, count(*) as n, min(departure) as first, max(arrival) as last
                         from gtfs_stop_time where version = $V group by trip) c on c.trip = t.trip
           where t.version = $V`,
  services: `select s.service_id as id, (select md5(string_agg(d.day::text, ',' order by d.day))
               from gtfs_service_day d where d.version = $V and d.service = s.service) as facts
               from gtfs_service s where s.version = $V`,
}

/** Compares two complete versions by the feed's own ids. */
export function diffOf(db: Database, from: number, to: number): Promise<VersionDiff> {
  return db.transaction(
    async (tx) => {
      // Whole tables against whole tables: a nested loop, chosen on a wrong guess, takes hours where hashing takes seconds.
      await tx.query('set local enable_nestloop = off')
      return compare(tx, from, to)
    },
    { timeoutMs: 1_800_000 },
  )
}

async function compare(db: Queryable, from: number, to: number): Promise<VersionDiff> {
  const tables = {} as VersionDiff['tables']
  for (const [name, text] of Object.entries(COMPARED) as [keyof VersionDiff['tables'], string][]) {
    const of = (version: number) => text.replaceAll('$V', String(Math.trunc(version)))
    const rows = await db.query<{ change: 'added' | 'removed' | 'changed'; n: number; examples: string[] }>(
      `select change, count(*) as n, (array_agg(id order by id))[1:10] as examples
         from (select coalesce(a.id, b.id) as id,
                      case when a.id is null then 'added' when b.id is null then 'removed' else 'changed' end as change
                 from (${of(from)}) a full join (${of(to)}) b on a.id = b.id
                where a.id is null or b.id is null or a.facts is distinct from b.facts) d
        group by change`,
    )
    const table: TableDiff = { added: 0, removed: 0, changed: 0, examples: { added: [], removed: [], changed: [] } }
    for (const { change, n, examples } of rows) {
      table[change] = n
      table.examples[change] = examples
    }
    tables[name] = table
  }
  return { from, tables }
}
