-- Observations: narrow rows in yearly partitions. Eight columns keep the null bitmap inside the 24-byte tuple header;
-- eight-byte columns come first so that nothing is padded.
--   id       from observation_id below 2^53; handed out by the process in blocks, so inserts need no RETURNING
--   t, t_end start and end of the phenomenon (a 15-minute count is an interval); t_end null = an instant
--   v        numeric result; null when the result is of another type (then x->'r')
--   q        null good · 1 suspect (kept, shown as such, left out of "usual")
--   foi      only when it differs from datastream_foi
--   x        what few observations have: {"r": result, "p": parameters, "rt": resultTime, "vt": [from, to], "dq": resultQuality}
-- Several values at one instant are legal in the standard, so no index is unique. No btree on id (it would cost
-- 21 bytes a row): BRIN with small ranges finds one row in about a millisecond.
create sequence observation_id as bigint increment by 1024 minvalue 1024 start 1024 maxvalue 9007199254740000;

create table observation (
  id          bigint not null,
  t           timestamptz not null,
  t_end       timestamptz,
  v           float8,
  datastream  int4 not null,
  foi         int4,
  q           int2,
  x           jsonb
) partition by range (t);
create table observation_other partition of observation default;
create index observation_datastream_t on observation (datastream, t);
create index observation_id_brin on observation using brin (id) with (pages_per_range = 8, autosummarize = on);
create index observation_foi on observation (foi, t) where foi is not null;

-- Latest value and counters per datastream, kept with every write: stored, not searched.
create table datastream_state (
  datastream  int4 primary key references datastream (id) on delete cascade,
  n           bigint not null default 0,
  t_min       timestamptz,
  t_max       timestamptz,          -- greatest coalesce(t_end, t)
  rt_min      timestamptz,
  rt_max      timestamptz,
  last_id     bigint,
  last_t      timestamptz,
  last_t_end  timestamptz,
  last_v      float8,
  last_q      int2,
  last_x      jsonb,
  arrived_at  timestamptz           -- when the newest value came in
) with (fillfactor = 70);

-- Hourly sums in UTC; local days, weeks, months and years are sums of these. An interval counts at its start.
-- variant 0 = as measured; 1 = public, where small counts are protected (same rows until a dataset asks for it).
-- n, sum, min, max cover every numeric value; n_suspect and sum_suspect those of quality 1 among them.
create table rollup_hour (
  datastream   int4 not null references datastream (id) on delete cascade,
  variant      int2 not null default 0,
  hour         timestamptz not null,
  n            int4 not null,
  n_suspect    int4 not null default 0,
  sum          float8 not null,
  sum_suspect  float8 not null default 0,
  min          float8 not null,
  max          float8 not null,
  primary key (datastream, variant, hour)
) with (fillfactor = 90);

-- A corrected value stays traceable: what stood there, what stands there now, and which run said so.
create table observation_correction (
  id            bigint generated always as identity primary key,
  observation   bigint not null,
  datastream    int4 not null references datastream (id) on delete cascade,
  t             timestamptz not null,
  old_v         float8,
  old_q         int2,
  old_x         jsonb,
  new_v         float8,
  new_q         int2,
  new_x         jsonb,
  run           int4,
  corrected_at  timestamptz not null default now()
);
create index observation_correction_datastream on observation_correction (datastream, t);
