/** Timetables written straight into the tables, for what needs none of the reading: large ones, and odd ones. */

import { parse } from 'csv-parse/sync'
import { attachPartitions, createPartitions, indexPartitions } from '../../src/domains/mobility/transit/tables.ts'
import { unpack } from '../../src/edges/feeds/index.ts'
import type { Database } from '../../src/kernel/db/index.ts'

export interface RegionSize {
  stops: number
  trips: number
  stopsPerTrip: number
  from: string
  to: string
}

/**
 * A region: trips of `stopsPerTrip` calls spread over the day from 4:00 to 26:00, each tenth one only at weekends, over
 * `stops` stops; ten platforms form the station `hub` that every 25th trip passes. Answers its version.
 */
export async function regionTimetable(db: Database, dataset: number, size: RegionSize): Promise<number> {
  const { stops, trips, stopsPerTrip, from, to } = size
  return fillVersion(db, dataset, 'Europe/Berlin', async (version) => {
    const run = (sql: string, values: unknown[] = []) => db.query(sql, values, { timeoutMs: 600_000 })
    await run(
      `insert into gtfs_route (version, route, route_id, short_name, type) select $1, i, 'L' || i, i::text, 3 from generate_series(1, 200) i`,
      [version],
    )
    await run(`insert into gtfs_service (version, service, service_id) values ($1, 1, 'week'), ($1, 2, 'end')`, [
      version,
    ])
    await run(
      `insert into gtfs_service_day_${version} select $1, d::date, case when extract(isodow from d) < 6 then 1 else 2 end
       from generate_series($2::date, $3::date, '1 day') d`,
      [version, from, to],
    )
    await run(
      `insert into gtfs_stop_${version} (version, stop, stop_id, name, geom, location_type, parent, platform_code)
       select $1, i, case i when 1 then 'hub' else 'S' || i end, 'Halt ' || i,
         st_setsrid(st_makepoint(11 + (i % 70) * 0.02, 48 + (i / 70) * 0.015), 4326), case i when 1 then 1 else 0 end,
         case when i between 2 and 11 then 1 end, case when i between 2 and 11 then (i - 1)::text end
       from generate_series(1, $2::int4) i`,
      [version, stops],
    )
    await run(
      `insert into gtfs_trip_${version} (version, trip, route, service, direction_id, trip_id, headsign)
       select $1, i, 1 + i % 200, case when i % 10 = 0 then 2 else 1 end, i % 2, 'T' || i, 'Ziel ' || i % 200
       from generate_series(1, $2::int4) i`,
      [version, trips],
    )
    await run(
      `insert into gtfs_stop_time_${version} (version, trip, stop_sequence, stop, arrival, departure)
       select $1, i, k, case when i % 25 = 0 and k = 20 then 2 + (i / 25) % 10 else 12 + ((i % 200) * 37 + k * 3 + (i % 2) * 1) % ($4::int4 - 11) end,
         s + k * 90, s + k * 90 + 20
       from (select i, 14400 + (i::int8 * 79200 / $2::int4)::int4 as s from generate_series(1, $2::int4) i) t, generate_series(1, $3::int4) k`,
      [version, trips, stopsPerTrip, stops],
    )
  })
}

type Cells = Record<string, string>

/** The tables of a GTFS zip as they stand in it. */
export async function readGtfs(path: string): Promise<Record<string, Cells[]>> {
  const tables: Record<string, Cells[]> = {}
  const limits = { maxEntries: 100, maxBytes: 1e9 }
  for await (const { path: name, bytes } of unpack(
    { path, name: path, keepZip: false },
    limits,
    () => {},
    () => true,
  )) {
    const parts: Uint8Array[] = []
    for await (const part of bytes) parts.push(part)
    const options = {
      columns: (header: string[]) => header.map((one) => one.trim()),
      bom: true,
      skip_empty_lines: true,
      relax_column_count: true,
    }
    tables[name.replace(/\.txt$/, '')] = parse(Buffer.concat(parts), options) as unknown as Cells[]
  }
  return tables
}

/** A small GTFS zip as a version, without any of the checks of the import. */
export async function gtfsTimetable(db: Database, dataset: number, path: string): Promise<number> {
  const gtfs = await readGtfs(path)
  const number = (rows: readonly Cells[] | undefined, id: string) =>
    new Map([...new Set(rows?.map((row) => row[id]!))].map((one, i) => [one, i + 1]))
  const services = number([...(gtfs.calendar ?? []), ...(gtfs.calendar_dates ?? [])], 'service_id')
  const stops = number(gtfs.stops, 'stop_id')
  const routes = number(gtfs.routes, 'route_id')
  const trips = number(gtfs.trips, 'trip_id')
  const int = (text: string | undefined) => (text ? Number(text) : null)
  const seconds = (text: string | undefined) => {
    const [h, m, s] = (text ?? '').trim().split(':').map(Number)
    return s === undefined ? null : h! * 3600 + m! * 60 + s
  }
  const days = new Set<string>()
  for (const row of gtfs.calendar ?? []) {
    const names = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
    const iso = (text: string) => `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}T00:00:00Z`
    for (let at = Date.parse(iso(row.start_date!)); at <= Date.parse(iso(row.end_date!)); at += 86_400_000)
      if (row[names[new Date(at).getUTCDay()]!] === '1')
        days.add(`${new Date(at).toISOString().slice(0, 10)} ${row.service_id}`)
  }
  for (const row of gtfs.calendar_dates ?? []) {
    const day = `${row.date!.slice(0, 4)}-${row.date!.slice(4, 6)}-${row.date!.slice(6)} ${row.service_id}`
    if (row.exception_type === '1') days.add(day)
    else days.delete(day)
  }
  const fill = async (version: number) => {
    const put = async (table: string, columns: string, rows: unknown[][]) => {
      const width = columns.split(',').length
      for (let at = 0; at < rows.length; at += 1_000) {
        const some = rows.slice(at, at + 1_000)
        const marks = some.map(
          (_, i) => `(${version}, ${Array.from({ length: width }, (_, k) => `$${i * width + k + 1}`).join(', ')})`,
        )
        await db.query(`insert into ${table} (version, ${columns}) values ${marks.join(', ')}`, some.flat())
      }
    }
    await put(
      'gtfs_route',
      'route, route_id, short_name, long_name, type, color',
      gtfs.routes!.map((row) => [
        routes.get(row.route_id!),
        row.route_id,
        row.route_short_name,
        row.route_long_name,
        int(row.route_type),
        row.route_color,
      ]),
    )
    await put(
      `gtfs_service_day_${version}`,
      'day, service',
      [...days].map((one) => [one.slice(0, 10), services.get(one.slice(11))]),
    )
    await put(
      `gtfs_stop_${version}`,
      'stop, stop_id, name, location_type, parent, platform_code',
      gtfs.stops!.map((row) => [
        stops.get(row.stop_id!),
        row.stop_id,
        row.stop_name,
        int(row.location_type) ?? 0,
        stops.get(row.parent_station ?? '') ?? null,
        row.platform_code ?? null,
      ]),
    )
    await db.query(
      `update gtfs_stop_${version} set geom = st_setsrid(st_makepoint(u.lon, u.lat), 4326)
      from unnest($1::int4[], $2::float8[], $3::float8[]) as u (stop, lon, lat) where gtfs_stop_${version}.stop = u.stop`,
      [
        gtfs.stops!.map((row) => stops.get(row.stop_id!)),
        gtfs.stops!.map((row) => Number(row.stop_lon)),
        gtfs.stops!.map((row) => Number(row.stop_lat)),
      ],
    )
    await put(
      `gtfs_trip_${version}`,
      'trip, route, service, direction_id, trip_id, headsign',
      gtfs.trips!.map((row) => [
        trips.get(row.trip_id!),
        routes.get(row.route_id!),
        services.get(row.service_id!),
        int(row.direction_id),
        row.trip_id,
        row.trip_headsign ?? null,
      ]),
    )
    await put(
      `gtfs_stop_time_${version}`,
      'trip, stop_sequence, stop, arrival, departure, pickup_type, headsign',
      gtfs.stop_times!.map((row) => [
        trips.get(row.trip_id!),
        int(row.stop_sequence),
        stops.get(row.stop_id!),
        seconds(row.arrival_time),
        seconds(row.departure_time),
        int(row.pickup_type),
        row.stop_headsign ?? null,
      ]),
    )
    await put(
      'gtfs_frequency',
      'trip, start_time, end_time, headway, exact_times',
      (gtfs.frequencies ?? []).map((row) => [
        trips.get(row.trip_id!),
        seconds(row.start_time),
        seconds(row.end_time),
        int(row.headway_secs),
        int(row.exact_times) ?? 0,
      ]),
    )
  }
  return fillVersion(db, dataset, gtfs.agency![0]!.agency_timezone!, fill)
}

/** A new version that serves, filled by `fill`; the one before is forgotten. */
export async function fillVersion(
  db: Database,
  dataset: number,
  zone: string,
  fill: (version: number) => Promise<void>,
): Promise<number> {
  const [row] = await db.query<{ version: number }>(
    `insert into gtfs_version (dataset, source, origin, time_zone) values ($1, 'test', 'test', $2) returning version`,
    [dataset, zone],
  )
  const { version } = row!
  await createPartitions(db, version)
  await fill(version)
  await indexPartitions(db, version)
  await db.transaction(async (tx) => {
    await attachPartitions(tx, version)
    await tx.query(
      `update gtfs_version set state = 'old', replaced_at = now() where dataset = $1 and state = 'current'`,
      [dataset],
    )
    await tx.query(`update gtfs_version set state = 'current', completed_at = now() where version = $1`, [version])
  })
  return version
}
