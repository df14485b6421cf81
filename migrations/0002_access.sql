-- Who may act: API keys (shown once, stored as a hash), one-time admin links, and the log of privileged acts.
create table api_key (
  id            int4 generated always as identity primary key,
  name          text not null unique,
  hash          bytea not null unique,       -- SHA-256 of a 256-bit random key: no salt needed at that entropy
  created_at    timestamptz not null default now(),
  last_used_at  timestamptz,
  revoked_at    timestamptz
);

create table login_code (
  hash        bytea primary key,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  used_at     timestamptz
);

create table session (
  hash        bytea primary key,
  actor       text not null,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null
);

-- Append-only: who did what to what, and the values before and after where they matter. Never a secret.
create table audit (
  id      bigint generated always as identity primary key,
  at      timestamptz not null default clock_timestamp(),
  actor   text not null,
  act     text not null,
  object  text not null,
  detail  jsonb not null default '{}'
);
