import type { Queryable } from '../../kernel/db/index.ts'
import type { CityProfile } from '../catalog/index.ts'
import { SUBJECTS } from './datasets.ts'

/** What is kept of the example city between starts, in the setting `example`. */
export interface ExampleState {
  /** Milliseconds since 1970. */
  created: number
  timeZone: string
  /** The newest days, written at once, begin here; history lies before. */
  start: number
  /** History is there from here on, and is to reach back to `target`. */
  filledFrom: number
  target: number
  /** Everything but the history is there. */
  complete: boolean
  removing: boolean
  /** Values there were when the removal began. */
  total?: number
  /** The run all values written by the platform itself belong to. */
  run: number | null
  /** The city profile made with it; null when there was one already. */
  profile: CityProfile | null
}

const DATASETS = [...SUBJECTS.keys()]
/** Source of the run that writes history; not a registered one. */
export const RUN_SOURCE = 'beispiel'

export async function readState(db: Queryable): Promise<ExampleState | null> {
  const [row] = await db.query<{ value: ExampleState }>(`select value from setting where name = 'example'`)
  return row?.value ?? null
}

/** Notes the beginning; answers what is noted, which another call may have done first. */
export async function beginState(db: Queryable, state: ExampleState): Promise<ExampleState> {
  await db.query(`insert into setting (name, value) values ('example', $1::jsonb) on conflict (name) do nothing`, [
    JSON.stringify(state),
  ])
  return (await readState(db))!
}

/** Changes some of what is noted; answers false when the city is gone. */
export async function patchState(db: Queryable, patch: Partial<ExampleState>): Promise<boolean> {
  const rows = await db.query(
    `update setting set value = value || $1::jsonb, changed_at = now() where name = 'example' returning 1`,
    [JSON.stringify(patch)],
  )
  return rows.length > 0
}

export async function deleteState(db: Queryable): Promise<void> {
  await db.query(`delete from setting where name = 'example'`)
}

/** Stores the profile unless the city has one; answers whether it did. */
export async function offerProfile(db: Queryable, profile: CityProfile): Promise<boolean> {
  const rows = await db.query(
    `insert into setting (name, value) values ('city', $1::jsonb) on conflict (name) do nothing returning 1`,
    [JSON.stringify(profile)],
  )
  return rows.length > 0
}

/** Takes the profile away unless somebody changed it. */
export async function withdrawProfile(db: Queryable, profile: CityProfile): Promise<void> {
  await db.query(`delete from setting where name = 'city' and value = $1::jsonb`, [JSON.stringify(profile)])
}

/** The run of the simulation. It counts as finished from the start: it goes on in small steps, whoever does them. */
export async function ensureRun(db: Queryable): Promise<number> {
  const [known] = await db.query<{ id: number }>('select id from source_run where source = $1 order by id limit 1', [
    RUN_SOURCE,
  ])
  if (known) return known.id
  const [made] = await db.query<{ id: number }>(
    `insert into source_run (source, trigger, origin, finished_at, outcome)
     values ($1, 'command', 'simulation', now(), 'ok') returning id`,
    [RUN_SOURCE],
  )
  return made!.id
}

export async function countRun(db: Queryable, run: number, accepted: number): Promise<void> {
  await db.query(
    'update source_run set read = read + $2, accepted = accepted + $2, finished_at = now() where id = $1',
    [run, accepted],
  )
}

/** Registers the source of the broken counter: good until `since` (ISO), failed from then on for `cause`. */
export async function addBrokenSource(
  tx: Queryable,
  source: { id: string; yaml: string; dataset: number; since: string; cause: string },
): Promise<void> {
  await tx.query(
    `insert into source_definition (source, version, yaml) values ($1, 1, $2) on conflict (source, version) do nothing`,
    [source.id, source.yaml],
  )
  await tx.query(
    `insert into source (id, dataset, version, state, state_since, cause, failures, last_good, created_at)
     values ($1, $2, 1, 'broken', $3, $4, 1, $3, $3) on conflict (id) do nothing`,
    [source.id, source.dataset, source.since, source.cause],
  )
}

export interface Stored {
  datastream: number
  dataset: string
  /** `station/series`. */
  key: string
  /** Time of the newest value, ISO. */
  last: string | null
}

/** The example city's datastreams that are (still) there. */
export function storedSeries(db: Queryable): Promise<Stored[]> {
  return db.query<Stored>(
    `select d.id as datastream, c.id as dataset, d.natural_key as key, s.last_t as last
       from datastream d join dataset c on c.key = d.dataset left join datastream_state s on s.datastream = d.id
      where c.id = any($1::text[]) and d.natural_key is not null`,
    [DATASETS],
  )
}

/** Datastreams that go with the city: its own, and what others hung on its things, sensors and properties. */
export function doomedSeries(
  db: Queryable,
): Promise<{ id: number; n: number; from: string | null; to: string | null }[]> {
  return db.query(
    `select d.id, coalesce(s.n, 0) as n, s.t_min as "from", s.t_max as "to"
       from datastream d
       join thing t on t.id = d.thing join sensor e on e.id = d.sensor join observed_property p on p.id = d.observed_property
       left join datastream_state s on s.datastream = d.id
      where array[d.dataset, t.dataset, e.dataset, p.dataset] && array(select key from dataset where id = any($1::text[]))
      order by d.id`,
    [DATASETS],
  )
}

export async function deleteObservations(db: Queryable, datastream: number, from: string, to: string): Promise<void> {
  await db.query('delete from observation where datastream = $1 and t >= $2 and t < $3', [datastream, from, to], {
    timeoutMs: 60_000,
  })
}

/** The datastream with what is derived of it and whatever is left of its values. */
export async function deleteDatastream(tx: Queryable, datastream: number): Promise<void> {
  await tx.query('delete from observation where datastream = $1', [datastream], { timeoutMs: 60_000 })
  await tx.query('delete from rollup_hour where datastream = $1', [datastream], { timeoutMs: 60_000 })
  await tx.query('delete from datastream where id = $1', [datastream], { timeoutMs: 60_000 })
}

/** What is left once no datastream is: entities by their datasets, sources, runs. */
export async function deleteRest(tx: Queryable, sources: readonly string[]): Promise<void> {
  const limit = { timeoutMs: 60_000 }
  const runs = 'select id from source_run where source = any($1::text[])'
  await tx.query(`delete from observation_block where run in (${runs})`, [sources], limit)
  await tx.query(`delete from source_pending where run in (${runs})`, [sources], limit)
  await tx.query('delete from source_run where source = any($1::text[])', [sources])
  await tx.query('delete from source where id = any($1::text[])', [sources])
  await tx.query('delete from source_definition where source = any($1::text[])', [sources])
  await tx.query('delete from dataset where id = any($1::text[])', [DATASETS], limit)
}

export async function deleteKey(db: Queryable, name: string): Promise<void> {
  await db.query('delete from api_key where name = $1 and account is null', [name])
}

/** Ids of the things, for those who follow changes. */
export function thingsOf(db: Queryable): Promise<{ id: number; dataset: number }[]> {
  return db.query(
    'select t.id, t.dataset from thing t join dataset c on c.key = t.dataset where c.id = any($1::text[])',
    [DATASETS],
  )
}

export async function sizeOf(db: Queryable): Promise<{ stations: number; datastreams: number; observations: number }> {
  const [row] = await db.query<{ stations: number; datastreams: number; observations: number }>(
    `select (select count(*) from thing where dataset = any(k.keys)) as stations,
            (select count(*) from datastream where dataset = any(k.keys)) as datastreams,
            (select coalesce(sum(s.n), 0) from datastream d join datastream_state s on s.datastream = d.id
              where d.dataset = any(k.keys)) as observations
       from (select array(select key from dataset where id = any($1::text[])) as keys) as k`,
    [DATASETS],
  )
  return row!
}
