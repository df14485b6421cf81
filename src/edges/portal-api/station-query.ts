import { isPublic, isSimulated } from '../../domains/catalog/index.ts'
import type { StationQuery } from '../../domains/sensing/index.ts'
import type { PortalDeps } from './deps.ts'
import { sourceHealth } from './health.ts'

/** What sensing asks of its neighbours when it describes stations and figures. */
export const stationQuery = ({ catalog, city, sources }: PortalDeps): StationQuery => ({
  // Staff may change it at any time.
  get timeZone() {
    return city.profile.timeZone
  },
  sources: sourceHealth(sources),
  dataset: (key) => {
    const dataset = catalog.byKey(key)
    if (!dataset) return undefined
    const { id, title } = dataset
    return { id, title, simulated: isSimulated(dataset), released: isPublic(dataset) }
  },
})
