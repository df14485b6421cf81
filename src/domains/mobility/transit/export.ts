import type { Database } from '../../../kernel/db/index.ts'
import type { TransitVersion } from './model.ts'

/** One row of a file by the names of GTFS; `other` holds what has no column of its own. */
type Cells = Record<string, unknown> & { other?: Record<string, string> | null }

interface FileQuery {
  /** Rows after `$2`, `k` is what the next page begins after; `limit $3`. `$1` is the version. */
  text: string
  page: number
  /** Fields that are seconds of the day. */
  times?: readonly string[]
  /** Fields that are dates. */
  dates?: readonly string[]
}

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const paged = (from: string, key: string) => `${from} and ${key} > $2 order by ${key} limit $3`

/** The order of the files in the zip is that of reading. */
const QUERIES: Record<string, FileQuery> = {
  'agency.txt': {
    page: 1000,
    text: paged(
      `select agency as k, agency_id, name as agency_name, url as agency_url, timezone as agency_timezone, lang as agency_lang,
              phone as agency_phone, fare_url as agency_fare_url, email as agency_email, other
         from gtfs_agency where version = $1`,
      'agency',
    ),
  },
  'levels.txt': {
    page: 5000,
    text: paged(
      'select level as k, level_id, level_index, name as level_name, other from gtfs_level where version = $1',
      'level',
    ),
  },
  'stops.txt': {
    page: 5000,
    text: `select s.stop as k, s.stop_id, s.code as stop_code, s.name as stop_name, s.description as stop_desc,
                  st_y(s.geom) as stop_lat, st_x(s.geom) as stop_lon, s.zone_id, s.url as stop_url, s.location_type,
                  p.stop_id as parent_station, s.timezone as stop_timezone, s.wheelchair as wheelchair_boarding,
                  l.level_id, s.platform_code, s.other
             from gtfs_stop s
             left join gtfs_stop p on p.version = $1 and p.stop = s.parent
             left join gtfs_level l on l.version = $1 and l.level = s.level
            where s.version = $1 and s.stop > $2 order by s.stop limit $3`,
  },
  'routes.txt': {
    page: 5000,
    text: `select r.route as k, r.route_id, a.agency_id, r.short_name as route_short_name, r.long_name as route_long_name,
                  r.description as route_desc, r.type as route_type, r.url as route_url, r.color as route_color,
                  r.text_color as route_text_color, r.sort_order as route_sort_order, r.other
             from gtfs_route r left join gtfs_agency a on a.version = $1 and a.agency = r.agency
            where r.version = $1 and r.route > $2 order by r.route limit $3`,
  },
  'calendar.txt': {
    page: 5000,
    dates: ['start_date', 'end_date'],
    text: paged(
      `select service as k, service_id, ${DAYS.map((day, bit) => `(weekdays >> ${bit}) & 1 as ${day}`).join(', ')},
              start_date, end_date, other from gtfs_service where version = $1 and weekdays is not null`,
      'service',
    ),
  },
  'calendar_dates.txt': {
    page: 200,
    dates: ['date'],
    // By service: a page holds all days of some services.
    text: `select s.service as k, s.service_id, d.day as date, d.exception as exception_type, d.other
             from (select * from gtfs_service where version = $1 and service > $2 order by service limit $3) s
             left join gtfs_service_date d on d.version = $1 and d.service = s.service order by s.service, d.day`,
  },
  'shapes.txt': {
    page: 50,
    text: `select s.shape as k, s.shape_id, st_y(p.geom) as shape_pt_lat, st_x(p.geom) as shape_pt_lon,
                  p.path[1] as shape_pt_sequence, s.distances[p.path[1]] as shape_dist_traveled
             from (select * from gtfs_shape where version = $1 and shape > $2 order by shape limit $3) s
            cross join lateral st_dumppoints(s.geom) p order by s.shape, p.path[1]`,
  },
  'trips.txt': {
    page: 5000,
    text: `select t.trip as k, r.route_id, s.service_id, t.trip_id, t.headsign as trip_headsign, t.short_name as trip_short_name,
                  t.direction_id, t.block_id, h.shape_id, t.wheelchair as wheelchair_accessible, t.bikes as bikes_allowed, t.other
             from gtfs_trip t
             join gtfs_route r on r.version = $1 and r.route = t.route
             join gtfs_service s on s.version = $1 and s.service = t.service
             left join gtfs_shape h on h.version = $1 and h.shape = t.shape
            where t.version = $1 and t.trip > $2 order by t.trip limit $3`,
  },
  'stop_times.txt': {
    page: 400,
    times: ['arrival_time', 'departure_time'],
    text: `select t.trip as k, t.trip_id, case when not x.interpolated then x.arrival end as arrival_time,
                  case when not x.interpolated then x.departure end as departure_time, s.stop_id, x.stop_sequence,
                  x.headsign as stop_headsign, x.pickup_type, x.drop_off_type, x.timepoint,
                  x.dist as shape_dist_traveled, x.other
             from (select trip, trip_id from gtfs_trip where version = $1 and trip > $2 order by trip limit $3) t
             left join gtfs_stop_time x on x.version = $1 and x.trip = t.trip
             left join gtfs_stop s on s.version = $1 and s.stop = x.stop
            order by t.trip, x.stop_sequence`,
  },
  'frequencies.txt': {
    page: 1_000_000,
    times: ['start_time', 'end_time'],
    text: `select t.trip as k, t.trip_id, f.start_time, f.end_time, f.headway as headway_secs, f.exact_times, f.other
             from gtfs_frequency f join gtfs_trip t on t.version = $1 and t.trip = f.trip
            where f.version = $1 and f.trip > $2 order by f.trip, f.start_time limit $3`,
  },
  'transfers.txt': {
    page: 1_000_000,
    text: `select row_number() over () as k, a.stop_id as from_stop_id, b.stop_id as to_stop_id, c.route_id as from_route_id,
                  d.route_id as to_route_id, e.trip_id as from_trip_id, g.trip_id as to_trip_id, x.type as transfer_type,
                  x.min_time as min_transfer_time, x.other
             from gtfs_transfer x
             left join gtfs_stop a on a.version = $1 and a.stop = x.from_stop
             left join gtfs_stop b on b.version = $1 and b.stop = x.to_stop
             left join gtfs_route c on c.version = $1 and c.route = x.from_route
             left join gtfs_route d on d.version = $1 and d.route = x.to_route
             left join gtfs_trip e on e.version = $1 and e.trip = x.from_trip
             left join gtfs_trip g on g.version = $1 and g.trip = x.to_trip
            where x.version = $1 and $2::int4 < 0 limit $3`,
  },
  'pathways.txt': {
    page: 1_000_000,
    text: `select row_number() over () as k, x.pathway_id, a.stop_id as from_stop_id, b.stop_id as to_stop_id,
                  x.mode as pathway_mode, x.bidirectional::int as is_bidirectional, x.other
             from gtfs_pathway x
             join gtfs_stop a on a.version = $1 and a.stop = x.from_stop
             join gtfs_stop b on b.version = $1 and b.stop = x.to_stop
            where x.version = $1 and $2::int4 < 0 limit $3`,
  },
  'translations.txt': {
    page: 1_000_000,
    text: `select row_number() over () as k, table_name, field_name, language, translation, record_id, record_sub_id, field_value, other
             from gtfs_translation where version = $1 and $2::int4 < 0 limit $3`,
  },
}

/** Pages of which the next begins after a number; the others are read whole. */
const WHOLE = new Set(['frequencies.txt', 'transfers.txt', 'pathways.txt', 'translations.txt'])

/** One file of the cleaned feed. */
export interface CleanFile {
  name: string
  /** CSV (RFC 4180) in UTF-8, page by page. */
  text(): AsyncIterable<string>
}

/**
 * A complete version as a feed again: the columns the feed had, without rows and values that could not be read. Times
 * that were worked out are left out again. Files passed on come last.
 */
export async function cleanFiles(db: Database, version: TransitVersion): Promise<CleanFile[]> {
  const files: CleanFile[] = []
  for (const [name, query] of Object.entries(QUERIES)) {
    const header = version.headers[name]
    if (header && (version.counts[name] ?? 0) > 0)
      files.push({ name, text: () => textOf(db, version.version, name, header, query) })
  }
  const others = await db.query<{ name: string; header: string[]; content: string | null }>(
    'select name, header, content from gtfs_other_file where version = $1 order by name',
    [version.version],
  )
  for (const { name, header, content } of others) {
    if (content === null) files.push({ name, text: () => otherText(db, version.version, name, header) })
    else
      files.push({
        name,
        async *text() {
          yield content
        },
      })
  }
  return files
}

async function* textOf(
  db: Database,
  version: number,
  name: string,
  header: readonly string[],
  { text, page, times = [], dates = [] }: FileQuery,
): AsyncIterable<string> {
  yield csvLine(header)
  let after = -1
  for (;;) {
    const rows = await db.query<Cells & { k: number }>(text, [version, after, page], { timeoutMs: 120_000 })
    let lines = ''
    for (const row of rows) {
      // A trip without stop times, a service without exceptions.
      if (name === 'stop_times.txt' && row.stop_sequence === null) continue
      if (name === 'calendar_dates.txt' && row.date === null) continue
      lines += csvLine(
        header.map((column) => {
          // What only this feed has may be called like our own helpers.
          const value =
            column === 'k' || column === 'other' ? row.other?.[column] : (row[column] ?? row.other?.[column])
          if (value == null) return ''
          if (times.includes(column)) return clock(Number(value))
          if (dates.includes(column)) return String(value).replaceAll('-', '')
          return String(value)
        }),
      )
    }
    if (lines !== '') yield lines
    if (rows.length === 0 || WHOLE.has(name)) return
    after = rows.at(-1)!.k
  }
}

async function* otherText(
  db: Database,
  version: number,
  name: string,
  header: readonly string[],
): AsyncIterable<string> {
  yield csvLine(header)
  let after = -1
  for (;;) {
    const rows = await db.query<{ row: number; cells: string[] }>(
      'select row, cells from gtfs_other_row where version = $1 and name = $2 and row > $3 order by row limit 5000',
      [version, name, after],
    )
    if (rows.length === 0) return
    yield rows.map(({ cells }) => csvLine(cells)).join('')
    after = rows.at(-1)!.row
  }
}

/** One line of a GTFS file: values with comma or quote are quoted ("File Requirements"). */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`
}

function clock(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}
