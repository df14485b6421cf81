-- Alerts: who is told what, which problems there are, and every message with what became of it. All of the state is
-- here, so a killed process loses nothing: what was due before is due after.

-- Where messages go and which. targets: addresses of an e-mail channel, or one web address. Empty arrays mean all.
-- No secret: the mail server's is in SMTP_URL, the key that signs web messages derives from ALERT_SECRET.
create table alert_channel (
  id           int4 generated always as identity primary key,
  name         text not null,
  kind         text not null check (kind in ('email', 'webhook')),
  targets      text[] not null,
  events       text[] not null,                   -- late, broken, implausible
  datasets     text[] not null default '{}',      -- ids
  sources      text[] not null default '{}',      -- ids
  quiet_from   text check (quiet_from ~ '^[0-2][0-9]:[0-5][0-9]$'),   -- local time; both or none
  quiet_to     text check (quiet_to ~ '^[0-2][0-9]:[0-5][0-9]$'),
  group_minutes int4 not null default 2,          -- how long to wait for more before sending
  per_hour     int4 not null default 6,           -- most messages an hour; the rest waits for the next
  active       boolean not null default true,
  created_at   timestamptz not null default now(),
  check ((quiet_from is null) = (quiet_to is null))
);

-- One row for each thing that is or was wrong. `key` names it (source:radzaehler), so it exists once.
--   suspected  seen, but not for long enough to tell anybody
--   open       told
--   recovering good again, but not for long enough to say so
--   closed     over; comes back as the same row (flaps counts how often within a day)
create table alert_problem (
  id          int4 generated always as identity primary key,
  key         text not null unique,
  kind        text not null check (kind in ('late', 'broken', 'implausible')),
  source      text,
  dataset     int4 references dataset (key) on delete cascade,
  title       text not null,
  cause       text,
  advice      text,                               -- what to do
  path        text not null,                      -- page that shows it
  since       timestamptz not null,
  state       text not null check (state in ('suspected', 'open', 'recovering', 'closed')),
  state_since timestamptz not null,
  episode     int4 not null default 1,            -- how often it was told
  flaps       int4 not null default 0
);
create index alert_problem_state on alert_problem (state) where state <> 'closed';

-- A message as composed. It is repeated until it gets through, always under the same id, so a receiver that sees it
-- twice can tell.
create table alert_delivery (
  id            int4 generated always as identity primary key,
  message_id    text not null unique,
  channel       int4 not null references alert_channel (id) on delete cascade,
  test          boolean not null default false,
  subject       text not null,
  body          text not null,
  payload       jsonb not null,
  created_at    timestamptz not null,
  attempts      int4 not null default 0,
  next_attempt  timestamptz,                      -- null = sent or given up
  sent_at       timestamptz,
  error         text
);
create index alert_delivery_due on alert_delivery (next_attempt) where next_attempt is not null;
create index alert_delivery_channel on alert_delivery (channel, id desc);

-- One thing to tell one channel: that a problem began, still is, or is over. Told once: (problem, episode, kind, day).
create table alert_notice (
  id          int4 generated always as identity primary key,
  problem     int4 not null references alert_problem (id) on delete cascade,
  channel     int4 not null references alert_channel (id) on delete cascade,
  kind        text not null check (kind in ('began', 'still', 'over')),
  event       text not null check (event in ('late', 'broken', 'implausible')),
  episode     int4 not null,
  round       int4 not null default 0,            -- 0, then the number of the daily reminder
  cause       text,
  advice      text,
  since       timestamptz not null,
  created_at  timestamptz not null,
  delivery    int4 references alert_delivery (id) on delete cascade,   -- null = waits to be sent
  unique (channel, problem, episode, kind, event, round)
);
create index alert_notice_waiting on alert_notice (channel) where delivery is null;
