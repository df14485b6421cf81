-- What a steward looks into: rows a run could not use, and stored values that are hard to believe.
-- Rejected rows are kept for the newest runs of a source, up to a limit a run; source_run counts all of them.
create table source_rejected (
  run     int4 not null references source_run (id) on delete cascade,
  seq     int4 not null,                -- in the order they were met
  reason  text not null,
  row     int8 not null,                -- as a person counts in the file; 0 = the file as a whole
  "column" text not null,
  value   jsonb,
  file    text,                         -- inside a folder or archive
  values  int4 not null default 1,      -- how many values were lost by it
  primary key (run, seq)
);

-- A stretch of a series that a rule finds hard to believe. It marks; it never changes or removes a value.
-- t_from, t_to: beginning of the first and end of the last value concerned. detail: what the sentence about it needs.
-- A steward may say that it is all right: then it is kept, no longer shown as odd and not found again.
create table plausibility_flag (
  id          int4 generated always as identity primary key,
  datastream  int4 not null references datastream (id) on delete cascade,
  rule        text not null check (rule in ('range', 'stuck', 'spike', 'drop')),
  t_from      timestamptz not null,
  t_to        timestamptz not null,
  detail      jsonb not null default '{}',
  found_at    timestamptz not null default now(),
  changed_at  timestamptz not null default now(),   -- when it last grew
  ok_at       timestamptz,
  ok_by       text
);
create index plausibility_flag_datastream on plausibility_flag (datastream, t_from);
create index plausibility_flag_changed on plausibility_flag (changed_at desc);

-- What differs from the defaults of the observed property for one series: {"min": -10, "stuckHours": null}.
create table plausibility_setting (
  datastream  int4 primary key references datastream (id) on delete cascade,
  settings    jsonb not null,
  changed_at  timestamptz not null default now(),
  changed_by  text not null
);
