-- A source may have parts that are fetched by themselves: a timetable once a day, its real time every few seconds. The part
-- without a name is the main one, whose state stands at the source.
create table source_part (
  source      text not null references source (id) on delete cascade,
  part        text not null,
  state       text not null default 'new' check (state in ('new', 'ok', 'broken')),
  state_since timestamptz not null default now(),
  cause       text,
  failures    int4 not null default 0,
  next_run    timestamptz,
  last_good   timestamptz,
  content_at  timestamptz,                   -- the time of what it brought last, by its own word
  created_at  timestamptz not null default now(),
  primary key (source, part)
);
alter table source add content_at timestamptz;
alter table source_run add part text;

-- What to send with the next request of each address, so that an unchanged file costs nothing.
create table source_validator (
  source        text not null references source (id) on delete cascade,
  address       text not null,
  etag          text,
  last_modified text,
  primary key (source, address)
);
alter table source drop column etag, drop column last_modified;
