-- Sources somebody is about to connect: the file that was given waits in the scratch folder, what was recognised and
-- what was chosen stands here. A draft belongs to no dataset yet, and it goes by itself a day after its last change.
create table source_draft (
  id          text primary key check (id ~ '^[a-z0-9]{12}$'),
  made_by     text not null,
  kind        text not null check (kind in ('file', 'http', 'mqtt', 'webhook')),
  name        text not null,
  origin      text not null,                 -- address, topic or file name
  detection   jsonb,
  mapping     jsonb,
  yaml        text,                          -- set when the text was edited by hand; then it counts
  source      text,                          -- id of the source it became
  outcome     jsonb,                         -- report of the first run, once it ended
  created_at  timestamptz not null default now(),
  changed_at  timestamptz not null default now()
);
