-- Small counts of series that hang together otherwise than as parts and their total at one station: several properties of
-- one station (adults and children make up all), other resolutions of the same, a total whose parts are elsewhere. There
-- every count is published in steps of k, so that no difference of two published values is a true small count.
alter table dataset_protection add column steps boolean not null default false;
comment on column dataset_protection.steps is
  'every count of the dataset is published in steps of k, whatever its size: its series hang together in more ways than one';

-- Do they? By what is declared, and, if `measured`, also by the length of the newest values of series without a period.
create function protection_related(which int4, measured boolean) returns boolean language sql stable as $$
  with counts as (
    select d.thing, d.observed_property as property, coalesce(d.role, '') = 'total' as total,
           coalesce(d.period_s, case when measured then extract(epoch from s.last_t_end - s.last_t)::int4 end, 0) as length
      from datastream d left join datastream_state s on s.datastream = d.id
     where d.dataset = which and d.aggregate = 'sum' and d.kind = 'single')
  select exists (select 1 from counts group by thing having count(distinct property) > 1)
      or exists (select 1 from counts where not total group by thing, property having count(distinct length) > 1)
      or exists (select 1 from counts where total group by thing, property having count(*) > 1)
      or exists (select 1 from counts t where total and not exists (
           select 1 from counts p where not p.total and p.thing = t.thing and p.property = t.property))
$$;

-- Series that cannot be protected: a dataset with k that holds one is not public.
--   multi  a MultiDatastream with numbers: its results are arrays, which nothing rounds
--   count  says that it counts (observationType), but combines by mean: means are published as they are
--   mean   a mean of what another series of the same station counts: times its number of values it is their sum
create function protection_hindrance(which int4) returns table (kind text, datastream int4, name text) language sql stable as $$
  select h.kind, h.id, h.name from (
    select case
        when d.kind = 'multi' then case when exists (
          select 1 from jsonb_array_elements_text(d.data_types) as t (uri)
           where t.uri !~ '/OM_(Truth|Category)Observation$') then 'multi' end
        when d.aggregate = 'sum' then null
        when d.observation_type ~ '/OM_CountObservation$' then 'count'
        when exists (select 1 from datastream c where c.dataset = which and c.thing = d.thing
                        and c.observed_property = d.observed_property and c.aggregate = 'sum' and c.kind = 'single') then 'mean'
      end as kind, d.id, d.name
      from datastream d where d.dataset = which) as h
   where h.kind is not null order by h.id limit 1
$$;

-- New series, and changed ones: if what is published does not fit them, the dataset is hidden until it does.
create function protection_look() returns trigger language plpgsql as $$
begin
  insert into dataset_protection (dataset, k)
  select s.dataset, 0 from dataset_sheet s left join dataset_protection p on p.dataset = s.dataset
   where s.k > 1 and s.dataset in (select dataset from fresh)
     and (exists (select 1 from protection_hindrance(s.dataset))
          or (not coalesce(p.steps, false) and protection_related(s.dataset, false)))
  on conflict (dataset) do update set k = 0, turn = dataset_protection.turn + 1, changed_at = now();
  return null;
end $$;
create trigger protection_look_inserted after insert on datastream
  referencing new table as fresh for each statement execute function protection_look();
create trigger protection_look_updated after update on datastream
  referencing new table as fresh for each statement execute function protection_look();

-- What is protected already is looked at once more at the next start.
update dataset_protection p set k = 0, turn = turn + 1
 where p.k > 1 and (protection_related(p.dataset, true) or exists (select 1 from protection_hindrance(p.dataset)));
