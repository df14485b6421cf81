-- Columns of each file as the feed had them, so that the cleaned feed has the same.
alter table gtfs_version add headers jsonb not null default '{}';
