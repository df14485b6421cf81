import type { Actor } from '../../domains/access/index.ts'
import type { Dataset } from '../../domains/catalog/index.ts'
import { type ServiceLevel, serviceLevels } from '../../domains/mobility/index.ts'
import { type Definition, MAIN, partsOf, patienceMs } from '../../domains/sources/index.ts'
import type { MobilityDeps } from './deps.ts'

const DAY = 86_400_000
/** How far back reliability is measured. */
export const WINDOW_DAYS = 30

/** A dataset of mobility, what is in it, and how reliably it was supplied. */
export interface Supplied {
  dataset: Dataset
  /** Concepts of its features; `transit` where it has a timetable. */
  concepts: { concept: string; features: number; live: boolean }[]
  level: ServiceLevel
}

/**
 * The datasets of mobility that `actor` manages, with their reliability in the last 30 days. A platform's manager gets all;
 * nobody gets what they may not manage.
 */
export async function suppliedDatasets(
  { db, access, catalog, sources, city }: MobilityDeps,
  actor: Actor,
  now = Date.now(),
): Promise<Supplied[]> {
  const managed = access.visible(actor).filter((dataset) => access.can(actor, 'manage', { dataset }))
  const found = await db.query<{ dataset: number; concept: string; features: number; live: boolean }>(
    `select f.dataset, f.concept, count(distinct f.id)::int as features, coalesce(bool_or(s.last_t is not null), false) as live
       from feature f left join datastream d on d.thing = f.thing left join datastream_state s on s.datastream = d.id
      where f.dataset = any($1::int4[]) and f.gone_at is null group by 1, 2
     union all
     select v.dataset, 'transit', 1, exists (select 1 from realtime_feed r where r.dataset = v.dataset)
       from gtfs_version v where v.dataset = any($1::int4[]) and v.state = 'current'`,
    [managed],
  )
  const keys = [...new Set(found.map(({ dataset }) => dataset))]
  const mine = (await sources.list()).flatMap((info) => {
    const key = catalog.byId(info.dataset)?.key
    return key !== undefined && keys.includes(key) ? [{ ...info, key }] : []
  })
  const patience = (definition: Definition) => patienceMs(definition, city.profile.timeZone, now)
  const levels = await serviceLevels(
    db,
    keys,
    mine.flatMap(({ id, key, definition }) =>
      partsOf(definition).map(({ name, definition: part }) => ({
        id,
        part: name === MAIN ? null : name,
        dataset: key,
        patience: patience(part),
      })),
    ),
    { from: new Date(now - WINDOW_DAYS * DAY).toISOString(), to: new Date(now).toISOString() },
  )
  return levels
    .map((level) => ({
      dataset: catalog.byKey(level.dataset)!,
      concepts: found.filter(({ dataset }) => dataset === level.dataset),
      level,
    }))
    .sort((a, b) => a.dataset.title.localeCompare(b.dataset.title))
}
