-- Places are found by any letters of their name. Where the database has no pg_trgm, or the user may not make it, the names
-- are read one by one, as before. Without a list of what is to be sorted in later: each search would read all of it.
do $$
begin
  create extension if not exists pg_trgm;
  create index feature_name on feature using gin (lower(name) gin_trgm_ops) with (fastupdate = off)
    where gone_at is null and concept in ('parking', 'sharing', 'charging');
  create index gtfs_stop_name on gtfs_stop using gin (lower(name) gin_trgm_ops) with (fastupdate = off);
exception when feature_not_supported or undefined_file or insufficient_privilege or undefined_object then
  raise notice 'no index of names: %', sqlerrm;
end
$$;
