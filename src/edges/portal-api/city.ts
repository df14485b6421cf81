import type { Database } from '../../kernel/db/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import type { PortalDeps } from './deps.ts'
import { CityAnswer } from './schemas.ts'

type Bounds = [number, number, number, number]

/** Germany: what a map shows before there is anything else to go by. */
const COUNTRY: Bounds = [5.87, 47.27, 15.04, 55.06]
/** Degrees around a single place, about a kilometre. */
const LEAST_MARGIN = 0.01

/** `GET /api/v1/city`: whose platform this is. */
export function addCity(api: FastifyInstance, { db, access, city, example, version, sourceCode }: PortalDeps): void {
  api.get(
    '/api/v1/city',
    { schema: { tags: ['Portal'], summary: 'Name, time zone, bounds and version', response: { 200: CityAnswer } } },
    async (request, reply) => {
      const { name, key, timeZone, bounds, languages, contact, map } = city.profile
      reply.header('cache-control', 'no-cache')
      return {
        name,
        key,
        timeZone,
        bounds: bounds ?? (await extent(db, access.visible(request.actor))) ?? COUNTRY,
        languages,
        contact,
        map: { style: map.style, attribution: map.attribution },
        openWrite: access.openWrite,
        version,
        sourceCode,
        actor: { kind: request.actor.kind },
        example: await example.status(),
      }
    },
  )
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
