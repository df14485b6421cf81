import type { Queryable } from '../../kernel/db/index.ts'
import type { NewObservation } from './model.ts'

/** What writing and reading an observation needs to know of its datastream; kept in memory. */
export interface DatastreamInfo {
  id: number
  /** A result is one value, or an array of several (MultiDatastream). */
  kind: 'single' | 'multi'
  dataset: number
  thing: number
  name: string
  observationType: string
  aggregate: 'sum' | 'mean'
  periodSeconds: number | null
  unit: { name: string; symbol: string; definition: string }
  /** Has a default FeatureOfInterest. */
  hasFeature: boolean
  /** The newest of its default FeaturesOfInterest first, each from an instant (ISO 8601, UTC; '' = ever) on. */
  features: readonly { from: string; id: number }[]
}

const MOST = 50_000
/** Of a series that moves: what is told is new. */
const FEATURES = 10

/** The default feature of a datastream since its Thing moved last. */
export type Moved = DatastreamInfo['features'][number]

/** The last move among the features of a datastream; undefined where its Thing never moved. */
export const lastMove = ([newest]: DatastreamInfo['features']): Moved | undefined =>
  newest && newest.from !== '' ? newest : undefined

/** The last moves of datastreams of which there are any, as the transaction sees them. */
export async function lastMoves(tx: Queryable, datastreams: readonly number[]): Promise<Map<number, Moved>> {
  const rows = await tx.query<Moved & { datastream: number }>(
    `select distinct on (f.datastream) f.datastream, f.foi as id, f.valid_from as "from" from datastream_foi f
     where f.datastream = any($1::int4[]) and f.valid_from > '-infinity' order by f.datastream, f.valid_from desc`,
    [datastreams],
  )
  return new Map(rows.map((row) => [row.datastream, row]))
}

/**
 * An observation without a feature of its own gets one of where its Thing stands when it is made (OGC 18-088 §10.2): one
 * that is of a time before the last move has to name it, for the default of that time is another.
 */
export function stayHere(rows: readonly NewObservation[], moves: ReadonlyMap<number, Moved>): void {
  if (moves.size === 0) return
  for (const row of rows) {
    const last = row.foi == null ? moves.get(row.datastream) : undefined
    if (last && Date.parse(row.t) < Date.parse(last.from)) row.foi = last.id
  }
}

/** Looks datastreams up once; forgets all of them when entities change. */
export class Datastreams {
  readonly #db: Queryable
  #known = new Map<number, DatastreamInfo>()

  constructor(db: Queryable) {
    this.#db = db
  }

  async get(id: number): Promise<DatastreamInfo | null> {
    return this.#known.get(id) ?? (await this.load([id])).get(id) ?? null
  }

  async load(ids: readonly number[]): Promise<Map<number, DatastreamInfo>> {
    const found = new Map<number, DatastreamInfo>()
    const missing: number[] = []
    for (const id of ids) {
      const known = this.#known.get(id)
      if (known) found.set(id, known)
      else missing.push(id)
    }
    if (missing.length === 0) return found
    const rows = await this.#db.query<DatastreamInfo>(
      `select d.id, d.kind, d.dataset, d.thing, d.name, d.observation_type as "observationType", d.aggregate, d.unit,
              d.period_s as "periodSeconds",
              exists (select 1 from datastream_foi f where f.datastream = d.id) as "hasFeature",
              coalesce((select jsonb_agg(jsonb_build_object('from', f.at, 'id', f.foi) order by f.valid_from desc) from (
                select foi, valid_from, case when valid_from = '-infinity' then '' else
                  to_char(valid_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end as at
                from datastream_foi where datastream = d.id order by valid_from desc limit ${FEATURES}) f), '[]') as features
       from datastream d where d.id = any($1::int4[])`,
      [missing],
    )
    if (this.#known.size + rows.length > MOST) this.#known = new Map()
    for (const row of rows) {
      this.#known.set(row.id, row)
      found.set(row.id, row)
    }
    return found
  }

  /** Looks some up again. */
  renew(ids: readonly number[]): Promise<Map<number, DatastreamInfo>> {
    for (const id of ids) this.#known.delete(id)
    return this.load(ids)
  }

  forget(): void {
    this.#known = new Map()
  }
}
