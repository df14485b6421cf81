-- Passkeys (WebAuthn): what the authenticator of a person signs with. Only the public half is here.
-- The handle tells an authenticator whose passkey it is, without telling anything about the person (WebAuthn §14.6.1).
alter table account add column handle uuid not null unique default gen_random_uuid();

create table passkey (
  id            int4 generated always as identity primary key,
  account       int4 not null references account on delete cascade,
  credential    text not null unique,      -- its id, base64url
  public_key    bytea not null,            -- COSE
  counter       int8 not null,             -- signatures so far, as the authenticator counts; 0 = it does not count
  transports    text[] not null default '{}',
  rp_id         text not null,             -- the host name it is good for
  name          text not null check (length(name) between 1 and 120),
  created_at    timestamptz not null default now(),
  last_used_at  timestamptz
);
create index passkey_account on passkey (account);

-- Whoever changes rights outside the running platform (another process, a person at the database) tells it by NOTIFY, so that
-- open streams and subscriptions end at once. A process leaves its own changes aside: it knows its mark (zahnrad.process).
create function tell_rights() returns trigger language plpgsql as $$
begin
  perform pg_notify('zahnrad_rights', coalesce(current_setting('zahnrad.process', true), ''));
  return null;
end $$;

create trigger tell_rights after delete or update of state, email on account execute function tell_rights();
create trigger tell_rights after delete on session execute function tell_rights();
create trigger tell_rights after delete or update of revoked_at, expires_at on api_key execute function tell_rights();
create trigger tell_rights after insert or update or delete on access_grant execute function tell_rights();
create trigger tell_rights after insert or update or delete on user_group execute function tell_rights();
create trigger tell_rights after insert or delete on group_member execute function tell_rights();
create trigger tell_rights after insert or delete or update of state, audience, space on dataset execute function tell_rights();
create trigger tell_rights after insert or delete or update of k on dataset_sheet execute function tell_rights();
