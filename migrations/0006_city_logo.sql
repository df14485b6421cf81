-- The city's logo, at most one picture. What it may be is decided in src/domains/catalog/logo.ts; it is only ever served
-- as a picture that can neither run nor load anything.
create table city_logo (
  id          int2 primary key default 1 check (id = 1),
  type        text not null check (type in ('image/png', 'image/svg+xml')),
  bytes       bytea not null check (octet_length(bytes) <= 262144),
  changed_at  timestamptz not null default now()
);
