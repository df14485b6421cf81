-- Small counts. Where a dataset sets k (dataset_sheet.k > 1), `observation.v` of its counts holds what is PUBLISHED: 0, or
-- at least k. What was measured stands here, only for the rows where it differs. So everything derived from observations
-- (sums, latest values, charts, topics, filters) is fit to be published by itself, and whatever forgets this table
-- shows too little, never too much.
create table observation_measured (
  datastream  int4 not null references datastream (id) on delete cascade,
  id          bigint not null,
  dataset     int4 not null references dataset (key) on delete cascade,
  t           timestamptz not null,
  v           float8 not null,
  primary key (datastream, id)
);
create index observation_measured_dataset on observation_measured (dataset);
create index observation_measured_t on observation_measured (datastream, t);

comment on column rollup_hour.variant is
  '0 = of the published values, every hour; 1 = as measured, only for hours in which the two differ';

-- The k the stored values of a dataset were published with (none = 1). As long as it differs from dataset_sheet.k the
-- dataset is not public: so it stays if the work in between is killed. k = 0: to be done again, whatever k is.
create table dataset_protection (
  dataset     int4 primary key references dataset (key) on delete cascade,
  k           int4 not null,
  turn        int4 not null default 0,     -- grows when it is to be done again
  done        int4 not null default 0,     -- of the series to be worked through
  total       int4 not null default 0,
  changed_at  timestamptz not null default now()
);

-- How a count hangs together with others decides what is published of it: after such a change it is done again.
create function protection_again() returns trigger language plpgsql as $$
begin
  insert into dataset_protection (dataset, k)
  select s.dataset, 0 from dataset_sheet s where s.dataset = new.dataset and s.k > 1
  on conflict (dataset) do update set k = 0, turn = dataset_protection.turn + 1, changed_at = now();
  return null;
end $$;
create trigger datastream_protection after update of dataset, thing, observed_property, aggregate, role, period_s on datastream
  for each row when ((old.dataset, old.thing, old.observed_property, old.aggregate, old.role, old.period_s)
    is distinct from (new.dataset, new.thing, new.observed_property, new.aggregate, new.role, new.period_s))
  execute function protection_again();

-- What was found odd in the values before may name them: it goes before the dataset is public again. Values that come in
-- later are checked as they are published.
create function protection_forget_flags() returns trigger language plpgsql as $$
begin
  delete from plausibility_flag f using datastream d
   where d.id = f.datastream and d.dataset = new.dataset and d.aggregate = 'sum';
  return null;
end $$;
create trigger protection_forget_flags after update of k on dataset_protection
  for each row when (new.k > 0 and new.k is distinct from old.k) execute function protection_forget_flags();

-- Deleted values leave no trace here, whatever statement deletes them: once a statement, not once a row.
create function observation_measured_follow() returns trigger language plpgsql as $$
begin
  if exists (select 1 from observation_measured) then
    delete from observation_measured m using gone where m.datastream = gone.datastream and m.id = gone.id;
  end if;
  return null;
end $$;
create trigger observation_measured_follow after delete on observation
  referencing old table as gone for each statement execute function observation_measured_follow();

-- Tables of the same names with the values as measured, for those who may see them: a reading statement finds these
-- instead when its transaction puts this schema first. `zahnrad.measured` lists the datasets it may do that for.
create schema as_measured;

create view as_measured.observation as
select o.id, o.t, o.t_end, coalesce(m.v, o.v) as v, o.datastream, o.foi, o.q, o.x, o.xmin
  from public.observation o
  left join public.observation_measured m on m.datastream = o.datastream and m.id = o.id
   and m.dataset = any(current_setting('zahnrad.measured', true)::int4[]);

create view as_measured.datastream_state as
select s.datastream, s.n, s.t_min, s.t_max, s.rt_min, s.rt_max, s.last_id, s.last_t, s.last_t_end,
       coalesce(m.v, s.last_v) as last_v, s.last_q, s.last_x, s.arrived_at
  from public.datastream_state s
  left join public.observation_measured m on m.datastream = s.datastream and m.id = s.last_id
   and m.dataset = any(current_setting('zahnrad.measured', true)::int4[]);

-- The limit keeps it one look-up by the primary key for each hour, whatever the planner believes of either variant.
create view as_measured.rollup_hour as
select r.datastream, r.variant, r.hour, coalesce(m.n, r.n) as n, coalesce(m.n_suspect, r.n_suspect) as n_suspect,
       coalesce(m.sum, r.sum) as sum, coalesce(m.sum_suspect, r.sum_suspect) as sum_suspect,
       coalesce(m.min, r.min) as min, coalesce(m.max, r.max) as max
  from public.rollup_hour r
  left join lateral (
    select v.* from public.rollup_hour v join public.datastream d on d.id = v.datastream
     where v.datastream = r.datastream and v.variant = 1 and v.hour = r.hour
       and d.dataset = any(current_setting('zahnrad.measured', true)::int4[])
     limit 1) as m on true
 where r.variant = 0;
