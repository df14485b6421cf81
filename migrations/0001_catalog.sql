-- The catalogue: a dataset owns everything, and its state decides who may know of it.
-- `key` is the small internal number every other table refers to; `id` is the slug people and addresses use.
create extension if not exists postgis;

create table dataset (
  key          int4 generated always as identity primary key,
  id           text not null unique check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  title        text not null,
  description  text not null default '',
  publisher    text,
  contact      text,
  homepage     text,
  licence      text,               -- identifier, e.g. 'dl-by-de/2.0'
  attribution  text,
  properties   jsonb not null default '{}',
  state        text not null default 'draft' check (state in ('draft', 'review', 'released', 'withdrawn')),
  state_since  timestamptz not null default now(),
  created_at   timestamptz not null default now(),
  changed_at   timestamptz not null default now()
);

-- Platform-wide settings: the city profile, secrets made on first start.
create table setting (
  name        text primary key,
  value       jsonb not null,
  changed_at  timestamptz not null default now()
);
