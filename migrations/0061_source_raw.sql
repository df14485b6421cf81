-- What a source sent last, as it came: of its last good run, and of the last that failed, so that it can be looked at. The
-- bytes lie compressed beside the database; a line without `stored` says why they were not kept.
create table source_raw (
  id        int8 generated always as identity primary key,
  source    text not null references source (id) on delete cascade,
  part      text,                            -- null: the main part
  good      boolean not null,
  dataset   int4 references dataset (key) on delete cascade,
  run       int4 not null,
  origin    text not null,                   -- address without its query, or path
  address   text not null,                   -- SHA-256 of the whole address: one line for each
  name      text not null,
  read_at   timestamptz not null default now(),
  bytes     int8 not null,
  sha256    text,                            -- of the bytes as they came
  stored    int8,                            -- bytes on the disk
  why       text check (why in ('too-large', 'too-many', 'full', 'private', 'secret', 'small-counts')),
  check ((stored is null) = (why is not null))
);
create unique index source_raw_address on source_raw (source, coalesce(part, ''), good, address);
