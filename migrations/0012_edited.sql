-- What people change by form stays when a source runs again: `given` remembers, for each field changed, what the source
-- had said. A field in it is a person's; setting it back to what the source said gives it back to the source.
alter table dataset add column given jsonb not null default '{}';
alter table thing add column given jsonb not null default '{}';
alter table datastream add column given jsonb not null default '{}';

-- Properties as a source says them, but for the keys that people changed: those keep their value, or stay away.
create function kept_properties(said jsonb, stored jsonb, own jsonb) returns jsonb language sql immutable as $$
  select case when own is null or own = '{}' then said else
    (coalesce(said, '{}') - array(select jsonb_object_keys(own)))
    || coalesce((select jsonb_object_agg(k, stored -> k) from jsonb_object_keys(own) as k where stored ? k), '{}') end
$$;
