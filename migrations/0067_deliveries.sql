-- What others pushed, as proof for them and for us: a line for each message posted, for MQTT one for each minute and sender.
-- `actor`, `account` and `key` say who sent it; a person sees what their account and its keys sent.
create table delivery (
  id          bigint generated always as identity primary key,
  receipt     text not null unique,
  source      text not null,
  dataset     int4 not null references dataset (key) on delete cascade,
  way         text not null check (way in ('webhook', 'mqtt')),
  actor       text not null,
  account     int4,
  key         int4,
  topic       text,                          -- of the latest message
  first_at    timestamptz not null default now(),
  last_at     timestamptz not null default now(),
  messages    int4 not null,
  bytes       int8 not null,
  read        int8 not null,
  accepted    int8 not null,
  unchanged   int8 not null,
  corrected   int8 not null,
  rejected    int8 not null,
  rejections  jsonb not null default '[]'
);
create index delivery_source on delivery (source, id desc);
create index delivery_account on delivery (account, id desc) where account is not null;
create index delivery_key on delivery (key, id desc) where key is not null;
