-- Real time of public transport (GTFS Realtime): the last good state of every feed, whole. What is live is kept in memory
-- and made anew of this after a start. One row a file of a source (trip-updates, vehicle-positions, alerts).
create table realtime_feed (
  source       text not null,
  part         text not null,
  dataset      int4 not null references dataset (key) on delete cascade,
  run          int4,
  feed_time    timestamptz not null,         -- when this was so: the header's timestamp, or its arrival
  arrived_at   timestamptz not null default now(),
  validity_s   int4 not null,                -- seconds after feed_time for which it may be shown as live
  entities     int4 not null,
  message      bytea not null,               -- FeedMessage in protobuf
  primary key (source, part)
);
create index realtime_feed_dataset on realtime_feed (dataset);
-- It is compressed already as far as it will be, and replaced every few seconds.
alter table realtime_feed alter column message set storage external;
