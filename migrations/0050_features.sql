-- Static facts of the mobility hub: a car park, a sharing station, a charger, roadworks. What changes (free spaces, docks)
-- are observations of the datastreams of `thing`. `natural_key` is what the source calls it.
--   valid    when it holds (roadworks); null = always
--   shared   another source than `source` added facts: the owner's next run leaves those
--   gone_at  since when a complete run of the source no longer names it; kept, because its history stays true
create table feature (
  id           int8 generated always as identity primary key,
  dataset      int4 not null references dataset (key) on delete cascade,
  concept      text not null,
  natural_key  text not null,
  name         text not null,
  properties   jsonb not null default '{}',
  geom         geometry(Geometry, 4326),
  valid        tstzrange,
  thing        int4 references thing (id) on delete set null,
  source       text,                       -- id of the source that feeds it; null = entered by people
  run          int4,                       -- the run that changed it last
  shared       boolean not null default false,
  gone_at      timestamptz,
  created_at   timestamptz not null default now(),
  changed_at   timestamptz not null default now(),
  unique (dataset, concept, natural_key)
);
create index feature_geom on feature using gist (geom);
create index feature_thing on feature (thing);
