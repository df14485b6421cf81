-- Parts of a feed that have no history, as they were last sent: prices, zones, the vehicles that stand free now. A run
-- replaces them; what was before is gone.
create table feed_document (
  dataset     int4 not null references dataset (key) on delete cascade,
  concept     text not null,
  name        text not null,
  body        jsonb not null,
  changed_at  timestamptz not null default now(),
  primary key (dataset, concept, name)
);
