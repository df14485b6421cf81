import type { Database } from '../../kernel/db/index.ts'

/** West, south, east, north in degrees. */
export type Bounds = [number, number, number, number]

/** Germany: what a map shows before there is anything else to go by. */
const COUNTRY: Bounds = [5.87, 47.27, 15.04, 55.06]
/** Degrees around a single place, about a kilometre. */
const LEAST_MARGIN = 0.01

/** The city's bounds as the profile says, else where the stations the caller may see stand, else the country. */
export async function areaOf(db: Database, visible: readonly number[], given: Bounds | null): Promise<Bounds> {
  return given ?? (await extent(db, visible)) ?? COUNTRY
}

/** Where the stations the caller may see stand, with a margin; null without any. */
async function extent(db: Database, visible: readonly number[]): Promise<Bounds | null> {
  const [row] = await db.query<{ w: number | null; s: number; e: number; n: number }>(
    `select st_xmin(x) as w, st_ymin(x) as s, st_xmax(x) as e, st_ymax(x) as n
       from (select st_extent(l.geom) as x
               from location l join thing_location tl on tl.location = l.id join thing t on t.id = tl.thing
              where l.dataset = any($1::int4[]) and t.dataset = any($1::int4[])) as all_of_them`,
    [visible],
  )
  if (!row || row.w === null) return null
  const x = Math.max((row.e - row.w) * 0.1, LEAST_MARGIN)
  const y = Math.max((row.n - row.s) * 0.1, LEAST_MARGIN)
  return [row.w - x, row.s - y, row.e + x, row.n + y].map((degrees) => Math.round(degrees * 1e5) / 1e5) as Bounds
}
