-- What people tell the city about barriers on these pages, until it is dealt with and at most a year.
create table feedback (
  id       int4 generated always as identity primary key,
  at       timestamptz not null default now(),
  page     text not null,
  message  text not null,
  email    text,                -- only where the person wants an answer
  done_at  timestamptz,
  done_by  text
);
create index feedback_at on feedback (at);
