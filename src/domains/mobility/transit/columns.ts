import type { CopyRows } from '../../../kernel/db/index.ts'

type Kind = 'int2' | 'int4' | 'float8' | 'boolean' | 'text' | 'jsonb' | 'date' | 'point' | 'texts'

/** The tables a version is read into, column by column; `version` comes first in all. A point is `[lon, lat]`. */
export const TABLES = {
  gtfs_agency: {
    agency: 'int4',
    agency_id: 'text',
    name: 'text',
    url: 'text',
    timezone: 'text',
    lang: 'text',
    phone: 'text',
    fare_url: 'text',
    email: 'text',
    other: 'jsonb',
  },
  gtfs_level: { level: 'int4', level_id: 'text', level_index: 'float8', name: 'text', other: 'jsonb' },
  gtfs_stop: {
    stop: 'int4',
    stop_id: 'text',
    code: 'text',
    name: 'text',
    description: 'text',
    geom: 'point',
    zone_id: 'text',
    url: 'text',
    location_type: 'int2',
    parent: 'int4',
    timezone: 'text',
    wheelchair: 'int2',
    level: 'int4',
    platform_code: 'text',
    other: 'jsonb',
  },
  gtfs_route: {
    route: 'int4',
    route_id: 'text',
    agency: 'int4',
    short_name: 'text',
    long_name: 'text',
    description: 'text',
    type: 'int4',
    url: 'text',
    color: 'text',
    text_color: 'text',
    sort_order: 'int4',
    other: 'jsonb',
  },
  gtfs_service: {
    service: 'int4',
    service_id: 'text',
    weekdays: 'int2',
    start_date: 'date',
    end_date: 'date',
    other: 'jsonb',
  },
  gtfs_service_date: { service: 'int4', day: 'date', exception: 'int2', other: 'jsonb' },
  gtfs_trip: {
    trip: 'int4',
    route: 'int4',
    service: 'int4',
    shape: 'int4',
    direction_id: 'int2',
    wheelchair: 'int2',
    bikes: 'int2',
    trip_id: 'text',
    headsign: 'text',
    short_name: 'text',
    block_id: 'text',
    other: 'jsonb',
  },
  gtfs_frequency: {
    trip: 'int4',
    start_time: 'int4',
    end_time: 'int4',
    headway: 'int4',
    exact_times: 'int2',
    other: 'jsonb',
  },
  gtfs_transfer: {
    from_stop: 'int4',
    to_stop: 'int4',
    from_route: 'int4',
    to_route: 'int4',
    from_trip: 'int4',
    to_trip: 'int4',
    type: 'int2',
    min_time: 'int4',
    other: 'jsonb',
  },
  gtfs_pathway: {
    pathway_id: 'text',
    from_stop: 'int4',
    to_stop: 'int4',
    mode: 'int2',
    bidirectional: 'boolean',
    other: 'jsonb',
  },
  gtfs_translation: {
    table_name: 'text',
    field_name: 'text',
    language: 'text',
    translation: 'text',
    record_id: 'text',
    record_sub_id: 'text',
    field_value: 'text',
    other: 'jsonb',
  },
  gtfs_other_row: { name: 'text', row: 'int4', cells: 'texts' },
} as const satisfies Record<string, Record<string, Kind>>

export type TransitTable = keyof typeof TABLES

/** One row by its columns; what is absent is NULL. */
export type TransitRow = Record<string, unknown>

/** Names of the columns, in the order {@link writeRow} writes them. */
export const columnsOf = (table: TransitTable): string[] => ['version', ...Object.keys(TABLES[table])]

/** Writes one row of a table in the binary form of COPY. */
export function writeRow(rows: CopyRows, table: TransitTable, version: number, row: TransitRow): void {
  const columns = Object.entries(TABLES[table]) as [string, Kind][]
  rows.row(columns.length + 1)
  rows.int4(version)
  for (const [name, kind] of columns) {
    const value = row[name]
    if (kind === 'text') rows.text(value as string | undefined)
    else if (kind === 'int4') rows.int4(value as number | undefined)
    else if (kind === 'int2') rows.int2(value as number | undefined)
    else if (kind === 'jsonb') rows.jsonb(value)
    else if (kind === 'date') rows.date(value as string | undefined)
    else if (kind === 'float8') rows.float8(value as number | undefined)
    else if (kind === 'boolean') rows.boolean(value as boolean | undefined)
    else if (kind === 'texts') rows.texts(value as string[])
    else {
      const [lon, lat] = (value ?? [null, null]) as [number | null, number | null]
      rows.point(lon, lat)
    }
  }
}

export const STOP_TIME_COLUMNS = [
  'version',
  'trip',
  'stop_sequence',
  'stop',
  'arrival',
  'departure',
  'pickup_type',
  'drop_off_type',
  'timepoint',
  'dist',
  'headsign',
  'other',
]
