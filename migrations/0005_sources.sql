-- Sources: definitions (every version kept, for provenance), their runs, and what a run holds back until its end.
create table source (
  id          text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  dataset     int4 references dataset (key) on delete set null,
  version     int4 not null,
  paused      boolean not null default false,
  state       text not null default 'new' check (state in ('new', 'ok', 'late', 'broken')),
  state_since timestamptz not null default now(),
  cause       text,
  failures    int4 not null default 0,
  next_run    timestamptz,
  last_good   timestamptz,
  etag        text,
  last_modified text,
  created_at  timestamptz not null default now()
);

create table source_definition (
  source    text not null,
  version   int4 not null,
  yaml      text not null,
  added_at  timestamptz not null default now(),
  primary key (source, version)
);

create table source_run (
  id           int4 generated always as identity primary key,
  source       text not null,
  version      int4,
  dataset      int4,
  trigger      text not null,                -- schedule, command, push
  origin       text,                         -- address or path it read
  started_at   timestamptz not null default now(),
  finished_at  timestamptz,
  outcome      text check (outcome in ('ok', 'unmodified', 'rejections', 'failed', 'interrupted')),
  error        text,
  read         bigint not null default 0,
  accepted     bigint not null default 0,
  unchanged    bigint not null default 0,
  corrected    bigint not null default 0,
  rejected     bigint not null default 0,
  rejections   jsonb not null default '[]'
);
create index source_run_source on source_run (source, id desc);

-- Provenance of every imported value without a column on it: ids are handed out in blocks, a block belongs to one run.
create table observation_block (
  first_id  bigint primary key,
  last_id   bigint not null,
  run       int4 not null
);

-- Values that differ from what is stored wait here until the run has seen the whole file; the last one in file order
-- wins and is compared once. So a file that contradicts itself settles, and a second run changes nothing.
create table source_pending (
  run         int4 not null,
  seq         bigint not null,
  datastream  int4 not null,
  t           timestamptz not null,
  t_end       timestamptz,
  v           float8,
  q           int2,
  x           jsonb
);
create index source_pending_key on source_pending (run, datastream, t);
