-- What whoever prepares a release must answer, and the way of a dataset through draft, review, release and withdrawal.
create table dataset_sheet (
  dataset         int4 primary key references dataset on delete cascade,
  purpose         text,
  legal_basis     text,
  personal        boolean,             -- does it refer to persons?
  personal_what   text,                -- and how, if so
  retention_days  int4 check (retention_days between 0 and 36500),   -- 0 = kept without limit; null = not answered
  k               int4 check (k between 1 and 1000),                  -- smallest count that may be published; 1 = any
  changed_by      text not null,
  changed_at      timestamptz not null default now()
);

create table dataset_step (
  id          int4 generated always as identity primary key,
  dataset     int4 not null references dataset on delete cascade,
  at          timestamptz not null default clock_timestamp(),
  actor       text not null,
  from_state  text not null,
  to_state    text not null,
  reason      text,
  sheet       jsonb                    -- as it stood then
);
create index dataset_step_dataset on dataset_step (dataset, id);
