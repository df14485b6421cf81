-- Who may what. A data space holds datasets of a subject or a department; rights on a space hold for what is in it.
create table data_space (
  key          int4 generated always as identity primary key,
  id           text not null unique check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  title        text not null,
  description  text not null default '',
  created_at   timestamptz not null default now()
);

alter table dataset add column space int4 references data_space on delete set null;
-- Whom a release is for: everybody, or those who were granted it.
alter table dataset add column audience text not null default 'public' check (audience in ('public', 'restricted'));
-- Who made it, as in the log; the four-eyes rule asks.
alter table dataset add column created_by text;
create index dataset_space on dataset (space);

-- Departments, partner organisations, project teams. A person may be in many.
create table user_group (
  id           int4 generated always as identity primary key,
  slug         text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  title        text not null,
  kind         text not null default 'department' check (kind in ('department', 'organisation', 'project')),
  claim        text unique,          -- the group's name in the claims of the identity provider
  created_at   timestamptz not null default now()
);

create table group_member (
  user_group  int4 not null references user_group on delete cascade,
  account     int4 not null references account on delete cascade,
  origin      text not null default 'local' check (origin in ('local', 'claim')),
  primary key (user_group, account, origin)
);
create index group_member_account on group_member (account);

-- A key of an account can do less than the account, never more; one without limits is the machine owner's.
alter table api_key add column account int4 references account on delete cascade;
alter table api_key add column limited boolean not null default false;
alter table api_key add column expires_at timestamptz;
alter table api_key add column created_by text;
-- A name may be used again once the key of that name is revoked; two people may use the same name.
alter table api_key drop constraint api_key_name_key;
create unique index api_key_name on api_key (coalesce(account, 0), name) where revoked_at is null;

-- A role on a scope, for an account, a group or a key; until a moment or without end.
create table access_grant (
  id          int4 generated always as identity primary key,
  account     int4 references account on delete cascade,
  user_group  int4 references user_group on delete cascade,
  api_key     int4 references api_key on delete cascade,
  role        text not null check (role in ('admin', 'architect', 'steward', 'owner', 'gatekeeper', 'consumer')),
  space       int4 references data_space on delete cascade,
  dataset     int4 references dataset on delete cascade,   -- neither space nor dataset = the platform
  until       timestamptz,
  note        text not null default '',
  granted_by  text not null,
  created_at  timestamptz not null default now(),
  check (num_nonnulls(account, user_group, api_key) = 1),
  check (space is null or dataset is null)
);
create index access_grant_dataset on access_grant (dataset);
