-- Timetables (GTFS Schedule). A feed is read into a version of its own; the one before serves until the new one is
-- complete, and is then kept for a while and dropped. Texts a feed uses as keys become small numbers within the version
-- (`stop`, `trip`, `route` …): 30 million stop times then cost half the disk and compare as integers.
--
-- Times of day are seconds since "noon minus 12 h" of the service day (GTFS Schedule, "Time"): 90000 is 25:00:00. On the
-- two days the clocks change that is not midnight.
--
-- `other` holds what the feed says beyond the columns here, {column: text}, so that the cleaned feed can say it again.
create table gtfs_version (
  version      int4 generated always as identity primary key,
  dataset      int4 not null references dataset (key) on delete cascade,
  source       text not null,
  run          int4,
  state        text not null default 'loading' check (state in ('loading', 'current', 'old', 'refused')),
  origin       text not null,                -- address or path it was read from
  hash         text,                         -- SHA-256 of all files; the same hash makes no new version
  created_at   timestamptz not null default now(),
  completed_at timestamptz,                  -- since when it serves, or when it was refused
  replaced_at  timestamptz,
  time_zone    text,                         -- agency_timezone; all times of the feed are in it
  first_day    date,                         -- first and last day with service
  last_day     date,
  feed_info    jsonb,                        -- feed_info.txt, {column: text}
  counts       jsonb not null default '{}',  -- {file: rows used}
  read         jsonb not null default '{}',  -- {file: rows read}
  diff         jsonb,                        -- against the version it replaced
  seconds      float8
);
create index gtfs_version_dataset on gtfs_version (dataset, version desc);
create unique index gtfs_version_current on gtfs_version (dataset) where state = 'current';

-- What validation found, by MobilityData's notice codes and severities.
create table gtfs_notice (
  version   int4 not null references gtfs_version on delete cascade,
  code      text not null,
  severity  text not null check (severity in ('ERROR', 'WARNING', 'INFO')),
  n         int4 not null,
  examples  jsonb not null default '[]',     -- [{filename, csvRowNumber, fieldName, fieldValue, …}]
  primary key (version, code)
);

create table gtfs_agency (
  version   int4 not null references gtfs_version on delete cascade,
  agency    int4 not null,
  agency_id text,
  name      text not null,
  url       text,
  timezone  text not null,
  lang      text,
  phone     text,
  fare_url  text,
  email     text,
  other     jsonb,
  primary key (version, agency)
);

create table gtfs_route (
  version     int4 not null references gtfs_version on delete cascade,
  route       int4 not null,
  route_id    text not null,
  agency      int4,
  short_name  text,
  long_name   text,
  description text,
  type        int4 not null,                 -- route_type, the extended types too
  url         text,
  color       text,                          -- RRGGBB
  text_color  text,
  sort_order  int4,
  other       jsonb,
  primary key (version, route)
);
create index gtfs_route_id on gtfs_route (version, route_id);

create table gtfs_level (
  version     int4 not null references gtfs_version on delete cascade,
  level       int4 not null,
  level_id    text not null,
  level_index float8 not null,
  name        text,
  other       jsonb,
  primary key (version, level)
);

-- calendar.txt; a service that only calendar_dates.txt knows has no weekdays.
create table gtfs_service (
  version    int4 not null references gtfs_version on delete cascade,
  service    int4 not null,
  service_id text not null,
  weekdays   int2,                           -- bit 0 Monday … bit 6 Sunday
  start_date date,
  end_date   date,
  other      jsonb,
  primary key (version, service)
);

create table gtfs_service_date (
  version   int4 not null references gtfs_version on delete cascade,
  service   int4 not null,
  day       date not null,
  exception int2 not null,                   -- 1 added, 2 removed
  other     jsonb,
  primary key (version, service, day)
);

-- The days on which a service really runs: calendar and exceptions worked out.
create table gtfs_service_day (
  version int4 not null,
  day     date not null,
  service int4 not null
) partition by list (version);

create table gtfs_frequency (
  version     int4 not null references gtfs_version on delete cascade,
  trip        int4 not null,
  start_time  int4 not null,
  end_time    int4 not null,
  headway     int4 not null,                 -- seconds
  exact_times int2,
  other       jsonb
);
create index gtfs_frequency_trip on gtfs_frequency (version, trip);

create table gtfs_transfer (
  version    int4 not null references gtfs_version on delete cascade,
  from_stop  int4,
  to_stop    int4,
  from_route int4,
  to_route   int4,
  from_trip  int4,
  to_trip    int4,
  type       int2 not null,
  min_time   int4,                           -- seconds
  other      jsonb
);
create index gtfs_transfer_from on gtfs_transfer (version, from_stop);

create table gtfs_pathway (
  version       int4 not null references gtfs_version on delete cascade,
  pathway_id    text not null,
  from_stop     int4 not null,
  to_stop       int4 not null,
  mode          int2 not null,
  bidirectional boolean not null,
  other         jsonb
);
create index gtfs_pathway_from on gtfs_pathway (version, from_stop);

create table gtfs_translation (
  version       int4 not null references gtfs_version on delete cascade,
  table_name    text not null,
  field_name    text not null,
  language      text not null,
  translation   text not null,
  record_id     text,
  record_sub_id text,
  field_value   text,
  other         jsonb
);
create index gtfs_translation_of on gtfs_translation (version, table_name, language);

-- Fares, attributions, areas, booking rules and what only this feed has: passed on as they came.
create table gtfs_other_file (
  version int4 not null references gtfs_version on delete cascade,
  name    text not null,
  header  text[] not null default '{}',
  content text,                              -- of a file that is no table (locations.geojson)
  primary key (version, name)
);
create table gtfs_other_row (
  version int4 not null,
  name    text not null,
  row     int4 not null,                     -- line of the file
  cells   text[] not null,
  foreign key (version, name) references gtfs_other_file on delete cascade
);
create index gtfs_other_row_file on gtfs_other_row (version, name, row);

-- The large ones: a partition a version, named {table}_{version}, filled and indexed before it is attached (see
-- domains/mobility/transit/tables.ts for the indexes) and dropped whole.
create table gtfs_stop (
  version       int4 not null,
  stop          int4 not null,
  stop_id       text not null,
  code          text,
  name          text,
  description   text,
  geom          geometry(Point, 4326),
  zone_id       text,
  url           text,
  location_type int2 not null default 0,     -- 0 stop or platform, 1 station, 2 entrance, 3 node, 4 boarding area
  parent        int4,
  timezone      text,
  wheelchair    int2,
  level         int4,
  platform_code text,
  other         jsonb
) partition by list (version);

create table gtfs_shape (
  version   int4 not null,
  shape     int4 not null,
  shape_id  text not null,
  geom      geometry(LineString, 4326) not null,
  distances float8[]                         -- shape_dist_traveled of each point, where the feed has it
) partition by list (version);

create table gtfs_trip (
  version      int4 not null,
  trip         int4 not null,
  route        int4 not null,
  service      int4 not null,
  shape        int4,
  direction_id int2,
  wheelchair   int2,
  bikes        int2,
  trip_id      text not null,
  headsign     text,
  short_name   text,
  block_id     text,
  other        jsonb
) partition by list (version);

create table gtfs_stop_time (
  dist          float8,                      -- shape_dist_traveled
  version       int4 not null,
  trip          int4 not null,
  stop_sequence int4 not null,
  stop          int4,                        -- none where a zone is served on demand
  arrival       int4,                        -- seconds, see above; none where nobody knows
  departure     int4,
  pickup_type   int2,
  drop_off_type int2,
  timepoint     int2,
  interpolated  boolean not null default false, -- the feed gives no time here; worked out between its neighbours
  headsign      text,
  other         jsonb
) partition by list (version);
