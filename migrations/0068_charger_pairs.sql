-- Two records of charging points at one place, from different sources and without an EVSE id in common: whether they are the same
-- is for people to decide. `a` is the older record. No line = nobody decided yet.
create table charger_pair (
  a           int8 not null references feature (id) on delete cascade,
  b           int8 not null references feature (id) on delete cascade,
  decision    text not null check (decision in ('same', 'different')),
  decided_by  text not null,
  decided_at  timestamptz not null default now(),
  primary key (a, b),
  check (a < b)
);
create index charger_pair_b on charger_pair (b);
