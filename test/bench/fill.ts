import type { Database } from '../../src/kernel/db/index.ts'

const LIMIT = { timeoutMs: 1_800_000 }

/**
 * 2,000 datastreams on 1,000 Things with `rows` observations at even steps up to 2026, written by SQL with everything
 * derived from them.
 */
export async function fill(
  db: Database,
  dataset: number,
  rows: number,
): Promise<{ datastream: number; thing: number }> {
  const each = Math.ceil(rows / 2000)
  for (let year = 2019; year <= 2027; year++) {
    await db.query(
      `create table if not exists observation_${year} partition of observation for values from ('${year}-01-01Z') to ('${year + 1}-01-01Z')`,
    )
  }
  await db.query(
    `insert into thing (dataset, natural_key, name) select $1, 'bench ' || i, 'Thing ' || i from generate_series(1, 1000) i`,
    [dataset],
  )
  await db.query(
    `with place as (
       insert into location (dataset, name, encoding_type, location, geom)
       select $1, 'Bench', 'application/geo+json', st_asgeojson(p)::jsonb, p from st_setsrid(st_makepoint(7.6, 51.95), 4326) p
       returning id)
     insert into thing_location (thing, location) select t.id, place.id from thing t, place where t.natural_key like 'bench %'`,
    [dataset],
  )
  await db.query(
    `insert into datastream (dataset, natural_key, thing, sensor, observed_property, name, unit)
     select $1, 'bench ' || t.id || '.' || k, t.id, (select min(id) from sensor), (select min(id) from observed_property), t.name || ' series ' || k,
            '{"name": "x", "symbol": "x", "definition": "x"}'::jsonb
     from thing t cross join generate_series(1, 2) k where t.natural_key like 'bench %'`,
    [dataset],
  )
  const [first] = await db.query<{ id: number }>(
    `select min(id) as id from datastream where natural_key like 'bench %'`,
  )
  // Time by time, as it arrives in life: neighbours on disk belong to different datastreams.
  await db.query(
    `insert into observation (id, t, v, datastream)
     select 100000000 + n, timestamptz '2026-01-01Z' - make_interval(mins => ((($2::int8 - n / 2000) * 15))::int4),
            ((n / 2000) * 7919 + n * 31) % 1000, $1 + n % 2000
     from generate_series(0::int8, $2::int8 * 2000 - 1) n`,
    [first!.id, each],
    LIMIT,
  )
  await derive(db, first!.id, 2_147_483_647)
  const [one] = await db.query<{ thing: number }>('select thing from datastream where id = $1', [first!.id])
  return { datastream: first!.id, thing: one!.thing }
}

/** A MultiDatastream of two components with a year of hours; answers its id. */
export async function multiDatastream(db: Database, dataset: number, thing: number): Promise<number> {
  const [made] = await db.query<{ id: number }>(
    `insert into datastream (dataset, natural_key, thing, sensor, kind, name, unit, data_types)
     values ($1, 'bench multi', $2, (select min(id) from sensor), 'multi', 'Wind',
             '[{"name": "m/s", "symbol": "m/s", "definition": "x"}, {"name": "°", "symbol": "°", "definition": "x"}]'::jsonb,
             '["http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement", "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"]'::jsonb)
     returning id`,
    [dataset, thing],
  )
  await db.query(
    `insert into multi_datastream_property (datastream, position, observed_property)
     select $1, k, (select min(id) from observed_property) from generate_series(0, 1) k`,
    [made!.id],
  )
  await db.query(
    `insert into observation (id, t, datastream, x)
     select 5000000000000 + n, timestamptz '2025-01-01Z' + make_interval(hours => n), $1,
            jsonb_build_object('r', jsonb_build_array(n % 20, n % 360), 'm', 1) from generate_series(0, 365 * 24 - 1) n`,
    [made!.id],
    LIMIT,
  )
  await derive(db, made!.id, made!.id)
  return made!.id
}

/** One year of 15-minute values in a datastream. */
export async function yearOfQuarters(
  db: Database,
  datastream: number,
): Promise<{ datastream: number; from: string; to: string }> {
  await db.query(
    `insert into observation (id, t, t_end, v, datastream)
     select 4000000000000 + n, timestamptz '2025-01-01Z' + make_interval(mins => n * 15), timestamptz '2025-01-01Z' + make_interval(mins => n * 15 + 15),
            n % 97, $1 from generate_series(0, 365 * 96 - 1) n`,
    [datastream],
    LIMIT,
  )
  await derive(db, datastream, datastream)
  return { datastream, from: '2025-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }
}

/** Hourly sums and states of the datastreams of these ids. */
async function derive(db: Database, from: number, to: number): Promise<void> {
  await db.query(
    `insert into rollup_hour (datastream, hour, n, sum, min, max)
     select datastream, date_trunc('hour', t), count(*), sum(v), min(v), max(v) from observation
     where datastream between $1 and $2 and v is not null group by 1, 2 on conflict do nothing`,
    [from, to],
    LIMIT,
  )
  await db.query(
    `insert into datastream_state (datastream, n, t_min, t_max, last_id, last_t, last_v, last_x)
     select d.id, f.n, f.lo, f.hi, l.id, l.t, l.v, l.x from datastream d
     cross join lateral (select count(*) n, min(t) lo, max(coalesce(t_end, t)) hi from observation where datastream = d.id) f
     cross join lateral (select id, t, v, x from observation where datastream = d.id order by t desc, id desc limit 1) l
     where d.id between $1 and $2 on conflict do nothing`,
    [from, to],
    LIMIT,
  )
  await db.query('vacuum (analyze)', [], LIMIT)
}
