-- Asking for a dataset that is released for a restricted audience. Terms are versions: who accepted which stays known.
create table terms (
  id          int4 generated always as identity primary key,
  dataset     int4 references dataset on delete cascade,   -- null = for every dataset without terms of its own
  body        text not null,
  odrl        jsonb,               -- the same, for machines (W3C ODRL 2.2)
  created_by  text not null,
  created_at  timestamptz not null default now()
);

create table access_request (
  id           int4 generated always as identity primary key,
  dataset      int4 not null references dataset on delete cascade,
  account      int4 not null references account on delete cascade,
  purpose      text not null,
  until        timestamptz not null,
  terms        int4 references terms on delete set null,
  state        text not null default 'open' check (state in ('open', 'granted', 'refused', 'withdrawn', 'ended')),
  reason       text,
  access_grant int4 references access_grant on delete set null,
  decided_by   text,
  decided_at   timestamptz,
  created_at   timestamptz not null default now()
);
create index access_request_dataset on access_request (dataset, state);
-- One open request per person and dataset.
create unique index access_request_open on access_request (dataset, account) where state = 'open';
