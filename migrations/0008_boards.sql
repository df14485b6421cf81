-- Boards ("Tafeln"): pages of charts, figures, maps, lists and text that staff put together and share by link.
-- `items` names datastreams, datasets and groups by id only. Names and values are read with the viewer's rights each
-- time, so a board never tells more than its viewer may see, and nothing of a removed series is kept here.
create table board (
  id           text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  title        text not null,
  description  text not null default '',
  items        jsonb not null default '[]',
  visibility   text not null default 'draft' check (visibility in ('draft', 'published')),
  version      int4 not null default 1,
  created_at   timestamptz not null default now(),
  changed_at   timestamptz not null default now(),
  deleted_at   timestamptz          -- deleted boards can be restored for a while, then they are gone
);
