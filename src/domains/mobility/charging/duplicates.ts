import type { Database, Queryable } from '../../../kernel/db/index.ts'

export type PairDecision = 'same' | 'different'

/** One of two records that may be the same place. */
export interface PairSide {
  id: number
  dataset: number
  key: string
  name: string
  lon: number
  lat: number
  operator: string | null
  address: string | null
  /** Charge points. */
  points: number | null
  source: string | null
}

/** Two records within {@link NEAR_METRES}; `a` is the older one. */
export interface ChargerPair {
  a: PairSide
  b: PairSide
  /** Metres. */
  distance: number
  decision: PairDecision | null
  decidedBy: string | null
  decidedAt: string | null
}

/** So close two records are taken for one place that is worth a look. */
export const NEAR_METRES = 25
/** Degrees that hold them up to 60° north; the distance itself is measured after. */
const NEAR_DEGREES = 0.00046

const SIDE = (
  alias: string,
) => `jsonb_build_object('id', ${alias}.id, 'dataset', ${alias}.dataset, 'key', ${alias}.natural_key,
  'name', ${alias}.name, 'lon', st_x(st_pointonsurface(${alias}.geom)), 'lat', st_y(st_pointonsurface(${alias}.geom)),
  'operator', ${alias}.properties #>> '{operator,name}',
  'address', nullif(concat_ws(', ', ${alias}.properties ->> 'address', ${alias}.properties ->> 'city'), ''),
  'points', case when jsonb_typeof(${alias}.properties -> 'evses') = 'array' then jsonb_array_length(${alias}.properties -> 'evses') end,
  'source', ${alias}.source)`

/** EVSE ids as they are compared (see `evseKey`). */
const IDS = (alias: string) => `(select regexp_replace(upper(x #>> '{}'), '[*[:space:]-]', '', 'g')
  from jsonb_path_query(${alias}.properties, '$.evses[*].evse_id') as x)`

/**
 * Records of charging places of different sources that lie within 25 m of each other and have no EVSE id in common, in these
 * datasets: those nobody decided on yet, nearest first, or those that are decided, latest first.
 */
export function chargerPairs(
  db: Queryable,
  datasets: readonly number[],
  { decided, limit }: { decided: boolean; limit: number },
): Promise<ChargerPair[]> {
  return db.query<ChargerPair>(
    `select ${SIDE('a')} as a, ${SIDE('b')} as b, st_distance(a.geom::geography, b.geom::geography) as distance,
       p.decision, p.decided_by as "decidedBy", p.decided_at as "decidedAt"
     from feature a
       join feature b on b.id > a.id and b.geom && st_expand(a.geom, ${NEAR_DEGREES})
       left join charger_pair p on p.a = a.id and p.b = b.id
     where a.dataset = any($1::int4[]) and b.dataset = any($1::int4[]) and a.concept = 'charging' and b.concept = 'charging'
       and a.gone_at is null and b.gone_at is null and (a.dataset, a.source) is distinct from (b.dataset, b.source)
       and st_distance(a.geom::geography, b.geom::geography) <= ${NEAR_METRES}
       and (p.decision is not null) = $2::boolean
       and not exists (select 1 from ${IDS('a')} as x (id) join ${IDS('b')} as y (id) on x.id = y.id)
     order by ${decided ? 'p.decided_at desc' : 'distance'}, a.id, b.id limit $3`,
    [datasets, decided, limit],
    { timeoutMs: 30_000 },
  )
}

/** The two records of a pair, where both are in these datasets and chargers; the older one first. */
export async function pairOf(
  db: Queryable,
  datasets: readonly number[],
  [a, b]: readonly [number, number],
): Promise<{ id: number; dataset: number; key: string }[] | null> {
  const rows = await db.query<{ id: number; dataset: number; key: string }>(
    `select id, dataset, natural_key as key from feature
     where id = any($1::int8[]) and dataset = any($2::int4[]) and concept = 'charging' and gone_at is null order by id`,
    [[a, b], datasets],
  )
  return rows.length === 2 ? rows : null
}

/**
 * Keeps a decision, or takes it back (null); answers the one before. Both records count as changed, so that whoever asks the
 * feeds for changes learns of it.
 */
export function decidePair(
  db: Database,
  [a, b]: readonly [number, number],
  decision: PairDecision | null,
  by: string,
): Promise<PairDecision | null> {
  return db.transaction(async (tx) => {
    await tx.query('update feature set changed_at = now() where id = any($1::int8[])', [[a, b]])
    const [before] = await tx.query<{ decision: PairDecision }>(
      'select decision from charger_pair where a = $1 and b = $2',
      [a, b],
    )
    if (decision === null) await tx.query('delete from charger_pair where a = $1 and b = $2', [a, b])
    else
      await tx.query(
        `insert into charger_pair (a, b, decision, decided_by) values ($1, $2, $3, $4)
         on conflict (a, b) do update set decision = excluded.decision, decided_by = excluded.decided_by, decided_at = now()`,
        [a, b, decision, by],
      )
    return before?.decision ?? null
  })
}

/** Pairs among these records that are the same place. */
export function samePairs(db: Queryable, features: readonly number[]): Promise<{ a: number; b: number }[]> {
  if (features.length < 2) return Promise.resolve([])
  return db.query(
    `select a, b from charger_pair where decision = 'same' and a = any($1::int8[]) and b = any($1::int8[])`,
    [features],
  )
}

/**
 * SQL: the record `f` stands back for another one of the same place that is to be seen in `$1` (datasets): the one with states
 * stays, else the older one.
 */
export const STANDS_BACK = `exists (
  select 1 from charger_pair p join feature g on g.id = case when p.a = f.id then p.b else p.a end
  where p.decision = 'same' and (p.a = f.id or p.b = f.id) and g.dataset = any($1::int4[]) and g.gone_at is null
    and (g.thing is not null, -g.id) > (f.thing is not null, -f.id))`
