import type { Queryable } from '../../kernel/db/index.ts'

/** The newest of a changing value. */
export interface Latest {
  datastream: number
  value: number | string | boolean | null
  /** When it was measured, ISO 8601. */
  time: string
}

/** The newest values at these Things, by Thing and observed property. Only for Things the reader may see. */
export async function latestAt(
  db: Queryable,
  things: readonly number[],
): Promise<ReadonlyMap<number, ReadonlyMap<string, Latest>>> {
  const found = new Map<number, Map<string, Latest>>()
  if (things.length === 0) return found
  const rows = await db.query<{
    thing: number
    property: string
    datastream: number
    t: string
    v: number | null
    x: { r?: Latest['value'] } | null
  }>(
    `select d.thing, p.natural_key as property, d.id as datastream, s.last_t as t, s.last_v as v, s.last_x as x
     from datastream d join observed_property p on p.id = d.observed_property join datastream_state s on s.datastream = d.id
     where d.thing = any($1::int4[]) and s.last_t is not null`,
    [things],
  )
  for (const { thing, property, datastream, t, v, x } of rows) {
    const at = found.get(thing) ?? new Map<string, Latest>()
    found.set(thing, at.set(property, { datastream, value: v ?? x?.r ?? null, time: new Date(t).toISOString() }))
  }
  return found
}
