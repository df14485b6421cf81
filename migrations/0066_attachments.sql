-- Files that belong to a feature people entered: the plan of roadworks, a photo. They are small and few, and so part of every
-- backup of the database. A file taken away stays for a while, so that it can be brought back.
create table feature_attachment (
  id          int8 generated always as identity primary key,
  feature     int8 not null references feature (id) on delete cascade,
  name        text not null check (length(name) between 1 and 200),
  media_type  text not null,
  size        int4 not null,
  digest      text not null,                 -- SHA-256, hex: its ETag
  body        bytea not null,
  added_at    timestamptz not null default now(),
  removed_at  timestamptz
);
create index feature_attachment_feature on feature_attachment (feature);
