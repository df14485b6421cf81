-- What is usual at a place, for the forecast of the next hour (decision 0035): made anew every night for series that have
-- enough history, and measured against what happened.
--   pairs         hours that were forecast and happened
--   error         mean absolute error of the forecast, in the unit of the series
--   error_as_now  the same of "stays as it is now"
--   shown         whether the forecast is better; only then it is told
--   weight        how much of what differs from the usual is left an hour later, 0 to 1
--   usual         168 values, Monday 0:00 first; null where too few are known
--   offset_s      how many seconds after the full hour the values mostly are
create table forecast_model (
  datastream    int4 primary key references datastream (id) on delete cascade,
  made_at       timestamptz not null default now(),
  first_t       timestamptz not null,
  last_t        timestamptz not null,
  pairs         int4 not null,
  error         float8 not null,
  error_as_now  float8 not null,
  shown         boolean not null,
  weight        float8 not null,
  usual         float8[] not null,
  offset_s      int4 not null
);
