import type { Catalog } from '../catalog/index.ts'
import { flagText, type Plausibility } from '../plausibility/index.ts'
import { plainCause, type Sources } from '../sources/index.ts'
import type { Fact, Facts } from './model.ts'

/** Hours a series stays odd after its last flag grew. */
const ODD_HOURS = 6

/** What is wrong now, by the sources' own health and by the flags nobody has looked at. */
export async function factsNow(
  deps: { sources: Pick<Sources, 'list'>; plausibility: Plausibility; catalog: Catalog },
  now: number,
): Promise<Facts> {
  const wrong = new Map<string, Fact>()
  const watched = new Set<string>()
  for (const { id, title, dataset, paused, health } of await deps.sources.list()) {
    if (paused) continue
    const key = `source:${id}`
    watched.add(key)
    if (health.state !== 'late' && health.state !== 'broken') continue
    const { text, advice } = plainCause(health.cause ?? '')
    wrong.set(key, {
      key,
      kind: health.state,
      source: id,
      dataset: deps.catalog.byId(dataset)?.key ?? null,
      title: `Quelle „${title}“`,
      cause: text,
      advice,
      path: `/verwaltung/quellen/${id}`,
      since: health.since,
    })
  }
  for (const flag of await deps.plausibility.fresh(now, ODD_HOURS)) {
    const key = `series:${flag.datastream}`
    wrong.set(key, {
      key,
      kind: 'implausible',
      source: flag.source,
      dataset: flag.dataset,
      title: `Messreihe „${flag.name}“, ${flag.stationName}`,
      cause: flagText(flag.rule, flag.detail, flag.unit),
      advice: 'Sehen Sie nach. Stimmt der Wert, dann bestätigen Sie ihn unter „Auffällige Werte“.',
      path: `/stationen/${flag.station}`,
      since: flag.from,
    })
  }
  return { wrong, isWatched: (key) => watched.has(key) || key.startsWith('series:') }
}
