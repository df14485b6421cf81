-- MultiDatastreams (OGC 18-088 §13): rows of `datastream` with kind = 'multi'. Their `unit` is an array of units and
-- `data_types` the array of observation types, one for each component of a result; the components' ObservedProperties
-- stand in an own table, in the same order, and may repeat. A result is an array in the observation's x->'r', and x->'m'
-- marks such rows, so that an answer can name the right relation without asking for the datastream.
alter table datastream alter column observed_property drop not null;
alter table datastream add column data_types jsonb;
alter table datastream add constraint datastream_kind_shape check (
  case kind
    when 'single' then observed_property is not null and data_types is null
    else observed_property is null and jsonb_typeof(data_types) = 'array' and jsonb_typeof(unit) = 'array'
  end
);

create table multi_datastream_property (
  datastream         int4 not null references datastream (id) on delete cascade,
  position           int2 not null,
  observed_property  int4 not null references observed_property (id) on delete cascade,
  primary key (datastream, position)
);
create index multi_datastream_property_observed_property on multi_datastream_property (observed_property);
