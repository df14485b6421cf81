-- The log of privileged acts becomes a chain: each entry carries the hash of the one before, so a change, a hole or a
-- missing end shows (`zahnrad audit verify`). Numbers are given under the lock of the head: no gap, no second order.
alter table audit add column origin text;
alter table audit add column hash bytea;
alter table audit alter column id drop identity;
create index audit_at on audit (at);
create index audit_object on audit (object);

-- First and last of the chain: `before` is what the oldest kept entry builds on, after retention took older ones.
create table audit_head (
  one     boolean primary key default true check (one),
  first   int8 not null,
  before  bytea not null,
  last    int8 not null,
  hash    bytea not null
);

-- The text that is hashed; an export holds it, so anybody with a SHA-256 can check the chain.
create function audit_text(before bytea, entry audit) returns text language sql stable as $$
  select json_build_array(encode(before, 'hex'), entry.id,
    to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    entry.actor, entry.act, entry.object, entry.origin, entry.detail::text)::text
$$;

create function audit_append() returns trigger language plpgsql as $$
declare
  head audit_head;
begin
  select * into head from audit_head for update;
  new.id := head.last + 1;
  new.hash := null;
  new.hash := sha256(convert_to(audit_text(head.hash, new), 'UTF8'));
  update audit_head set last = new.id, hash = new.hash;
  return new;
end
$$;

-- Entries of before the chain take their place in it, in their order.
do $$
declare
  entry audit;
  number int8 := 0;
  link bytea := sha256(''::bytea);
begin
  update audit set id = -id;
  for entry in select * from audit order by id desc loop
    number := number + 1;
    update audit set id = number where id = entry.id returning * into entry;
    link := sha256(convert_to(audit_text(link, entry), 'UTF8'));
    update audit set hash = link where id = number;
  end loop;
  insert into audit_head (first, before, last, hash) values (1, sha256(''::bytea), number, link);
end
$$;
alter table audit alter column hash set not null;

create trigger audit_append before insert on audit for each row execute function audit_append();

-- Nothing is changed. Only the retention takes entries, from the old end, and says so by a setting of its transaction.
create function audit_keep() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('zahnrad.audit_retention', true) = 'on' then
    return old;
  end if;
  raise exception 'The audit log is append-only.' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_keep before update or delete on audit for each row execute function audit_keep();
create trigger audit_keep_all before truncate on audit for each statement execute function audit_keep();

-- Who used which dataset that is not public, by day: what an owner sees of the use of the data.
create table dataset_use (
  dataset   int4 not null references dataset on delete cascade,
  day       date not null,
  actor     text not null,
  channel   text not null,
  requests  int8 not null,
  primary key (dataset, day, actor, channel)
);
