-- People: a local account signs in by password, by passkey, or through the city's own login (OpenID Connect).
create table account (
  id             int4 generated always as identity primary key,
  email          text not null unique check (email = lower(email) and length(email) <= 254),
  name           text not null,
  state          text not null default 'invited' check (state in ('invited', 'active', 'blocked')),
  password       text,               -- scrypt with its parameters and salt in the text; null = none
  issuer         text,               -- of the identity provider, with the person's subject there
  subject        text,
  created_at     timestamptz not null default now(),
  last_login_at  timestamptz,
  unique (issuer, subject)
);

-- Single-use links for people: to accept an invitation, to set a new password.
create table account_link (
  hash        bytea primary key,
  account     int4 not null references account on delete cascade,
  kind        text not null check (kind in ('invitation', 'reset')),
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  used_at     timestamptz
);

-- A session of an account has an age, a last use and a place, so that people recognise theirs and can end them.
alter table session add column id int4 generated always as identity unique;
alter table session add column account int4 references account on delete cascade;
alter table session add column method text not null default 'link' check (method in ('link', 'password', 'passkey', 'oidc'));
alter table session add column seen_at timestamptz not null default now();
alter table session add column origin text;
alter table session add column agent text;
create index session_account on session (account);

-- What was begun in one request and ends in another (OpenID Connect, passkeys): kept until it is used or too old.
create table login_flow (
  hash        bytea primary key,
  kind        text not null,
  data        jsonb not null,
  expires_at  timestamptz not null
);
